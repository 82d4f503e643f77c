# SPDX-License-Identifier: Apache-2.0
"""What a list of cases shows of a case. A store keeps it beside the events, so that listing decrypts nothing."""

from noli.base.errors import IntegrityError
from noli.casework.model import Case, CaseFilter, CaseSummary


def summary(case: Case) -> CaseSummary:
    """Return what the list shows of a case that was opened."""
    if case.opened_at is None or case.updated_at is None:
        msg = "A case has no beginning; restore the database from a backup."
        raise IntegrityError(msg)
    return CaseSummary(
        id=case.id,
        opened_at=case.opened_at,
        updated_at=case.updated_at,
        situation=case.situation,
        reporter=case.reporter,
        language=case.language,
        state=case.state,
        assigned_to=case.assigned_to,
        waits_for_staff=case.waits_for_staff,
        items=len(case.items),
        held=sum(1 for item in case.protected if item.held),
        links=len(case.links),
        matches=case.matches,
        withdrawal_due_at=case.withdrawal.due_at if case.withdrawal else None,
        ended_at=case.ended_at,
    )


def matches_filter(one: CaseSummary, wanted: CaseFilter) -> bool:
    """Tell whether a case is wanted in a list."""
    return (
        wanted.state in {None, one.state}
        and wanted.assigned_to in {None, one.assigned_to}
        and not (wanted.unassigned and one.assigned_to is not None)
        and not (wanted.waits_for_staff and not one.waits_for_staff)
        and not (wanted.held and not one.held)
    )
