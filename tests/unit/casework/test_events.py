# SPDX-License-Identifier: Apache-2.0
"""Events are written down and read back, and what is personal is kept apart."""

from dataclasses import fields
from datetime import UTC, datetime
from types import UnionType
from typing import get_args

import pytest

from noli.bank.model import EntryId
from noli.casework import events as e
from noli.casework.model import (
    Author,
    CaseState,
    ItemId,
    ItemKind,
    LinkId,
    MessageId,
    Recipient,
    Recovery,
    Reporter,
    Situation,
    StaffId,
    WithdrawalDelay,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

EXAMPLES: tuple[e.Event, ...] = (
    e.CaseOpened(
        situation=Situation.FILES,
        language="de",
        reporter=Reporter.LAWYER,
        recovery=Recovery.CODE,
        delay=WithdrawalDelay.AFTER_72_HOURS,
        consents=(Recipient.HERE,),
        representative="secret",
        contact="secret",
        narrative="secret",
    ),
    e.ItemAdded(
        item=ItemId("i"),
        kind=ItemKind.VIDEO,
        hashes=2,
        bank="intake",
        held=True,
        label="secret",
        entry=EntryId(7),
        digest="secret",
        times_ms=(0, 1000),
    ),
    e.ItemReleased(item=ItemId("i"), bank="intake", entry=EntryId(8)),
    e.LinkAdded(link=LinkId("l"), url="secret", note="secret"),
    e.MessageSent(message=MessageId("m"), author=Author.STAFF, staff="s", text="secret"),
    e.ContactChanged(contact="secret"),
    e.ConsentChanged(recipient=Recipient.PARTNERS, given=False),
    e.PassphraseReplaced(),
    e.MatchesFound(item=ItemId("i"), platform="p", verdict="block", count=3, last_at=NOW),
    e.SharedWith(recipient="p", items=2),
    e.ShareConfirmed(recipient="p"),
    e.WithdrawalTold(recipient="p"),
    e.WithdrawalConfirmed(recipient="p"),
    e.WithdrawalRefused(recipient="p", reason="no-protocol"),
    e.RequestStepped(step="sent", rung="host", addressee="secret"),
    e.WithdrawalRequested(due_at=NOW, erase=True),
    e.WithdrawalRevoked(),
    e.Withdrawn(items=2),
    e.CaseErased(),
    e.StateChanged(state=CaseState.CLOSED),
    e.CaseAssigned(staff=None),
    e.EvidenceCaptured(digest="5d2f" * 16, size=12_000, language="de", with_hashes=True),
    e.NoteAdded(staff=StaffId("s"), text="secret"),
)


def test_every_event_has_a_name_and_an_example() -> None:
    """Each kind of event is stored under a name of its own, and shown here."""
    union: UnionType = e.Event
    assert set(get_args(union)) == set(e.NAMES) == {type(example) for example in EXAMPLES}
    assert len(set(e.NAMES.values())) == len(e.NAMES)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_is_read_as_it_was_written(event: e.Event) -> None:
    """Nothing is lost between writing and reading; what is open holds nothing personal."""
    written = e.CODEC.write(event)
    assert e.CODEC.read(written.name, written.open, written.private) == event
    assert b"secret" not in repr(written.open).encode()
    assert "secret" not in repr(event)
    assert written.canonical() == e.CODEC.write(event).canonical()


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_erased_event_is_read_without_what_was_personal(event: e.Event) -> None:
    """When the key is gone each event can still be read, with nothing personal in it."""
    written = e.CODEC.write(event)
    left = e.CODEC.read(written.name, written.open, None)
    for one in fields(left):
        personal = one.metadata.get("private", False)
        assert getattr(left, one.name) == (one.default if personal else getattr(event, one.name))
