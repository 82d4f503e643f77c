# SPDX-License-Identifier: Apache-2.0
"""What a reviewer is shown."""

from datetime import date

from noli.regimes import review
from noli.regimes.model import Copies
from tests.support.regimes import REGIME, law

_ACT = next(iter(law(REGIME).regimes.values()))


def test_every_value_is_shown() -> None:
    """As many values as the file has, each with its place."""
    names = [each.name for each in review.places(_ACT)]
    assert len(names) == 20
    assert names.count("clock remove (valid-request)") == 2
    assert {"in force", "appeal notifier", "notification uploader (restriction)"} <= set(names)


def test_current() -> None:
    """Of two values of one clock, a day has one."""
    for day, period in ((date(2026, 2, 19), "PT24H"), (date(2026, 2, 20), "PT2H")):
        (clock,) = [e for e in review.places(_ACT) if e.name == "clock remove (valid-request)" and e.current(day)]
        assert str(clock.value.what.period) == period


def test_unverified() -> None:
    """What was only read second-hand, until somebody signs it off."""
    assert [each.name for each in review.unverified(_ACT)] == ["clock remove (valid-request)"]
    signed = [each for each in review.places(_ACT) if each.value.source.reviewed_by]
    assert [each.name for each in signed] == ["obligation contact-point"]


def test_stale() -> None:
    """Half a year after it was looked at, a value asks for another look."""
    old = {each.name for each in review.stale(_ACT, date(2026, 7, 17))}
    assert old == {"clock remove (valid-request)", "obligation contact-point"}
    assert len(review.stale(_ACT, date(2026, 7, 18))) == 20


def test_values_in_words() -> None:
    """A value of each kind can be read."""
    words = {each.name: review.said(each.value.what) for each in review.places(_ACT)}
    assert words["in force"] == "yes"
    assert words["appeal notifier"] == "no"
    assert words["filers"] == "agent, self"
    assert words["clock remove (order)"] == "as ordered (law): as ordered"
    assert words["clock acknowledge (valid-request)"] == "PT2H (house): soon"
    assert words["obligation contact-point"] == "Have one."
    assert review.said(Copies.IDENTICAL) == "identical"
