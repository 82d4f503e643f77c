# SPDX-License-Identifier: Apache-2.0
"""What a package tells, and what it keeps to itself: pure functions over the events of a case and its pursuits.

1. Only kinds of events that have a sentence (``words.STORY``) are told. Messages, notes, contact, consents,
   passphrases, who has the case and whether an item was held are not; neither are drafts that were never sent.
2. Of what is told, the ledger's commitment is opened where everything that it covers may be seen. Where it also covers
   something personal (what the person told when they came, an item's label and entry, a note beside a link) it stays
   closed: its entry shows that something of this kind happened then, and no more.
3. What was sent is there byte by byte; what came back as it was taken in, without what was attached.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from noli.casework import events as c
from noli.custody.model import Known, StoryLine
from noli.custody.words import STORY, word
from noli.evidence.events import Opening
from noli.pursuit import events as p
from noli.pursuit.model import DueBy, Outcome, Pursuit, PursuitId, Request, RequestState, Responsible

# Events whose commitment covers something personal that a package does not tell.
_CLOSED = (c.CaseOpened, c.ItemAdded)

# Characters of a pursuit's id in the names of files.
_SHORT = 8


def lines(known: Known, language: str) -> tuple[list[StoryLine], dict[str, bytes]]:
    """Return what is told, in order, and the files that belong to it."""
    told: list[StoryLine] = []
    files: dict[str, bytes] = {}
    for owner, opening in known.openings:
        event = opening.recorded.event
        kind = opening.written.name
        pursuit = known.pursuits.get(PursuitId(owner))
        if kind not in STORY or _was_only_drafted(event, pursuit):
            continue
        made = dict(_files(event, pursuit, opening.ledger_sequence))
        files |= made
        data = {name: _text(value, language) for name, value in _data(event, pursuit, language).items()}
        says = STORY[kind][language == "de"] % data
        recorded = opening.recorded
        told.append(StoryLine(recorded.at, recorded.actor, kind, opening.ledger_sequence, says, tuple(made)))
    return told, files


def is_open(opening: Opening[Any]) -> bool:
    """Tell whether everything that an event's commitment covers may be seen."""
    event = opening.recorded.event
    return bool(opening.salt) and not isinstance(event, _CLOSED) and not (isinstance(event, c.LinkAdded) and event.note)


def actor(name: str, language: str) -> str:
    """Say who did something."""
    kind, _, id_ = name.partition(":")
    known = {"staff": "staff-member", "key": "program"}
    return word(known[kind], language) % {"id": id_} if id_ and kind in known else word(name, language)


def clock(request: Request) -> str:
    """Say of a request's clock: ``none``, ``running``, ``kept``, ``missed``, or ``ended`` without removal."""
    if request.due is None:
        return "none"
    if request.lapsed_at is not None or (request.settled_at is not None and request.settled_at > request.due.at):
        return "missed"
    if request.outcome is None:
        return "running"
    return "kept" if request.outcome is Outcome.REMOVED else "ended"


def asked(known: Known) -> list[tuple[Pursuit, Request]]:
    """Return every request that was not thrown away."""
    return [
        (pursuit, request)
        for pursuit in known.pursuits.values()
        for request in pursuit.requests
        if not _thrown_away(request)
    ]


