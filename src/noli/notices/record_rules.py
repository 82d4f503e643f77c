# SPDX-License-Identifier: Apache-2.0
"""What may happen to a record: trusted by evidence, measures against accounts by due process.

1. A trusted flagger is one for whom somebody looked: who awarded the status, since when, where that stands. A claim in
   a notice changes nothing.
2. No measure without conduct on record, a warning, and a hearing: they answered, or a week has passed since the
   warning. A first term is 30 days at most, the second 90, each further one 180; longer is not proportional.
3. An account is closed for good only where a measure before it did not help, only by due process once more, and only by
   two: one proposes, another one confirms. Nobody is kept from sending notices for good.
4. A measure is decided like everything else: with a reason, a rule and an author, and never by a machine. Whom it is
   about is told with a statement of reasons, and may complain for as long as a regime gives; somebody who had no part
   in it decides. Where the complaint is upheld the measure ends. It can be taken back at any time.
5. Where the last decision that a measure rests on was reversed, it ends by itself.
6. Whoever speaks for themselves, as the person shown, is never suspended from sending notices: their notice counts
   whatever they sent before.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from noli.base.errors import Conflict, InputError
from noli.notices import account_letters, letters
from noli.notices import records as r
from noli.notices.clocks import longest_to_complain
from noli.notices.model import Because, Letter, PartyId
from noli.notices.records import AccountMeasure, AccountRuling, Command, Event, PartyRecord, PartyRole, Recorded
from noli.regimes.model import Party, Regime

#: Longest term by how many came before, in days; the last also for every further one.
TERMS_DAYS = (30, 90, 180)

#: How long somebody who was warned has to answer.
HEARING = timedelta(days=7)

#: Who ends a measure that rests on nothing any more.
REVERSED = Because(
    reason="Every decision that it rested on was reversed.",
    rule="no measure without conduct on record",
    author="policy:reversed",
    automated=True,
)


def decide(record: PartyRecord, command: Command, regimes: Iterable[Regime], now: datetime) -> tuple[Event, ...]:  # noqa: C901, PLR0911, PLR0912 - one arm a command
    """Return what a command makes happen; none where its work is done already.

    Args:
        record: As it is.
        command: What is asked.
        regimes: Those that apply to the platform.
        now: When.

    Raises:
        Conflict: Due process does not allow it yet, or at all.
        InputError: The term is not proportional, or what is asked makes no sense for this record.
    """
    match command:
        case r.OpenRecord(role, reference):
            return () if record.version else (r.RecordOpened(role=role, reference=reference),)
        case r.CheckFlagger(flagger):
            return _checked(record, flagger, now)
        case r.CountNotice(notice):
            return (r.NoticeCounted(notice=notice),)
        case r.NoteConduct(notice, ground):
            known = {(each.notice, each.ground) for each in record.conduct}
            return () if (notice, ground) in known else (r.ConductNoted(notice=notice, ground=ground),)
        case r.ClearConduct(notice):
            return _cleared(record, r.ConductCleared(notice=notice), now)
        case r.WarnParty():
            return _warned(record, command)
        case r.HearParty(text):
            if record.warned_at is None:
                msg = "There is no warning that they could answer."
                raise Conflict(msg)
            return (r.PartyHeard(text=text),)
        case r.SuspendParty():
            return _suspended(record, command, now)
        case r.ProposeTermination():
            return _proposed(record, command, now)
        case r.DropTermination(because):
            return _dropped(record, because)
        case r.ConfirmTermination(because):
            return _terminated(record, because, now)
        case r.ContestMeasure(text):
            return _contested(record, text, regimes, now)
        case r.DecideContest():
            return _contest_decided(record, command, now)
        case r.LiftSuspension(because):
            return _lifted(record, because, now)
        case _:
            assert_never(command)


def fold(record: PartyId, history: Iterable[Recorded]) -> PartyRecord:
    """Return a record as its history makes it."""
    folded = PartyRecord(record)
    for recorded in history:
        folded = apply(folded, recorded)
    return folded


def apply(record: PartyRecord, recorded: Recorded) -> PartyRecord:
    """Return the record after one more event."""
    changed = _applied(record, recorded.event, recorded.sequence, recorded.at)
    return replace(changed, version=recorded.sequence)


def _applied(record: PartyRecord, event: Event, number: int, at: datetime) -> PartyRecord:  # noqa: C901, PLR0911, PLR0912 - one arm an event
    match event:
        case r.RecordOpened(role=role, reference=reference):
            return replace(record, role=role, reference=reference)
        case r.FlaggerChecked():
            flagger = r.Flagger(
                event.authority, event.since, event.checked_by, event.checked_on, event.source, event.until
            )
            return replace(record, flagger=flagger)
        case r.NoticeCounted():
            return replace(record, notices=record.notices + 1)
        case r.ConductNoted(notice=notice, ground=ground):
            return replace(record, conduct=(*record.conduct, r.Conduct(notice, ground, at)))
        case r.ConductCleared(notice=notice):
            return replace(record, conduct=tuple(each for each in record.conduct if each.notice != notice))
        case r.PartyWarned():
            return replace(record, warned_at=at, heard_at=None)
        case r.PartyHeard():
            return replace(record, heard_at=at)
        case r.PartySuspended():
            made = AccountRuling(
                number, event.measure, at, event.until, event.rule, event.author, contractual=event.contractual
            )
            return _with_ruling(record, made)
        case r.TerminationProposed():
            proposal = r.Proposal(
                number, event.rule, event.author, at, event.contractual, event.language, event.statement
            )
            return replace(record, proposal=proposal)
        case r.TerminationDropped():
            return replace(record, proposal=None)
        case r.PartyTerminated():
            made = AccountRuling(
                number,
                AccountMeasure.TERMINATE,
                at,
                None,
                event.rule,
                event.author,
                proposed_by=event.proposed_by,
                contractual=event.contractual,
            )
            return replace(_with_ruling(record, made), proposal=None)
        case r.RecordTold(letter=letter, language=language, text=text):
            told = r.AccountLetter(number, letter, language, text, at)
            return replace(record, letters=(*record.letters, told), language=language)
        case r.MeasureContested(ruling=ruling, text=text):
            return replace(record, complaints=(*record.complaints, r.AccountComplaint(number, ruling, text, at)))
        case r.ContestDecided(complaint=complaint, upheld=upheld, author=author):
            complaints = (
                replace(each, upheld=upheld, author=author, decided_at=at) if each.number == complaint else each
                for each in record.complaints
            )
            return replace(record, complaints=tuple(complaints))
        case r.SuspensionLifted():
            standing = record.suspended(at)
            ended = (replace(each, lifted_at=at) if each is standing else each for each in record.rulings)
            return replace(record, rulings=tuple(ended))
        case _:
            assert_never(event)


def _with_ruling(record: PartyRecord, made: AccountRuling) -> PartyRecord:
    return replace(record, rulings=(*record.rulings, made), warned_at=None, heard_at=None)


def _checked(record: PartyRecord, flagger: r.Flagger, now: datetime) -> tuple[Event, ...]:
    if record.role is not PartyRole.NOTIFIER:
        msg = "A trusted flagger is somebody who sends notices."
        raise Conflict(msg)
    if flagger == record.flagger:
        return ()
    if not all((flagger.authority.strip(), flagger.checked_by.strip(), flagger.source.strip())):
        msg = "Evidence names the authority that awarded the status, where that stands, and who looked."
        raise InputError(msg)
    if flagger.checked_on > now.date() + timedelta(days=1):
        msg = "Evidence was looked at on a day that has come: correct 'checked_on'."
        raise InputError(msg)
    if flagger.until is not None and flagger.until <= flagger.since:
        msg = "A status ends after it began: correct 'since' or 'until'."
        raise InputError(msg)
    return (
        r.FlaggerChecked(
            authority=flagger.authority,
            since=flagger.since,
            until=flagger.until,
            checked_by=flagger.checked_by,
            checked_on=flagger.checked_on,
            source=flagger.source,
        ),
    )


def _cleared(record: PartyRecord, cleared: r.ConductCleared, now: datetime) -> tuple[Event, ...]:
    if all(each.notice != cleared.notice for each in record.conduct):
        return ()
    if any(each.notice != cleared.notice for each in record.conduct):
        return (cleared,)
    # Nothing is left that a measure could rest on.
    return (cleared, *_dropped(record, REVERSED), *_lifted(record, REVERSED, now))


# --- measures ----------------------------------------------------------------------------------------------------


def _warned(record: PartyRecord, command: r.WarnParty) -> tuple[Event, ...]:
    if not record.conduct:
        msg = "Nothing is on record that they could be warned about."
        raise Conflict(msg)
    because = command.because
    rule = letters.rule_of(because.rule, command.language, contractual=command.contractual)
    text = command.text or account_letters.warning(record, rule, command.language, days=HEARING.days)
    return (
        r.PartyWarned(rule=because.rule, author=because.author, reason=because.reason),
        r.RecordTold(letter=Letter.WARNING, language=command.language, text=text),
    )


def _due_process(record: PartyRecord, because: Because, now: datetime) -> None:
    if not record.conduct:
        msg = "Nothing is on record any more that a measure could rest on."
        raise Conflict(msg)
    if record.warned_at is None:
        msg = "No measure without a warning before; warn first."
        raise Conflict(msg)
    if record.heard_at is None and now < record.warned_at + HEARING:
        msg = f"They have {HEARING.days} days after the warning to answer; wait, or put down what they said."
        raise Conflict(msg)
    _by_hand(because)


def _by_hand(because: Because) -> None:
    if because.automated:
        msg = "No machine decides about an account."
        raise Conflict(msg)


def longest_days(record: PartyRecord) -> int:
    """Return how many days the next measure lasts at most."""
    return TERMS_DAYS[min(len(record.rulings), len(TERMS_DAYS) - 1)]


def _suspended(record: PartyRecord, command: r.SuspendParty, now: datetime) -> tuple[Event, ...]:
    because, until = command.because, command.until
    if record.suspended(now) is not None:
        msg = "A measure stands; lift it before another one."
        raise Conflict(msg)
    _due_process(record, because, now)
    if command.measure is AccountMeasure.TERMINATE:
        msg = "An account is closed for good by two: propose it, and let somebody else confirm."
        raise InputError(msg)
    if command.measure is AccountMeasure.RESTRICT and record.role is PartyRole.NOTIFIER:
        msg = "Uploading is restricted of who uploads; notices of somebody are suspended."
        raise InputError(msg)
    longest = longest_days(record)
    if not now < until <= now + timedelta(days=longest):
        msg = f"This measure lasts {longest} days at most; more would not be proportional."
        raise InputError(msg)
    made = r.PartySuspended(
        until=until,
        rule=because.rule,
        author=because.author,
        conduct=len(record.conduct),
        notices=record.notices,
        measure=command.measure,
        contractual=command.contractual,
        reason=because.reason,
    )
    return (made, _statement(record, made, now, command.language, command.statement))


def _proposed(record: PartyRecord, command: r.ProposeTermination, now: datetime) -> tuple[Event, ...]:
    because = command.because
    if record.role is not PartyRole.UPLOADER:
        msg = "Nobody is kept from sending notices for good; suspend for a term."
        raise InputError(msg)
    if record.proposal is not None or _terminated_now(record, now):
        msg = "It is proposed, or done, already."
        raise Conflict(msg)
    _due_process(record, because, now)
    if not record.rulings:
        msg = "An account is closed for good only where a measure before did not help; suspend for a term."
        raise Conflict(msg)
    return (
        r.TerminationProposed(
            rule=because.rule,
            author=because.author,
            contractual=command.contractual,
            language=command.language,
            statement=command.statement,
            reason=because.reason,
        ),
    )


def _dropped(record: PartyRecord, because: Because) -> tuple[Event, ...]:
    if record.proposal is None:
        return ()
    return (r.TerminationDropped(rule=because.rule, author=because.author, reason=because.reason),)


def _terminated(record: PartyRecord, because: Because, now: datetime) -> tuple[Event, ...]:
    proposal = record.proposal
    if proposal is None:
        msg = "Nothing was proposed that could be confirmed."
        raise Conflict(msg)
    _by_hand(because)
    if because.is_by(proposal.author):
        msg = "Somebody else than who proposed it confirms what cannot be undone."
        raise Conflict(msg)
    made = r.PartyTerminated(
        rule=proposal.rule,
        author=because.author,
        proposed_by=proposal.author,
        contractual=proposal.contractual,
        conduct=len(record.conduct),
        notices=record.notices,
        reason=because.reason,
    )
    ended = _ended(because) if record.suspended(now) is not None else ()
    return (*ended, made, _statement(record, made, now, proposal.language, proposal.statement))


def _terminated_now(record: PartyRecord, now: datetime) -> bool:
    standing = record.suspended(now)
    return standing is not None and standing.measure is AccountMeasure.TERMINATE


def _statement(
    record: PartyRecord, made: r.PartySuspended | r.PartyTerminated, now: datetime, language: str, edited: str
) -> Event:
    after = apply(record, Recorded(record.version + 1, now, "", made))
    text = edited or account_letters.statement(record, after.rulings[-1], language)
    return r.RecordTold(letter=Letter.STATEMENT, language=language, text=text)


# --- contesting, and the way back --------------------------------------------------------------------------------


def _contested(record: PartyRecord, text: str, regimes: Iterable[Regime], now: datetime) -> tuple[Event, ...]:
    ruling = record.rulings[-1] if record.rulings else None
    if ruling is None or ruling.lifted_at is not None:
        msg = "There is no measure that they could complain about."
        raise Conflict(msg)
    if any(each.ruling == ruling.number for each in record.complaints):
        msg = "They have complained about this measure; a body outside or a court is the next way."
        raise Conflict(msg)
    side = Party.UPLOADER if record.role is PartyRole.UPLOADER else Party.NOTIFIER
    until = longest_to_complain(regimes, side=side, told=ruling.at)
    if now > until:
        msg = f"A complaint was possible until {until.date().isoformat()}; a body outside or a court is the next way."
        raise Conflict(msg)
    language = record.language
    return (
        r.MeasureContested(ruling=ruling.number, text=text),
        r.RecordTold(letter=Letter.COMPLAINT_RECEIPT, language=language, text=letters.complaint_receipt(language)),
    )


def _contest_decided(record: PartyRecord, command: r.DecideContest, now: datetime) -> tuple[Event, ...]:
    because, language = command.because, record.language
    complaint = next((i for i in record.complaints if i.number == command.complaint and i.upheld is None), None)
    if complaint is None:
        msg = "There is no complaint of this number that waits."
        raise Conflict(msg)
    ruling = next(each for each in record.rulings if each.number == complaint.ruling)
    _by_hand(because)
    if because.is_by(ruling.author) or because.is_by(ruling.proposed_by):
        msg = "Somebody who had no part in the measure decides about a complaint."
        raise Conflict(msg)
    decided = r.ContestDecided(
        complaint=complaint.number,
        upheld=command.upheld,
        rule=because.rule,
        author=because.author,
        reason=because.reason,
    )
    told = r.RecordTold(
        letter=Letter.COMPLAINT_DECISION,
        language=language,
        text=letters.complaint_decision(language, upheld=command.upheld, bodies=True),
    )
    return (decided, told, *(_lifted(record, because, now) if command.upheld else ()))


def _lifted(record: PartyRecord, because: Because, now: datetime) -> tuple[Event, ...]:
    if record.suspended(now) is None:
        return ()
    text = account_letters.restored(record.role, record.language)
    return (*_ended(because), r.RecordTold(letter=Letter.RESTORED, language=record.language, text=text))


def _ended(because: Because) -> tuple[Event, ...]:
    return (r.SuspensionLifted(rule=because.rule, author=because.author, reason=because.reason),)
