# SPDX-License-Identifier: Apache-2.0
"""Sealed streams of events in SQL: how the events of any kind of file are kept, with their ledger entries.

A file has a row (version, wrapped data key, what lists show) and events. What an event marks as private is sealed under
the file's own key, which is wrapped by the key file; the database alone does not give it away. Destroying the key
erases everything private at once and leaves the ledger whole.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import ledger, outbox
from noli.adapters.sql import tables as t
from noli.adapters.sql.sealed import event_commitment, event_place, event_salt, key_place
from noli.base.errors import Conflict, NoliError, NotFound
from noli.base.secrecy import Keyring, WrappedKey
from noli.evidence.events import Codec, Opening, Recorded, Written
from noli.evidence.model import Fact, LedgerEntry
from noli.outbox.model import OutboxMessage

E = TypeVar("E")
FileId = TypeVar("FileId", bound=str)


class SealedStream(Generic[E]):
    """The files of one kind, inside one transaction; who appends has opened an ``exclusive`` one."""

    def __init__(
        self,
        connection: Connection,
        keyring: Keyring,
        codec: Codec[E],
        *,
        file: sa.Table,
        events: sa.Table,
        noun: str,
        told: Callable[[E, int, LedgerEntry], OutboxMessage],
    ) -> None:
        """Keep the open connection.

        Args:
            connection: The transaction.
            keyring: Wraps and seals.
            codec: Takes events apart.
            file: One row a file: ``id``, ``version``, ``key_id``, ``wrapped_key`` and what its kind adds.
            events: One row an event; the first column of its key says whose.
            noun: What such a file is called, for errors.
            told: Returns the message about an event, given its place in the file and its ledger entry.
        """
        self.connection, self._keyring, self._codec = connection, keyring, codec
        self.file, self._events, self._noun, self._told = file, events, noun, told
        self._owner = events.primary_key.columns.values()[0]
        self._keys: dict[str, bytes | None] = {}
        #: Whether a file was erased, so that what was overwritten should go from the disk.
        self.erased = False

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact to the ledger."""
        return ledger.append(self.connection, fact, now=now)

    def create(self, id_: str, values: Mapping[str, object]) -> bytes:
        """Make an empty file and return its new data key."""
        key = self._keyring.new_key()
        wrapped = self._keyring.wrap(key, place=key_place(self.file, id_))
        row = {"id": id_, "version": 0, "key_id": wrapped.key_id, "wrapped_key": wrapped.data, **values}
        self.connection.execute(self.file.insert().values(row))
        self._keys[id_] = key
        return key

    def append(
        self,
        id_: str,
        events: Sequence[E],
        *,
        version: int,
        actor: str,
        now: datetime,
        listed: Mapping[str, object],
    ) -> list[LedgerEntry]:
        """Append events with one ledger entry each, tell of them, and change what lists show.

        Raises:
            Conflict: The file has another version by now.
            NotFound: There is no such file.
        """
        unchanged = self.file.c.id == id_, self.file.c.version == version
        values = {"version": version + len(events), **listed}
        if self.connection.execute(self.file.update().where(*unchanged).values(values)).rowcount == 0:
            msg = f"This {self._noun} was changed meanwhile: it has version {self.row(id_).version} by now."
            raise Conflict(msg)
        return [self._append(id_, version + at, event, actor, now) for at, event in enumerate(events, 1)]

    def _append(self, id_: str, sequence: int, event: E, actor: str, now: datetime) -> LedgerEntry:
        written = self._codec.write(event)
        key = self.key(id_)
        details, sealed = b"", None
        if key is not None:
            details = event_commitment(key, sequence, written)
            if written.private:
                plain = json.dumps(written.private, separators=(",", ":")).encode("utf-8")
                sealed = self._keyring.seal(key, plain, place=event_place(self._events, id_, sequence))
        entry = self.record(Fact(written.name, id_, actor, details), now=now)
        self.connection.execute(
            self._events.insert(),
            {
                self._owner.name: id_,
                "sequence": sequence,
                "kind": written.name,
                "at": now,
                "actor": actor,
                "content": dict(written.open),
                "private": sealed,
                "ledger_sequence": entry.sequence,
            },
        )
        outbox.tell(self.connection, self._told(event, sequence, entry))
        return entry

    def history(self, id_: str) -> list[Recorded[E]]:
        """Return all events in order; personal fields are empty once erased. Raises NotFound."""
        key = self.key(id_)
        query = self._events.select().where(self._owner == id_).order_by(self._events.c.sequence)
        return [
            Recorded(
                row.sequence, row.at, row.actor, self._codec.read(row.kind, row.content, self._open(id_, key, row))
            )
            for row in self.connection.execute(query)
        ]

    def openings(self, id_: str) -> list[Opening[E]]:
        """Return all events in order, each with what shows that the ledger holds it. Raises NotFound."""
        key = self.key(id_)
        query = self._events.select().where(self._owner == id_).order_by(self._events.c.sequence)
        found = []
        for row in self.connection.execute(query):
            private = self._open(id_, key, row)
            event = self._codec.read(row.kind, row.content, private)
            salt = b"" if key is None else event_salt(key, row.sequence)
            written = Written(row.kind, row.content, private or {})
            recorded = Recorded(row.sequence, row.at, row.actor, event)
            found.append(Opening(recorded, written, salt, row.ledger_sequence))
        return found

    def outlines(self, ids: Sequence[FileId]) -> dict[FileId, list[Recorded[E]]]:
        """Return the events of many files with nothing private in them, each file's in order; in one query."""
        found: dict[FileId, list[Recorded[E]]] = {id_: [] for id_ in ids}
        kept = self._events.c
        columns = (self._owner, kept.sequence, kept.at, kept.actor, kept.kind, kept.content)
        query = sa.select(*columns).where(self._owner.in_(ids)).order_by(self._owner, kept.sequence)
        for owner, sequence, at, actor, kind, content in self.connection.execute(query):
            found[owner].append(Recorded(sequence, at, actor, self._codec.read(kind, content, None)))
        return found

    def _open(self, id_: str, key: bytes | None, row: Row[*tuple[object, ...]]) -> dict[str, Any] | None:
        if key is None or row.private is None:
            return None
        opened = self._keyring.open(key, bytes(row.private), place=event_place(self._events, id_, row.sequence))
        private: dict[str, Any] = json.loads(opened)
        return private

    def erase(self, id_: str, values: Mapping[str, object] | None = None) -> None:
        """Destroy the key of a file and everything that was sealed under it."""
        if self.connection.dialect.name == "sqlite":
            # Deleted and overwritten content is zeroed in the file.
            self.connection.exec_driver_sql("PRAGMA secure_delete=ON")
        gone = {"key_id": None, "wrapped_key": None, **(values or {})}
        self.connection.execute(self.file.update().where(self.file.c.id == id_).values(gone))
        self.connection.execute(self._events.update().where(self._owner == id_).values(private=None))
        self._keys[id_] = None
        self.erased = True

    def key(self, id_: str) -> bytes | None:
        """Return the data key of a file, None once it was destroyed. Raises NotFound."""
        if id_ not in self._keys:
            row = self.row(id_)
            wrapped = None if row.key_id is None else WrappedKey(row.key_id, bytes(row.wrapped_key))
            self._keys[id_] = (
                None if wrapped is None else self._keyring.unwrap(wrapped, place=key_place(self.file, id_))
            )
        return self._keys[id_]

    def row(self, id_: str) -> Row[*tuple[object, ...]]:
        """Return the row of a file. Raises NotFound."""
        row = self.connection.execute(self.file.select().where(self.file.c.id == id_)).one_or_none()
        if row is None:
            msg = f"There is no such {self._noun}."
            raise NotFound(msg)
        return row


