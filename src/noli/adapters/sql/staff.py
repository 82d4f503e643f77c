# SPDX-License-Identifier: Apache-2.0
"""Staff in SQL: ``access.ports.StaffStore``. One-time-code secrets are sealed; each change is a ledger entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.access.model import Role, Staff
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

    def disable(self, staff: Staff, *, now: datetime) -> None:
        """Close an account."""
        values = {"disabled_at": now, "verifier": None, "set_up": None, "set_up_until": None}
        with self._changing(staff, "staff.disabled", now) as connection:
            connection.execute(t.staff.update().where(t.staff.c.id == staff.id).values(values))

    @contextmanager
    def _changing(self, staff: Staff, kind: str, now: datetime) -> Iterator[Connection]:
        with exclusive(self._engine) as connection:
            yield connection
            ledger.append(connection, Fact(kind, staff.id, _ACTOR), now=now)

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


def secret_place(staff: str) -> str:
    """Return where a one-time-code secret stands, for sealing."""
    return f"staff|{staff}|secret"


def _staff(row: Row[*tuple[object, ...]]) -> Staff:
    return Staff(row.id, row.name, Role(row.role), row.created_at, row.set_up_at, row.disabled_at)
