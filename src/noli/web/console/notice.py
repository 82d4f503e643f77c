# SPDX-License-Identifier: Apache-2.0
"""One notice: the evidence first, then the decision, then what happened. Opening it is an entry in the ledger."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from noli.access.model import Right
from noli.access.rules import require
from noli.bank.model import entry_text
from noli.base.errors import Conflict, InputError, NotFound
from noli.casework.limits import MAX_NOTE, check_text
from noli.moderation.model import FoundKind
from noli.notices import commands as c
from noli.notices import letters, rules
from noli.notices.clocks import clocks
from noli.notices.known import Known, known, needs_no_look
from noli.notices.model import Because, Ground, Lack, Measure, Notice, NoticeId, Opening
from noli.regimes.model import Law
from noli.web.api.operation import Call, Reply
from noli.web.console import looking, notice_story, timeline
from noli.web.console.cases import done
from noli.web.console.days import read_day
from noli.web.console.guard import POLICY, SHOWING, Visitor, show
from noli.web.console.presets import INSTEAD, PRESETS, Preset, chosen, command, rule_of
from noli.web.console.queue import QUEUE, SHORT, actor, following, may_decide, undo_time, undoable
from noli.web.console.work import NOBODY, colleagues
from noli.web.html import render
from noli.web.html.languages import catalogue
from noli.web.html.places import hotlines

#: Characters of a typed rule, and of the number that a report was given.
MAX_RULE, MAX_REPORT = 200, 200


class NoticeQuery(looking.LookQuery):
    """What a notice is asked with."""

    done: str = ""
    undo: str = ""


def notice_page(call: Call, visitor: Visitor) -> Reply:
    """Show a notice; the ledger says who opened it."""
    service, id_ = call.app.notices, NoticeId(call.path["notice"])
    notice = service.view(id_, actor=actor(visitor))
    with service.store.transaction() as transaction:
        history = transaction.history(id_)
        about = known(transaction, notice)
    looks = _looks(call, visitor, notice, about)
    everybody = call.app.staff.all()
    but = {notice.assigned_to, visitor.staff.id, *call.app.moderation.who_left(id_)}
    named = timeline.names(everybody)
    translate = catalogue(render.language_of(call)).gettext
    presets, now = PRESETS[notice.opening], call.app.clock.now()
    rule, contractual = rule_of(notice, service.law)
    complaint = notice.open_complaints[0] if notice.open_complaints else None
    first = next((each for each in notice.rulings if complaint and each.number == complaint.ruling), None)
    return show(
        call,
        visitor,
        "notice.html",
        notice=notice,
        about=about,
        unlooked=needs_no_look(notice, about),
        policy=SHOWING if any(each.image for each in looks.values()) else POLICY,
        looks=looks,
        all_moments=looking.ALL_MOMENTS,
        clock=looking.clock,
        exposure=call.app.moderation.exposure(visitor.staff.id),
        comfort=call.app.moderation.settings(visitor.staff.id).comfort,
        clocks=clocks(notice, service.law),
        sure=[each for each in notice.lacks if _verified(notice, each, service.law)],
        lines=notice_story.lines(history, named, translate),
        named=named,
        text=entry_text,
        presets=presets,
        letters={each.id: _letters(notice, each, service.law, author=visitor.staff.id, now=now) for each in presets},
        rule=rule,
        contractual=contractual,
        complaint=complaint,
        first=first,
        instead=INSTEAD[first.measure.restricts] if first else (),
        may_answer=first is not None and first.author != visitor.staff.id,
        decidable=_decidable(notice, visitor),
        mine=notice.assigned_to == visitor.staff.id,
        may_take=_may_take(notice, visitor),
        colleagues=colleagues(everybody, Right.WORK_NOTICES, but=but),
        measures=[each for each in Measure if each is not Measure.REFUSE_UPLOAD],
        grounds=list(Ground),
        hotlines=hotlines(),
        now=now,
        undo=undoable(call, call.query.undo),
        done=done(call),
        short=SHORT,
        nobody=NOBODY,
        most_note=MAX_NOTE,
        most_rule=MAX_RULE,
        most_report=MAX_REPORT,
    )


def decide(call: Call, visitor: Visitor) -> Reply:
    """Decide; it takes effect a little later. Leads on to what is to be decided next."""
    id_, service = NoticeId(call.path["notice"]), call.app.notices
    with service.writing() as transaction:
        notice = service.load(transaction, id_)
        may_decide(notice, visitor)
        ruled = _command(call, notice, visitor)
        made = service.plan(transaction, id_, ruled, wait=undo_time(call, visitor), actor=actor(visitor))
    what = "planned" if made.plan is not None else "ruled"
    after = following(call, visitor)
    where = QUEUE if after is None else f"{QUEUE}/{after.id}"
    return render.redirect(call, where, done=what, undo=id_ if made.plan is not None else "")


def undo(call: Call, visitor: Visitor) -> Reply:
    """Take a decision back before it takes effect: one's own, or as a lead."""
    id_, service = NoticeId(call.path["notice"]), call.app.notices
    with service.writing() as transaction:
        notice = service.load(transaction, id_)
        plan = notice.plan
        if plan is not None and plan.ruling.author != visitor.staff.id and not visitor.may(Right.LEAD_NOTICES):
            msg = "A colleague decided this."
            raise Conflict(msg)
        service.act(transaction, id_, [c.DropPlan(visitor.staff.id)], actor=actor(visitor))
    return _back(call, "undone" if plan is not None else "late")


