# SPDX-License-Identifier: Apache-2.0
"""The ledger in SQL: ``evidence.ports.Ledger``, and appending inside a transaction that another repository opened.

Each entry needs the one before, so who appends has opened an ``exclusive`` transaction.
"""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction
from noli.evidence.model import Fact, LedgerEntry
from noli.evidence.rules import following

# Rows fetched at a time while the ledger is read.
_ROWS = 5000


class SqlLedger:
    """Reads the ledger."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """Stream entries in order."""
        kept = t.ledger_entry
        query = kept.select().where(kept.c.sequence > after).order_by(kept.c.sequence)
        with transaction(self._engine) as connection:
            for row in connection.execution_options(yield_per=_ROWS).execute(query):
                yield _entry(row)

    def page(self, *, subject: str = "", before: int | None = None, limit: int = 100) -> list[LedgerEntry]:
        """List entries, newest first."""
        kept = t.ledger_entry
        query = kept.select().order_by(kept.c.sequence.desc()).limit(limit)
        if subject:
            query = query.where(kept.c.subject == subject)
        if before is not None:
            query = query.where(kept.c.sequence < before)
        with transaction(self._engine) as connection:
            return [_entry(row) for row in connection.execute(query)]

    def last_referred(self) -> int:
        """Return the highest sequence that an event of any file refers to."""
        with transaction(self._engine) as connection:
            last = [
                connection.execute(sa.select(sa.func.max(events.c.ledger_sequence))).scalar_one() or 0
                for events in (t.case_event, t.notice_event, t.record_event)
            ]
        return max(last)


def append(connection: Connection, fact: Fact, *, now: datetime) -> LedgerEntry:
    """Append one fact in an ``exclusive`` transaction."""
    kept = t.ledger_entry
    last = connection.execute(kept.select().order_by(kept.c.sequence.desc()).limit(1)).one_or_none()
    entry = following(None if last is None else _entry(last), fact, now=now)
    connection.execute(
        kept.insert().values(
            sequence=entry.sequence,
            at=entry.at,
            kind=fact.kind,
            subject=fact.subject,
            actor=fact.actor,
            commitment=fact.commitment,
            leaf=entry.leaf,
            link=entry.link,
        )
    )
    return entry


def _entry(row: Row[*tuple[object, ...]]) -> LedgerEntry:
    fact = Fact(row.kind, row.subject, row.actor, bytes(row.commitment))
    return LedgerEntry(row.sequence, row.at, fact, bytes(row.leaf), bytes(row.link))
