# SPDX-License-Identifier: Apache-2.0
"""A regime that is not written as it should be is refused, with the place of the mistake."""

from collections.abc import Mapping
from typing import Any

import pytest

from noli.base.errors import InputError
from noli.regimes import schema
from noli.regimes.model import Basis
from tests.support.regimes import PLACES, QUESTIONS, REGIME, changed, law

_VALUE: Mapping[str, Any] = REGIME["in_force"][0]


def _without(part: str) -> Mapping[str, Any]:
    return {key: value for key, value in _VALUE.items() if key != part}


@pytest.mark.parametrize("part", ["source", "provision", "value", "in_force"])
def test_a_value_without(part: str) -> None:
    """No value goes without its source, its provision or its day."""
    with pytest.raises(InputError, match=part):
        law(changed(in_force=[_without(part)]))


@pytest.mark.parametrize("part", ["title", "url", "checked", "by", "basis"])
def test_a_source_without(part: str) -> None:
    """No source goes without its address, the day on which it was looked at, and by whom."""
    act = {key: value for key, value in REGIME["source"]["act"].items() if key != part}
    with pytest.raises(InputError, match=part):
        law(changed(source={**REGIME["source"], "act": act}))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"source": "wiki"}, "in_force: 'wiki' is not known; there are act, blog"),
        ({"provision": ""}, "names its provision"),
        ({"awaits": "a vote"}, "or what is awaited"),
        ({"reviewed_by": "B. Lawyer"}, "names the reviewer and the day"),
        ({"deadline": "soon"}, "deadline"),
        ({"in_force": "soon"}, "in_force"),
    ],
)
def test_a_value_that_is_wrong(value: Mapping[str, Any], says: str) -> None:
    """An unknown source or key, or a sign-off without a day, is refused in words."""
    with pytest.raises(InputError, match=says):
        law(changed(in_force=[{**_VALUE, **value}]))


def test_two_values_of_one_day() -> None:
    """Which of two values holds on a day is never a matter of order in the file."""
    with pytest.raises(InputError, match="two values begin on the same day"):
        law(changed(in_force=[_VALUE, _VALUE]))


def test_a_regime_says_since_when() -> None:
    """A regime without a word on when it is in force is refused."""
    with pytest.raises(InputError, match="in_force: a regime says since when"):
        law(changed(in_force=[]))


@pytest.mark.parametrize("term", [{"period": "P3BD"}, {"period": "P3D", "calendar": "office"}, {"period": "3 days"}])
def test_a_period_and_its_calendar(term: Mapping[str, Any]) -> None:
    """Business days name their calendar, other days name none, and a period can be read."""
    value = {**_without("value"), "set_by": "law", "words": "soon", **term}
    clock = {"duty": "remove", "trigger": "order", "value": [value]}
    with pytest.raises(InputError, match="period"):
        law(changed(clock=[clock]))


def test_one_id_once() -> None:
    """Two files cannot both be one regime."""
    with pytest.raises(InputError, match=r"1\.toml: there is a regime 'xu-act' already"):
        law(REGIME, REGIME)


def test_an_unknown_jurisdiction() -> None:
    """A regime holds somewhere."""
    with pytest.raises(InputError, match="'XX' is not known"):
        law(changed(jurisdiction="XX"))


def test_an_unknown_zone() -> None:
    """Days are counted somewhere."""
    places = {"jurisdiction": {"XX": {"name": {"en": "X", "de": "X"}, "zone": "Europe/Atlantis"}}}
    with pytest.raises(InputError, match="unknown time zone"):
        schema.law({}, places, QUESTIONS)


def test_every_field_can_be_asked_for() -> None:
    """No field of the form goes without the sentence that asks for it."""
    questions = {**QUESTIONS, "field": {"location": {"en": "Where?", "de": "Wo?"}}}
    with pytest.raises(InputError, match="no sentence asks for accuracy"):
        schema.law({}, PLACES, questions)


def test_a_value_may_be_read_otherwise_than_its_source() -> None:
    """One paragraph of an act that nobody could read says so by itself."""
    value = {**_VALUE, "basis": "nothing"}
    read = law(changed(in_force=[value])).regimes
    (found,) = next(iter(read.values())).in_force.values
    assert found.source.basis is Basis.NOTHING
    assert not found.source.verified
