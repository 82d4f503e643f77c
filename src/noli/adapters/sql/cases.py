# SPDX-License-Identifier: Apache-2.0
"""Cases in SQL: ``casework.ports.CaseStore``, with banks and ledger in the same transaction.

What an event marks as private is sealed under the case's own key, which is wrapped by the key file; whose entry an
entry is stands there by a keyed digest only. The database alone gives away neither.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import finding, jobs, outbox
from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBankTransaction
from noli.adapters.sql.case_rows import door_values, listed_values, read_door, read_summary, wanted_rows
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.streams import Feed, SealedStream, overwrite
from noli.bank.model import EntryId
from noli.base.errors import Conflict
from noli.base.secrecy import Keyring, Purpose
from noli.casework.events import CODEC, CaseErased, Event, ItemAdded, ItemReleased, LinkAdded, Recorded
from noli.casework.model import Case, CaseFilter, CaseId, CaseSummary
from noli.casework.ports import Door, SeenMatch, SeenStep
from noli.casework.summaries import summary
from noli.casework.telling import told
from noli.evidence.events import Opening
from noli.evidence.model import Fact, LedgerEntry
from noli.jobs.model import Lease
from noli.moderation.finding import link_terms
from noli.moderation.model import FoundKind
from noli.outbox.model import OutboxMessage


def terms(event: Event) -> tuple[str, ...]:
    """Return by what a case is found from an event on."""
    return link_terms(event.url) if isinstance(event, LinkAdded) else ()


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
        if opened.stream.erased:
            overwrite(self._engine)


class SqlCaseTransaction:
    """One transaction; its methods are described in ``casework.ports.CaseTransaction``."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Keep the open connection."""
        self._connection, self._keyring = connection, keyring
        #: Events of cases, sealed.
        self.stream = SealedStream(
            connection, keyring, CODEC, file=t.case_file, events=t.case_event, noun="case", told=told
        )
        self._banks, self._feed = SqlBankTransaction(connection), Feed(connection)

    @property
    def banks(self) -> SqlBankTransaction:
        """The banks, inside this transaction."""
        return self._banks

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact to the ledger."""
        return self.stream.record(fact, now=now)

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
        taken = (
            t.case_file.c.number_digest == door.number,
            t.case_file.c.submission == door.submission,
            t.case_file.c.recovery == (door.recovery or b""),
        )
        if self._row(t.case_file.select().where(sa.or_(*taken)).limit(1)) is not None:
            msg = "This case exists already."
            raise Conflict(msg)
        key = self.stream.create(door.case, door_values(door))
        sealed = self._keyring.seal(key, number.encode("ascii"), place=_number_place(door.case))
        self._connection.execute(t.case_file.update().where(t.case_file.c.id == door.case).values(number_sealed=sealed))

    def append(
        self, case: Case, events: Sequence[Event], *, version: int, actor: str, now: datetime
    ) -> list[LedgerEntry]:
        """Append events with their ledger entries, and bring the list up to date."""
        listed = listed_values(summary(case))
        entries = self.stream.append(case.id, events, version=version, actor=actor, now=now, listed=listed)
        for event in events:
            if isinstance(event, ItemAdded | ItemReleased) and event.entry is not None:
                digest = self._digest(event.entry)
                self._connection.execute(t.case_entry.insert().values(digest=digest, case_id=case.id))
            finding.leave(self._connection, self._keyring, FoundKind.CASE, case.id, terms(event), at=now)
            if isinstance(event, CaseErased):
                finding.forget(self._connection, case.id)
                self.stream.erase(case.id, {"number_sealed": None})
                self._connection.execute(t.case_entry.delete().where(t.case_entry.c.case_id == case.id))
                self._forget_pursuits(case.id)
        return entries

    def history(self, case: CaseId) -> list[Recorded]:
        """Return all events in order."""
        return self.stream.history(case)

    def openings(self, case: CaseId) -> list[Opening[Event]]:
        """Return all events in order, each with what shows that the ledger holds it."""
        return self.stream.openings(case)

    def door(self, *, number: bytes) -> Door | None:
        """Find how to enter a case by its number."""
        return self._door(t.case_file.c.number_digest == number)

    def door_of(self, case: CaseId) -> Door:
        """Find how to enter a case by its id."""
        return read_door(self.stream.row(case))

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
        row, key = self.stream.row(case), self.stream.key(case)
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

    def ended(self, *, before: datetime, limit: int = 100) -> list[CaseId]:
        """List cases that were withdrawn long ago."""
        kept = t.case_file.c
        query = sa.select(kept.id).where(t.ENDED, kept.updated_at <= before).order_by(kept.updated_at).limit(limit)
        return [CaseId(id_) for id_ in self._connection.execute(query).scalars()]

    def page(self, wanted: CaseFilter, *, after: CaseId | None = None, limit: int = 100) -> list[CaseSummary]:
        """List cases, newest first."""
        kept = t.case_file.c
        query = t.case_file.select().where(kept.version > 0, *wanted_rows(wanted, self._connection.dialect.name))
        if after is not None:
            query = query.where(sa.tuple_(kept.opened_at, kept.id) < sa.tuple_(self.stream.row(after).opened_at, after))
        rows = self._connection.execute(query.order_by(kept.opened_at.desc(), kept.id.desc()).limit(limit))
        return [read_summary(row) for row in rows]

    def owners(self, cases: Sequence[CaseId]) -> dict[CaseId, str]:
        """Return who has each of some cases."""
        kept = t.case_file.c
        query = sa.select(kept.id, kept.assigned_to).where(kept.id.in_(cases))
        return {CaseId(id_): owner or "" for id_, owner in self._connection.execute(query)}

    def spend(self, challenge: bytes, *, expires_at: datetime) -> bool:
        """Note that a challenge was used."""
        spent = t.spent_challenge
        if self._row(spent.select().where(spent.c.id == challenge)) is not None:
            return False
        self._connection.execute(spent.insert().values(id=challenge, expires_at=expires_at))
        return True

    def matches(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenMatch]:
        """Read matches of recorded checks."""
        return [
            SeenMatch(row.number, EntryId(row.entry_id), row.key, row.verdict, row.checked_at)
            for row in self._feed.matches(after=after, until=until, limit=limit)
        ]

    def share_steps(self, *, after: int, limit: int = 1000) -> list[SeenStep]:
        """Read what happened at partners."""
        one, name = t.share_step.c, t.partner.c.name
        query = (
            sa.select(one.number, one.entry_id, name, one.step)
            .join(t.partner, t.partner.c.id == one.partner_id)
            .where(one.number > after)
            .order_by(one.number)
            .limit(limit)
        )
        return [
            SeenStep(row.number, EntryId(row.entry_id), row.name, row.step) for row in self._connection.execute(query)
        ]

    def position(self, name: str) -> int:
        """Return how far a reader of a feed has come."""
        return self._feed.position(name)

    def advance(self, name: str, position: int) -> None:
        """Keep how far a reader has come."""
        self._feed.advance(name, position)

    def _forget_pursuits(self, case: CaseId) -> None:
        """Destroy the keys of a case's pursuits: where copies are, who was asked, what they answered."""
        theirs = sa.select(t.pursuit_file.c.id).where(t.pursuit_file.c.case_id == case)
        self._connection.execute(t.pursuit_tie.delete().where(t.pursuit_tie.c.pursuit_id.in_(theirs)))
        events, gone = t.pursuit_event.update(), {"key_id": None, "wrapped_key": None}
        self._connection.execute(events.where(t.pursuit_event.c.pursuit_id.in_(theirs)).values(private=None))
        self._connection.execute(t.pursuit_file.update().where(t.pursuit_file.c.case_id == case).values(gone))

    def _door(self, which: sa.ColumnElement[bool]) -> Door | None:
        row = self._row(t.case_file.select().where(which))
        return None if row is None else read_door(row)

    def _row(self, query: sa.Select[*tuple[object, ...]]) -> Row[*tuple[object, ...]] | None:
        return self._connection.execute(query).one_or_none()

    def _digest(self, entry: EntryId) -> bytes:
        return self._keyring.digest(Purpose.ENTRY, entry.to_bytes(8))


def _number_place(case: CaseId) -> str:
    return f"case_file|{case}|number"


def _portions(digests: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    # SQLite takes 32,766 parameters.
    for start in range(0, len(digests), 1000):
        yield digests[start : start + 1000]
