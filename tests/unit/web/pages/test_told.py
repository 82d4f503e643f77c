# SPDX-License-Identifier: Apache-2.0
"""What happened, in words: every key has some, in every language."""

from datetime import UTC, datetime

import pytest

from noli.casework.model import TimelineEntry
from noli.casework.timeline import TIMELINE_KEYS
from noli.web.html.languages import LANGUAGES, catalogue
from noli.web.pages.told import WORDS, words

_AT = datetime(2026, 3, 1, tzinfo=UTC)
_DATA: dict[str, str | int] = {
    "recipient": "partners",
    "state": "open",
    "verdict": "review",
    "kind": "image",
    "count": 2,
    "items": 3,
    "rung": "host",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", TIMELINE_KEYS)
def test_every_event_has_words(key: str, language: str) -> None:
    """Whatever a timeline can hold is said in whole sentences, without names of the program's own."""
    data = {name: _DATA.get(name, "x") for name in TIMELINE_KEYS[key]}
    said = words(TimelineEntry(key, _AT, data), catalogue(language).gettext)
    assert said
    assert "%(" not in said
    assert "review" not in said


def test_no_words_are_left_over() -> None:
    """There are words for the timeline's keys and for nothing else."""
    assert set(WORDS) == set(TIMELINE_KEYS)


def test_a_label_is_shown_as_the_person_wrote_it() -> None:
    """A per cent sign in a label is no place for a value."""
    entry = TimelineEntry("item.registered", _AT, {"label": "100 %(x)s", "kind": "image"})
    assert "“100 %(x)s”" in words(entry, str)
