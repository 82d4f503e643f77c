# SPDX-License-Identifier: Apache-2.0
"""What other programs are told of an event: that it happened, to which case, and what each kind of event adds.

Only fields that stand in the open in the database may be named here, and no actor: who did it is for the ledger.
"""

from collections.abc import Mapping

from noli.casework import events as e
from noli.casework.events import NAMES, Event
from noli.evidence.model import LedgerEntry
from noli.outbox.model import OutboxMessage

#: Fields that are told, by event; of others it is only told that they happened.
TOLD: Mapping[type[Event], tuple[str, ...]] = {
    e.ItemAdded: ("item", "kind"),
    e.ItemReleased: ("item",),
    e.MatchesFound: ("item", "platform", "verdict", "count"),
    e.MessageSent: ("message", "author"),
    e.StateChanged: ("state",),
}


def told(event: Event, *, number: int, entry: LedgerEntry) -> OutboxMessage:
    """Return the message about an event.

    Args:
        event: What happened.
        number: Its place in the case.
        entry: Its ledger entry. The message's id comes from the chain: it is this very entry's and no other's, also
            after a database was restored and went on differently.
    """
    data = {name: getattr(event, name) for name in TOLD.get(type(event), ())}
    id_ = f"evt_{entry.link[:16].hex()}"
    data |= {"number": number, "ledger_sequence": entry.sequence}
    return OutboxMessage(id_, NAMES[type(event)], entry.fact.subject, entry.at, data)
