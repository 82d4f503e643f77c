# SPDX-License-Identifier: Apache-2.0
"""The ledger in SQL: ``evidence.ports.Ledger`` and ``Roots``, and appending inside another repository's transaction.

Each entry needs the one before, so who appends has opened an ``exclusive`` transaction. A verification reads what
stands in the database byte by byte (``raw.py``): what cannot be read as what it should be is a flaw to be named, not a
reason to stop.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import jobs, raw
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.references import KINDS, references
from noli.base.errors import Conflict, IntegrityError, NotFound
from noli.base.secrecy import Keyring
from noli.evidence.model import Fact, LedgerEntry, LedgerRoot, SignedRoot, TimestampToken
from noli.evidence.ports import WholeLedger
from noli.evidence.proofs import Nodes
from noli.evidence.rules import following
from noli.jobs.model import Lease

# Rows fetched at a time while the ledger is read.
_ROWS = 5000

_HASH_BYTES = 32

_entry, _root, _stamp, _tile = t.ledger_entry.c, t.ledger_root.c, t.ledger_timestamp.c, t.ledger_tile.c

# The entry that the next one follows; made once, because every event asks for it.
_NEWEST = t.ledger_entry.select().order_by(_entry.sequence.desc()).limit(1)


class SqlLedger:
    """Reads the ledger, and keeps its signed roots."""

    def __init__(self, engine: Engine, keyring: Keyring | None = None) -> None:
        """Keep the collaborators; without a keyring commitments of cases cannot be compared with their events."""
        self._engine, self._keyring = engine, keyring

    @contextmanager
    def whole(self) -> Iterator[WholeLedger]:
        """Read all of it in one transaction."""
        with transaction(self._engine) as connection:
            roots = connection.execute(t.ledger_root.select().order_by(_root.size))
            stamps = connection.execute(t.ledger_timestamp.select().order_by(_stamp.size, _stamp.authority))
            yield WholeLedger(
                _entries(connection),
                references(connection, self._keyring),
                KINDS,
                [_signed(row) for row in roots],
                [_token(row) for row in stamps],
            )

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """Stream entries in order."""
        with transaction(self._engine) as connection:
            yield from _entries(connection, after=after)

    def entry(self, sequence: int) -> LedgerEntry:
        """Return one entry."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.ledger_entry.select().where(_entry.sequence == sequence)).one_or_none()
        if row is None:
            msg = f"There is no ledger entry {sequence}."
            raise NotFound(msg)
        return _read(row)

    def page(
        self, *, subject: str = "", kind: str = "", day: date | None = None, before: int | None = None, limit: int = 100
    ) -> list[LedgerEntry]:
        """List entries, newest first."""
        query = t.ledger_entry.select().limit(limit)
        if subject:
            query = query.where(_entry.subject == subject)
        with transaction(self._engine) as connection:
            if kind or day is not None:
                query = _filtered(connection, query, kind, day, before)
            else:
                query = query.order_by(_entry.sequence.desc())
                query = query if before is None else query.where(_entry.sequence < before)
            return [_read(row) for row in connection.execute(query)]

    @contextmanager
    def nodes(self) -> Iterator[Nodes]:
        """Read nodes of the tree in one transaction: a proof takes some twenty ranges of them."""
        with transaction(self._engine) as connection:
            yield partial(_nodes, connection)

    def last(self) -> tuple[SignedRoot, tuple[bytes, ...]] | None:
        """Return the largest signed root with its peaks."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.ledger_root.select().order_by(_root.size.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        peaks = bytes(row.peaks)
        return _signed(row), tuple(peaks[at : at + _HASH_BYTES] for at in range(0, len(peaks), _HASH_BYTES))

    def at(self, size: int) -> SignedRoot:
        """Return the signed root of a size."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.ledger_root.select().where(_root.size == size)).one_or_none()
        if row is None:
            msg = f"No root of {size} entries was signed; 'noli ledger roots' lists those that were."
            raise NotFound(msg)
        return _signed(row)

    def roots(self, *, before: int | None = None, limit: int = 100) -> list[SignedRoot]:
        """List signed roots, largest first."""
        query = t.ledger_root.select().order_by(_root.size.desc()).limit(limit)
        if before is not None:
            query = query.where(_root.size < before)
        with transaction(self._engine) as connection:
            return [_signed(row) for row in connection.execute(query)]

    def keep(
        self,
        signed: SignedRoot,
        *,
        peaks: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        lease: Lease | None,
    ) -> None:
        """Keep a signed root."""
        values = {
            "size": signed.root.size,
            "root": signed.root.root,
            "at": signed.at,
            "key": signed.key,
            "signature": signed.signature,
            "peaks": b"".join(peaks),
        }
        with exclusive(self._engine) as connection:
            if lease is not None:
                jobs.fence(connection, lease)
            if connection.execute(t.ledger_root.select().where(_root.size == signed.root.size)).first() is not None:
                msg = "The root of this size was signed already."
                raise Conflict(msg)
            connection.execute(t.ledger_root.insert().values(values))
            rows = [{"level": level, "number": number, "hash": hash_} for (level, number), hash_ in tiles.items()]
            if rows:
                connection.execute(t.ledger_tile.insert(), rows)

    def tokens(self, size: int) -> list[TimestampToken]:
        """Return what time-stamp authorities said of a root."""
        query = t.ledger_timestamp.select().where(_stamp.size == size).order_by(_stamp.at)
        with transaction(self._engine) as connection:
            return [_token(row) for row in connection.execute(query)]

    def keep_token(self, token: TimestampToken) -> None:
        """Keep what a time-stamp authority said."""
        values = {"size": token.size, "authority": token.authority, "at": token.at, "token": token.token}
        with transaction(self._engine, write=True) as connection:
            connection.execute(t.ledger_timestamp.insert().values(values))


