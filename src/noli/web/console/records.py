# SPDX-License-Identifier: Apache-2.0
"""Records of who sends notices and who uploads: what is known of them, and measures against accounts by due process.

The list shows nothing personal. Opening a record is an entry in the ledger; what may be done next is asked of the rules
of records, and shown with the letter that it would write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from noli.access.model import Right
from noli.access.rules import require
from noli.base.errors import Conflict, InputError
from noli.base.marking import N_
from noli.casework.limits import MAX_NOTE, check_text
from noli.notices import record_rules
from noli.notices import records as r
from noli.notices.letters import LANGUAGES
from noli.notices.model import Because, PartyId
from noli.notices.records import AccountMeasure, PartyRecord, PartyRole, RecordList
from noli.notices.service import MAX_REFERENCE, MAX_TEXT
from noli.web.api.operation import Call, Reply
from noli.web.console import record_story, timeline
from noli.web.console.cases import ROWS, SHORT, done
from noli.web.console.days import read_day
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.console.presets import TERMS
from noli.web.console.queue import actor
from noli.web.html import render
from noli.web.html.languages import catalogue

RECORDS = "/console/records"

#: What each list is called.
SHOWN: Mapping[RecordList, str] = {
    RecordList.CONDUCT: N_("Something found"),
    RecordList.WAITING: N_("Waiting for us"),
    RecordList.MEASURED: N_("Under a measure"),
    RecordList.TRUSTED: N_("Trusted flaggers"),
    RecordList.ALL: N_("All"),
}

# Digits of a number of days.
_DIGITS = 3


class RecordsQuery(LanguageQuery):
    """What the list is asked with."""

    show: str = RecordList.CONDUCT
    role: str = ""
    after: str = ""
    done: str = ""


class RecordQuery(LanguageQuery):
    """What a record is asked with."""

    done: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that may be done with a record now, and the letter that it writes; empty where it writes none."""

    letter: str


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List records."""
    query: RecordsQuery = call.query
    try:
        which, role = RecordList(query.show), PartyRole(query.role) if query.role else None
    except ValueError as error:
        msg = "The list has no such filter."
        raise InputError(msg) from error
    after, now = PartyId(query.after) if query.after else None, call.app.clock.now()
    with call.app.notices.store.transaction() as transaction:
        found = transaction.records(which, now=now, role=role, after=after, limit=ROWS + 1)
    gettext = catalogue(render.language_of(call)).gettext
    return show(
        call,
        visitor,
        "records.html",
        rows=found[:ROWS],
        further=found[ROWS - 1].id if len(found) > ROWS else "",
        first=after is None,
        which=which,
        role=role or "",
        roles=list(PartyRole),
        shown={each: gettext(text) for each, text in SHOWN.items()},
        for_good=r.FOR_GOOD,
        now=now,
        done=done(call),
        short=SHORT,
    )


def record_page(call: Call, visitor: Visitor) -> Reply:
    """Show a record; the ledger says who opened it."""
    service, id_, now = call.app.notices, PartyId(call.path["record"]), call.app.clock.now()
    record = service.view_record(id_, actor=actor(visitor))
    with service.store.transaction() as transaction:
        history = transaction.record_history(id_)
    named = timeline.names(call.app.staff.all())
    translate = catalogue(render.language_of(call)).gettext
    return show(
        call,
        visitor,
        "record.html",
        record=record,
        opened_at=history[0].at,
        lines=record_story.lines(history, named, translate),
        measure=record.suspended(now),
        trusted=record.trusted(now),
        steps=steps(record, visitor, call),
        complaint=_complaint(record),
        answer_until=None if record.warned_at is None else record.warned_at + record_rules.HEARING,
        longest=record_rules.longest_days(record),
        measures=_measures(record),
        named=named,
        terms=TERMS,
        letters_in=LANGUAGES,
        today=now.date(),
        now=now,
        done=done(call),
        short=SHORT,
        most=MAX_TEXT,
        most_note=MAX_NOTE,
        most_rule=MAX_REFERENCE,
    )


def steps(record: PartyRecord, visitor: Visitor, call: Call) -> dict[str, Step]:
    """Return what may be done now, as the rules of records say."""
    now, because = call.app.clock.now(), Because("as if", TERMS, visitor.staff.id)
    complaint, language = _complaint(record), record.language
    until = now + timedelta(days=record_rules.longest_days(record))
    wanted: dict[str, r.Command] = {
        "warn": r.WarnParty(because, contractual=True, language=language),
        "measure": r.SuspendParty(because, until, contractual=True, language=language),
        "propose": r.ProposeTermination(because, contractual=True, language=language),
        "confirm": r.ConfirmTermination(because),
        "contest": r.ContestMeasure(""),
        "answer": r.DecideContest(0 if complaint is None else complaint.number, upheld=False, because=because),
        "lift": r.LiftSuspension(because),
    }
    if record.warned_at is not None and record.heard_at is None:
        wanted["hear"] = r.HearParty("")
    found = {}
    for name, command in wanted.items():
        try:
            events = record_rules.decide(record, command, call.app.notices.regimes(now), now)
        except (Conflict, InputError):
            continue
        if events:
            found[name] = Step(next((each.text for each in events if isinstance(each, r.RecordTold)), ""))
    return found


def check(call: Call, visitor: Visitor) -> Reply:
    """Put down the evidence for a trusted flagger's status, which one looked at just now."""
    given = call.fields
    authority, source = given.one("authority").strip(), given.one("source").strip()
    for text, name in ((authority, "authority"), (source, "source")):
        check_text(text, MAX_REFERENCE, name, least=1)
    since, until = read_day(given.one("since")), given.one("until")
    flagger = r.Flagger(
        authority, since, visitor.staff.name, call.app.clock.now().date(), source, read_day(until) if until else None
    )
    return _act(call, visitor, r.CheckFlagger(flagger), "flagger-checked")


