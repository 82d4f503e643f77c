# SPDX-License-Identifier: Apache-2.0
"""What other programs are told of an event of a notice or record: that it happened, and what each kind adds.

Only fields that stand in the open in the database may be named here, and no author: who decided is for the ledger and
for whoever may read the notice. Nothing that is told says who is shown, who notified or who uploaded.
"""

from collections.abc import Mapping

import msgspec

from noli.casework.telling import message
from noli.evidence.model import LedgerEntry
from noli.notices import events as e
from noli.notices import records as r
from noli.outbox.model import OutboxMessage

#: Fields that are told, by event; of others it is only told that they happened.
TOLD: Mapping[type[e.Event] | type[r.Event], tuple[str, ...]] = {
    e.NoticeReceived: ("opening",),
    e.ContentAdded: ("via",),
    e.SidesTold: ("to", "letter", "language"),
    e.Ruled: ("measure", "grounds", "territory", "until"),
    e.KeptDown: ("content",),
    e.LetUp: ("content",),
    e.CopiesFound: ("copies",),
    e.Reinstated: ("ruling",),
    e.RulingEnded: ("ruling",),
    e.Held: ("until",),
    e.HoldLifted: ("hold",),
    e.HoldEnded: ("hold",),
    e.Complained: ("side", "plea", "ruling"),
    e.ComplaintDecided: ("complaint", "upheld"),
    e.Warned: ("duty", "regime", "due_at", "hours", "verified"),
    e.Escalated: ("clock", "role"),
    e.Breached: ("duty", "regime", "due_at", "verified"),
    r.PartySuspended: ("measure", "until"),
    r.RecordTold: ("letter", "language"),
    r.MeasureContested: ("ruling",),
    r.ContestDecided: ("complaint", "upheld"),
}


def told(event: e.Event, number: int, entry: LedgerEntry) -> OutboxMessage:
    """Return the message about an event of a notice, given its place in it and its ledger entry."""
    return _plain(message(e.NAMES[type(event)], event, TOLD.get(type(event), ()), number=number, entry=entry))


def told_of_record(event: r.Event, number: int, entry: LedgerEntry) -> OutboxMessage:
    """Return the message about an event of a record, given its place in it and its ledger entry."""
    return _plain(message(r.NAMES[type(event)], event, TOLD.get(type(event), ()), number=number, entry=entry))


def _plain(told_: OutboxMessage) -> OutboxMessage:
    """Write times and names of enumerations as JSON does."""
    return OutboxMessage(told_.id, told_.type, told_.subject, told_.at, msgspec.to_builtins(told_.data))
