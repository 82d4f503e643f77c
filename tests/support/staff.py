# SPDX-License-Identifier: Apache-2.0
"""Staff in memory: a complete small implementation of ``access.ports.StaffStore``."""

from dataclasses import dataclass, replace
from datetime import datetime

from noli.access.model import Staff
from noli.base.errors import Conflict, NotFound


@dataclass
class _Account:
    staff: Staff
    secret: str
    set_up: bytes | None
    until: datetime | None
    verifier: str | None = None
    step: int = 0


class MemoryStaff:
    """Keeps staff."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        #: What the ledger would say.
        self.facts: list[tuple[str, str]] = []

    def add(self, staff: Staff, *, secret: str, set_up: bytes, until: datetime) -> None:
        if self.find(name=staff.name) is not None:
            msg = "The name is taken."
            raise Conflict(msg)
        self._accounts[staff.id] = _Account(staff, secret, set_up, until)
        self.facts.append(("staff.created", staff.id))

    def all(self) -> list[Staff]:
        return sorted((each.staff for each in self._accounts.values()), key=lambda staff: staff.name)

    def find(self, *, name: str = "", id: str = "") -> Staff | None:  # noqa: A002 - the port's name
        return next((each for each in self.all() if (each.id == id if id else each.name == name)), None)

    def by_set_up(self, set_up: bytes, *, now: datetime) -> Staff | None:
        for each in self._accounts.values():
            if each.set_up == set_up and each.until is not None and each.until >= now:
                return each.staff
        return None

    def verifier(self, staff: Staff) -> str | None:
        return self._account(staff).verifier

    def secret(self, staff: Staff) -> str:
        return self._account(staff).secret

    def set_up(self, staff: Staff, *, verifier: str, step: int, now: datetime) -> None:
        account = self._account(staff)
        if account.set_up is None:
            msg = "This account was set up meanwhile."
            raise Conflict(msg)
        account.verifier, account.step, account.set_up, account.until = verifier, step, None, None
        account.staff = replace(account.staff, set_up_at=now)
        self.facts.append(("staff.set_up", staff.id))

    def spend(self, staff: Staff, step: int) -> bool:
        account = self._account(staff)
        fresh = step > account.step
        account.step = max(step, account.step)
        return fresh

    def renew(self, staff: Staff, *, secret: str, set_up: bytes, until: datetime, now: datetime) -> None:
        del now
        account = self._account(staff)
        account.secret, account.set_up, account.until, account.verifier = secret, set_up, until, None
        account.staff = replace(account.staff, set_up_at=None)
        self.facts.append(("staff.renewed", staff.id))

    def disable(self, staff: Staff, *, now: datetime) -> None:
        account = self._account(staff)
        account.verifier, account.set_up, account.until = None, None, None
        account.staff = replace(account.staff, disabled_at=now)
        self.facts.append(("staff.disabled", staff.id))

    def _account(self, staff: Staff) -> _Account:
        if staff.id not in self._accounts:
            msg = "There is no such member of staff."
            raise NotFound(msg)
        return self._accounts[staff.id]
