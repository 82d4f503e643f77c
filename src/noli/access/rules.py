# SPDX-License-Identifier: Apache-2.0
"""Which role may do what: the only place that says so. An admin manages accounts and reads no cases."""

from collections.abc import Mapping

from noli.access.model import Right, Role, Staff
from noli.base.errors import Forbidden

_CASEWORK = frozenset({Right.LIST_CASES, Right.VIEW_CASES, Right.WORK_CASES})

#: The rights of each role.
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.CASEWORKER: _CASEWORK,
    Role.MODERATOR: frozenset(),
    Role.LEAD: _CASEWORK | {Right.LEAD_CASES, Right.READ_LEDGER},
    Role.ADMIN: frozenset({Right.MANAGE_STAFF}),
    Role.AUDITOR: frozenset({Right.READ_LEDGER}),
}


def require(staff: Staff, right: Right) -> None:
    """Refuse what a member of staff may not do. Raises Forbidden."""
    if staff.disabled_at is not None or right not in RIGHTS[staff.role]:
        msg = "Your role does not allow this."
        raise Forbidden(msg)