def append(connection: Connection, fact: Fact, *, now: datetime) -> LedgerEntry:
    """Append one fact in an ``exclusive`` transaction."""
    last = connection.execute(_NEWEST).one_or_none()
    entry = following(None if last is None else _read(last), fact, now=now)
    connection.execute(
        t.ledger_entry.insert(),
        {
            "sequence": entry.sequence,
            "at": entry.at,
            "kind": fact.kind,
            "subject": fact.subject,
            "actor": fact.actor,
            "commitment": fact.commitment,
            "leaf": entry.leaf,
            "link": entry.link,
        },
    )
    return entry


def _filtered(
    connection: Connection, query: sa.Select[Any], kind: str, day: date | None, before: int | None
) -> sa.Select[Any]:
    """Go by time, as the indexes of kinds and days do: clocks of several processes differ from the entries' order."""
    if kind:
        query = query.where(_entry.kind == kind)
    if day is not None:
        start = datetime.combine(day, time.min, UTC)
        query = query.where(_entry.at >= start, _entry.at < start + timedelta(days=1))
    if before is not None:
        at = connection.execute(sa.select(_entry.at).where(_entry.sequence == before)).scalar_one_or_none()
        place = sa.tuple_(_entry.at, _entry.sequence)
        bound = sa.tuple_(sa.literal(at, _entry.at.type), sa.literal(before, _entry.sequence.type))
        query = query.where(_entry.sequence < before if at is None else place < bound)
    return query.order_by(_entry.at.desc(), _entry.sequence.desc())


def _nodes(connection: Connection, level: int, start: int, stop: int) -> list[bytes]:
    if level == 0:
        query = sa.select(_entry.leaf).where(_entry.sequence > start, _entry.sequence <= stop)
        query = query.order_by(_entry.sequence)
    else:
        query = sa.select(_tile.hash).where(_tile.level == level, _tile.number >= start, _tile.number < stop)
        query = query.order_by(_tile.number)
    found = [bytes(each) for each in connection.execute(query).scalars()]
    if len(found) != stop - start:
        msg = "Hashes of the ledger are missing; 'noli ledger verify' says what is wrong."
        raise IntegrityError(msg)
    return found


def _entries(connection: Connection, *, after: int = 0) -> Iterator[LedgerEntry]:
    texts = (raw.as_bytes(connection, column) for column in (_entry.at, _entry.kind, _entry.subject, _entry.actor))
    query = sa.select(_entry.sequence, *texts, _entry.commitment, _entry.leaf, _entry.link)
    query = query.where(_entry.sequence > after).order_by(_entry.sequence)
    for row in connection.execution_options(yield_per=_ROWS).execute(query):
        fact = Fact(raw.text(row.kind), raw.text(row.subject), raw.text(row.actor), raw.blob(row.commitment))
        yield LedgerEntry(row.sequence, raw.time(row.at), fact, raw.blob(row.leaf), raw.blob(row.link))


def _read(row: Row[*tuple[Any, ...]]) -> LedgerEntry:
    fact = Fact(row.kind, row.subject, row.actor, bytes(row.commitment))
    return LedgerEntry(row.sequence, row.at, fact, bytes(row.leaf), bytes(row.link))


def _signed(row: Row[*tuple[Any, ...]]) -> SignedRoot:
    return SignedRoot(LedgerRoot(row.size, bytes(row.root)), row.at, row.key, bytes(row.signature))


def _token(row: Row[*tuple[Any, ...]]) -> TimestampToken:
    return TimestampToken(row.size, row.authority, row.at, bytes(row.token))