def moment(at: datetime) -> str:
    """Write a time as the story does."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _was_only_drafted(event: object, pursuit: Pursuit | None) -> bool:
    return (
        pursuit is not None and isinstance(event, p.RequestDrafted) and _thrown_away(pursuit.requests[event.number - 1])
    )


def _thrown_away(request: Request) -> bool:
    """Tell whether a request never left the house."""
    return request.state is RequestState.DROPPED and not request.mails


def _data(event: object, pursuit: Pursuit | None, language: str) -> dict[str, object]:
    """Return what the sentence of an event is filled with: its open fields, and what belongs to them."""
    data: dict[str, object] = {name: getattr(event, name) for name in getattr(event, "__dataclass_fields__", ())}
    match event:
        case c.ItemAdded(kind=kind):
            data["what"] = kind
        case p.LookedUp(parties=parties):
            data["parties"] = "; ".join(_party(each, language) for each in parties) or word("nobody", language)
        case p.PartyAdded(party=party):
            data["parties"] = "; ".join(_party(each, language) for each in [party] if each)
        case p.RequestSent(due=due):
            data["clock"] = _clock(due, language)
        case p.RequestDrafted(regimes=regimes):
            data["laws"] = ", ".join(regimes) or word("house", language)
    if pursuit is not None:
        data.setdefault("site", pursuit.site)
        number = data.get("number")
        if isinstance(number, int):
            request = pursuit.requests[number - 1]
            data |= {"name": request.to.name, "address": request.channel.address}
    return data


def _party(party: Responsible, language: str) -> str:
    ways = ", ".join(channel.address for channel in party.channels)
    source = f"{word(party.found_by, language)}: {party.found_how}" if party.why else word(party.found_by, language)
    return f"{word(party.rung, language)} {party.name}{f' <{ways}>' if ways else ''} [{source}]"


def _clock(due: DueBy | None, language: str) -> str:
    if due is None:
        return word("no-clock", language)
    return word("due", language) % {"at": moment(due.at), "words": due.words, "source": due.source}


def _text(value: object, language: str) -> str:
    if isinstance(value, datetime):
        return moment(value)
    return word(value, language) if isinstance(value, str) else str(value)


def _files(event: object, pursuit: Pursuit | None, ledger: int) -> Iterator[tuple[str, bytes]]:
    """Return the files of an event: a mail as it was sent, an answer as it was taken in, the text of a form."""
    if pursuit is None:
        return
    short = pursuit.id[:_SHORT]
    match event:
        case p.MailSent(number=number, eml=eml) if eml:
            yield f"requests/{short}-{number}-{ledger}.eml", eml.encode("ascii")
        case p.RequestDrafted(number=number, subject=subject, text=text):
            yield f"requests/{short}-{number}-as-written.txt", f"{subject}\n\n{text}\n".encode()
        case p.ReplyReceived(number=number):
            head = {
                "From": event.sender,
                "Subject": event.subject,
                "Message-ID": event.message_id,
                "Attachments-not-fetched": str(event.attachments),
                "Text-was-longer": "yes" if event.cut else "no",
            }
            text = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in head.items())
            yield f"answers/{short}-{number}-{ledger}.txt", f"{text}\n{event.text}\n".encode()


def summary(known: Known) -> Mapping[str, object]:
    """Return links, items and requests with their clocks, as plain values."""
    who = {id_: recorded.actor for id_, recorded in _links(known)}
    return {
        "links": [{"url": each.url, "at": each.added_at.isoformat(), "by": who[each.id]} for each in known.case.links],
        "items": [
            {"item": each.id, "kind": each.kind.value, "state": each.state.value, "at": each.added_at.isoformat()}
            for each in known.case.items
        ],
        "requests": [_request(pursuit, request) for pursuit, request in asked(known)],
    }


def _links(known: Known) -> Iterator[tuple[str, Any]]:
    for _, opening in known.openings:
        if isinstance(opening.recorded.event, c.LinkAdded):
            yield opening.recorded.event.link, opening.recorded


def _request(pursuit: Pursuit, request: Request) -> dict[str, object]:
    due = request.due
    return {
        "pursuit": pursuit.id,
        "site": pursuit.site,
        "number": request.number,
        "to": request.to.name,
        "as": request.to.rung.value,
        "found_by": request.to.found_by.value,
        "address": request.channel.address,
        "laws": list(request.regimes),
        "reference": request.reference,
        "state": request.state.value,
        "sent_at": _iso(request.sent_at),
        "due_at": _iso(None if due is None else due.at),
        "due_by": "" if due is None else f"{due.regime}: {due.words}; {due.source}",
        "term": clock(request),
        "lapsed_at": _iso(request.lapsed_at),
        "outcome": None if request.outcome is None else request.outcome.value,
        "settled_at": _iso(request.settled_at),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
