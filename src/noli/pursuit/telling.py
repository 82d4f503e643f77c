# SPDX-License-Identifier: Apache-2.0
"""What others are told of an event of a pursuit: other programs by message, and the person on their page.

Other programs learn that it happened, of which rung; the person also learns the addressee's name. Drafts, failures of
mail and what staff read are staff's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from noli.casework.commands import RecordRequest
from noli.casework.telling import message
from noli.evidence.model import LedgerEntry
from noli.outbox.model import OutboxMessage
from noli.pursuit import events as e
from noli.pursuit.model import Outcome, Pursuit, ReplyKind
from noli.regimes.model import SetBy

#: Fields that are told, by event; of others it is only told that they happened.
TOLD: Mapping[type[e.Event], tuple[str, ...]] = {
    e.PursuitOpened: ("case",),
    e.LookedUp: ("rungs",),
    e.RequestDrafted: ("number", "rung", "regimes", "language"),
    e.RequestSent: ("number", "rung"),
    e.ReplyReceived: ("number", "kind"),
    e.RequestSettled: ("number", "rung", "outcome"),
    e.RequestLapsed: ("number", "rung"),
    e.StepProposed: ("rung",),
}


def told(event: e.Event, number: int, entry: LedgerEntry) -> OutboxMessage:
    """Return the message about an event of a pursuit, given its place in it and its ledger entry."""
    fields = TOLD.get(type(event), ())
    # ``number`` in a message is the event's; that of a request stands beside it.
    made = message(
        e.NAMES[type(event)], event, tuple(name for name in fields if name != "number"), number=number, entry=entry
    )
    data = {**made.data, **({"request": getattr(event, "number")} if "number" in fields else {})}  # noqa: B009 - of some events
    return OutboxMessage(made.id, made.type, made.subject, made.at, msgspec.to_builtins(data))


def for_person(pursuit: Pursuit, events: Sequence[e.Event]) -> Iterator[RecordRequest]:
    """Return what the person's timeline says of events, in order.

    Args:
        pursuit: As it is after them.
        events: What happened.
    """
    for event in events:
        match event:
            case e.RequestSent(number=number, due=due):
                made = _step(pursuit, number, "sent")
                yield made if due is None else replace(made, due_at=due.at, by_law=due.set_by is SetBy.LAW)
            case e.ReplyReceived(number=number, kind=ReplyKind.ANSWER):
                yield _step(pursuit, number, "answered")
            case e.RequestLapsed(number=number):
                yield _step(pursuit, number, "lapsed")
            case e.RequestSettled(number=number, outcome=outcome):
                yield _step(pursuit, number, _OUTCOMES[outcome])


_OUTCOMES = {Outcome.REMOVED: "removed", Outcome.REFUSED: "refused", Outcome.PASSED_ON: "passed-on"}


def _step(pursuit: Pursuit, number: int, step: str) -> RecordRequest:
    to = pursuit.requests[number - 1].to
    return RecordRequest(step, to.rung.value, to.name)