def take(call: Call, visitor: Visitor) -> Reply:
    """Take a notice; what a colleague has only a lead takes."""
    id_, service = NoticeId(call.path["notice"]), call.app.notices
    with service.writing() as transaction:
        may_decide(service.load(transaction, id_), visitor)
        service.act(transaction, id_, [c.Take(visitor.staff.id)], actor=actor(visitor))
    return _back(call, "notice-taken")


def hand_over(call: Call, visitor: Visitor) -> Reply:
    """Hand a notice to a colleague, or put it back, with what they should know."""
    id_, service, to = NoticeId(call.path["notice"]), call.app.notices, call.fields.one("to")
    note = call.fields.one("note").strip()
    check_text(note, MAX_NOTE, "note")
    others = colleagues(call.app.staff.all(), Right.WORK_NOTICES, but=call.app.moderation.who_left(id_))
    if to != NOBODY and to not in {each.id for each in others}:
        msg = "There is no such colleague."
        raise NotFound(msg)
    steps: list[c.Command] = [c.WriteNote(visitor.staff.id, note)] if note else []
    with service.writing() as transaction:
        may_decide(service.load(transaction, id_), visitor)
        service.act(transaction, id_, [*steps, c.Take("" if to == NOBODY else to)], actor=actor(visitor))
    return _back(call, "notice-handed")


def step_aside(call: Call, visitor: Visitor) -> Reply:
    """Leave a notice to others for good, without a reason; what one has is put back."""
    id_, service, staff = NoticeId(call.path["notice"]), call.app.notices, visitor.staff
    with service.writing() as transaction:
        if service.load(transaction, id_).assigned_to == staff.id:
            service.act(transaction, id_, [c.Take("")], actor=actor(visitor))
    call.app.moderation.step_aside(staff.id, FoundKind.NOTICE, id_)
    return render.redirect(call, QUEUE, done="stepped-aside")


def note(call: Call, visitor: Visitor) -> Reply:
    """Write something for colleagues."""
    text = call.fields.one("text").strip()
    check_text(text, MAX_NOTE, "note", least=1)
    return _act(call, visitor, c.WriteNote(visitor.staff.id, text), "noted")


def answer(call: Call, visitor: Visitor) -> Reply:
    """Decide about a complaint, as somebody else than before."""
    id_, service, staff = NoticeId(call.path["notice"]), call.app.notices, visitor.staff
    reason = call.fields.one("reason").strip()
    check_text(reason, MAX_NOTE, "reason", least=1)
    with service.writing() as transaction:
        notice = service.load(transaction, id_)
        complaint = next(iter(notice.open_complaints), None)
        if complaint is None:
            msg = "No complaint waits here."
            raise Conflict(msg)
        first = next(each for each in notice.rulings if each.number == complaint.ruling)
        preset = chosen(INSTEAD[first.measure.restricts], call.fields.one("answer"))
        rule, _ = rule_of(notice, service.law)
        because = Because(reason, call.fields.one("rule").strip() or rule, staff.id)
        instead = None
        if preset is not None:
            instead = command(preset, notice, service.law, author=staff.id, rule=because.rule, reason=reason)
        elif call.fields.one("answer") != "stands":
            msg = "The form has a choice that is none of ours."
            raise InputError(msg)
        decided = c.DecideComplaint(complaint.number, upheld=instead is not None, because=because, instead=instead)
        service.decide_complaint(transaction, id_, decided, actor=actor(visitor))
    return _back(call, "complaint")


def suspect(call: Call, visitor: Visitor) -> Reply:
    """Say that it may show somebody under 18: nobody looks again, and the duty to report begins."""
    return _act(call, visitor, c.SuspectMinor(visitor.staff.id), "young")


def report(call: Call, visitor: Visitor) -> Reply:
    """Note that it was reported."""
    reference = call.fields.one("reference").strip()
    check_text(reference, MAX_REPORT, "reference", least=1)
    return _act(call, visitor, c.ReportMinor(visitor.staff.id, reference), "reported")


