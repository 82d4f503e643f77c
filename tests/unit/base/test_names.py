# SPDX-License-Identifier: Apache-2.0
"""What a name may look like."""

import pytest

from noli.base.errors import InputError
from noli.base.names import check_name


@pytest.mark.parametrize("name", ["a", "SAMPLE_BANK", "stop-ncii.2026", "0", "x" * 64])
def test_names_that_stand_in_a_path_are_taken(name: str) -> None:
    """Letters, digits, dots, dashes and underscores, up to 64, make a name."""
    check_name(name, of="bank")


@pytest.mark.parametrize("name", ["", ".", "..", "-f", "a/b", "a b", "a\n", "é", "x" * 65, "a\x00"])
def test_other_names_are_refused(name: str) -> None:
    """What would need escaping in a path, or looks like an option, is no name; the error says whose."""
    with pytest.raises(InputError, match="name of a bank"):
        check_name(name, of="bank")