def warn(call: Call, visitor: Visitor) -> Reply:
    """Warn, before any measure is taken."""
    because, contractual = _because(call, visitor)
    return _act(call, visitor, r.WarnParty(because, contractual, _language(call), _letter(call)), "record-warned")


def hear(call: Call, visitor: Visitor) -> Reply:
    """Put down what they answered."""
    return _act(call, visitor, r.HearParty(_text(call)), "record-heard")


def suspend(call: Call, visitor: Visitor) -> Reply:
    """Restrict or suspend for some days, after warning and hearing."""
    because, contractual = _because(call, visitor)
    days = call.fields.one("days")
    if not days.isascii() or not days.isdigit() or len(days) > _DIGITS:
        msg = "This is no number of days."
        raise InputError(msg)
    try:
        measure = AccountMeasure(call.fields.one("measure"))
    except ValueError as error:
        msg = "The form has a choice that is none of ours."
        raise InputError(msg) from error
    until = call.app.clock.now() + timedelta(days=int(days))
    command = r.SuspendParty(because, until, measure, contractual, _language(call), _letter(call))
    return _act(call, visitor, command, "record-measured")


def close(call: Call, visitor: Visitor) -> Reply:
    """Propose to close an account for good, or as another one, a lead, confirm or drop what was proposed."""
    step = call.fields.one("step")
    because, contractual = _because(call, visitor)
    if step == "propose":
        command = r.ProposeTermination(because, contractual, _language(call), _letter(call))
        return _act(call, visitor, command, "closing-proposed")
    require(visitor.staff, Right.LEAD_NOTICES)
    if step == "drop":
        return _act(call, visitor, r.DropTermination(because), "closing-dropped")
    return _act(call, visitor, r.ConfirmTermination(because), "closed-for-good")


def contest(call: Call, visitor: Visitor) -> Reply:
    """Put down that they complain about the measure."""
    return _act(call, visitor, r.ContestMeasure(_text(call)), "record-contested")


def answer(call: Call, visitor: Visitor) -> Reply:
    """Decide about a complaint, as somebody who had no part in the measure."""
    because, _ = _because(call, visitor)
    choice = call.fields.one("answer")
    if choice not in {"stands", "upheld"}:
        msg = "The form has a choice that is none of ours."
        raise InputError(msg)
    command = r.DecideContest(call.number("complaint"), upheld=choice == "upheld", because=because)
    return _act(call, visitor, command, "complaint")


def lift(call: Call, visitor: Visitor) -> Reply:
    """Take a measure back, or end it before its time."""
    return _act(call, visitor, r.LiftSuspension(_because(call, visitor)[0]), "record-lifted")


def _act(call: Call, visitor: Visitor, command: r.Command, what: str) -> Reply:
    id_, service = PartyId(call.path["record"]), call.app.notices
    with service.writing() as transaction:
        service.act_on_record(transaction, id_, command, actor=actor(visitor))
    return render.redirect(call, f"{RECORDS}/{id_}", done=what)


def _because(call: Call, visitor: Visitor) -> tuple[Because, bool]:
    """Return why, and whether the rule is a clause of the terms: it is unless another one was typed."""
    reason, rule = call.fields.one("reason").strip(), call.fields.one("rule").strip()
    check_text(reason, MAX_NOTE, "reason", least=1)
    check_text(rule, MAX_REFERENCE, "rule")
    return Because(reason, rule or TERMS, visitor.staff.id), not rule


def _letter(call: Call) -> str:
    """Return the letter in somebody's own words; empty for the one that is built."""
    text = call.fields.one("letter").strip()
    check_text(text, MAX_TEXT, "letter")
    return text


def _text(call: Call) -> str:
    text = call.fields.one("text").strip()
    check_text(text, MAX_TEXT, "text", least=1)
    return text


def _language(call: Call) -> str:
    language = call.fields.one("language")
    if language not in LANGUAGES:
        msg = "Letters are not written in this language."
        raise InputError(msg)
    return language


def _complaint(record: PartyRecord) -> r.AccountComplaint | None:
    return next((each for each in record.complaints if each.upheld is None), None)


def _measures(record: PartyRecord) -> list[AccountMeasure]:
    """Return the measures for a term that there are for whose record it is."""
    both = [AccountMeasure.RESTRICT, AccountMeasure.SUSPEND]
    return both if record.role is PartyRole.UPLOADER else both[1:]
