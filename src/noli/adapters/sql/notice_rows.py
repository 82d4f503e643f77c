# SPDX-License-Identifier: Apache-2.0
"""Rows of ``notice_file`` and ``record_file`` to values and back."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Row

from noli.adapters.sql import tables as t
from noli.adapters.sql.lists import beside
from noli.notices.model import TO_DECIDE, NoticeFilter, NoticeId, NoticeState, NoticeSummary, Opening, PartyId
from noli.notices.records import PartyRole, RecordList, RecordSummary
from noli.regimes.model import Filer, SetBy


def listed_values(listed: NoticeSummary) -> dict[str, object]:
    """Return the row of what a list shows."""
    return {name: str(value) if isinstance(value, str) else value for name, value in asdict(listed).items()}


def read_summary(row: Row[*tuple[object, ...]]) -> NoticeSummary:
    """Read what a list shows."""
    return NoticeSummary(
        id=NoticeId(row.id),
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        state=NoticeState(row.state),
        opening=Opening(row.opening),
        filer=Filer(row.filer),
        evidence=row.evidence,
        suspended=row.suspended,
        assigned_to=row.assigned_to,
        escalated_to=row.escalated_to,
        contents=row.contents,
        seen=row.seen,
        breaches=row.breaches,
        queue_at=row.queue_at,
        due_at=row.due_at,
        due_for=row.due_for,
        due_under=row.due_under,
        due_source=row.due_source,
        due_verified=row.due_verified,
        due_set_by=None if row.due_set_by is None else SetBy(row.due_set_by),
        alarm_at=row.alarm_at,
        look_by=row.look_by,
        law=row.law,
        held=row.held,
        idle_at=row.idle_at,
        erased_at=row.erased_at,
        planned_at=row.planned_at,
    )


def wanted_rows(wanted: NoticeFilter, dialect: str) -> Iterator[sa.ColumnElement[bool] | sa.TextClause]:
    """Return the conditions that a filter stands for."""
    kept = t.notice_file.c
    few = wanted.waiting or wanted.breached
    if wanted.state is not None:
        yield beside(kept.state, few=few, dialect=dialect) == wanted.state.value
    if wanted.assigned_to is not None:
        yield beside(kept.assigned_to, few=few, dialect=dialect) == wanted.assigned_to
    if wanted.waiting:
        yield kept.idle_at.is_(None)
    if wanted.breached:
        yield t.BREACHED
    if wanted.held:
        yield kept.held
    if wanted.opening is not None:
        yield beside(kept.opening, few=few, dialect=dialect) == wanted.opening.value
    if wanted.undecided:
        yield kept.planned_at.is_(None)
        yield beside(kept.state, few=few, dialect=dialect).in_([each.value for each in TO_DECIDE])


#: By what a list of records is ordered, where it is not by their ids; whatever has no such time is not in that list.
RECORD_PLACES = {
    RecordList.WAITING: t.record_file.c.waiting_since,
    RecordList.MEASURED: t.record_file.c.measured_until,
    RecordList.TRUSTED: t.record_file.c.checked_at,
}


def listed_records(
    which: RecordList, *, now: datetime, role: PartyRole | None
) -> Iterator[sa.ColumnElement[bool] | sa.TextClause]:
    """Return the conditions that a list of records stands for."""
    kept = t.record_file.c
    yield kept.version > 0
    if role is not None:
        yield kept.role == role.value
    if which is RecordList.CONDUCT:
        yield t.CONDUCT
    elif which is RecordList.MEASURED:
        yield kept.measured_until > now
    elif which in RECORD_PLACES:
        yield RECORD_PLACES[which].is_not(None)


def read_record(row: Row[*tuple[object, ...]]) -> RecordSummary:
    """Read what a list shows of a record."""
    return RecordSummary(
        id=PartyId(row.id),
        role=PartyRole(row.role),
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        notices=row.notices,
        conduct=row.conduct,
        waiting_since=row.waiting_since,
        measured_until=row.measured_until,
        checked_at=row.checked_at,
    )
