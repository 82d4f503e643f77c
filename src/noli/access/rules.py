# SPDX-License-Identifier: Apache-2.0
"""Which role may do what: the only place that says so.

1. Caseworkers work on the cases of persons, moderators on the notices of a platform; a lead does and leads both.
2. An admin manages accounts, and sees in the queue which clocks are short, since these are passed on to them last; an
   auditor reads the ledger and sees the queue. Neither reads what people wrote.
3. What cannot be undone takes two: who works on notices proposes it, a lead confirms it, and the rules of notices
   refuse both from one person (``notices/rules.py``, ``notices/records.py``), as they do for complaints.
"""

from collections.abc import Mapping

from noli.access.model import Right, Role, Staff
from noli.base.errors import Forbidden

_CASEWORK = frozenset({Right.LIST_CASES, Right.VIEW_CASES, Right.WORK_CASES})
_NOTICES = frozenset({Right.LIST_NOTICES, Right.VIEW_NOTICES, Right.WORK_NOTICES})

#: The rights of each role.
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.CASEWORKER: _CASEWORK,
    Role.MODERATOR: _NOTICES,
    Role.LEAD: _CASEWORK | _NOTICES | {Right.LEAD_CASES, Right.LEAD_NOTICES, Right.READ_LEDGER},
    Role.ADMIN: frozenset({Right.MANAGE_STAFF, Right.LIST_NOTICES}),
    Role.AUDITOR: frozenset({Right.READ_LEDGER, Right.LIST_NOTICES}),
}


def require(staff: Staff, right: Right) -> None:
    """Refuse what a member of staff may not do. Raises Forbidden."""
    if staff.disabled_at is not None or right not in RIGHTS[staff.role]:
        msg = "Your role does not allow this."
        raise Forbidden(msg)
