# SPDX-License-Identifier: Apache-2.0
"""Entry ids as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.bank.model import EntryId, entry_text, parse_entry


@given(st.integers(0, 2**63 - 1))
def test_an_id_written_is_read_back(number: int) -> None:
    """Either case gives the same entry; the text is 13 digits."""
    text = entry_text(EntryId(number))
    assert len(text) == 13
    assert parse_entry(text) == parse_entry(text.lower()) == number


@pytest.mark.parametrize("text", ["", "0", "0" * 12, "0" * 14, "I" * 13, "Z" * 13, "8" + "0" * 12, "0" * 12 + "-"])
def test_what_cannot_be_an_id_is_none(text: str) -> None:
    """Wrong length, letters that look like digits, and numbers beyond 63 bits are no ids."""
    assert parse_entry(text) is None


@given(st.text(max_size=16))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail."""
    number = parse_entry(text)
    assert number is None or 0 <= number < 2**63
