# SPDX-License-Identifier: Apache-2.0
"""What may happen to a pursuit: ``decide`` turns a command into events, ``apply`` events into the pursuit.

1. A request that lacks what its law asks for is not sent: it would start no clock.
2. Its clock starts when it was sent, once, and runs until what became of it is on record. An answer stops no clock.
3. When a clock runs out, or somebody refuses or points to others, the next rung that can be reached is proposed.
   Nobody is proposed who was asked already; the ladder is never climbed down.
4. When the copies are gone everything that still runs is settled with them, and nothing more is proposed.
5. Mail that comes back is kept whatever state its request is in; a machine's answer asks nothing of staff.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from noli.base.errors import Conflict, NotFound
from noli.pursuit import commands as c
from noli.pursuit import events as e
from noli.pursuit.commands import Command
from noli.pursuit.events import Event, Recorded
from noli.pursuit.model import (
    LADDER,
    Channel,
    ChannelKind,
    Copy,
    FoundBy,
    Mail,
    Outcome,
    Pursuit,
    PursuitId,
    Reply,
    ReplyKind,
    Request,
    RequestState,
    Responsible,
    Rung,
)

#: Mails that one request keeps; whoever floods it fills no disk.
MAX_REPLIES = 200

_UNSENT = {RequestState.DRAFTED, RequestState.UNDELIVERED}

# Stands for a channel that was erased.
_NOWHERE = Channel(ChannelKind.FORM, "")


def decide(pursuit: Pursuit, command: Command, now: datetime) -> tuple[Event, ...]:  # noqa: C901, PLR0911, PLR0912 - one arm a command
    """Return what a command makes happen; none where its work is done already.

    Raises:
        NotFound: There is no such pursuit, request or party.
        Conflict: It is in no state for this.
    """
    match command:
        case c.OpenPursuit(case, site, content):
            if pursuit.version:
                msg = "This pursuit was opened before."
                raise Conflict(msg)
            return (e.PursuitOpened(case=case, content=tuple(sorted(content)), site=site),)
        case _ if pursuit.version == 0:
            msg = "There is no such pursuit."
            raise NotFound(msg)
        case c.AddCopies(copies):
            known = {copy.link for copy in pursuit.copies}
            return tuple(e.CopyAdded(link=each.link, url=each.url) for each in copies if each.link not in known)
        case c.NoteParties(parties, problems):
            rungs = tuple(sorted({party.rung for party in parties}))
            return (e.LookedUp(rungs=rungs, parties=parties, problems=problems),)
        case c.AddParty(party):
            known_keys = {each.key for each in pursuit.parties}
            return () if party.key in known_keys else (e.PartyAdded(rung=party.rung, party=party),)
        case c.DraftRequest():
            return _draft(pursuit, command)
        case c.DropDraft(number):
            request = request_of(pursuit, number)
            _unsent(request)
            return (e.RequestDropped(number=number),)
        case c.QueueMail(number, message_id, text):
            return _queue(request_of(pursuit, number), message_id, text)
        case c.NoteMailSent(number, message_id, due, eml):
            request = request_of(pursuit, number)
            if not _on_its_way(request, message_id):
                return ()
            sent = e.MailSent(number=number, eml=eml)
            first = request.sent_at is None
            return (sent, e.RequestSent(number=number, rung=request.to.rung, due=due)) if first else (sent,)
        case c.NoteMailFailed(number, message_id, reason):
            on_its_way = _on_its_way(request_of(pursuit, number), message_id)
            return (e.MailFailed(number=number, reason=reason),) if on_its_way else ()
        case c.NoteSentByHand(number, due):
            request = request_of(pursuit, number)
            _complete(request)
            _unsent(request)
            return (e.RequestSent(number=number, rung=request.to.rung, due=due),)
        case c.NoteReply():
            return _reply(request_of(pursuit, command.number), command)
        case c.MarkRead(number):
            return (e.RepliesRead(number=number),) if request_of(pursuit, number).unread else ()
        case c.Settle(number, outcome):
            return tuple(_settle(pursuit, request_of(pursuit, number), outcome))
        case c.Wake():
            return tuple(_wake(pursuit, now))
        case _:
            assert_never(command)


def next_party(pursuit: Pursuit, after: Rung) -> Responsible | None:
    """Return who is to be asked next: the lowest on the ladder from a rung up who can be reached and was not asked."""
    asked = {request.to.key for request in pursuit.requests if request.state is not RequestState.DROPPED}
    for party in pursuit.parties:
        if LADDER.index(party.rung) >= LADDER.index(after) and party.channels and party.key not in asked:
            return party
    return None


def party(pursuit: Pursuit, rung: Rung, name: str = "") -> Responsible:
    """Find who is responsible as something: the one of this name, else the first who can be reached.

    Raises:
        NotFound: There is nobody.
    """
    fits = [each for each in pursuit.parties if each.rung is rung and name in {"", each.name, each.addressee}]
    reachable = [each for each in fits if each.channels]
    if not reachable:
        msg = f"Nobody is known who can be asked as {rung}. Look up who is responsible, or name somebody."
        raise NotFound(msg)
    return reachable[0]


def fold(pursuit: PursuitId, history: Iterable[Recorded]) -> Pursuit:
    """Return a pursuit as its history makes it."""
    folded = Pursuit(pursuit)
    for recorded in history:
        folded = apply(folded, recorded)
    return folded


def apply(pursuit: Pursuit, recorded: Recorded) -> Pursuit:
    """Return the pursuit after one more event."""
    changed = _applied(pursuit, recorded.event, recorded.at)
    return replace(changed, version=recorded.sequence, updated_at=recorded.at)


def _applied(pursuit: Pursuit, event: Event, at: datetime) -> Pursuit:  # noqa: C901, PLR0911, PLR0912 - one arm an event
    match event:
        case e.PursuitOpened(case=case, site=site, content=content):
            return replace(pursuit, case=case, site=site, content=frozenset(content), opened_at=at)
        case e.CopyAdded(link=link, url=url):
            return replace(pursuit, copies=(*pursuit.copies, Copy(link, url)))
        case e.LookedUp(parties=parties, problems=problems):
            named = (party for party in pursuit.parties if party.found_by is FoundBy.STAFF)
            return replace(pursuit, parties=_sorted((*parties, *named)), problems=problems, looked_up_at=at)
        case e.PartyAdded(party=party):
            return replace(pursuit, parties=_sorted((*pursuit.parties, *([party] if party else []))))
        case e.RequestDrafted():
            return replace(pursuit, requests=(*pursuit.requests, _drafted(event, at)), proposed=None)
        case e.RequestDropped(number=number):
            return _with(pursuit, replace(request_of(pursuit, number), dropped=True))
        case e.MailQueued(number=number, message_id=message_id, text=text):
            request = request_of(pursuit, number)
            return _with(pursuit, replace(request, mails=(*request.mails, Mail(message_id, text, at)), unread=False))
        case e.MailSent(number=number):
            return _last_mail(pursuit, number, sent_at=at)
        case e.MailFailed(number=number, reason=reason):
            return _last_mail(pursuit, number, failed=reason)
        case e.RequestSent(number=number, due=due):
            return _with(pursuit, replace(request_of(pursuit, number), sent_at=at, due=due))
        case e.ReplyReceived(number=number):
            request = request_of(pursuit, number)
            unread = request.unread or event.kind is ReplyKind.ANSWER
            return _with(pursuit, replace(request, replies=(*request.replies, _replied(event, at)), unread=unread))
        case e.RepliesRead(number=number):
            return _with(pursuit, replace(request_of(pursuit, number), unread=False))
        case e.RequestSettled(number=number, outcome=outcome):
            request = replace(request_of(pursuit, number), outcome=outcome, settled_at=at, unread=False)
            proposed = None if outcome is Outcome.REMOVED else pursuit.proposed
            return replace(_with(pursuit, request), proposed=proposed)
        case e.RequestLapsed(number=number):
            return _with(pursuit, replace(request_of(pursuit, number), lapsed_at=at))
        case e.StepProposed(rung=rung):
            return replace(pursuit, proposed=rung)
        case _:
            assert_never(event)


def _draft(pursuit: Pursuit, command: c.DraftRequest) -> tuple[Event, ...]:
    open_ = {request.to.key: request for request in pursuit.requests if request.state in _UNSENT}
    again = open_.get(command.to.key)
    dropped: tuple[Event, ...] = () if again is None else (e.RequestDropped(number=again.number),)
    return (
        *dropped,
        e.RequestDrafted(
            number=len(pursuit.requests) + 1,
            rung=command.to.rung,
            regimes=command.regimes,
            filer=command.filer,
            language=command.language,
            lacks=command.lacks,
            declared=command.declared,
            to=command.to,
            channel=command.channel,
            subject=command.subject,
            text=command.text,
            reference=command.reference,
            fields=command.fields,
        ),
    )


def _queue(request: Request, message_id: str, text: str) -> tuple[Event, ...]:
    _complete(request)
    if request.state in {RequestState.QUEUED, RequestState.DROPPED, RequestState.SETTLED}:
        msg = "A mail of this request is on its way, or the request is over."
        raise Conflict(msg)
    if request.sent_at is not None and not text:
        msg = "This request was sent before; write what to add."
        raise Conflict(msg)
    return (e.MailQueued(number=request.number, message_id=message_id, text=text or request.text),)


def _complete(request: Request) -> None:
    if request.lacks:
        msg = f"This request lacks what the law asks for: {', '.join(request.lacks)}. Draft it anew with that."
        raise Conflict(msg)


def _unsent(request: Request) -> None:
    if request.state not in _UNSENT or request.sent_at is not None:
        msg = "This request was sent, or thrown away before."
        raise Conflict(msg)


def _on_its_way(request: Request, message_id: str) -> bool:
    last = request.mails[-1] if request.mails else None
    return last is not None and last.message_id == message_id and last.sent_at is None and not last.failed


def _reply(request: Request, command: c.NoteReply) -> tuple[Event, ...]:
    if len(request.replies) >= MAX_REPLIES or command.message_id in {reply.message_id for reply in request.replies}:
        return ()
    return (
        e.ReplyReceived(
            number=request.number,
            kind=command.kind,
            expected=command.expected,
            attachments=command.attachments,
            cut=command.cut,
            sender=command.sender,
            subject=command.subject,
            text=command.text,
            message_id=command.message_id,
        ),
    )


def _settle(pursuit: Pursuit, request: Request, outcome: Outcome) -> Iterator[Event]:
    if request.sent_at is None:
        msg = "This request was not sent yet."
        raise Conflict(msg)
    if request.outcome is not None:
        if request.outcome is outcome:
            return
        msg = "What became of this request is on record already."
        raise Conflict(msg)
    yield e.RequestSettled(number=request.number, rung=request.to.rung, outcome=outcome)
    if outcome is not Outcome.REMOVED:
        yield from _proposal(pursuit, request.to.rung)
        return
    for other in pursuit.requests:
        if other.sent_at is not None and other.outcome is None and other.number != request.number:
            yield e.RequestSettled(number=other.number, rung=other.to.rung, outcome=outcome)
        elif other.state in _UNSENT:
            yield e.RequestDropped(number=other.number)


def _wake(pursuit: Pursuit, now: datetime) -> Iterator[Event]:
    lapsed = [each for each in pursuit.running if each.due is not None and each.due.at < now]
    for request in lapsed:
        yield e.RequestLapsed(number=request.number, rung=request.to.rung)
    if lapsed:
        yield from _proposal(pursuit, max((each.to.rung for each in lapsed), key=LADDER.index))


def _proposal(pursuit: Pursuit, after: Rung) -> Iterator[Event]:
    """Propose the next rung; where nobody can be reached any more, the one above, so that staff look for somebody."""
    following = next_party(pursuit, after)
    above = LADDER.index(after) + 1
    if following is not None:
        yield e.StepProposed(rung=following.rung)
    elif above < len(LADDER):
        yield e.StepProposed(rung=LADDER[above])


def _drafted(event: e.RequestDrafted, at: datetime) -> Request:
    nobody = Responsible(rung=event.rung, name="", found_by=FoundBy.STAFF)
    return Request(
        number=event.number,
        to=event.to or nobody,
        channel=event.channel or _NOWHERE,
        regimes=event.regimes,
        filer=event.filer,
        language=event.language,
        subject=event.subject,
        text=event.text,
        reference=event.reference,
        lacks=event.lacks,
        declared=event.declared,
        fields=event.fields,
        drafted_at=at,
    )


def _replied(event: e.ReplyReceived, at: datetime) -> Reply:
    return Reply(
        kind=event.kind,
        sender=event.sender,
        expected=event.expected,
        subject=event.subject,
        text=event.text,
        message_id=event.message_id,
        attachments=event.attachments,
        cut=event.cut,
        at=at,
    )


def request_of(pursuit: Pursuit, number: int) -> Request:
    """Find the request of a number. Raises NotFound."""
    if not 1 <= number <= len(pursuit.requests):
        msg = "There is no request of this number in the pursuit."
        raise NotFound(msg)
    return pursuit.requests[number - 1]


def _with(pursuit: Pursuit, request: Request) -> Pursuit:
    before, after = pursuit.requests[: request.number - 1], pursuit.requests[request.number :]
    return replace(pursuit, requests=(*before, request, *after))


def _last_mail(pursuit: Pursuit, number: int, *, sent_at: datetime | None = None, failed: str = "") -> Pursuit:
    request = request_of(pursuit, number)
    *before, last = request.mails
    return _with(pursuit, replace(request, mails=(*before, replace(last, sent_at=sent_at, failed=failed))))


def _sorted(parties: Iterable[Responsible]) -> tuple[Responsible, ...]:
    return tuple(sorted(parties, key=lambda party: (LADDER.index(party.rung), not party.channels)))