class Feed:
    """The feed of matches in recorded checks, and how far each of its readers has come."""

    def __init__(self, connection: Connection) -> None:
        """Keep the open connection."""
        self._connection = connection

    def matches(self, *, after: int, until: datetime, limit: int = 1000) -> list[Row[*tuple[object, ...]]]:
        """Read matches of recorded checks in order: number, entry_id, bank, key, verdict, checked_at, content_ref."""
        check, match = t.matched_check.c, t.check_match.c
        # What is not settled ends the reading: its number may be smaller than that of an older check.
        unsettled = sa.select(sa.func.min(check.number)).where(check.number > after, check.checked_at > until)
        stop = self._connection.execute(unsettled).scalar_one()
        numbers = sa.select(check.number).where(check.number > after).order_by(check.number).limit(limit)
        if stop is not None:
            numbers = numbers.where(check.number < stop)
        query = (
            sa.select(
                check.number,
                match.entry_id,
                t.bank.c.name.label("bank"),
                check.key,
                match.verdict,
                check.checked_at,
                check.content_ref,
            )
            .join(t.check_match, match.check_number == check.number)
            .join(t.bank, t.bank.c.id == match.bank_id)
            .where(check.number.in_(numbers.scalar_subquery()))
            .order_by(check.number, match.position)
        )
        return list(self._connection.execute(query))

    def position(self, name: str) -> int:
        """Return how far a reader of a feed has come."""
        kept = t.feed_position
        found = self._connection.execute(sa.select(kept.c.position).where(kept.c.name == name)).scalar_one_or_none()
        return found or 0

    def advance(self, name: str, position: int) -> None:
        """Keep how far a reader has come."""
        kept = t.feed_position
        update = kept.update().where(kept.c.name == name).values(position=position)
        if self._connection.execute(update).rowcount == 0:
            self._connection.execute(kept.insert().values(name=name, position=position))


def overwrite(engine: Engine) -> None:
    """Let go of old pages of the write-ahead log, where a destroyed key still stands (wrapped).

    Others who are reading may keep it from happening now; then it happens at the next checkpoint.
    """
    if engine.dialect.name == "sqlite":
        with suppress(NoliError, sa.exc.DBAPIError), engine.connect() as connection:
            # The driver's own connection: a checkpoint cannot run in a transaction, which ours always opens.
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
