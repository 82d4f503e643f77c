# SPDX-License-Identifier: Apache-2.0
"""Finding in SQL: ``moderation.ports.Finder``, and what cases and notices leave for it when something happens to them.

Numbers are ranges of primary keys; links, hosts and references stand as keyed digests. No list is read through.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction
from noli.bank.model import EntryId, entry_text, parse_entry
from noli.base.secrecy import Keyring, Purpose
from noli.moderation.model import Asked, Found, FoundKind

# Of each kind: its table, and the column that a list shows of it.
_FILES = {
    FoundKind.CASE: (t.case_file, t.case_file.c.state),
    FoundKind.NOTICE: (t.notice_file, t.notice_file.c.state),
    FoundKind.PURSUIT: (t.pursuit_file, t.pursuit_file.c.state),
    FoundKind.RECORD: (t.record_file, t.record_file.c.role),
}

# What the beginning of a number is filled up with to the least and the greatest that begin so, and how long they are.
_LEAST, _GREATEST, _ENTRY, _NUMBER = "0", "Z", 13, 16


def leave(
    connection: Connection, keyring: Keyring, kind: FoundKind, subject: str, terms: Iterable[str], *, at: datetime
) -> None:
    """Let a case or a notice be found by some terms."""
    kept = t.found_by
    wanted = {digest(keyring, term) for term in terms}
    if not wanted:
        return
    known = sa.select(kept.c.digest).where(kept.c.subject == subject, kept.c.digest.in_(wanted))
    fresh = wanted - {bytes(each) for each in connection.execute(known).scalars()}
    rows = [{"digest": each, "subject": subject, "kind": kind.value, "at": at} for each in sorted(fresh)]
    if rows:
        connection.execute(kept.insert(), rows)


def forget(connection: Connection, subject: str) -> None:
    """Let something be found by nothing but its number."""
    connection.execute(t.found_by.delete().where(t.found_by.c.subject == subject))


class SqlFinder:
    """Finds by indexes alone."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    def find(self, asked: Asked, kinds: Collection[FoundKind], *, limit: int) -> list[Found]:
        """Find; see the port."""
        with transaction(self._engine) as connection:
            found = {
                (each.kind, each.id): each
                for kind in FoundKind
                if kind in kinds
                for each in self._of(connection, kind, asked, limit)
            }
        return list(found.values())

    def _of(self, connection: Connection, kind: FoundKind, asked: Asked, limit: int) -> list[Found]:
        if kind is FoundKind.ENTRY:
            return list(_entries(connection, asked.begins, limit))
        ids = [*asked.parties] if kind is FoundKind.RECORD else self._named(connection, kind, asked.terms, limit)
        table, state = _FILES[kind]
        which: list[sa.ColumnElement[bool]] = [table.c.id.in_(ids)] if ids else []
        if asked.begins:
            # A range of the primary key; numbers are capital letters and digits.
            which.append(table.c.id.between(asked.begins, asked.begins.ljust(_NUMBER, _GREATEST)))
        found = []
        for each in which:
            query = sa.select(table.c.id, table.c.opened_at, state.label("state")).where(each, table.c.version > 0)
            rows = connection.execute(query.order_by(table.c.id).limit(limit))
            found += [Found(kind, row.id, row.opened_at, row.state) for row in rows]
        return found[:limit]

    def _named(self, connection: Connection, kind: FoundKind, terms: Iterable[str], limit: int) -> list[str]:
        kept = t.found_by.c
        found: list[str] = []
        for term in terms:
            query = sa.select(kept.subject).where(kept.digest == digest(self._keyring, term), kept.kind == kind.value)
            found += connection.execute(query.order_by(kept.at.desc()).limit(limit)).scalars()
        return found


def _entries(connection: Connection, begins: str, limit: int) -> Iterator[Found]:
    least, greatest = (parse_entry(begins.ljust(_ENTRY, each)) for each in (_LEAST, _GREATEST))
    if not begins or least is None or greatest is None:
        return
    kept = t.entry.c
    query = (
        sa.select(kept.id, kept.created_at, kept.state, t.bank.c.name)
        .join(t.bank, t.bank.c.id == kept.bank_id)
        .where(kept.id.between(least, greatest))
    )
    for row in connection.execute(query.order_by(kept.id).limit(limit)):
        yield Found(FoundKind.ENTRY, entry_text(EntryId(row.id)), row.created_at, row.state, row.name)


def digest(keyring: Keyring, term: str) -> bytes:
    """Return what stands for a term in the database."""
    return keyring.digest(Purpose.FOUND_BY, term.encode("utf-8", "surrogatepass"))
