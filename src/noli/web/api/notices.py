# SPDX-License-Identifier: Apache-2.0
"""Notices: take in, list, read, complete, decide, contest; and the records of who sends notices and uploads."""

from collections.abc import Callable

from noli.notices import commands as c
from noli.notices import record_rules
from noli.notices import records as r
from noli.notices.model import Notice, NoticeFilter, NoticeId, PartyId
from noli.notices.ports import NoticeTransaction
from noli.notices.service import NoticeService
from noli.web.api import notice_lists, notice_views
from noli.web.api import notice_schemas as s
from noli.web.api.notice_lists import Line, imported, received
from noli.web.api.once import once_notice
from noli.web.api.operation import Call, Reply

Act = Callable[[NoticeTransaction, NoticeId, str], Notice]

# The ledger keeps so many characters of who did it.
_ACTOR = 64


def receive(call: Call) -> Reply:
    """Take a notice in; the same reference again changes nothing."""
    given: s.NoticeIn = call.given
    return once_notice(call, lambda transaction: received(call.app.notices, transaction, given, actor=_actor(call))[0])


def receive_many(call: Call) -> s.ImportOut:
    """Take in many, each by itself; what is wrong with one is said beside it."""
    if call.file is not None:
        lines = notice_lists.read(call.file)
    else:
        lines = [Line(number, each) for number, each in enumerate(call.given.notices, 1)]
    return s.ImportOut([imported(call.app.notices, line, actor=_actor(call)) for line in lines])


def queue(call: Call) -> s.NoticePage:
    """List notices, the most urgent first."""
    asked: s.NoticeQuery = call.query
    if asked.reference:
        one = call.app.notices.find(asked.reference, actor=_actor(call))
        return s.NoticePage([] if one is None else [notice_views.listed(one)], None)
    wanted = NoticeFilter(
        asked.state, asked.assigned_to, asked.waiting, asked.breached, opening=asked.opening, held=asked.held
    )
    after = NoticeId(asked.after) if asked.after else None
    found = call.app.notices.queue(wanted, after=after, limit=asked.limit)
    following = found[-1].id if len(found) == asked.limit else None
    return s.NoticePage([notice_views.listed(each) for each in found], following)


def show(call: Call) -> s.FullNotice:
    """Read a notice with all that people wrote; the ledger says who did."""
    service = call.app.notices
    return notice_views.full(service.view(NoticeId(call.path["notice"]), actor=_actor(call)), service.law)


def complete(call: Call) -> Reply:
    """Give what was missing."""
    given: s.FieldsIn = call.given
    contents = notice_views.contents_of(given.contents)
    return _act(call, lambda t, notice, actor: _service(call).give(t, notice, given.fields, contents, actor=actor))


def decide(call: Call) -> Reply:
    """Decide: both sides are told, what is removed stays down."""
    command = notice_views.rule_of(call.given)
    return _act(call, lambda t, notice, actor: _service(call).rule(t, notice, command, actor=actor))


def preview(call: Call) -> s.PreviewOut:
    """Build what would be told; nothing is decided."""
    with call.app.notices.store.transaction() as transaction:
        command = notice_views.rule_of(call.given)
        return s.PreviewOut(*call.app.notices.preview(transaction, NoticeId(call.path["notice"]), command))


def add_copies(call: Call) -> Reply:
    """Take in what a search for copies found."""
    given: s.CopiesIn = call.given
    found = notice_views.contents_of(given.contents)
    return _act(
        call, lambda t, notice, actor: _service(call).add_copies(t, notice, found, ended=given.ended, actor=actor)
    )


def complain(call: Call) -> Reply:
    """Complain about the decision that stands, for one of the sides."""
    given: s.ComplaintIn = call.given
    return _act(
        call,
        lambda t, notice, actor: _service(call).complain(
            t, notice, side=given.side, text=given.text, plea=given.plea, actor=actor
        ),
    )


def decide_complaint(call: Call) -> Reply:
    """Decide about a complaint, as another person than the first."""
    given: s.ComplaintRulingIn = call.given
    command = c.DecideComplaint(
        call.number("complaint"),
        given.upheld,
        notice_views.why(given),
        None if given.instead is None else notice_views.rule_of(given.instead),
    )
    return _act(call, lambda t, notice, actor: _service(call).decide_complaint(t, notice, command, actor=actor))


def withdraw(call: Call) -> Reply:
    """Take a request back, for who sent it."""
    return _plain(call, c.WithdrawNotice())


def revoke(call: Call) -> Reply:
    """Note that an order was taken back: what was restricted for it is restored."""
    return _plain(call, c.RevokeOrder(notice_views.why(call.given)))


def hold(call: Call) -> Reply:
    """Preserve everything until the hold is lifted."""
    return _plain(call, c.PlaceHold(notice_views.why(call.given), call.given.until))


def lift(call: Call) -> Reply:
    """Lift a hold."""
    return _plain(call, c.LiftHold(call.number("hold"), call.given.author))


def suspect_minor(call: Call) -> Reply:
    """Say that it may show somebody under 18."""
    return _plain(call, c.SuspectMinor(call.given.author))


def report_minor(call: Call) -> Reply:
    """Note that this was reported."""
    return _plain(call, c.ReportMinor(call.given.author, call.given.reference))


