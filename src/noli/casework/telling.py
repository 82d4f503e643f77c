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
    e.RequestStepped: ("step", "rung"),
}


def told(event: Event, number: int, entry: LedgerEntry) -> OutboxMessage:
    """Return the message about an event of a case, given its place in it and its ledger entry."""
    return message(NAMES[type(event)], event, TOLD.get(type(event), ()), number=number, entry=entry)


def message(type_: str, event: object, fields: tuple[str, ...], *, number: int, entry: LedgerEntry) -> OutboxMessage:
    """Return the message about an event of any kind of file.

    Args:
        type_: The event's name.
        event: What happened.
        fields: What of it is told; what a message holds as JSON, it holds as the database does.
        number: Its place in the file.
        entry: Its ledger entry. The message's id comes from the chain: it is this very entry's and no other's, also
            after a database was restored and went on differently.
    """
    data = {name: getattr(event, name) for name in fields}
    id_ = f"evt_{entry.link[:16].hex()}"
    data |= {"number": number, "ledger_sequence": entry.sequence}
    return OutboxMessage(id_, type_, entry.fact.subject, entry.at, data)
