# SPDX-License-Identifier: Apache-2.0
"""Rows of ``case_file`` to values and back: how a case is entered, and what a list shows of it."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Row

from noli.adapters.sql import tables as t
from noli.adapters.sql.lists import beside
from noli.casework.model import (
    CaseFilter,
    CaseId,
    CaseState,
    CaseSummary,
    Reporter,
    Situation,
    StaffId,
)
from noli.casework.ports import Door


def door_values(door: Door) -> dict[str, object]:
    """Return the row of a case without events."""
    return {
        "id": door.case,
        "version": 0,
        "number_digest": door.number,
        "verifier": door.verifier,
        "submission": door.submission,
        "recovery": door.recovery,
        "language": door.language,
        "opened_at": door.opened_at,
        "updated_at": door.opened_at,
        "situation": "",
        "reporter": "",
        "state": "",
        "waits_for_staff": False,
        "items": 0,
        "held": 0,
        "links": 0,
        "matches": 0,
    }


def read_door(row: Row[*tuple[object, ...]]) -> Door:
    """Read how a case is entered."""
    return Door(
        case=CaseId(row.id),
        number=bytes(row.number_digest),
        verifier=row.verifier,
        submission=bytes(row.submission),
        language=row.language,
        opened_at=row.opened_at,
        recovery=None if row.recovery is None else bytes(row.recovery),
    )


def listed_values(listed: CaseSummary) -> dict[str, object]:
    """Return what an event may change of what a list shows."""
    return {
        "updated_at": listed.updated_at,
        "situation": listed.situation.value,
        "reporter": listed.reporter.value,
        "state": listed.state.value,
        "assigned_to": listed.assigned_to,
        "waits_for_staff": listed.waits_for_staff,
        "items": listed.items,
        "held": listed.held,
        "links": listed.links,
        "matches": listed.matches,
        "withdrawal_due_at": listed.withdrawal_due_at,
        "ended_at": listed.ended_at,
    }


def read_summary(row: Row[*tuple[object, ...]]) -> CaseSummary:
    """Read what a list shows."""
    return CaseSummary(
        id=CaseId(row.id),
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        situation=Situation(row.situation),
        reporter=Reporter(row.reporter),
        language=row.language,
        state=CaseState(row.state),
        assigned_to=None if row.assigned_to is None else StaffId(row.assigned_to),
        waits_for_staff=row.waits_for_staff,
        items=row.items,
        held=row.held,
        links=row.links,
        matches=row.matches,
        withdrawal_due_at=row.withdrawal_due_at,
        ended_at=row.ended_at,
    )


def wanted_rows(wanted: CaseFilter, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    """Return the conditions that a filter stands for."""
    kept = t.case_file.c
    few = wanted.waits_for_staff or wanted.held
    assigned_to = beside(kept.assigned_to, few=few, dialect=dialect)
    if wanted.state is not None:
        yield beside(kept.state, few=few, dialect=dialect) == wanted.state.value
    if wanted.assigned_to is not None:
        yield assigned_to == wanted.assigned_to
    if wanted.unassigned:
        yield assigned_to.is_(None)
    if wanted.waits_for_staff:
        yield kept.waits_for_staff
    if wanted.held:
        yield kept.held > sa.literal_column("0")
