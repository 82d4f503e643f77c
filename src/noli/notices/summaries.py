# SPDX-License-Identifier: Apache-2.0
"""What a list of notices shows of one. A store keeps it beside the events, so that listing decrypts nothing."""

from datetime import datetime

from noli.base.errors import IntegrityError
from noli.notices.clocks import look_by, next_alarm, running
from noli.notices.model import TO_DECIDE, Notice, NoticeFilter, NoticeState, NoticeSummary
from noli.regimes.model import Law

_QUIET = frozenset({NoticeState.DECIDED, NoticeState.WITHDRAWN})


def summary(notice: Notice, law: Law) -> NoticeSummary:
    """Return what the list shows of a notice that began.

    A trusted flagger's notice stands in the queue where its arrival puts it, before everything that is due later;
    everything else stands where its strictest clock ends, and what has no clock where it arrived.
    """
    if notice.opened_at is None or notice.updated_at is None or notice.worked_at is None:
        msg = "A notice has no beginning; restore the database from a backup."
        raise IntegrityError(msg)
    clocks = running(notice, law) if notice.erased_at is None else ()
    first = clocks[0].deadline if clocks else None
    quiet = notice.state in _QUIET and not clocks and not notice.copies_open
    return NoticeSummary(
        id=notice.id,
        opened_at=notice.opened_at,
        updated_at=notice.updated_at,
        state=notice.state,
        opening=notice.opening,
        filer=notice.filer,
        evidence=notice.evidence,
        suspended=notice.suspended,
        assigned_to=notice.assigned_to,
        escalated_to=notice.escalated_to,
        contents=len(notice.contents),
        seen=sum(each.seen for each in notice.contents),
        breaches=len(notice.breached),
        queue_at=_queue_at(notice.opened_at, first.due_at if first else None, ahead=_ahead(notice)),
        due_at=first.due_at if first else None,
        due_for=first.duty if first else "",
        due_under=first.regime if first else "",
        due_source=str(first.source) if first else "",
        due_verified=first.verified if first else True,
        due_set_by=first.set_by if first else None,
        alarm_at=next_alarm(notice, clocks),
        look_by=look_by(notice, clocks),
        law=law.version,
        held=notice.held,
        idle_at=_idle_at(notice, notice.worked_at) if quiet or notice.erased_at is not None else None,
        erased_at=notice.erased_at,
        planned_at=None if notice.plan is None else notice.plan.effect_at,
    )


def wanted(one: NoticeSummary, which: NoticeFilter) -> bool:
    """Tell whether a notice is wanted in a list."""
    return (
        which.state in {None, one.state}
        and which.assigned_to in {None, one.assigned_to}
        and not (which.waiting and one.idle_at is not None)
        and not (which.breached and not one.breaches)
        and not (which.held and not one.held)
        and which.opening in {None, one.opening}
        and not (which.undecided and (one.planned_at is not None or one.state not in TO_DECIDE))
    )


def _ahead(notice: Notice) -> bool:
    return notice.evidence and not notice.suspended


def _idle_at(notice: Notice, worked_at: datetime) -> datetime:
    """Count what is kept how long from the end of a restriction that ends by itself."""
    ending = None if notice.ending is None or notice.erased_at is not None else notice.ending.until
    return worked_at if ending is None else max(worked_at, ending)


def _queue_at(opened_at: datetime, due_at: datetime | None, *, ahead: bool) -> datetime:
    return opened_at if ahead or due_at is None else due_at
