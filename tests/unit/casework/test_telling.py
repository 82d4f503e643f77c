# SPDX-License-Identifier: Apache-2.0
"""What other programs are told of events: ids and states, nothing that stands sealed in the database."""

from datetime import UTC, datetime

import pytest

from noli.casework.events import CODEC, NAMES, Event
from noli.casework.telling import TOLD, told
from noli.evidence.model import Fact
from noli.evidence.rules import following
from tests.unit.casework.test_events import EXAMPLES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_only_open_fields_are_told(event: Event) -> None:
    """Each event becomes a message of its name, with fields that stand in the open, its number and its ledger entry."""
    entry = following(None, Fact(NAMES[type(event)], "CASE1", "staff:anna"), now=NOW)
    message = told(event, number=3, entry=entry)
    assert (message.type, message.subject, message.at) == (NAMES[type(event)], "CASE1", NOW)
    assert set(message.data) == {*TOLD.get(type(event), ()), "number", "ledger_sequence"}
    assert set(TOLD.get(type(event), ())) <= set(CODEC.write(event).open)
    assert "staff:anna" not in str(message)


def test_ids_belong_to_the_chain() -> None:
    """Two entries that differ in anything have messages of different ids."""
    event = EXAMPLES[0]
    one = following(None, Fact("case.opened", "CASE1", "person"), now=NOW)
    other = following(None, Fact("case.opened", "CASE1", "person", b"x"), now=NOW)
    ids = {told(event, number=1, entry=entry).id for entry in (one, other, following(one, one.fact, now=NOW))}
    assert len(ids) == 3
