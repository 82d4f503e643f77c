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


def test_who_makes_accounts_reads_no_cases() -> None:
    """An admin cannot look into cases, and an auditor only into the ledger."""
    assert RIGHTS[Role.ADMIN] == {Right.MANAGE_STAFF}
    assert RIGHTS[Role.AUDITOR] == {Right.READ_LEDGER}
