# SPDX-License-Identifier: Apache-2.0
"""The tree of errors and the clock."""

from datetime import UTC

from noli.base.clock import SystemClock
from noli.base.errors import NoliError, StoreBusy, Throttled, Unavailable


def descendants(root: type[NoliError]) -> list[type[NoliError]]:
    return [root, *(d for child in root.__subclasses__() for d in descendants(child))]


def test_every_error_has_its_own_code() -> None:
    """Programs can tell errors apart by their codes."""
    codes = [error.code for error in descendants(NoliError)]
    assert len(codes) == len(set(codes))


def test_details_stay_out_of_the_public_text() -> None:
    """Operators see both texts, callers one."""
    error = StoreBusy("The database is busy.", detail="lock held")
    assert (error.public, str(error)) == ("The database is busy.", "The database is busy. (lock held)")


def test_errors_say_whether_and_when_to_come_back() -> None:
    """Waiting helps unless it is said that it does not."""
    assert Throttled("Slow down.", retry_after_s=7).retry_after_s == 7
    assert Unavailable("Later.").retry
    assert not Unavailable("Never.", retry=False).retry


def test_the_clock_is_aware() -> None:
    """Times carry their zone."""
    assert SystemClock().now().tzinfo is UTC
