# SPDX-License-Identifier: Apache-2.0
"""What may happen to a case: ``decide`` turns a command into events, ``apply`` events into the case.

1. A case begins once, with ``OpenCase``; nothing else can happen to a case that was not opened.
2. An item is protected from the moment it was added until the withdrawal takes effect; then for good not.
3. A withdrawal takes effect at once or after the delay chosen at the start; until then it can be revoked. Asking twice
   changes nothing, except that erasing may be added or dropped while it waits.
4. While a withdrawal waits, and after it took effect, nothing can be added: it would be lost.
5. Erasing comes with the withdrawal, never before it. After it nobody can write to the case any more.
6. A match is recorded for protected items only. Whoever reports matches of withdrawn ones changes nothing.
7. Whether an item is held is never part of what the person sees; recorded matches, if any, are those of released ones.

Refusals are errors; a command that finds its work done returns no events.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from noli.base.errors import Conflict, InputError, NotFound
from noli.casework import commands as c
from noli.casework import events as e
from noli.casework.commands import Command
from noli.casework.events import Event, Recorded
from noli.casework.model import (
    Author,
    Case,
    CaseId,
    EvidencePackage,
    Item,
    ItemState,
    Link,
    Message,
    Note,
    Recipient,
    Share,
    Submission,
    Withdrawal,
)
from noli.casework.timeline import told

#: What happens to a request that somebody act on the links.
REQUEST_STEPS = ("sent", "answered", "lapsed", "removed", "refused", "passed-on")

# What the timeline repeats of what is erased.
_TYPED = frozenset({"label", "url", "addressee"})

#: Steps of ``RecordShare`` in their usual order.
SHARE_STEPS = ("shared", "confirmed", "told", "withdrawn", "refused")


def decide(case: Case, command: Command, now: datetime) -> tuple[Event, ...]:  # noqa: C901, PLR0911, PLR0912 - one arm a command
    """Return what a command makes happen; none where its work is done already.

    Args:
        case: As it is; version 0 where it was not opened.
        command: What is asked.
        now: When.

    Raises:
        NotFound: The case was not opened.
        Conflict: It is in no state for this.
        InputError: What is asked makes no sense for this case.
    """
    match command:
        case c.OpenCase(submission):
            return _open(case, submission)
        case _ if case.version == 0:
            msg = "There is no such case."
            raise NotFound(msg)
        case c.AddItems(items):
            _growing(case)
            return tuple(_added(item) for item in items)
        case c.AddLinks(links):
            _growing(case)
            return _new_links(case, links)
        case c.SendMessage(id_, author, text, staff):
            _legible(case)
            return (e.MessageSent(message=id_, author=author, text=text, staff=staff),)
        case c.ChangeContact(contact):
            _legible(case)
            return () if contact == case.contact else (e.ContactChanged(contact=contact),)
        case c.ChangeConsent(recipient, given):
            return _consent(case, recipient, given=given)
        case c.ReplacePassphrase():
            return (e.PassphraseReplaced(),)
        case c.RequestWithdrawal(erase):
            return _withdraw(case, now, erase=erase)
        case c.RevokeWithdrawal():
            return () if case.withdrawal is None else (e.WithdrawalRevoked(),)
        case c.CompleteWithdrawal():
            waits = case.withdrawal
            return () if waits is None or now < waits.due_at else _effective(case, erase=waits.erase)
        case c.EraseEnded():
            return () if case.ended_at is None or case.erased_at is not None else (e.CaseErased(),)
        case c.RecordMatches(item, platform, verdict, count, last_at):
            known = item in {one.id for one in case.protected}
            event = e.MatchesFound(item=item, platform=platform, verdict=verdict, count=count, last_at=last_at)
            return (event,) if known else ()
        case c.RecordShare():
            return _share(case, command)
        case c.RecordRequest(step, rung, addressee, due_at, by_law):
            if step not in REQUEST_STEPS:
                msg = f"A request has the steps {', '.join(REQUEST_STEPS)}."
                raise InputError(msg)
            return (e.RequestStepped(step=step, rung=rung, addressee=addressee, due_at=due_at, by_law=by_law),)
        case c.ReleaseItem(item, entry, bank):
            _releasable(case, item)
            return (e.ItemReleased(item=item, entry=entry, bank=bank),)
        case c.ChangeState(state):
            return () if state is case.state else (e.StateChanged(state=state),)
        case c.AssignCase(staff):
            return () if staff == case.assigned_to else (e.CaseAssigned(staff=staff),)
        case c.AddNote(staff, text):
            _legible(case)
            return (e.NoteAdded(staff=staff, text=text),)
        case c.RecordEvidence(digest, size, language, with_hashes):
            _legible(case)
            return (e.EvidenceCaptured(digest=digest, size=size, language=language, with_hashes=with_hashes),)
        case _:
            assert_never(command)


def fold(case: CaseId, history: Iterable[Recorded]) -> Case:
    """Return a case as its history makes it."""
    folded = Case(case)
    for recorded in history:
        folded = apply(folded, recorded)
    return folded


def apply(case: Case, recorded: Recorded) -> Case:
    """Return the case after one more event."""
    at = recorded.at
    changed = _applied(case, recorded.event, at, recorded.actor)
    return replace(changed, version=recorded.sequence, updated_at=at, timeline=told(changed, recorded.event, at))


def _applied(case: Case, event: Event, at: datetime, actor: str) -> Case:  # noqa: C901, PLR0911, PLR0912 - one arm an event
    match event:
        case e.CaseOpened():
            return replace(
                case,
                opened_at=at,
                situation=event.situation,
                language=event.language,
                reporter=event.reporter,
                representative=event.representative,
                contact=event.contact,
                narrative=event.narrative,
                recovery=event.recovery,
                delay=event.delay,
                consents=frozenset(event.consents),
            )
        case e.ItemAdded():
            return replace(case, items=(*case.items, _item(event, at)))
        case e.ItemReleased(item=id_, bank=bank, entry=entry):
            items = (replace(i, held=False, bank=bank, entry=entry) if i.id == id_ else i for i in case.items)
            return replace(case, items=tuple(items))
        case e.LinkAdded(link=link, url=url, note=note):
            return replace(case, links=(*case.links, Link(link, url, note, at)))
        case e.MessageSent(message=message, author=author, staff=staff, text=text):
            messages = (*case.messages, Message(message, author, staff, text, at))
            return replace(case, messages=messages, waits_for_staff=author is Author.PERSON)
        case e.ContactChanged(contact=contact):
            return replace(case, contact=contact)
        case e.ConsentChanged(recipient=recipient, given=given):
            consents = case.consents | {recipient} if given else case.consents - {recipient}
            return replace(case, consents=consents)
        case e.MatchesFound(item=id_, count=count):
            items = (replace(i, matches=i.matches + count) if i.id == id_ else i for i in case.items)
            return replace(case, items=tuple(items), matches=case.matches + count)
        case e.SharedWith(recipient=recipient):
            others = (share for share in case.shares if share.recipient != recipient)
            return replace(case, shares=(*others, Share(recipient, at)))
        case e.ShareConfirmed(recipient=recipient):
            return _shared(case, recipient, lambda share: replace(share, confirmed_at=at))
        case e.WithdrawalTold(recipient=recipient):
            return _shared(case, recipient, lambda share: replace(share, told_at=at))
        case e.WithdrawalConfirmed(recipient=recipient):
            return _shared(case, recipient, lambda share: replace(share, withdrawn_at=at))
        case e.WithdrawalRefused(recipient=recipient, reason=reason):
            return _shared(case, recipient, lambda share: replace(share, refused=reason))
        case e.WithdrawalRequested(due_at=due_at, erase=erase):
            return replace(case, withdrawal=Withdrawal(at, due_at, erase))
        case e.WithdrawalRevoked():
            return replace(case, withdrawal=None)
        case e.Withdrawn():
            items = (replace(item, state=ItemState.WITHDRAWN) for item in case.items)
            return replace(case, items=tuple(items), withdrawal=None, ended_at=at, waits_for_staff=False)
        case e.CaseErased():
            return _erased(case, at)
        case e.StateChanged(state=state):
            return replace(case, state=state)
        case e.CaseAssigned(staff=staff_id):
            return replace(case, assigned_to=staff_id)
        case e.NoteAdded(staff=staff_id, text=text):
            return replace(case, notes=(*case.notes, Note(staff_id, text, at)))
        case e.EvidenceCaptured(digest=digest, size=size, language=language, with_hashes=with_hashes):
            made = EvidencePackage(digest, size, language, with_hashes, at, actor)
            return replace(case, packages=(*case.packages, made))
        case e.PassphraseReplaced() | e.RequestStepped():
            return case
        case _:
            assert_never(event)


def _open(case: Case, submission: Submission) -> tuple[Event, ...]:
    if case.version:
        msg = "This case was opened before."
        raise Conflict(msg)
    return (
        e.CaseOpened(
            situation=submission.situation,
            language=submission.language,
            reporter=submission.reporter,
            recovery=submission.recovery,
            delay=submission.delay,
            consents=tuple(sorted(submission.consents)),
            representative=submission.representative,
            contact=submission.contact,
            narrative=submission.narrative,
        ),
    )


def _growing(case: Case) -> None:
    if case.ended_at is not None:
        msg = "Everything in this case was withdrawn; to protect something again, start anew."
        raise Conflict(msg)
    if case.withdrawal is not None:
        msg = "A withdrawal is waiting; revoke it before you add anything."
        raise Conflict(msg)


def _legible(case: Case) -> None:
    if case.erased_at is not None:
        msg = "This case was erased; nothing can be written to it any more."
        raise Conflict(msg)


def _added(item: c.BankedItem) -> Event:
    return e.ItemAdded(
        item=item.id,
        kind=item.kind,
        hashes=item.hashes,
        bank=item.bank,
        held=item.held,
        label=item.label,
        entry=item.entry,
        digest=item.digest,
        times_ms=item.times_ms,
    )


def _item(event: e.ItemAdded, at: datetime) -> Item:
    return Item(
        id=event.item,
        kind=event.kind,
        label=event.label,
        entry=event.entry,
        bank=event.bank,
        digest=event.digest,
        hashes=event.hashes,
        held=event.held,
        state=ItemState.PROTECTED,
        added_at=at,
    )


def _new_links(case: Case, links: Iterable[c.NumberedLink]) -> tuple[Event, ...]:
    known = {link.url for link in case.links}
    fresh: dict[str, Event] = {}
    for link in links:
        if link.url not in known and link.url not in fresh:
            fresh[link.url] = e.LinkAdded(link=link.id, url=link.url, note=link.note)
    return tuple(fresh.values())


def _consent(case: Case, recipient: Recipient, *, given: bool) -> tuple[Event, ...]:
    if given == (recipient in case.consents):
        return ()
    if recipient is Recipient.HERE and case.protected:
        msg = "Without matching here nothing is protected; withdraw instead."
        raise InputError(msg)
    if given and case.ended_at is not None:
        _growing(case)
    return (e.ConsentChanged(recipient=recipient, given=given),)


def _withdraw(case: Case, now: datetime, *, erase: bool) -> tuple[Event, ...]:
    waits = case.withdrawal
    if waits is not None:
        return () if waits.erase == erase else (e.WithdrawalRequested(due_at=waits.due_at, erase=erase),)
    if case.ended_at is not None and (not erase or case.erased_at is not None):
        return ()
    requested = e.WithdrawalRequested(due_at=now + timedelta(hours=case.delay.hours), erase=erase)
    if case.delay.hours:
        return (requested,)
    return (requested, *_effective(case, erase=erase))


def _effective(case: Case, *, erase: bool) -> tuple[Event, ...]:
    return (e.Withdrawn(items=len(case.protected)), *((e.CaseErased(),) if erase else ()))


def _share(case: Case, command: c.RecordShare) -> tuple[Event, ...]:
    name = command.recipient
    if command.step == "shared":
        _growing(case)
        return (e.SharedWith(recipient=name, items=command.items),)
    if name not in {share.recipient for share in case.shares}:
        msg = "Nothing of this case was shared with this recipient."
        raise Conflict(msg)
    match command.step:
        case "confirmed":
            return (e.ShareConfirmed(recipient=name),)
        case "told":
            return (e.WithdrawalTold(recipient=name),)
        case "withdrawn":
            return (e.WithdrawalConfirmed(recipient=name),)
        case "refused":
            return (e.WithdrawalRefused(recipient=name, reason=command.reason),)
    msg = f"A share has the steps {', '.join(SHARE_STEPS)}."
    raise InputError(msg)


def is_news(case: Case, recipient: str, step: str) -> bool:
    """Tell whether a step of ``RecordShare`` says something that the case does not say yet.

    What is shared with a partner that was told of a withdrawal is shared anew. Nothing is told of sharing once the
    person has withdrawn: it was on its way when she did.
    """
    share = next((one for one in case.shares if one.recipient == recipient), None)
    if step == "shared":
        growing = case.ended_at is None and case.withdrawal is None
        return growing and (share is None or share.told_at is not None)
    if share is None:
        return False
    done = {
        "confirmed": share.confirmed_at,
        "told": share.told_at,
        "withdrawn": share.withdrawn_at,
        "refused": share.refused,
    }
    return not done[step]


def _shared(case: Case, recipient: str, change: Callable[[Share], Share]) -> Case:
    shares = (change(share) if share.recipient == recipient else share for share in case.shares)
    return replace(case, shares=tuple(shares))


def _releasable(case: Case, item: str) -> None:
    held = {one.id for one in case.protected if one.held}
    if item not in held or case.withdrawal is not None:
        msg = "There is no held item of this id in the case, or it is being withdrawn."
        raise Conflict(msg)


def _erased(case: Case, at: datetime) -> Case:
    return replace(
        case,
        erased_at=at,
        representative="",
        contact="",
        narrative="",
        items=tuple(replace(item, label="", entry=None, digest="") for item in case.items),
        links=tuple(replace(link, url="", note="") for link in case.links),
        messages=tuple(replace(message, text="") for message in case.messages),
        notes=tuple(replace(note, text="") for note in case.notes),
        timeline=tuple(
            replace(entry, data={name: "" if name in _TYPED else value for name, value in entry.data.items()})
            for entry in case.timeline
        ),
    )
