# SPDX-License-Identifier: Apache-2.0
"""What may happen to a notice: ``decide`` turns a command into events, ``apply`` events into the notice.

1. A notice begins once, with ``Receive``; nothing can happen to one that did not begin, or that was erased.
2. It is valid under each regime from the moment at which it holds what that regime requires; the clocks of a regime run
   from then. What is missing is asked for at once, and no notice is refused for it.
3. Every decision has a reason, a rule, an author and at least one ground that speaks for it. Who is concerned is told
   in the same moment. A later decision takes the place of an earlier one; to keep what was restricted restores it.
4. A restriction that was made for a time ends when it is over, with what was banked for it, and the sides are told.
   One that stands can be contested for as long as a regime gives, by each side; another human than the author decides.
5. What is taken back is taken back whole: restrictions end, and what was banked for it is withdrawn.
6. A notice that was taken back keeps its decision; what was restricted on an order that is revoked is restored.
7. What was missed is recorded with whatever happens next, before anything can hide it.
8. Nothing is erased while a hold stands. What is not erased by retention takes two: one proposes, another one confirms.
9. What may show somebody under 18 is out of sight at once, and has a clock until it is reported.
10. A decision may be planned: it is held against the rules at once and again when it takes effect, and until then it
   can be taken back. Whatever else is decided first takes its place.

Refusals are errors; a command that finds its work done returns no events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from noli.base.errors import Conflict, InputError, NotFound
from noli.notices import commands as c
from noli.notices import events as e
from noli.notices import letters
from noli.notices.clocks import breaches, complain_until, watch
from noli.notices.commands import Command
from noli.notices.events import Event, Recorded
from noli.notices.model import (
    Because,
    Complaint,
    Dispute,
    Done,
    ErasureProposal,
    Ground,
    Hold,
    Lack,
    Letter,
    Measure,
    NewNotice,
    Notice,
    NoticedContent,
    NoticeId,
    NoticeNote,
    Number,
    Opening,
    Order,
    Plan,
    Ruling,
    Start,
    Told,
    Via,
)
from noli.regimes.model import Copies, Duty, Field, Filer, Law, Missing, Need, Party, Regime, RegimeId, Source, Trigger
from noli.regimes.rules import missing, takes_requests, wanted_by

_STARTS = {
    Opening.ORDER: Trigger.ORDER,
    Opening.DETECTION: Trigger.OWN_DETECTION,
    Opening.POLICY: Trigger.POLICY,
}

# Which duty a letter fulfils.
_FULFILS: Mapping[tuple[Party, Letter], Duty] = {
    (Party.NOTIFIER, Letter.RECEIPT): Duty.ACKNOWLEDGE,
    (Party.AUTHORITY, Letter.RECEIPT): Duty.ACKNOWLEDGE,
    (Party.NOTIFIER, Letter.MISSING): Duty.ASK_FOR_MISSING,
    (Party.NOTIFIER, Letter.DECISION): Duty.TELL_NOTIFIER,
    (Party.UPLOADER, Letter.STATEMENT): Duty.TELL_UPLOADER,
    (Party.AUTHORITY, Letter.EFFECT): Duty.TELL_AUTHORITY,
}

#: Contents of one notice; further uploads of the same entry are counted.
MAX_CONTENTS = 500

# What a regime calls it where a message has to name bodies outside.
_BODY = "out-of-court"

_PRESERVING = (e.Held, e.HoldLifted, e.HoldEnded)

# What a ruling does for the clocks.
_PROVISIONAL = (Duty.TRIAGE, Duty.PROVISIONAL_DISABLE)
_FINAL = (Duty.TRIAGE, Duty.PROVISIONAL_DISABLE, Duty.REVIEW, Duty.REMOVE, Duty.RESOLVE)
# Where content is kept, nobody but the notifier is told, and there is nothing to restore or to find copies of.
_NOTHING_LEFT = (Duty.REMOVE_COPIES, Duty.RESTORE, Duty.TELL_UPLOADER)


def decide(notice: Notice, command: Command, law: Law, now: datetime) -> tuple[Event, ...]:
    """Return what a command makes happen; none where its work is done already.

    Args:
        notice: As it is; version 0 where it did not begin.
        command: What is asked.
        law: All regimes.
        now: When.

    Raises:
        NotFound: The notice did not begin.
        Conflict: It is in no state for this.
        InputError: What is asked makes no sense for this notice.
    """
    if notice.version == 0 and not isinstance(command, c.Receive):
        msg = "There is no such notice."
        raise NotFound(msg)
    if notice.erased_at is not None:
        if isinstance(command, c.Erase | c.WatchClocks):
            return ()
        msg = "This notice was erased; nothing can happen to it any more."
        raise Conflict(msg)
    made = tuple(_decided(notice, command, law, now))
    if isinstance(command, c.WatchClocks):
        return made
    after = _after(notice, made, now)
    # What is missed as it begins (an order that came late) is passed on at once; later that is the watch's.
    missed = watch(after, law, now) if isinstance(command, c.Receive) else breaches(after, law, now)
    return (*made, *missed)


def fold(notice: NoticeId, history: Iterable[Recorded]) -> Notice:
    """Return a notice as its history makes it."""
    folded = Notice(notice)
    for recorded in history:
        folded = apply(folded, recorded)
    return folded


def _after(notice: Notice, events: Iterable[Event], now: datetime) -> Notice:
    for event in events:
        notice = apply(notice, Recorded(notice.version + 1, now, "", event))
    return notice


def _decided(notice: Notice, command: Command, law: Law, now: datetime) -> Iterable[Event]:  # noqa: C901, PLR0911, PLR0912 - one arm a command
    match command:
        case c.Receive():
            return _receive(notice, command, law, now)
        case c.GiveFields():
            return _give(notice, command, law, now)
        case c.AddContent(content, count):
            return _add(notice, content, count)
        case c.Rule():
            return _rule(notice, command, law, now)
        case c.PlanRuling():
            return _plan(notice, command, law)
        case c.DropPlan(by):
            return () if notice.plan is None else (e.PlanDropped(by=by),)
        case c.WriteNote(by, text):
            return (e.NoteWritten(by=by, text=text),)
        case c.EndCopySearch(copies):
            return _end_copy_search(notice, copies, law)
        case c.Complain():
            return _complain(notice, command, law, now)
        case c.DecideComplaint():
            return _decide_complaint(notice, command, law, now)
        case c.TellDispute(body, outcome):
            return (e.DisputeTold(body=body, outcome=outcome),)
        case c.RevokeOrder(because):
            return _revoke(notice, because)
        case c.WithdrawNotice():
            return _withdraw(notice)
        case c.PlaceHold(because, until):
            return _hold(because, until, now)
        case c.LiftHold(hold, author):
            stands = any(each.number == hold for each in notice.standing)
            return (e.HoldLifted(hold=hold, author=author),) if stands else ()
        case c.SuspectMinor(by):
            return _suspect(notice, by)
        case c.ReportMinor(by, reference):
            if notice.young_at is None:
                msg = "Nobody said that this may show somebody under 18."
                raise Conflict(msg)
            return () if notice.young_reported_at else (e.MinorReported(by=by, reference=reference),)
        case c.ReportDecision(report):
            return (e.DecisionReported(report=report),)
        case c.Take(by):
            return () if by == notice.assigned_to else (e.Taken(by=by),)
        case c.WatchClocks():
            return watch(notice, law, now)
        case c.ProposeErasure(because):
            return _propose_erasure(notice, because)
        case c.DropErasure(because):
            dropped = e.ErasureDropped(rule=because.rule, author=because.author, reason=because.reason)
            return () if notice.erasure is None else (dropped,)
        case c.ConfirmErasure(because):
            return _confirm_erasure(notice, because)
        case c.Erase(rule):
            _unheld(notice)
            return (e.NoticeErased(rule=rule),)
        case _:
            assert_never(command)


# --- receiving ---------------------------------------------------------------------------------------------------


def _receive(notice: Notice, command: c.Receive, law: Law, now: datetime) -> Iterable[Event]:
    if notice.version:
        msg = "This notice was received before."
        raise Conflict(msg)
    new = command.notice
    if (new.opening is Opening.ORDER) != (new.order is not None):
        msg = "An order, and nothing else, names its authority and legal basis."
        raise InputError(msg)
    order = new.order or Order("", "")
    _check_order(order, law, now)
    received = e.NoticeReceived(
        opening=new.opening,
        filer=new.filer,
        kind=tuple(sorted(new.kind)),
        language=new.language,
        uploader_language=new.uploader_language,
        regimes=command.regimes,
        given=_given(new),
        notifier=command.notifier,
        evidence=command.evidence,
        suspended=command.suspended,
        authority=order.authority,
        legal_basis=order.legal_basis,
        territory=order.territory,
        ordered_until=order.due_at,
        fields=_filled(new.fields),
        reference=new.reference,
    )
    contents = tuple(_content(each) for each in command.contents)
    began: tuple[Event, ...] = (received, *contents)
    if new.opening in {Opening.DETECTION, Opening.POLICY}:
        return began
    if new.opening is Opening.ORDER:
        text = letters.receipt(new.language)
        return (*began, _letter(new.language, Letter.RECEIPT, text, to=Party.AUTHORITY))
    return (*began, *_examined(_after(notice, began, now), law, now))


def _check_order(order: Order, law: Law, now: datetime) -> None:
    """Refuse an order for no place, and one whose time is over where nobody says that it came late."""
    _check_places(order.territory, law)
    over = order.due_at is not None and order.due_at <= now
    if over and not order.late:
        msg = (
            "The time that the order sets, 'due_at', was over before it came in. Correct it; or, where the order came "
            "late, say so with 'late': it is taken, and is on record as missed at once."
        )
        raise InputError(msg)
    if order.late and not over:
        msg = "An order came 'late' where the time that it sets is over; this one's is not, or it sets none."
        raise InputError(msg)


def _check_places(territory: str, law: Law) -> None:
    """Refuse places that are none. Empty is everywhere."""
    if not territory.strip():
        return
    unknown = {part.strip() for part in territory.split(",")} - law.countries - set(law.jurisdictions)
    if unknown:
        msg = (
            f"{', '.join(sorted(unknown)) or 'This'} is the code of no country or union: name codes of ISO 3166-1 in "
            "capital letters, or EU, separated by commas; leave it empty for everywhere."
        )
        raise InputError(msg)


def _given(new: NewNotice) -> tuple[Field, ...]:
    given = set(_filled(new.fields))
    if any(content.url or content.ref for content in new.contents):
        given.add(Field.LOCATION)
    return tuple(sorted(given))


def _filled(fields: Mapping[Field, str]) -> dict[Field, str]:
    return {name: text.strip() for name, text in fields.items() if text.strip()}


def _content(named: c.NamedContent) -> Event:
    return e.ContentAdded(
        via=named.via,
        uploader=named.uploader,
        bank=named.bank,
        url=named.url,
        ref=named.ref,
        hashes=named.hashes,
        entry=named.entry,
    )


def _give(notice: Notice, command: c.GiveFields, law: Law, now: datetime) -> Iterable[Event]:
    if notice.opening is not Opening.REQUEST or notice.withdrawn_at is not None:
        msg = "Nothing is missing here: this is no request, or it was taken back."
        raise Conflict(msg)
    fields = {name: text for name, text in _filled(command.fields).items() if notice.fields.get(name) != text}
    added = tuple(_content(each) for each in command.contents if not _known(notice, each))
    given = set(fields) | ({Field.LOCATION} if added else set())
    made: tuple[Event, ...] = added
    if given - notice.given or fields:
        made = (*made, e.FieldsGiven(given=tuple(sorted(given)), fields=fields))
    if not made:
        return ()
    return (*made, *_examined(_after(notice, made, now), law, now))


def _examined(notice: Notice, law: Law, now: datetime) -> Iterable[Event]:
    """Hold a request against each regime: confirm it, and ask for what is missing where that is new."""
    lacking = _lacking(notice, law, now)
    lacks = tuple((each.regime, each.field, each.need) for each in lacking)
    known = tuple((each.regime, each.field, each.need) for each in notice.lacks)
    needed = {each.regime for each in lacking if each.need is Need.REQUIRED}
    valid = tuple(each for each in _asked(notice, law, now) if each not in needed)
    confirmed = any(each.letter is Letter.RECEIPT for each in notice.messages)
    if lacks == known and not valid and confirmed:
        return ()
    made: list[Event] = [e.Examined(lacks=lacks, valid=valid)]
    if valid or not confirmed:
        made.append(_letter(notice.language, Letter.RECEIPT, letters.receipt(notice.language)))
    if lacking and lacks != known:
        made.append(_letter(notice.language, Letter.MISSING, letters.missing(notice.language, lacking)))
    return made


def _lacking(notice: Notice, law: Law, now: datetime) -> list[Missing]:
    """List what is missing; a regime whose requirements were met once stays met."""
    return [
        each
        for regime in _asked(notice, law, now).values()
        for each in missing(law, regime, notice.given, _filer(notice), regime.day(notice.opened_at or now))
    ]


def lack_source(notice: Notice, lack: Lack, law: Law) -> Source | None:
    """Say where a regime asks for what is missing; None where the law was changed since."""
    regime = law.regimes.get(lack.regime)
    if regime is None or notice.opened_at is None:
        return None
    return wanted_by(regime, lack.field, _filer(notice), regime.day(notice.opened_at))


def _asked(notice: Notice, law: Law, now: datetime) -> dict[RegimeId, Regime]:
    """Return the regimes under which a request counts, and this one is not valid yet."""
    at = notice.opened_at or now
    waiting = (law.regimes[name] for name in notice.regimes if name in law.regimes and name not in notice.valid)
    return {each.id: each for each in waiting if takes_requests(each, each.day(at))}


def _filer(notice: Notice) -> Filer:
    """Return who files, as far as there is evidence: a claim alone makes nobody a trusted flagger."""
    claims = notice.filer is Filer.TRUSTED_FLAGGER and not notice.evidence
    return Filer.ANYONE if claims else notice.filer


def _known(notice: Notice, named: c.NamedContent) -> NoticedContent | None:
    """Find content that is there already: by reference or address, and where it has neither, by its entry."""
    nameless = not (named.ref or named.url)
    full = len(notice.contents) >= MAX_CONTENTS
    for each in notice.contents:
        same_ref = bool(named.ref) and named.ref == each.ref
        same_url = bool(named.url) and named.url == each.url
        same_entry = named.entry is not None and named.entry == each.entry
        if same_ref or same_url or (same_entry and (full or (nameless and not each.ref))):
            return each
    return None


def _add(notice: Notice, named: c.NamedContent, count: int) -> Iterable[Event]:
    if notice.withdrawn_at is not None:
        msg = "This notice was taken back; what is found now needs one of its own."
        raise Conflict(msg)
    known = _known(notice, named)
    if known is not None:
        return (e.UploadSeen(content=known.number, count=count),)
    number = notice.version + 1
    added = _content(named)
    return (added,) if count == 1 else (added, e.UploadSeen(content=number, count=count - 1))


# --- deciding ----------------------------------------------------------------------------------------------------


def _rule(notice: Notice, command: c.Rule, law: Law, now: datetime) -> tuple[Event, ...]:
    if notice.withdrawn_at is not None and command.measure.restricts:
        msg = "This notice was taken back; to act on the content all the same, open one of your own."
        raise Conflict(msg)
    if notice.open_complaints:
        msg = "A complaint waits; decide about that."
        raise Conflict(msg)
    return _ruled(notice, command, law, now)


def _plan(notice: Notice, command: c.PlanRuling, law: Law) -> Iterable[Event]:
    if notice.plan is not None:
        msg = "A decision waits for its effect; take it back first."
        raise Conflict(msg)
    rule = command.rule
    # What would be refused when it takes effect is refused now.
    _rule(notice, rule, law, command.effect_at)
    return (
        e.RulingPlanned(
            measure=rule.measure,
            grounds=rule.grounds,
            rule=rule.because.rule,
            author=rule.because.author,
            automated=rule.because.automated,
            contractual=rule.contractual,
            effect_at=command.effect_at,
            territory=rule.territory,
            until=rule.until,
            reason=rule.because.reason,
            statement=rule.statement,
            answer=rule.answer,
            disclose=rule.disclose,
        ),
    )


def planned(plan: Plan) -> c.Rule:
    """Return the command that a plan stands for."""
    ruling = plan.ruling
    return c.Rule(
        ruling.measure,
        ruling.grounds,
        Because(ruling.reason, ruling.rule, ruling.author, ruling.automated),
        contractual=ruling.contractual,
        territory=ruling.territory,
        until=ruling.until,
        statement=plan.statement,
        answer=plan.answer,
        disclose=plan.disclose,
    )


def _suspect(notice: Notice, by: str) -> Iterable[Event]:
    """Put it out of sight; what was banked for it is withdrawn, since nothing of it may be kept or shared."""
    if notice.young_at is not None:
        return ()
    let_up = tuple(e.LetUp(content=each.number) for each in notice.contents if each.kept_down)
    return (e.MinorSuspected(by=by), *let_up)


def _speaks(grounds: Iterable[Ground], *, restricts: bool) -> None:
    """Refuse a decision without a ground, or with one that speaks for its opposite."""
    if not grounds or any(each.restricts is not restricts for each in grounds):
        way = "for" if restricts else "against"
        fitting = ", ".join(each for each in Ground if each.restricts is restricts)
        msg = f"Name at least one ground, and only such as speak {way} a restriction: {fitting}."
        raise InputError(msg)


def _ruled(notice: Notice, command: c.Rule, law: Law, now: datetime) -> tuple[Event, ...]:
    _speaks(command.grounds, restricts=command.measure.restricts)
    if (command.measure is Measure.GEO_RESTRICT) != bool(command.territory):
        msg = "A geographic restriction, and nothing else, names its territory."
        raise InputError(msg)
    _check_places(command.territory, law)
    if command.until is not None and not (command.measure.restricts and command.until > now):
        msg = "A restriction, and nothing else, ends by itself, and later than now; or leave 'until' out."
        raise InputError(msg)
    because, before = command.because, notice.ruling
    ruled = e.Ruled(
        measure=command.measure,
        grounds=command.grounds,
        rule=because.rule,
        author=because.author,
        automated=because.automated,
        contractual=command.contractual,
        territory=command.territory,
        until=command.until,
        reason=because.reason,
    )
    lifted: tuple[Event, ...] = ()
    if before is not None and not command.measure.restricts:
        lifted = _taken_back(notice, because.rule, because.author, command.grounds, because.reason)
    kept = tuple(e.KeptDown(content=each.content, bank=each.bank, entry=each.entry) for each in command.banked)
    made = (*lifted, ruled, *kept)
    told = _after(notice, made, now)
    ruling = told.rulings[-1]
    letters_ = [*_to_sender(told, ruling, command, law), *_to_uploader(told, ruling, command, law)]
    seeks = command.measure is Measure.REMOVE and not notice.copies_open and (kept or _copies(notice, law, now))
    return (*made, *letters_, *((e.CopiesSought(),) if seeks else ()))


def _to_sender(notice: Notice, ruling: Ruling, command: c.Rule, law: Law) -> Iterable[Event]:
    if notice.opening is Opening.REQUEST:
        text = command.answer or letters.decision(notice, ruling, bodies=has_bodies(notice, law))
        yield _letter(notice.language, Letter.DECISION, text)
    elif notice.opening is Opening.ORDER:
        text = command.answer or letters.effect(notice, ruling)
        yield _letter(notice.language, Letter.EFFECT, text, to=Party.AUTHORITY)


def _to_uploader(notice: Notice, ruling: Ruling, command: c.Rule, law: Law) -> Iterable[Event]:
    """Write to who uploaded: what is kept unseen needs no letter, so that a notice leaves no trace with them."""
    if ruling.measure.restricts:
        language = notice.uploader_language
        built = letters.statement(notice, ruling, bodies=has_bodies(notice, law), disclose=command.disclose)
        text = command.statement or str(built)
        yield _letter(language, Letter.STATEMENT, text, to=Party.UPLOADER)


def has_bodies(notice: Notice, law: Law) -> bool:
    """Tell whether a regime of this notice lets the sides turn to a body outside."""
    regimes = (law.regimes[name] for name in notice.regimes if name in law.regimes)
    return any(
        any(clock.duty is Duty.TURN_TO_BODY for clock in regime.clocks)
        or any(_BODY in value.what for rule in regime.notifications for value in rule.contents.values)
        for regime in regimes
    )


def _copies(notice: Notice, law: Law, now: datetime) -> bool:
    """Tell whether a regime of this notice wants copies gone, too."""
    regimes = (law.regimes[name] for name in notice.regimes if name in law.regimes)
    duties = (each.copies.on(each.day(now)) for each in regimes)
    return any(each is not None and each.what is not Copies.NONE for each in duties)


def _end_copy_search(notice: Notice, copies: int, law: Law) -> Iterable[Event]:
    """End the search; who uploaded the copies is told like who uploaded what they are copies of."""
    if not notice.copies_open:
        return ()
    found, ruling = e.CopiesFound(copies=copies), notice.ruling
    if ruling is None or not any(each.via is Via.COPY and each.restricted for each in notice.contents):
        return (found,)
    its = replace(ruling, grounds=(Ground.COPY,), automated=True)
    text = str(letters.statement(notice, its, bodies=has_bodies(notice, law), detected=True))
    return (found, _letter(notice.uploader_language, Letter.STATEMENT, text, to=Party.UPLOADER))


def _taken_back(notice: Notice, rule: str, author: str, grounds: tuple[Ground, ...], reason: str) -> tuple[Event, ...]:
    """Take back the restriction that stands, with what was banked for it, and say so to who uploaded."""
    ruling = notice.ruling
    if ruling is None or not ruling.stands:
        return ()
    reinstated = e.Reinstated(ruling=ruling.number, rule=rule, author=author, grounds=grounds, reason=reason)
    let_up = tuple(e.LetUp(content=each.number) for each in notice.contents if each.entry is not None)
    text = letters.restored(notice.uploader_language)
    return (reinstated, *let_up, _letter(notice.uploader_language, Letter.RESTORED, text, to=Party.UPLOADER))


# --- contesting --------------------------------------------------------------------------------------------------


def _complain(notice: Notice, command: c.Complain, law: Law, now: datetime) -> Iterable[Event]:
    ruling = notice.ruling
    told = _told_of(notice, command.side, ruling)
    if ruling is None or told is None:
        msg = "There is no decision that this side was told of."
        raise Conflict(msg)
    if any(each.side is command.side and each.ruling == ruling.number for each in notice.complaints):
        msg = "This side has complained about this decision; a body outside or a court is the next way."
        raise Conflict(msg)
    until = complain_until(notice, law, side=command.side, told=told.at, number=told.number)
    if now > until:
        msg = f"A complaint was possible until {until.date().isoformat()}; a body outside or a court is the next way."
        raise Conflict(msg)
    language = _language(notice, command.side)
    complained = e.Complained(side=command.side, plea=command.plea, ruling=ruling.number, text=command.text)
    return (
        complained,
        _letter(language, Letter.COMPLAINT_RECEIPT, letters.complaint_receipt(language), to=command.side),
    )


def _told_of(notice: Notice, side: Party, ruling: Ruling | None) -> Told | None:
    """Return the letter that told a side of the ruling that stands, the last one: of copies, too."""
    wanted = Letter.STATEMENT if side is Party.UPLOADER else Letter.DECISION
    for each in reversed(notice.messages):
        if ruling is not None and each.number > ruling.number and (each.to, each.letter) == (side, wanted):
            return each
    return None


def _decide_complaint(notice: Notice, command: c.DecideComplaint, law: Law, now: datetime) -> Iterable[Event]:
    complaint = next((each for each in notice.open_complaints if each.number == command.complaint), None)
    if complaint is None:
        msg = "There is no complaint of this number that waits."
        raise Conflict(msg)
    because = command.because
    first = next(each for each in notice.rulings if each.number == complaint.ruling)
    instead = command.instead
    if because.is_by(first.author) or because.automated or (instead is not None and instead.because.automated):
        msg = "Somebody else than the author of the decision decides about a complaint, and no machine alone."
        raise Conflict(msg)
    decided = e.ComplaintDecided(
        complaint=complaint.number,
        upheld=command.upheld,
        rule=because.rule,
        author=because.author,
        reason=because.reason,
    )
    language = _language(notice, complaint.side)
    text = letters.complaint_decision(language, upheld=command.upheld, bodies=has_bodies(notice, law))
    made: tuple[Event, ...] = (
        decided,
        _letter(language, Letter.COMPLAINT_DECISION, text, to=complaint.side),
    )
    if (instead is not None) != command.upheld:
        msg = "A complaint that is upheld, and no other, needs the decision that takes the first one's place."
        raise InputError(msg)
    if instead is None:
        return made
    if not instead.because.is_by(because.author) or instead.measure is first.measure:
        msg = "The new decision has the same author as the answer, and another measure than the first one."
        raise InputError(msg)
    return (*made, *_ruled(_after(notice, made, now), instead, law, now))


def _language(notice: Notice, side: Party) -> str:
    return notice.uploader_language if side is Party.UPLOADER else notice.language


def _revoke(notice: Notice, because: Because) -> Iterable[Event]:
    if notice.opening is not Opening.ORDER:
        msg = "This is no order."
        raise Conflict(msg)
    if notice.withdrawn_at is not None:
        return ()
    revoked = e.OrderRevoked(rule=because.rule, author=because.author, reason=because.reason)
    return (revoked, *_taken_back(notice, because.rule, because.author, (Ground.REVOKED,), because.reason))


def _withdraw(notice: Notice) -> Iterable[Event]:
    if notice.opening is not Opening.REQUEST:
        msg = "Only a request is taken back by who sent it."
        raise Conflict(msg)
    return () if notice.withdrawn_at is not None else (e.NoticeWithdrawn(side=Party.NOTIFIER),)


def _hold(because: Because, until: datetime | None, now: datetime) -> Iterable[Event]:
    if until is not None and until <= now:
        msg = "A hold ends later than now, or (without a time) when it is lifted."
        raise InputError(msg)
    return (e.Held(rule=because.rule, author=because.author, until=until, reason=because.reason),)


def _unheld(notice: Notice) -> None:
    if notice.held:
        msg = "This notice is preserved; lift the hold before anything is erased."
        raise Conflict(msg)


def _propose_erasure(notice: Notice, because: Because) -> Iterable[Event]:
    _unheld(notice)
    if notice.erasure is not None:
        msg = "It is proposed already; somebody else confirms or rejects it."
        raise Conflict(msg)
    return (e.ErasureProposed(rule=because.rule, author=because.author, reason=because.reason),)


def _confirm_erasure(notice: Notice, because: Because) -> Iterable[Event]:
    _unheld(notice)
    proposed = notice.erasure
    if proposed is None:
        msg = "Nothing was proposed that could be confirmed."
        raise Conflict(msg)
    if because.is_by(proposed.author) or because.automated:
        msg = "Somebody else than who proposed it confirms what cannot be undone, and no machine."
        raise Conflict(msg)
    return (e.NoticeErased(rule=proposed.rule, author=because.author, proposed_by=proposed.author),)


def _letter(language: str, letter: Letter, text: str, *, to: Party = Party.NOTIFIER) -> Event:
    return e.SidesTold(to=to, letter=letter, language=language, text=text)


# --- applying ----------------------------------------------------------------------------------------------------


def apply(notice: Notice, recorded: Recorded) -> Notice:
    """Return the notice after one more event."""
    changed = _applied(notice, recorded.event, recorded.sequence, recorded.at)
    # To preserve something, or no longer, is no work on it.
    worked_at = notice.worked_at if isinstance(recorded.event, _PRESERVING) else recorded.at
    return replace(changed, version=recorded.sequence, updated_at=recorded.at, worked_at=worked_at)


def _applied(notice: Notice, event: Event, number: int, at: datetime) -> Notice:  # noqa: C901, PLR0911, PLR0912 - one arm an event
    match event:
        case e.NoticeReceived():
            return _received(notice, event, number, at)
        case e.ContentAdded():
            return replace(notice, contents=(*notice.contents, _added(notice, event, number)))
        case e.FieldsGiven(given=given, fields=fields):
            return replace(notice, given=notice.given | set(given), fields={**notice.fields, **fields})
        case e.Examined():
            return _held_against(notice, event, number, at)
        case e.SidesTold():
            return _told(notice, event, number, at)
        case e.Ruled():
            return _with_ruling(notice, event, number, at)
        case e.KeptDown(content=content, bank=bank, entry=entry):
            return _content_changed(notice, content, bank=bank, entry=entry, kept_down=True)
        case e.LetUp(content=content):
            return _content_changed(notice, content, kept_down=False)
        case e.RulingPlanned():
            ruling = _ruling(event, number, at)
            plan = Plan(ruling, event.statement, event.answer, event.disclose, event.effect_at)
            return replace(notice, plan=plan)
        case e.PlanDropped():
            return replace(notice, plan=None)
        case e.NoteWritten(by=by, text=text):
            return replace(notice, notes=(*notice.notes, NoticeNote(number, by, text, at)))
        case e.CopiesSought():
            return replace(notice, copies_open=True)
        case e.CopiesFound():
            return replace(_done(notice, number, at, Duty.REMOVE_COPIES), copies_open=False)
        case e.Reinstated(ruling=ruling):
            return _over(_done(notice, number, at, Duty.RESTORE), ruling, reversed_at=at)
        case e.RulingEnded(ruling=ruling):
            return _over(_done(notice, number, at, Duty.RESTORE, Duty.REMOVE_COPIES), ruling, ended_at=at)
        case e.Complained(side=side, plea=plea, ruling=ruling, text=text):
            complaint = Complaint(number, side, plea, ruling, text, at)
            starts = (*notice.starts, Start(Trigger.COMPLAINT, number, at))
            return replace(notice, complaints=(*notice.complaints, complaint), starts=starts)
        case e.ComplaintDecided():
            return _complaint_decided(notice, event, number, at)
        case e.DisputeTold(body=body, outcome=outcome):
            return replace(notice, disputes=(*notice.disputes, Dispute(number, body, outcome, at)))
        case e.OrderRevoked():
            starts = (*notice.starts, Start(Trigger.ORDER_REVOKED, number, at))
            # What the order started is over; restoring starts here.
            over = (*notice.done, Done(None, number - 1, at))
            after = replace(notice, withdrawn_at=at, starts=starts, done=over)
            return after if any(each.restricted for each in notice.contents) else _done(after, number, at, Duty.RESTORE)
        case e.NoticeWithdrawn():
            return replace(_done(notice, number, at, None), withdrawn_at=at, plan=None)
        case e.Held(rule=rule, author=author, until=until):
            return replace(notice, holds=(*notice.holds, Hold(number, rule, author, at, until)))
        case e.HoldLifted(hold=hold) | e.HoldEnded(hold=hold):
            holds = (replace(each, lifted_at=at) if each.number == hold else each for each in notice.holds)
            return replace(notice, holds=tuple(holds))
        case e.DecisionReported():
            return _done(notice, number, at, Duty.REPORT_DECISION)
        case e.Taken(by=by):
            return replace(_done(notice, number, at, Duty.TRIAGE), assigned_to=by)
        case e.UploadSeen(content=content, count=count):
            contents = (replace(i, seen=i.seen + count) if i.number == content else i for i in notice.contents)
            return replace(notice, contents=tuple(contents))
        case e.Warned(clock=clock, hours=hours):
            return replace(notice, warned=notice.warned | {(clock, hours)})
        case e.Escalated(role=role):
            return replace(notice, escalated_to=role)
        case e.Breached(clock=clock):
            return replace(notice, breached=notice.breached | {clock})
        case e.MinorSuspected():
            starts = (*notice.starts, Start(Trigger.POSSIBLE_MINOR, number, at))
            contents = (replace(each, restricted=True) for each in notice.contents)
            return replace(notice, young_at=at, starts=starts, contents=tuple(contents), plan=None)
        case e.MinorReported():
            return replace(_done(notice, number, at, Duty.REPORT_POSSIBLE_MINOR), young_reported_at=at)
        case e.ErasureProposed(rule=rule, author=author):
            return replace(notice, erasure=ErasureProposal(rule, author, at))
        case e.ErasureDropped():
            return replace(notice, erasure=None)
        case e.NoticeErased():
            return _erased(_done(notice, number, at, None), at)
        case _:
            assert_never(event)


def _done(notice: Notice, number: int, at: datetime, *duties: Duty | None, subject: int = 0) -> Notice:
    return replace(notice, done=(*notice.done, *(Done(duty, number, at, subject) for duty in duties)))


def _received(notice: Notice, event: e.NoticeReceived, number: int, at: datetime) -> Notice:
    trigger = _STARTS.get(event.opening)
    order = None
    if event.opening is Opening.ORDER:
        until = event.ordered_until
        order = Order(event.authority, event.legal_basis, event.territory, until, until is not None and until <= at)
    return replace(
        notice,
        opened_at=at,
        opening=event.opening,
        filer=event.filer,
        notifier=event.notifier,
        evidence=event.evidence,
        suspended=event.suspended,
        language=event.language,
        uploader_language=event.uploader_language,
        kind=frozenset(event.kind),
        regimes=event.regimes,
        order=order,
        reference=event.reference,
        fields=dict(event.fields),
        given=frozenset(event.given),
        starts=() if trigger is None else (Start(trigger, number, at),),
    )


def _added(notice: Notice, event: e.ContentAdded, number: int) -> NoticedContent:
    # A copy that is found shares the lot of what it is a copy of.
    ruling = notice.ruling if event.via is Via.COPY else None
    return NoticedContent(
        number=number,
        via=event.via,
        url=event.url,
        ref=event.ref,
        uploader=event.uploader,
        hashes=event.hashes,
        entry=event.entry,
        bank=event.bank,
        restricted=ruling is not None and ruling.stands,
    )


def _content_changed(notice: Notice, content: int, **changes: object) -> Notice:
    contents = (replace(each, **changes) if each.number == content else each for each in notice.contents)  # type: ignore[arg-type] # fields of NoticedContent, named above
    return replace(notice, contents=tuple(contents))


def _held_against(notice: Notice, event: e.Examined, number: int, at: datetime) -> Notice:
    lacks = tuple(Lack(*each) for each in event.lacks)
    began = {start.regime for start in notice.starts if start.trigger is Trigger.INCOMPLETE_REQUEST}
    waits = dict.fromkeys(each.regime for each in lacks if each.need is Need.REQUIRED and each.regime not in began)
    starts = (
        *notice.starts,
        *(Start(Trigger.INCOMPLETE_REQUEST, number, at, regime) for regime in waits),
        *(Start(Trigger.VALID_REQUEST, number, at, regime) for regime in event.valid),
    )
    valid = {**notice.valid, **dict.fromkeys(event.valid, at)}
    return replace(notice, lacks=lacks, valid=valid, starts=starts)


def _told(notice: Notice, event: e.SidesTold, number: int, at: datetime) -> Notice:
    told = Told(number, event.to, event.letter, event.language, event.text, at)
    duty = _FULFILS.get((event.to, event.letter))
    after = notice if duty is None else _done(notice, number, at, duty)
    starts = notice.starts
    if event.letter in {Letter.DECISION, Letter.STATEMENT}:
        starts = (*starts, Start(Trigger.DECISION_TOLD, number, at))
    return replace(after, messages=(*notice.messages, told), starts=starts)


def as_if(command: c.Rule, at: datetime) -> Ruling:
    """Return the ruling that a command would make, to build what would be written; no letter has the file's reason."""
    because = command.because
    return Ruling(
        number=0,
        measure=command.measure,
        grounds=command.grounds,
        rule=because.rule,
        author=because.author,
        automated=because.automated,
        contractual=command.contractual,
        reason="",
        territory=command.territory,
        until=command.until,
        at=at,
    )


