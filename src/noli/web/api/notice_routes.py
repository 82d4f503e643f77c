# SPDX-License-Identifier: Apache-2.0
"""The routes of notices and records."""

from typing import Any

from noli.access.model import Scope
from noli.web.api import notice_schemas as s
from noli.web.api import notices
from noli.web.api.operation import Kind, Operation
from noli.web.api.schemas import PageQuery

_NOTICES = "/api/v1/notices"
_NOTICE = "/api/v1/notices/{notice}"
_RECORDS = "/api/v1/records"
_RECORD = "/api/v1/records/{record}"

# What an import's body may have.
_MAX_IMPORT = 16 * 1024 * 1024


def _write(path: str, handler: Any, summary: str, body: type[Any] | None = None) -> Operation:  # noqa: ANN401 - a handler
    record = path.startswith(_RECORDS)
    return Operation(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        scope=Scope.NOTICES,
        status=201,
        body={} if body is None else {Kind.JSON: body},
        answer=s.RecordOut if record else s.NoticeOut,
        idempotent=True,
        problems=("conflict", "not-found") if record else ("conflict", "not-found", "invalid-hash"),
    )


#: What platforms call for their notices.
NOTICES: tuple[Operation, ...] = (
    _write(_NOTICES, notices.receive, "Take a notice in; what is missing is asked for, not refused.", s.NoticeIn),
    Operation(
        method="GET",
        path=_NOTICES,
        handler=notices.queue,
        summary="List notices, the most urgent first, each with its strictest clock.",
        scope=Scope.NOTICES,
        query=s.NoticeQuery,
        answer=s.NoticePage,
        problems=("not-found",),
    ),
    Operation(
        method="POST",
        path=f"{_NOTICES}/import",
        handler=notices.receive_many,
        summary="Take in many notices: JSON, or a file of JSON lines or CSV. Importing one twice changes nothing.",
        scope=Scope.NOTICES,
        body={Kind.JSON: s.NoticesIn, Kind.FILE: bytes},
        answer=s.ImportOut,
        max_body_bytes=_MAX_IMPORT,
    ),
    Operation(
        method="GET",
        path=_NOTICE,
        handler=notices.show,
        summary="Read a notice with all that people wrote, and the letters to both sides. The ledger says who did.",
        scope=Scope.NOTICES,
        answer=s.FullNotice,
    ),
    _write(f"{_NOTICE}/fields", notices.complete, "Give what was missing.", s.FieldsIn),
    _write(
        f"{_NOTICE}/decisions", notices.decide, "Decide; both sides are told, removed content stays down.", s.RulingIn
    ),
    Operation(
        method="POST",
        path=f"{_NOTICE}/decisions/preview",
        handler=notices.preview,
        summary="Build what a decision would tell both sides; nothing is decided.",
        scope=Scope.NOTICES,
        body={Kind.JSON: s.RulingIn},
        answer=s.PreviewOut,
    ),
    _write(f"{_NOTICE}/copies", notices.add_copies, "Add copies that a search found; say that it ended.", s.CopiesIn),
    _write(f"{_NOTICE}/complaints", notices.complain, "Complain for the notifier or the uploader.", s.ComplaintIn),
    _write(
        f"{_NOTICE}/complaints/{{complaint}}/decision",
        notices.decide_complaint,
        "Decide about a complaint, as another person than the first.",
        s.ComplaintRulingIn,
    ),
    _write(f"{_NOTICE}/withdrawal", notices.withdraw, "Take a request back, for who sent it."),
    _write(f"{_NOTICE}/revocation", notices.revoke, "Note that an order was revoked; restore the content.", s.WhyIn),
    _write(f"{_NOTICE}/holds", notices.hold, "Preserve everything until the hold is lifted.", s.HoldIn),
    _write(f"{_NOTICE}/holds/{{hold}}/lift", notices.lift, "Lift a hold.", s.LiftIn),
    _write(
        f"{_NOTICE}/minor",
        notices.suspect_minor,
        "Say that somebody shown may be under 18: out of sight at once; the clock to report it begins.",
        s.MinorIn,
    ),
    _write(f"{_NOTICE}/minor/report", notices.report_minor, "Note that this was reported.", s.MinorReportIn),
    _write(f"{_NOTICE}/assignment", notices.assign, "Take a notice, hand it over, or put it back.", s.AssignIn),
    _write(f"{_NOTICE}/disputes", notices.dispute, "Note what a body outside took up or said.", s.DisputeIn),
    _write(f"{_NOTICE}/reports", notices.report, "Note that the decision was reported publicly.", s.ReportIn),
    _write(
        f"{_NOTICE}/erasure",
        notices.propose_erasure,
        "Propose to destroy everything personal; nothing happens until somebody else confirms it.",
        s.WhyIn,
    ),
    _write(
        f"{_NOTICE}/erasure/confirmation",
        notices.confirm_erasure,
        "Destroy everything personal, as somebody else proposed; the ledger stays whole.",
        s.WhyIn,
    ),
    _write(f"{_NOTICE}/erasure/rejection", notices.drop_erasure, "Do not do what was proposed.", s.WhyIn),
    _write(_RECORDS, notices.open_record, "Find the record of somebody by what you call them, or open it.", s.RecordIn),
    Operation(
        method="GET",
        path=_RECORDS,
        handler=notices.records,
        summary="List records with conduct.",
        scope=Scope.NOTICES,
        query=PageQuery,
        answer=s.RecordPage,
    ),
    Operation(
        method="GET",
        path=_RECORD,
        handler=notices.show_record,
        summary="Read a record with all that people wrote, and the letters to whose it is. The ledger says who did.",
        scope=Scope.NOTICES,
        answer=s.FullRecord,
    ),
    _write(f"{_RECORD}/flagger", notices.check_flagger, "Put down the evidence for a trusted flagger.", s.FlaggerIn),
    _write(f"{_RECORD}/warning", notices.warn, "Warn, before any measure is taken.", s.WarningIn),
    _write(f"{_RECORD}/hearing", notices.hear, "Put down what they answered to a warning.", s.HearingIn),
    _write(
        f"{_RECORD}/suspension",
        notices.suspend,
        "Restrict or suspend for a while, after warning and hearing; they are told why.",
        s.SuspensionIn,
    ),
    _write(
        f"{_RECORD}/termination",
        notices.propose_termination,
        "Propose to close an account for good; nothing happens until somebody else confirms it.",
        s.TerminationIn,
    ),
    _write(
        f"{_RECORD}/termination/confirmation",
        notices.confirm_termination,
        "Close an account for good, as somebody else proposed; they are told why.",
        s.WhyIn,
    ),
    _write(f"{_RECORD}/termination/rejection", notices.drop_termination, "Do not do what was proposed.", s.WhyIn),
    _write(f"{_RECORD}/complaints", notices.contest, "Complain about the measure that stands.", s.ContestIn),
    _write(
        f"{_RECORD}/complaints/{{complaint}}/decision",
        notices.decide_contest,
        "Decide about a complaint, as somebody who had no part in the measure; upheld, the measure ends.",
        s.ContestRulingIn,
    ),
    _write(f"{_RECORD}/lifting", notices.lift_suspension, "Take a measure back, or end it before its time.", s.WhyIn),
)
