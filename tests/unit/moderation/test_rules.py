# SPDX-License-Identifier: Apache-2.0
"""How little is looked at, and what somebody may set."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from noli.base.errors import InputError
from noli.moderation.model import Comfort, DeskSettings, Look, SavedView, Unshown
from noli.moderation.rules import (
    BOUNDS,
    MOMENTS,
    MOST_VIEWS,
    checked,
    exposure,
    share_at,
    sitting,
    unshown,
    with_view,
    without_view,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def _looks(*minutes_ago: float) -> list[Look]:
    return [Look("ada", "N", 2, b"s", NOW - timedelta(minutes=each)) for each in minutes_ago]


def _set(name: str, number: int) -> Comfort:
    return replace(Comfort(), **{name: number})  # type: ignore[arg-type] # names of numbers


def test_a_sitting_ends_with_a_pause() -> None:
    """Looks before the last pause of a quarter of an hour do not count, nor do any once the pause is made."""
    assert len(sitting(_looks(60, 50, 20, 10, 1), NOW)) == 3
    assert sitting(_looks(60, 50, 16), NOW) == []
    assert sitting([], NOW) == []


def test_exposure_is_counted() -> None:
    """Of this sitting, of the day, and what is left until the own limit."""
    own = exposure(_looks(60 * 25, 60, 12, 1), Comfort(most_looks=3), NOW)
    assert (own.sitting, own.today, own.left, own.pause_due, own.pause_until) == (2, 3, 1, False, None)
    full = exposure(_looks(14, 12, 1), Comfort(most_looks=3), NOW)
    assert (full.left, full.pause_due, full.pause_until) == (0, True, NOW + timedelta(minutes=14))


def test_a_long_sitting_suggests_a_pause() -> None:
    """However few previews there were."""
    assert exposure(_looks(46, 33, 20, 8), Comfort(), NOW).pause_due
    assert not exposure(_looks(33, 20, 8), Comfort(), NOW).pause_due
    assert not exposure([], Comfort(), NOW).pause_due


def test_why_a_preview_is_not_shown() -> None:
    """Possible minors never; past the limit not; what is confirmed to one person once, unless somebody complained."""
    free, full = exposure([], Comfort(), NOW), exposure(_looks(1), Comfort(most_looks=1), NOW)
    usual = {"confirmed": True, "contested": False, "young": False}
    assert unshown(free, [], **usual) is None
    assert unshown(free, _looks(500), **usual) is Unshown.SEEN
    assert unshown(free, _looks(500), **{**usual, "contested": True}) is None
    assert unshown(free, _looks(500), **{**usual, "confirmed": False}) is None
    assert unshown(full, [], **usual) is Unshown.LIMIT
    assert unshown(free, [], **{**usual, "young": True}) is Unshown.YOUNG


@pytest.mark.parametrize("name", BOUNDS)
def test_limits_have_bounds(name: str) -> None:
    """Nobody sets a limit that is none."""
    least, most = BOUNDS[name]
    for right in (least, most):
        assert getattr(checked(_set(name, right)), name) == right
    for wrong in (least - 1, most + 1):
        with pytest.raises(InputError, match=name):
            checked(_set(name, wrong))


def test_views_are_saved_under_names() -> None:
    """The same name is replaced, an unknown one is forgotten without harm, and there is an end to it."""
    some = with_view(with_view(DeskSettings(), SavedView("a", "x=1")), SavedView("a", "x=2"))
    assert some.views == (SavedView("a", "x=2"),)
    assert without_view(some, "b") == some
    assert without_view(some, "a") == DeskSettings()
    for number in range(MOST_VIEWS - 1):
        some = with_view(some, SavedView(f"v{number}", ""))
    with pytest.raises(InputError, match="at most"):
        with_view(some, SavedView("one more", ""))
    for bad in (SavedView("", ""), SavedView("x" * 41, ""), SavedView("a", "q" * 401)):
        with pytest.raises(InputError, match="name"):
            with_view(DeskSettings(), bad)


def test_moments_lie_in_the_middle_of_their_parts() -> None:
    """Never at the very beginning or end, where videos are black; there are no others."""
    assert [share_at(each) for each in range(MOMENTS)] == [100, 300, 500, 700, 900]
    for other in (-1, MOMENTS):
        with pytest.raises(InputError):
            share_at(other)