def _ruling(event: e.Ruled | e.RulingPlanned, number: int, at: datetime) -> Ruling:
    return Ruling(
        number=number,
        measure=event.measure,
        grounds=event.grounds,
        rule=event.rule,
        author=event.author,
        automated=event.automated,
        contractual=event.contractual,
        reason=event.reason,
        territory=event.territory,
        until=event.until,
        at=at,
    )


def _with_ruling(notice: Notice, event: e.Ruled, number: int, at: datetime) -> Notice:
    measure = event.measure
    duties = [*(_FINAL if measure.final else _PROVISIONAL)]
    starts = [*notice.starts]
    if measure.final:
        starts.append(Start(Trigger.DECISION, number, at))
    if measure.restricts:
        starts.append(Start(Trigger.RESTRICTION, number, at))
    else:
        duties += _NOTHING_LEFT
    contents = tuple(replace(each, restricted=measure.restricts) for each in notice.contents)
    after = _done(notice, number, at, *duties)
    return replace(
        after, rulings=(*notice.rulings, _ruling(event, number, at)), starts=tuple(starts), contents=contents, plan=None
    )


def _over(notice: Notice, ruling: Number, **when: datetime) -> Notice:
    rulings = tuple(replace(each, **when) if each.number == ruling else each for each in notice.rulings)  # type: ignore[arg-type] # a field of Ruling, named above
    contents = tuple(replace(each, restricted=False) for each in notice.contents)
    return replace(notice, rulings=rulings, contents=contents, copies_open=False)


def _complaint_decided(notice: Notice, event: e.ComplaintDecided, number: int, at: datetime) -> Notice:
    decided = {
        "upheld": event.upheld,
        "author": event.author,
        "rule": event.rule,
        "reason": event.reason,
        "decided_at": at,
    }
    complaints = (
        replace(each, **decided) if each.number == event.complaint else each  # type: ignore[arg-type] # fields of Complaint
        for each in notice.complaints
    )
    after = _done(notice, number, at, Duty.DECIDE_COMPLAINT, subject=event.complaint)
    return replace(after, complaints=tuple(complaints))


def _erased(notice: Notice, at: datetime) -> Notice:
    return replace(
        notice,
        erased_at=at,
        reference="",
        fields={},
        contents=tuple(replace(each, url="", ref="", hashes=(), entry=None) for each in notice.contents),
        rulings=tuple(replace(each, reason="") for each in notice.rulings),
        complaints=tuple(replace(each, text="", reason="") for each in notice.complaints),
        messages=tuple(replace(each, text="") for each in notice.messages),
        notes=tuple(replace(each, text="") for each in notice.notes),
        plan=None,
    )
