# SPDX-License-Identifier: Apache-2.0
"""Who may do what."""

import pytest

from noli.access.model import Right, Role, Staff
from noli.access.rules import RIGHTS, require
from noli.base.errors import Forbidden
from tests.support.casework import FakeClock

NOW = FakeClock().now()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("right", list(Right))
def test_a_role_has_the_rights_of_the_table(role: Role, right: Right) -> None:
    """Each pair of role and right is either in the table or refused; closed accounts have none."""
    staff = Staff("id", "name", role, NOW, NOW)
    if right in RIGHTS[role]:
        require(staff, right)
    else:
        with pytest.raises(Forbidden):
            require(staff, right)
    with pytest.raises(Forbidden):
        require(Staff("id", "name", role, NOW, NOW, NOW), right)


def test_who_makes_accounts_or_audits_reads_nothing_that_people_wrote() -> None:
    """An admin and an auditor see which clocks are short, and cannot look into cases or notices."""
    assert RIGHTS[Role.ADMIN] == {Right.MANAGE_STAFF, Right.LIST_NOTICES}
    assert RIGHTS[Role.AUDITOR] == {Right.READ_LEDGER, Right.LIST_NOTICES}


def test_who_helps_persons_judges_no_notices_and_the_other_way_round() -> None:
    """A caseworker has no right on notices and a moderator none on cases: who hears both sides is neither's agent."""
    notices = {Right.LIST_NOTICES, Right.VIEW_NOTICES, Right.WORK_NOTICES, Right.LEAD_NOTICES}
    cases = {Right.LIST_CASES, Right.VIEW_CASES, Right.WORK_CASES, Right.LEAD_CASES}
    assert not RIGHTS[Role.CASEWORKER] & notices
    assert not RIGHTS[Role.MODERATOR] & cases


def test_who_proposes_what_cannot_be_undone_may_not_always_confirm_it() -> None:
    """A moderator proposes; only a lead confirms."""
    assert Right.WORK_NOTICES in RIGHTS[Role.MODERATOR]
    assert [role for role in Role if Right.LEAD_NOTICES in RIGHTS[role]] == [Role.LEAD]
