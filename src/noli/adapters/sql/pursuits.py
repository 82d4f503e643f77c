# SPDX-License-Identifier: Apache-2.0
"""Pursuits in SQL: ``pursuit.ports.PursuitStore``, with cases, jobs and ledger in the same transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import jobs
from noli.adapters.sql import tables as t
from noli.adapters.sql.cases import SqlCaseTransaction
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.lists import counts_between
from noli.adapters.sql.streams import Feed, SealedStream
from noli.base.secrecy import Keyring
from noli.casework.model import CaseId
from noli.evidence.events import Opening
from noli.evidence.model import Fact, LedgerEntry
from noli.jobs.model import Lease
from noli.pursuit.events import CODEC, Event, Recorded
from noli.pursuit.model import PursuitId, PursuitState, PursuitSummary, Rung
from noli.pursuit.telling import told

#: Where pursuits without a deadline stand in lists.
LAST = datetime(9999, 1, 1, tzinfo=UTC)


class SqlPursuits:
    """Opens transactions on pursuits."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["SqlPursuitTransaction"]:
        """Open one transaction; see the port."""
        with (exclusive if write else transaction)(self._engine) as connection:
            yield SqlPursuitTransaction(connection, self._keyring)


class SqlPursuitTransaction:
    """One transaction; its methods are described in ``pursuit.ports.PursuitTransaction``."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Keep the open connection."""
        self._connection = connection
        self._stream = SealedStream(
            connection, keyring, CODEC, file=t.pursuit_file, events=t.pursuit_event, noun="pursuit", told=told
        )
        self._cases, self._feed = SqlCaseTransaction(connection, keyring), Feed(connection)

    @property
    def cases(self) -> SqlCaseTransaction:
        """The cases, inside this transaction."""
        return self._cases

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact to the ledger."""
        return self._stream.record(fact, now=now)

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        """Ask for a job."""
        jobs.schedule(self._connection, kind, subject, due_at=due_at, urgent=urgent)

    def fence(self, lease: Lease) -> None:
        """Hold a lease's job until the transaction ends."""
        jobs.fence(self._connection, lease)

    def open(self, listed: PursuitSummary) -> None:
        """Make an empty pursuit."""
        self._stream.create(listed.id, _values(listed))

    def append(
        self, events: Sequence[Event], *, version: int, actor: str, now: datetime, listed: PursuitSummary
    ) -> None:
        """Append events with their ledger entries, and bring the list up to date."""
        self._stream.append(listed.id, events, version=version, actor=actor, now=now, listed=_values(listed))

    def history(self, pursuit: PursuitId) -> list[Recorded]:
        """Return all events in order."""
        return self._stream.history(pursuit)

    def openings(self, pursuit: PursuitId) -> list[Opening[Event]]:
        """Return all events in order, each with what shows that the ledger holds it."""
        return self._stream.openings(pursuit)

    def of_case(self, case: CaseId) -> list[PursuitSummary]:
        """List the pursuits of a case."""
        kept = t.pursuit_file.c
        query = t.pursuit_file.select().where(kept.case_id == case).order_by(kept.opened_at, kept.id)
        return [_read(row) for row in self._connection.execute(query)]

    def page(
        self,
        state: PursuitState | None,
        *,
        owner: str | None = None,
        after: PursuitId | None = None,
        limit: int = 100,
    ) -> list[PursuitSummary]:
        """List pursuits by their next deadline."""
        kept = t.pursuit_file.c
        query = t.pursuit_file.select().order_by(kept.queue_at, kept.id).limit(limit)
        if state is not None:
            query = query.where(kept.state == state.value)
        if owner is not None:
            query = query.where(_had_by(owner))
        if after is not None:
            query = query.where(sa.tuple_(kept.queue_at, kept.id) > sa.tuple_(self._stream.row(after).queue_at, after))
        return [_read(row) for row in self._connection.execute(query)]

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[PursuitSummary]:
        """List pursuits by when their next clock ends."""
        kept = t.pursuit_file.c
        query = t.pursuit_file.select().where(t.TICKING).order_by(kept.due_at, kept.id).limit(limit)
        if owner is not None:
            query = query.where(_had_by(owner))
        if after is not None:
            query = query.where(sa.tuple_(kept.due_at, kept.id) > sa.tuple_(*after))
        return [_read(row) for row in self._connection.execute(query)]

    def ending(self, edges: Sequence[datetime]) -> list[int]:
        """Count pursuits by when their next clock ends."""
        return counts_between(self._connection, t.pursuit_file, t.pursuit_file.c.due_at, edges, t.TICKING)

    def outlines(self, pursuits: Sequence[PursuitId]) -> dict[PursuitId, list[Recorded]]:
        """Return the events of many pursuits with nothing personal in them."""
        return self._stream.outlines(pursuits)

    def tie(self, reference: bytes, pursuit: PursuitId, number: int) -> None:
        """Let a digest lead to a request."""
        self._connection.execute(t.pursuit_tie.insert().values(digest=reference, pursuit_id=pursuit, number=number))

    def tied(self, reference: bytes) -> tuple[PursuitId, int] | None:
        """Return the request that a digest leads to."""
        kept = t.pursuit_tie
        row = self._connection.execute(kept.select().where(kept.c.digest == reference)).one_or_none()
        return None if row is None else (PursuitId(row.pursuit_id), row.number)

    def position(self, name: str) -> int:
        """Return how far the reading of a mailbox has come."""
        return self._feed.position(name)

    def advance(self, name: str, position: int) -> None:
        """Keep how far it has come."""
        self._feed.advance(name, position)


def _had_by(owner: str) -> sa.ColumnElement[bool]:
    """Return the condition that somebody has the case of a pursuit; empty for nobody.

    One person's cases are few, and found first; those of nobody may be most of all, so each is asked for its own.
    """
    case, kept = t.case_file.c, t.pursuit_file.c
    if owner:
        return kept.case_id.in_(sa.select(case.id).where(case.assigned_to == owner))
    return sa.exists().where(case.id == kept.case_id, case.assigned_to.is_(None))


def _values(listed: PursuitSummary) -> dict[str, object]:
    values = {name: str(value) if isinstance(value, str) else value for name, value in asdict(listed).items()}
    case = values.pop("case")
    return {**values, "case_id": case, "queue_at": listed.due_at or LAST}


def _read(row: Row[*tuple[object, ...]]) -> PursuitSummary:
    return PursuitSummary(
        id=PursuitId(row.id),
        case=CaseId(row.case_id),
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        state=PursuitState(row.state),
        rung=None if row.rung is None else Rung(row.rung),
        copies=row.copies,
        requests=row.requests,
        due_at=row.due_at,
        lapsed=row.lapsed,
    )