def hold(call: Call, visitor: Visitor) -> Reply:
    """Preserve everything, until a day or until somebody lets it go."""
    reason, rule, until = (call.fields.one(name).strip() for name in ("reason", "rule", "until"))
    check_text(reason, MAX_NOTE, "reason", least=1)
    check_text(rule, MAX_RULE, "rule", least=1)
    step = c.PlaceHold(Because(reason, rule, visitor.staff.id), _end_of(until) if until else None)
    return _act(call, visitor, step, "hold")


def let_go(call: Call, visitor: Visitor) -> Reply:
    """Preserve it no longer."""
    return _act(call, visitor, c.LiftHold(call.number("hold"), visitor.staff.id), "let-go")


def erase(call: Call, visitor: Visitor) -> Reply:
    """Propose to destroy everything personal, or as another one confirm or drop what was proposed."""
    step, reason, staff = call.fields.one("step"), call.fields.one("reason").strip(), visitor.staff
    check_text(reason, MAX_NOTE, "reason", least=1)
    because = Because(reason, call.app.notices.erasure_rule(), staff.id)
    if step == "propose":
        return _act(call, visitor, c.ProposeErasure(because), "erasure-proposed")
    require(staff, Right.LEAD_NOTICES)
    if step == "drop":
        return _act(call, visitor, c.DropErasure(because), "erasure-dropped")
    return _act(call, visitor, c.ConfirmErasure(because), "erased")


def _verified(notice: Notice, lack: Lack, law: Law) -> bool:
    source = rules.lack_source(notice, lack, law)
    return source is not None and source.verified


def _looks(call: Call, visitor: Visitor, notice: Notice, about: list[Known]) -> dict[int, looking.View]:
    """Return what is shown of each content that can have a preview."""
    if not visitor.may(Right.WORK_NOTICES):
        return {}
    seen = [each for each in about if call.app.previews.there_are(each.content.ref)]
    return {each.content.number: looking.view(call, visitor, notice, each) for each in seen}


def _letters(notice: Notice, preset: Preset, law: Law, *, author: str, now: datetime) -> list[tuple[str, str, str]]:
    """Return what would be written: to whom, in which language, the text."""
    ruling = rules.as_if(command(preset, notice, law, author=author), now)
    bodies = rules.has_bodies(notice, law)
    found = []
    if notice.opening is Opening.REQUEST:
        found.append(("notifier", notice.language, letters.decision(notice, ruling, bodies=bodies)))
    if notice.opening is Opening.ORDER:
        found.append(("authority", notice.language, letters.effect(notice, ruling)))
    if preset.measure.restricts:
        found.append(("uploader", notice.uploader_language, str(letters.statement(notice, ruling, bodies=bodies))))
    return found


def _command(call: Call, notice: Notice, visitor: Visitor) -> c.Rule:
    """Return what a form asks for: a prepared decision, or one of its own."""
    service, given = call.app.notices, call.fields
    check_text(given.one("rule"), MAX_RULE, "rule")
    check_text(given.one("reason"), MAX_NOTE, "reason")
    typed = {"author": visitor.staff.id, "rule": given.one("rule"), "reason": given.one("reason")}
    looks = call.app.moderation.looked_at(visitor.staff.id, notice.id)
    preset = chosen(PRESETS[notice.opening], given.one("preset"))
    if preset is not None:
        return command(preset, notice, service.law, looked=looks, **typed)
    try:
        free = Preset("", Measure(given.one("measure")), Ground(given.one("ground")))
    except ValueError as error:
        msg = "The form has a choice that is none of ours."
        raise InputError(msg) from error
    made = command(free, notice, service.law, looked=looks, **typed)
    if free.measure is Measure.GEO_RESTRICT:
        return replace(made, territory=given.one("territory").strip())
    return made


def _end_of(day: str) -> datetime:
    try:
        return datetime.combine(read_day(day) + timedelta(days=1), time(), UTC)
    except OverflowError as error:
        msg = "This is no day."
        raise InputError(msg) from error


def _decidable(notice: Notice, visitor: Visitor) -> bool:
    free = notice.assigned_to in {"", visitor.staff.id} or visitor.may(Right.LEAD_NOTICES)
    gone = notice.erased_at is not None or notice.withdrawn_at is not None
    return visitor.may(Right.WORK_NOTICES) and free and not gone and not notice.open_complaints and notice.plan is None


def _may_take(notice: Notice, visitor: Visitor) -> bool:
    free = not notice.assigned_to or visitor.may(Right.LEAD_NOTICES)
    return visitor.may(Right.WORK_NOTICES) and free and notice.assigned_to != visitor.staff.id


def _act(call: Call, visitor: Visitor, step: c.Command, what: str) -> Reply:
    service = call.app.notices
    with service.writing() as transaction:
        service.act(transaction, NoticeId(call.path["notice"]), [step], actor=actor(visitor))
    return _back(call, what)


def _back(call: Call, what: str) -> Reply:
    return render.redirect(call, f"{QUEUE}/{call.path['notice']}", done=what)
