# SPDX-License-Identifier: Apache-2.0
"""How results look on a terminal."""

import pytest

from noli.cli import output


def test_a_table_is_aligned_and_obeys_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns stand two spaces apart, lines end with their text, and control characters drive no terminal."""
    output.print_table(["name", "state"], [["one\x1b[2J", "open"], ["a longer name", "closed"]])
    assert capsys.readouterr().out == ("name           state\none\ufffd[2J        open\na longer name  closed\n")
