# SPDX-License-Identifier: Apache-2.0
"""Staff in SQL: ``access.ports.StaffStore``. One-time-code secrets are sealed; each change is a ledger entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.access.model import Passkey, Role, Staff
from noli.adapters.sql import ledger
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.base.errors import Conflict, NotFound
from noli.base.secrecy import Keyring, WrappedKey
from noli.evidence.model import Fact

# Accounts are made and closed on the command line or by an admin; the ledger says that it was not the person.
_ACTOR = "system"


class SqlStaff:
    """Keeps staff."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    def add(self, staff: Staff, *, secret: str, set_up: bytes, until: datetime) -> None:
        """Keep a new member of staff."""
        values = {
            "id": staff.id,
            "name": staff.name,
            "role": staff.role.value,
            "created_at": staff.created_at,
            "last_step": 0,
            "set_up": set_up,
            "set_up_until": until,
            **self._sealed(staff, secret),
        }
        try:
            with self._changing(staff, "staff.created", staff.created_at) as connection:
                connection.execute(t.staff.insert().values(values))
        except Conflict as error:
            msg = f"There is, or was, a member of staff named {staff.name!r}; names are not used again."
            raise Conflict(msg) from error

    def all(self) -> list[Staff]:
        """List staff by name."""
        with transaction(self._engine) as connection:
            return [_staff(row) for row in connection.execute(t.staff.select().order_by(t.staff.c.name))]

    def find(self, *, name: str = "", id: str = "") -> Staff | None:  # noqa: A002 - the port's name
        """Return a member of staff."""
        kept = t.staff.c
        row = self._row(kept.id == id if id else kept.name == name)
        return None if row is None else _staff(row)

    def by_set_up(self, set_up: bytes, *, now: datetime) -> Staff | None:
        """Return whose set-up token this is."""
        row = self._row(sa.and_(t.staff.c.set_up == set_up, t.staff.c.set_up_until >= now))
        return None if row is None else _staff(row)

    def verifier(self, staff: Staff) -> str | None:
        """Return the slow hash of the password."""
        found: str | None = self._known(staff).verifier
        return found

    def secret(self, staff: Staff) -> str:
        """Return the one-time-code secret."""
        row = self._known(staff)
        wrapped = WrappedKey(row.key_id, bytes(row.wrapped_secret))
        return self._keyring.unwrap(wrapped, place=secret_place(staff.id)).decode("ascii")

    def set_up(self, staff: Staff, *, verifier: str, step: int, now: datetime) -> None:
        """Keep the password."""
        values = {"verifier": verifier, "last_step": step, "set_up": None, "set_up_until": None, "set_up_at": now}
        with self._changing(staff, "staff.set_up", now) as connection:
            waiting = t.staff.c.id == staff.id, t.staff.c.set_up.is_not(None)
            if connection.execute(t.staff.update().where(*waiting).values(values)).rowcount == 0:
                msg = "This account was set up meanwhile."
                raise Conflict(msg)

    def spend(self, staff: Staff, step: int) -> bool:
        """Note that a code was used."""
        unused = t.staff.c.id == staff.id, t.staff.c.last_step < step
        with transaction(self._engine, write=True) as connection:
            return connection.execute(t.staff.update().where(*unused).values(last_step=step)).rowcount == 1

    def renew(self, staff: Staff, *, secret: str, set_up: bytes, until: datetime, now: datetime) -> None:
        """Let somebody set up their account anew."""
        values = {"verifier": None, "set_up_at": None, "set_up": set_up, "set_up_until": until}
        with self._changing(staff, "staff.renewed", now) as connection:
            update = t.staff.update().where(t.staff.c.id == staff.id)
            connection.execute(update.values({**values, **self._sealed(staff, secret)}))
            _forget_ways_in(connection, staff)

    def disable(self, staff: Staff, *, now: datetime) -> None:
        """Close an account."""
        values = {"disabled_at": now, "verifier": None, "set_up": None, "set_up_until": None}
        with self._changing(staff, "staff.disabled", now) as connection:
            connection.execute(t.staff.update().where(t.staff.c.id == staff.id).values(values))
            _forget_ways_in(connection, staff)

    def set_recovery(self, staff: Staff, codes: frozenset[bytes], *, now: datetime) -> None:
        """Keep recovery codes in place of those before."""
        with self._changing(staff, "staff.recovery-made", now, actor=f"staff:{staff.id}") as connection:
            connection.execute(t.recovery_code.delete().where(t.recovery_code.c.staff_id == staff.id))
            connection.execute(
                t.recovery_code.insert(), [{"digest": each, "staff_id": staff.id} for each in sorted(codes)]
            )

    def spend_recovery(self, staff: Staff, code: bytes, *, now: datetime) -> bool:
        """Use up a recovery code."""
        kept = t.recovery_code.c
        with exclusive(self._engine) as connection:
            spent = t.recovery_code.delete().where(kept.staff_id == staff.id, kept.digest == code)
            if connection.execute(spent).rowcount == 0:
                return False
            ledger.append(connection, Fact("staff.recovery-used", staff.id, f"staff:{staff.id}"), now=now)
            return True

    def recovery_left(self, staff: Staff) -> int:
        """Count recovery codes."""
        query = sa.select(sa.func.count()).where(t.recovery_code.c.staff_id == staff.id)
        with transaction(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def add_passkey(self, passkey: Passkey) -> None:
        """Keep a passkey."""
        values = {
            "id": passkey.id,
            "staff_id": passkey.staff,
            "name": passkey.name,
            "credential": passkey.credential,
            "created_at": passkey.created_at,
            "used_at": passkey.used_at,
            "sign_count": passkey.sign_count,
        }
        try:
            with self._adding(passkey, "staff.passkey-added", passkey.created_at) as connection:
                connection.execute(t.passkey.insert().values(values))
        except Conflict as error:
            msg = "This passkey is known already."
            raise Conflict(msg) from error

    def passkeys(self, staff: Staff) -> list[Passkey]:
        """List somebody's passkeys."""
        query = t.passkey.select().where(t.passkey.c.staff_id == staff.id).order_by(t.passkey.c.created_at)
        with transaction(self._engine) as connection:
            return [_passkey(row) for row in connection.execute(query)]

    def passkey(self, id: bytes) -> Passkey | None:  # noqa: A002 - the port's name
        """Return a passkey."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.passkey.select().where(t.passkey.c.id == id)).one_or_none()
        return None if row is None else _passkey(row)

    def use_passkey(self, passkey: Passkey, *, used_at: datetime, sign_count: int) -> bool:
        """Note that it answered."""
        kept = t.passkey.c
        later = sa.or_(kept.used_at.is_(None), kept.used_at < used_at)
        update = t.passkey.update().where(kept.id == passkey.id, later)
        with transaction(self._engine, write=True) as connection:
            return connection.execute(update.values(used_at=used_at, sign_count=sign_count)).rowcount == 1

    def remove_passkey(self, passkey: Passkey, *, now: datetime) -> None:
        """Forget a passkey."""
        with self._adding(passkey, "staff.passkey-removed", now) as connection:
            connection.execute(t.passkey.delete().where(t.passkey.c.id == passkey.id))

    @contextmanager
    def _changing(self, staff: Staff, kind: str, now: datetime, *, actor: str = _ACTOR) -> Iterator[Connection]:
        with exclusive(self._engine) as connection:
            yield connection
            ledger.append(connection, Fact(kind, staff.id, actor), now=now)

    @contextmanager
    def _adding(self, passkey: Passkey, kind: str, now: datetime) -> Iterator[Connection]:
        with exclusive(self._engine) as connection:
            yield connection
            ledger.append(connection, Fact(kind, passkey.staff, f"staff:{passkey.staff}"), now=now)

    def _sealed(self, staff: Staff, secret: str) -> dict[str, object]:
        wrapped = self._keyring.wrap(secret.encode("ascii"), place=secret_place(staff.id))
        return {"key_id": wrapped.key_id, "wrapped_secret": wrapped.data}

    def _known(self, staff: Staff) -> Row[*tuple[object, ...]]:
        row = self._row(t.staff.c.id == staff.id)
        if row is None:
            msg = "There is no such member of staff."
            raise NotFound(msg)
        return row

    def _row(self, which: sa.ColumnElement[bool]) -> Row[*tuple[object, ...]] | None:
        with transaction(self._engine) as connection:
            return connection.execute(t.staff.select().where(which)).one_or_none()


def _forget_ways_in(connection: Connection, staff: Staff) -> None:
    for table in (t.passkey, t.recovery_code):
        connection.execute(table.delete().where(table.c.staff_id == staff.id))


def _passkey(row: Row[*tuple[object, ...]]) -> Passkey:
    return Passkey(
        bytes(row.id), row.staff_id, row.name, bytes(row.credential), row.created_at, row.used_at, row.sign_count
    )


def secret_place(staff: str) -> str:
    """Return where a one-time-code secret stands, for sealing."""
    return f"staff|{staff}|secret"


def _staff(row: Row[*tuple[object, ...]]) -> Staff:
    return Staff(row.id, row.name, Role(row.role), row.created_at, row.set_up_at, row.disabled_at)
