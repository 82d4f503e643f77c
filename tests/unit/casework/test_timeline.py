# SPDX-License-Identifier: Apache-2.0
"""What the person is told: keys and data that pages can put into words, and nothing that is not theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from noli.casework import events as e
from noli.casework.model import Case, CaseId, ItemId, TimelineEntry
from noli.casework.rules import apply
from noli.casework.timeline import TIMELINE_KEYS
from tests.unit.casework.test_events import EXAMPLES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SILENT = {e.ItemReleased, e.CaseAssigned, e.NoteAdded}


def _told(*events: e.Event, every: timedelta = timedelta()) -> tuple[TimelineEntry, ...]:
    case = Case(CaseId("case"))
    for number, event in enumerate(events, 1):
        case = apply(case, e.Recorded(number, NOW + every * number, "person", event))
    return case.timeline


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_each_event_is_told_under_a_known_key(event: e.Event) -> None:
    """Every line has a key that pages know, with exactly the data that the key promises."""
    lines = _told(event)
    assert (lines == ()) == (type(event) in SILENT)
    for line in lines:
        assert set(line.data) == set(TIMELINE_KEYS[line.key])


def test_a_held_item_looks_like_any_other() -> None:
    """The line of a held item is that of an item that is not held."""
    held = next(event for event in EXAMPLES if isinstance(event, e.ItemAdded))
    assert held.held
    assert _told(held) == _told(replace(held, held=False, bank="intake"))


def test_matches_of_one_day_are_one_line() -> None:
    """Copies of one item on one platform are counted together, day by day, newest last."""
    match = e.MatchesFound(item=ItemId("i"), platform="p", verdict="block", count=2, last_at=NOW)
    other = replace(match, platform="q", count=5)
    lines = _told(match, e.PassphraseReplaced(), other, match, every=timedelta(hours=5))
    assert [(line.key, line.data.get("count")) for line in lines] == [
        ("match.found", 2),
        ("passphrase.replaced", None),
        ("match.found", 5),
        ("match.found", 2),
    ]
    merged = _told(match, e.PassphraseReplaced(), match)
    assert [(line.key, line.data.get("count")) for line in merged] == [
        ("passphrase.replaced", None),
        ("match.found", 4),
    ]


def test_what_was_not_stopped_is_not_told() -> None:
    """A bank that only logs stops nothing, so its matches are not told."""
    assert _told(e.MatchesFound(item=ItemId("i"), platform="p", verdict="allow", count=2, last_at=NOW)) == ()
