# SPDX-License-Identifier: Apache-2.0
"""The ledger in SQL: ``evidence.ports.Ledger`` and ``Roots``, and appending inside another repository's transaction.

Each entry needs the one before, so who appends has opened an ``exclusive`` transaction. A verification reads what
stands in the database byte by byte: what cannot be read as what it should be is a flaw to be named, not a reason to
stop.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import jobs
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.base.errors import Conflict, IntegrityError, NotFound
from noli.base.secrecy import Keyring, WrappedKey
from noli.casework.events import NAMES, Written
from noli.evidence.model import Fact, LedgerEntry, LedgerRoot, Reference, SignedRoot, TimestampToken
from noli.evidence.ports import WholeLedger
from noli.evidence.rules import commitment, following
from noli.jobs.model import Lease

# Rows fetched at a time while the ledger is read.
_ROWS = 5000

# Data keys of cases that are kept unwrapped while events are compared.
_KEYS = 100_000

# Stands for a time that cannot be read.
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)

_HASH_BYTES = 32

_entry, _root, _stamp, _tile = t.ledger_entry.c, t.ledger_root.c, t.ledger_timestamp.c, t.ledger_tile.c


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
                self._references(connection),
                frozenset(NAMES.values()),
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

    def page(self, *, subject: str = "", before: int | None = None, limit: int = 100) -> list[LedgerEntry]:
        """List entries, newest first."""
        query = t.ledger_entry.select().order_by(_entry.sequence.desc()).limit(limit)
        if subject:
            query = query.where(_entry.subject == subject)
        if before is not None:
            query = query.where(_entry.sequence < before)
        with transaction(self._engine) as connection:
            return [_read(row) for row in connection.execute(query)]

    def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return nodes of the tree."""
        if level == 0:
            query = sa.select(_entry.leaf).where(_entry.sequence > start, _entry.sequence <= stop)
            query = query.order_by(_entry.sequence)
        else:
            query = sa.select(_tile.hash).where(_tile.level == level, _tile.number >= start, _tile.number < stop)
            query = query.order_by(_tile.number)
        with transaction(self._engine) as connection:
            found = [bytes(each) for each in connection.execute(query).scalars()]
        if len(found) != stop - start:
            msg = "Hashes of the ledger are missing; 'noli ledger verify' says what is wrong."
            raise IntegrityError(msg)
        return found

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

    def _references(self, connection: Connection) -> Iterator[Reference]:
        event, file = t.case_event.c, t.case_file.c
        query = (
            sa.select(
                event.case_id,
                event.sequence,
                event.ledger_sequence,
                file.key_id,
                file.wrapped_key,
                event.private,
                *(_bytes(connection, column) for column in (event.kind, event.actor, event.at, event.content)),
            )
            .join(t.case_file, file.id == event.case_id)
            .order_by(event.ledger_sequence)
        )
        keys: dict[str, bytes | None] = {}
        for row in connection.execution_options(yield_per=_ROWS).execute(query):
            if row.case_id not in keys and len(keys) < _KEYS:
                keys[row.case_id] = self._key(row)
            key = keys[row.case_id] if row.case_id in keys else self._key(row)
            at, kind = _time(row.at), _text(row.kind)
            details = b"" if key is None or self._keyring is None else _details(self._keyring, key, row, kind)
            fact = Fact(kind, row.case_id, _text(row.actor), details)
            # Anything may stand where a number should; then no entry has this event.
            number = row.ledger_sequence if isinstance(row.ledger_sequence, int) else 0
            yield Reference(number, at, fact, checkable=key is not None)

    def _key(self, row: Row[*tuple[Any, ...]]) -> bytes | None:
        if self._keyring is None or row.key_id is None:
            return None
        wrapped = WrappedKey(row.key_id, bytes(row.wrapped_key))
        try:
            return self._keyring.unwrap(wrapped, place=key_place(row.case_id))
        except IntegrityError:
            # No commitment made with it will fit, and that is what has to be said.
            return b""


def key_place(case: str) -> str:
    """Return where the data key of a case stands, for wrapping."""
    return f"case_file|{case}|key"


def event_place(case: str, sequence: int) -> str:
    """Return where the sealed part of an event stands."""
    return f"case_event|{case}|{sequence}|private"


def event_commitment(key: bytes, sequence: int, written: Written) -> bytes:
    """Return what the ledger holds for an event of a case: a commitment that nobody can try out without its key."""
    salt = hmac.digest(key, b"ledger|%d" % sequence, "sha256")
    return commitment(salt, written.canonical())


def append(connection: Connection, fact: Fact, *, now: datetime) -> LedgerEntry:
    """Append one fact in an ``exclusive`` transaction."""
    kept = t.ledger_entry
    last = connection.execute(kept.select().order_by(kept.c.sequence.desc()).limit(1)).one_or_none()
    entry = following(None if last is None else _read(last), fact, now=now)
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


def _entries(connection: Connection, *, after: int = 0) -> Iterator[LedgerEntry]:
    texts = (_bytes(connection, column) for column in (_entry.at, _entry.kind, _entry.subject, _entry.actor))
    query = sa.select(_entry.sequence, *texts, _entry.commitment, _entry.leaf, _entry.link)
    query = query.where(_entry.sequence > after).order_by(_entry.sequence)
    for row in connection.execution_options(yield_per=_ROWS).execute(query):
        fact = Fact(_text(row.kind), _text(row.subject), _text(row.actor), _raw(row.commitment))
        yield LedgerEntry(row.sequence, _time(row.at), fact, _raw(row.leaf), _raw(row.link))


def _bytes(connection: Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Read a column as the bytes that are there, where the database lets anything be there."""
    if connection.dialect.name != "sqlite":
        return column
    return sa.cast(column, sa.LargeBinary).label(column.name)


def _raw(value: object) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else bytes(value) if isinstance(value, bytes) else b""


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(_text(value)).replace(tzinfo=UTC)
    except ValueError:
        return _NO_TIME


def _details(keyring: Keyring, key: bytes, row: Row[*tuple[Any, ...]], kind: str) -> bytes:
    """Make an event's commitment from what the table holds; empty where that cannot be read."""
    try:
        private: Mapping[str, Any] = {}
        if row.private is not None:
            opened = keyring.open(key, bytes(row.private), place=event_place(row.case_id, row.sequence))
            private = json.loads(opened)
        content = json.loads(row.content) if isinstance(row.content, bytes) else row.content
        return event_commitment(key, row.sequence, Written(kind, content, private))
    except (IntegrityError, ValueError):
        return b""


def _read(row: Row[*tuple[Any, ...]]) -> LedgerEntry:
    fact = Fact(row.kind, row.subject, row.actor, bytes(row.commitment))
    return LedgerEntry(row.sequence, row.at, fact, bytes(row.leaf), bytes(row.link))


def _signed(row: Row[*tuple[Any, ...]]) -> SignedRoot:
    return SignedRoot(LedgerRoot(row.size, bytes(row.root)), row.at, row.key, bytes(row.signature))


def _token(row: Row[*tuple[Any, ...]]) -> TimestampToken:
    return TimestampToken(row.size, row.authority, row.at, bytes(row.token))
