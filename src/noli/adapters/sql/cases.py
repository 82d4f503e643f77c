# SPDX-License-Identifier: Apache-2.0
"""Cases in SQL: ``casework.ports.CaseStore``, with banks and ledger in the same transaction.

What an event marks as private is sealed under the case's own key, which is wrapped by the key file; whose entry an
entry is stands there by a keyed digest only. The database alone gives away neither.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import jobs, ledger, outbox
from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBankTransaction
from noli.adapters.sql.case_rows import door_values, listed_values, read_door, read_summary, wanted_rows
from noli.adapters.sql.engine import exclusive, transaction
from noli.bank.model import EntryId
from noli.base.errors import Conflict, NoliError, NotFound
from noli.base.secrecy import Keyring, Purpose, WrappedKey
from noli.casework.events import CaseErased, Event, ItemAdded, ItemReleased, Recorded, read, write
from noli.casework.model import Case, CaseFilter, CaseId, CaseSummary
from noli.casework.ports import Door, SeenMatch
from noli.casework.summaries import summary
from noli.casework.telling import told
from noli.evidence.model import Fact, LedgerEntry
from noli.evidence.rules import commitment
from noli.jobs.model import Lease
from noli.outbox.model import OutboxMessage


class SqlCases:
    """Opens transactions on cases."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["SqlCaseTransaction"]:
        """Open one transaction; see the port."""
        with (exclusive if write else transaction)(self._engine) as connection:
            opened = SqlCaseTransaction(connection, self._keyring)
            yield opened
        if opened.erased:
            self._overwrite()

    def _overwrite(self) -> None:
        """Let go of old pages of the write-ahead log, where the destroyed key still stands (wrapped).

        Others who are reading may keep it from happening now; then it happens at the next checkpoint.
        """
        if self._engine.dialect.name == "sqlite":
            with suppress(NoliError, sa.exc.DBAPIError), self._engine.connect() as connection:
                # The driver's own connection: a checkpoint cannot run in a transaction, which ours always opens.
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class SqlCaseTransaction:
    """One transaction; its methods are described in ``casework.ports.CaseTransaction``."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Keep the open connection."""
        self._connection, self._keyring = connection, keyring
        self._keys: dict[CaseId, bytes | None] = {}
        self._banks = SqlBankTransaction(connection)
        #: Whether a case was erased, so that what was overwritten should go from the disk.
        self.erased = False

    @property
    def banks(self) -> SqlBankTransaction:
        """The banks, inside this transaction."""
        return self._banks

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact to the ledger."""
        return ledger.append(self._connection, fact, now=now)

    def tell(self, message: OutboxMessage) -> None:
        """Keep a message for every webhook that wants it."""
        outbox.tell(self._connection, message)

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        """Ask for a job."""
        jobs.schedule(self._connection, kind, subject, due_at=due_at, urgent=urgent)

    def fence(self, lease: Lease) -> None:
        """Hold a lease's job until the transaction ends."""
        jobs.fence(self._connection, lease)

    def open(self, door: Door, *, number: str) -> None:
        """Make an empty case."""
        key = self._keyring.new_key()
        wrapped = self._keyring.wrap(key, place=key_place(door.case))
        sealed = self._keyring.seal(key, number.encode("ascii"), place=_number_place(door.case))
        values = {**door_values(door), "key_id": wrapped.key_id, "wrapped_key": wrapped.data, "number_sealed": sealed}
        taken = (
            t.case_file.c.number_digest == door.number,
            t.case_file.c.submission == door.submission,
            t.case_file.c.recovery == (door.recovery or b""),
        )
        if self._row(t.case_file.select().where(sa.or_(*taken)).limit(1)) is not None:
            msg = "This case exists already."
            raise Conflict(msg)
        self._connection.execute(t.case_file.insert().values(values))
        self._keys[door.case] = key

    def append(
        self, case: Case, events: Sequence[Event], *, version: int, actor: str, now: datetime
    ) -> list[LedgerEntry]:
        """Append events with their ledger entries, and bring the list up to date."""
        row = self._file(case.id)
        unchanged = t.case_file.c.id == case.id, t.case_file.c.version == version
        values = {"version": version + len(events), **listed_values(summary(case))}
        if self._connection.execute(t.case_file.update().where(*unchanged).values(values)).rowcount == 0:
            msg = f"This case was changed meanwhile: it has version {row.version} by now."
            raise Conflict(msg)
        return [self._append(case.id, version + at, event, actor, now) for at, event in enumerate(events, 1)]

    def _append(self, case: CaseId, sequence: int, event: Event, actor: str, now: datetime) -> LedgerEntry:
        written = write(event)
        key = self._key(case)
        details, sealed = b"", None
        if key is not None:
            salt = hmac.digest(key, b"ledger|%d" % sequence, hashlib.sha256)
            details = commitment(salt, written.canonical())
            if written.private:
                plain = json.dumps(written.private, separators=(",", ":")).encode("utf-8")
                sealed = self._keyring.seal(key, plain, place=_event_place(case, sequence))
        entry = self.record(Fact(written.name, case, actor, details), now=now)
        self._connection.execute(
            t.case_event.insert().values(
                case_id=case,
                sequence=sequence,
                kind=written.name,
                at=now,
                actor=actor,
                content=dict(written.open),
                private=sealed,
                ledger_sequence=entry.sequence,
            )
        )
        if isinstance(event, ItemAdded | ItemReleased) and event.entry is not None:
            self._connection.execute(t.case_entry.insert().values(digest=self._digest(event.entry), case_id=case))
        if isinstance(event, CaseErased):
            self._erase(case)
        self.tell(told(event, number=sequence, entry=entry))
        return entry

    def _erase(self, case: CaseId) -> None:
        if self._connection.dialect.name == "sqlite":
            # Deleted and overwritten content is zeroed in the file.
            self._connection.exec_driver_sql("PRAGMA secure_delete=ON")
        gone = {"key_id": None, "wrapped_key": None, "number_sealed": None}
        self._connection.execute(t.case_file.update().where(t.case_file.c.id == case).values(gone))
        self._connection.execute(t.case_event.update().where(t.case_event.c.case_id == case).values(private=None))
        self._connection.execute(t.case_entry.delete().where(t.case_entry.c.case_id == case))
        self._keys[case] = None
        self.erased = True

    def history(self, case: CaseId) -> list[Recorded]:
        """Return all events in order."""
        key = self._key(case)
        query = t.case_event.select().where(t.case_event.c.case_id == case).order_by(t.case_event.c.sequence)
        return [
            Recorded(row.sequence, row.at, row.actor, read(row.kind, row.content, self._private(case, key, row)))
            for row in self._connection.execute(query)
        ]

    def _private(self, case: CaseId, key: bytes | None, row: Row[*tuple[object, ...]]) -> dict[str, object] | None:
        if key is None or row.private is None:
            return None
        opened = self._keyring.open(key, bytes(row.private), place=_event_place(case, row.sequence))
        private: dict[str, object] = json.loads(opened)
        return private

    def door(self, *, number: bytes) -> Door | None:
        """Find how to enter a case by its number."""
        return self._door(t.case_file.c.number_digest == number)

    def door_of(self, case: CaseId) -> Door:
        """Find how to enter a case by its id."""
        return read_door(self._file(case))

    def door_by_submission(self, submission: bytes) -> Door | None:
        """Find the case that a submission made."""
        return self._door(t.case_file.c.submission == submission)

    def door_by_recovery(self, recovery: bytes) -> Door | None:
        """Find a case by its recovery code."""
        return self._door(t.case_file.c.recovery == recovery)

    def replace_verifier(self, case: CaseId, verifier: str) -> None:
        """Keep the verifier of new words."""
        self._connection.execute(t.case_file.update().where(t.case_file.c.id == case).values(verifier=verifier))

    def number_of(self, case: CaseId) -> str:
        """Return the case number."""
        row, key = self._file(case), self._key(case)
        if key is None or row.number_sealed is None:
            return ""
        return self._keyring.open(key, bytes(row.number_sealed), place=_number_place(case)).decode("ascii")

    def cases_of(self, entries: Sequence[EntryId]) -> dict[EntryId, CaseId]:
        """Return whose entries these are."""
        digests = {self._digest(entry): entry for entry in entries}
        found: dict[EntryId, CaseId] = {}
        for some in _portions(list(digests)):
            query = t.case_entry.select().where(t.case_entry.c.digest.in_(some))
            for row in self._connection.execute(query):
                found[digests[bytes(row.digest)]] = CaseId(row.case_id)
        return found

    def due(self, now: datetime, *, limit: int = 100) -> list[CaseId]:
        """List cases whose withdrawal is due."""
        due_at = t.case_file.c.withdrawal_due_at
        query = sa.select(t.case_file.c.id).where(due_at <= now).order_by(due_at, t.case_file.c.id).limit(limit)
        return [CaseId(id_) for id_ in self._connection.execute(query).scalars()]

    def page(self, wanted: CaseFilter, *, after: CaseId | None = None, limit: int = 100) -> list[CaseSummary]:
        """List cases, newest first."""
        kept = t.case_file.c
        query = t.case_file.select().where(kept.version > 0, *wanted_rows(wanted))
        if after is not None:
            query = query.where(sa.tuple_(kept.opened_at, kept.id) < sa.tuple_(self._file(after).opened_at, after))
        rows = self._connection.execute(query.order_by(kept.opened_at.desc(), kept.id.desc()).limit(limit))
        return [read_summary(row) for row in rows]

    def spend(self, challenge: bytes, *, expires_at: datetime, now: datetime) -> bool:
        """Note that a challenge was used."""
        spent = t.spent_challenge
        self._connection.execute(spent.delete().where(spent.c.expires_at < now))
        if self._row(spent.select().where(spent.c.id == challenge)) is not None:
            return False
        self._connection.execute(spent.insert().values(id=challenge, expires_at=expires_at))
        return True

    def matches(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenMatch]:
        """Read matches of recorded checks."""
        check, match = t.matched_check.c, t.check_match.c
        # What is not settled ends the reading: its number may be smaller than that of an older check.
        unsettled = sa.select(sa.func.min(check.number)).where(check.number > after, check.checked_at > until)
        stop = self._connection.execute(unsettled).scalar_one()
        numbers = sa.select(check.number).where(check.number > after).order_by(check.number).limit(limit)
        if stop is not None:
            numbers = numbers.where(check.number < stop)
        query = (
            sa.select(check.number, match.entry_id, check.key, check.verdict, check.checked_at)
            .join(t.check_match, match.check_number == check.number)
            .where(check.number.in_(numbers.scalar_subquery()))
            .order_by(check.number, match.position)
        )
        return [
            SeenMatch(row.number, EntryId(row.entry_id), row.key, row.verdict, row.checked_at)
            for row in self._connection.execute(query)
        ]

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

    def _door(self, which: sa.ColumnElement[bool]) -> Door | None:
        row = self._row(t.case_file.select().where(which))
        return None if row is None else read_door(row)

    def _key(self, case: CaseId) -> bytes | None:
        """Return the data key of a case, None once it was destroyed. Raises NotFound."""
        if case not in self._keys:
            row = self._file(case)
            wrapped = None if row.key_id is None else WrappedKey(row.key_id, bytes(row.wrapped_key))
            self._keys[case] = None if wrapped is None else self._keyring.unwrap(wrapped, place=key_place(case))
        return self._keys[case]

    def _file(self, case: CaseId) -> Row[*tuple[object, ...]]:
        row = self._row(t.case_file.select().where(t.case_file.c.id == case))
        if row is None:
            msg = "There is no such case."
            raise NotFound(msg)
        return row

    def _row(self, query: sa.Select[*tuple[object, ...]]) -> Row[*tuple[object, ...]] | None:
        return self._connection.execute(query).one_or_none()

    def _digest(self, entry: EntryId) -> bytes:
        return self._keyring.digest(Purpose.ENTRY, entry.to_bytes(8))


def key_place(case: str) -> str:
    """Return where the data key of a case stands, for wrapping."""
    return f"case_file|{case}|key"


def _number_place(case: CaseId) -> str:
    return f"case_file|{case}|number"


def _event_place(case: CaseId, sequence: int) -> str:
    return f"case_event|{case}|{sequence}|private"


def _portions(digests: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    # SQLite takes 32,766 parameters.
    for start in range(0, len(digests), 1000):
        yield digests[start : start + 1000]
