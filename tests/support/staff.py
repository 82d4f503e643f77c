# SPDX-License-Identifier: Apache-2.0
"""Staff in memory: a complete small implementation of ``access.ports.StaffStore``."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from noli.access.model import Passkey, Staff
from noli.base.errors import Conflict, NotFound


@dataclass
class _Account:
    staff: Staff
    secret: str
    set_up: bytes | None
    until: datetime | None
    verifier: str | None = None
    step: int = 0
    recovery: set[bytes] = field(default_factory=set)


class MemoryStaff:
    """Keeps staff."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._passkeys: dict[bytes, Passkey] = {}
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
        self._forget_ways_in(staff)
        self.facts.append(("staff.renewed", staff.id))

    def disable(self, staff: Staff, *, now: datetime) -> None:
        account = self._account(staff)
        account.verifier, account.set_up, account.until = None, None, None
        account.staff = replace(account.staff, disabled_at=now)
        self._forget_ways_in(staff)
        self.facts.append(("staff.disabled", staff.id))

    def set_recovery(self, staff: Staff, codes: frozenset[bytes], *, now: datetime) -> None:
        del now
        self._account(staff).recovery = set(codes)
        self.facts.append(("staff.recovery-made", staff.id))

    def spend_recovery(self, staff: Staff, code: bytes, *, now: datetime) -> bool:
        del now
        known = code in self._account(staff).recovery
        self._account(staff).recovery.discard(code)
        if known:
            self.facts.append(("staff.recovery-used", staff.id))
        return known

    def recovery_left(self, staff: Staff) -> int:
        return len(self._account(staff).recovery)

    def add_passkey(self, passkey: Passkey) -> None:
        if passkey.id in self._passkeys:
            msg = "This passkey is known already."
            raise Conflict(msg)
        self._passkeys[passkey.id] = passkey
        self.facts.append(("staff.passkey-added", passkey.staff))

    def passkeys(self, staff: Staff) -> list[Passkey]:
        return [each for each in self._passkeys.values() if each.staff == staff.id]

    def passkey(self, id: bytes) -> Passkey | None:  # noqa: A002 - the port's name
        return self._passkeys.get(id)

    def use_passkey(self, passkey: Passkey, *, used_at: datetime, sign_count: int) -> bool:
        kept = self._passkeys[passkey.id]
        if kept.used_at is not None and kept.used_at >= used_at:
            return False
        self._passkeys[passkey.id] = replace(kept, used_at=used_at, sign_count=sign_count)
        return True

    def remove_passkey(self, passkey: Passkey, *, now: datetime) -> None:
        del now
        self._passkeys.pop(passkey.id, None)
        self.facts.append(("staff.passkey-removed", passkey.staff))

    def _forget_ways_in(self, staff: Staff) -> None:
        self._account(staff).recovery.clear()
        self._passkeys = {id_: each for id_, each in self._passkeys.items() if each.staff != staff.id}

    def _account(self, staff: Staff) -> _Account:
        if staff.id not in self._accounts:
            msg = "There is no such member of staff."
            raise NotFound(msg)
        return self._accounts[staff.id]