def assign(call: Call) -> Reply:
    """Take it, hand it over, or put it back."""
    return _plain(call, c.Take(call.given.to.strip()))


def dispute(call: Call) -> Reply:
    """Note what a body outside took up or said."""
    return _plain(call, c.TellDispute(call.given.body, call.given.outcome))


def report(call: Call) -> Reply:
    """Note that the decision was reported to the public database."""
    return _plain(call, c.ReportDecision(call.given.report))


def propose_erasure(call: Call) -> Reply:
    """Propose to destroy everything personal, where nothing holds it."""
    return _plain(call, c.ProposeErasure(notice_views.why(call.given)))


def confirm_erasure(call: Call) -> Reply:
    """Destroy everything personal, as somebody else proposed."""
    return _plain(call, c.ConfirmErasure(notice_views.why(call.given)))


def drop_erasure(call: Call) -> Reply:
    """Do not do what was proposed."""
    return _plain(call, c.DropErasure(notice_views.why(call.given)))


# --- records -----------------------------------------------------------------------------------------------------


def open_record(call: Call) -> Reply:
    """Find somebody's record by what you call them, or open it."""
    given: s.RecordIn = call.given
    return once_notice(
        call,
        lambda t: _record(
            call,
            _service(call).keep_record(
                t, given.role, given.reference, r.OpenRecord(given.role, given.reference), actor=_actor(call)
            ),
        ),
    )


def records(call: Call) -> s.RecordPage:
    """List records with conduct."""
    after = PartyId(call.query.after) if call.query.after else None
    with call.app.notices.store.transaction() as transaction:
        listed = transaction.records(
            r.RecordList.CONDUCT, now=call.app.clock.now(), after=after, limit=call.query.limit
        )
        ids = [each.id for each in listed]
        outlines = transaction.record_outlines(ids)
    found = [_record(call, record_rules.fold(each, outlines[each])) for each in ids]
    return s.RecordPage(found, ids[-1] if len(ids) == call.query.limit else None)


def show_record(call: Call) -> s.FullRecord:
    """Read a record with all that people wrote; the ledger says who did."""
    found = _service(call).view_record(PartyId(call.path["record"]), actor=_actor(call))
    return notice_views.full_record(found, call.app.clock.now())


def check_flagger(call: Call) -> Reply:
    """Put down the evidence for a trusted flagger's status."""
    given: s.FlaggerIn = call.given
    flagger = r.Flagger(given.authority, given.since, given.checked_by, given.checked_on, given.source, given.until)
    return _on_record(call, r.CheckFlagger(flagger))


def warn(call: Call) -> Reply:
    """Warn."""
    given: s.WarningIn = call.given
    return _on_record(call, r.WarnParty(notice_views.why(given), given.contractual, given.language, given.text))


def hear(call: Call) -> Reply:
    """Put down what they answered."""
    return _on_record(call, r.HearParty(call.given.text))


def suspend(call: Call) -> Reply:
    """Restrict or suspend, after a warning and a hearing, for a term that is proportional."""
    given: s.SuspensionIn = call.given
    why = notice_views.why(given)
    command = r.SuspendParty(why, given.until, given.measure, given.contractual, given.language, given.statement)
    return _on_record(call, command)


def propose_termination(call: Call) -> Reply:
    """Propose to close an account for good."""
    given: s.TerminationIn = call.given
    why = notice_views.why(given)
    return _on_record(call, r.ProposeTermination(why, given.contractual, given.language, given.statement))


def confirm_termination(call: Call) -> Reply:
    """Close an account for good, as somebody else proposed."""
    return _on_record(call, r.ConfirmTermination(notice_views.why(call.given)))


def drop_termination(call: Call) -> Reply:
    """Do not do what was proposed."""
    return _on_record(call, r.DropTermination(notice_views.why(call.given)))


def contest(call: Call) -> Reply:
    """Complain about a measure, for whose record it is."""
    return _on_record(call, r.ContestMeasure(call.given.text.strip()))


def decide_contest(call: Call) -> Reply:
    """Decide about a complaint, as somebody who had no part in the measure."""
    given: s.ContestRulingIn = call.given
    return _on_record(call, r.DecideContest(call.number("complaint"), given.upheld, notice_views.why(given)))


def lift_suspension(call: Call) -> Reply:
    """Take a measure back, or end it before its time."""
    return _on_record(call, r.LiftSuspension(notice_views.why(call.given)))


# --- shared ------------------------------------------------------------------------------------------------------


def _service(call: Call) -> NoticeService:
    return call.app.notices


def _actor(call: Call) -> str:
    return f"key:{call.key.name}"[:_ACTOR]


def _act(call: Call, act: Act) -> Reply:
    notice, law = NoticeId(call.path["notice"]), call.app.notices.law
    return once_notice(call, lambda transaction: notice_views.shown(act(transaction, notice, _actor(call)), law))


def _plain(call: Call, command: c.Command) -> Reply:
    return _act(call, lambda t, notice, actor: _service(call).act(t, notice, [command], actor=actor))


def _on_record(call: Call, command: r.Command) -> Reply:
    record = PartyId(call.path["record"])
    return once_notice(
        call, lambda t: _record(call, _service(call).act_on_record(t, record, command, actor=_actor(call)))
    )


def _record(call: Call, found: r.PartyRecord) -> s.RecordOut:
    return notice_views.record(found, call.app.clock.now())
