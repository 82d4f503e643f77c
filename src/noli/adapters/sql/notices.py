# SPDX-License-Identifier: Apache-2.0
"""Notices and records in SQL: ``notices.ports.NoticeStore``, with banks and ledger in the same transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from noli.adapters.sql import finding, jobs
from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBankTransaction
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.lists import beside, counts_between
from noli.adapters.sql.notice_rows import (
    RECORD_PLACES,
    listed_records,
    listed_values,
    read_record,
    read_summary,
    wanted_rows,
)
from noli.adapters.sql.streams import Feed, SealedStream, overwrite
from noli.bank.model import EntryId
from noli.base.errors import Conflict
from noli.base.secrecy import Keyring, Purpose
from noli.evidence.model import Fact, LedgerEntry
from noli.jobs.model import Lease
from noli.matching.model import Closeness
from noli.moderation.finding import link_terms, reference_terms
from noli.moderation.model import FoundKind
from noli.notices import events as e
from noli.notices import records as r
from noli.notices.events import Event, Recorded
from noli.notices.figures import STEPS, Load, edges
from noli.notices.model import NoticeFilter, NoticeId, NoticeState, NoticeSummary, PartyId
from noli.notices.ports import SeenMatch, SeenUpload
from noli.notices.telling import told, told_of_record


def terms(event: Event) -> tuple[str, ...]:
    """Return by what a notice is found from an event on."""
    return (*link_terms(event.url), *reference_terms(event.ref)) if isinstance(event, e.ContentAdded) else ()


class SqlNotices:
    """Opens transactions on notices."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["SqlNoticeTransaction"]:
        """Open one transaction; see the port."""
        with (exclusive if write else transaction)(self._engine) as connection:
            opened = SqlNoticeTransaction(connection, self._keyring)
            yield opened
        if opened.erased:
            overwrite(self._engine)


class SqlNoticeTransaction:
    """One transaction; its methods are described in ``notices.ports.NoticeTransaction``."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Keep the open connection."""
        self._connection, self._keyring = connection, keyring
        self._notices = SealedStream(
            connection, keyring, e.CODEC, file=t.notice_file, events=t.notice_event, noun="notice", told=told
        )
        self._records = SealedStream(
            connection, keyring, r.CODEC, file=t.record_file, events=t.record_event, noun="record", told=told_of_record
        )
        self._banks, self._feed = SqlBankTransaction(connection), Feed(connection)

    @property
    def erased(self) -> bool:
        """Whether something was erased, so that what was overwritten should go from the disk."""
        return self._notices.erased or self._records.erased

    @property
    def banks(self) -> SqlBankTransaction:
        """The banks, inside this transaction."""
        return self._banks

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact to the ledger."""
        return self._notices.record(fact, now=now)

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        """Ask for a job."""
        jobs.schedule(self._connection, kind, subject, due_at=due_at, urgent=urgent)

    def fence(self, lease: Lease) -> None:
        """Hold a lease's job until the transaction ends."""
        jobs.fence(self._connection, lease)

    def open(self, listed: NoticeSummary, *, source: bytes | None) -> None:
        """Make an empty notice."""
        if source is not None and self.by_source(source) is not None:
            msg = "This notice was sent before."
            raise Conflict(msg)
        self._notices.create(listed.id, {**listed_values(listed), "source": source})

    def append(
        self,
        notice: NoticeId,
        events: Sequence[Event],
        *,
        version: int,
        actor: str,
        now: datetime,
        listed: NoticeSummary,
    ) -> None:
        """Append events with their ledger entries, and bring the list up to date."""
        values = listed_values(listed)
        self._notices.append(notice, events, version=version, actor=actor, now=now, listed=values)
        left = [term for event in events for term in terms(event)]
        finding.leave(self._connection, self._keyring, FoundKind.NOTICE, notice, left, at=now)
        if any(isinstance(event, e.NoticeErased) for event in events):
            finding.forget(self._connection, notice)
            self._notices.erase(notice, {"source": None})
            self._connection.execute(t.notice_entry.delete().where(t.notice_entry.c.notice_id == notice))

    def relist(self, listed: NoticeSummary) -> None:
        """Keep what lists show."""
        update = t.notice_file.update().where(t.notice_file.c.id == listed.id)
        self._connection.execute(update.values(listed_values(listed)))

    def history(self, notice: NoticeId) -> list[Recorded]:
        """Return all events in order."""
        return self._notices.history(notice)

    def outlines(self, notices: Sequence[NoticeId]) -> dict[NoticeId, list[Recorded]]:
        """Return the events of many notices with nothing personal in them."""
        return self._notices.outlines(notices)

    def by_source(self, source: bytes) -> NoticeId | None:
        """Find a notice by its source."""
        query = sa.select(t.notice_file.c.id).where(t.notice_file.c.source == source)
        found = self._connection.execute(query).scalar_one_or_none()
        return None if found is None else NoticeId(found)

    def listed(self, notice: NoticeId) -> NoticeSummary:
        """Return what lists show of a notice."""
        return read_summary(self._notices.row(notice))

    def page(self, wanted: NoticeFilter, *, after: NoticeId | None = None, limit: int = 100) -> list[NoticeSummary]:
        """List notices in the order of the queue."""
        kept = t.notice_file.c
        query = t.notice_file.select().where(kept.version > 0, *wanted_rows(wanted, self._connection.dialect.name))
        if after is not None:
            place = self._notices.row(after).queue_at
            query = query.where(sa.tuple_(kept.queue_at, kept.id) > sa.tuple_(place, after))
        rows = self._connection.execute(query.order_by(kept.queue_at, kept.id).limit(limit))
        return [read_summary(row) for row in rows]

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[NoticeSummary]:
        """List notices by when their strictest clock ends."""
        kept = t.notice_file.c
        query = t.notice_file.select().where(t.TICKING).order_by(kept.due_at, kept.id).limit(limit)
        if owner is not None:
            query = query.where(beside(kept.assigned_to, few=True, dialect=self._connection.dialect.name) == owner)
        if after is not None:
            query = query.where(sa.tuple_(kept.due_at, kept.id) > sa.tuple_(*after))
        return [read_summary(row) for row in self._connection.execute(query)]

    def alarmed(self, now: datetime, *, limit: int = 100) -> list[NoticeId]:
        """List notices whose alarm is due."""
        alarm = t.notice_file.c.alarm_at
        query = sa.select(t.notice_file.c.id).where(alarm <= now).order_by(alarm, t.notice_file.c.id).limit(limit)
        return [NoticeId(id_) for id_ in self._connection.execute(query).scalars()]

    def raise_alarms(self, *, law: str, now: datetime) -> int:
        """Let somebody look wherever an alarm was lost."""
        kept = t.notice_file.c
        at_once = sa.case((kept.look_by < now, kept.look_by), else_=now)
        update = t.notice_file.update().values(alarm_at=at_once)
        lost = self._connection.execute(update.where(t.UNALARMED)).rowcount
        # Two ranges of one index, where "another than" would read all rows. What has an alarm already keeps it.
        for other in (kept.law < law, kept.law > law):
            later = sa.or_(kept.alarm_at.is_(None), kept.alarm_at > now)
            lost += self._connection.execute(update.where(other, kept.erased_at.is_(None), later)).rowcount
        return lost

    def portion(
        self, *, after: NoticeId | None, changed_since: datetime | None = None, limit: int = 500
    ) -> list[NoticeSummary]:
        """List notices in the order of their ids."""
        kept = t.notice_file.c
        which = kept.erased_at.is_(None) if changed_since is None else kept.updated_at >= changed_since
        query = t.notice_file.select().where(kept.version > 0, which, kept.id > (after or ""))
        return [read_summary(row) for row in self._connection.execute(query.order_by(kept.id).limit(limit))]

    def idle(self, *, before: datetime, limit: int = 100) -> list[NoticeId]:
        """List notices that have been idle for long."""
        kept = t.notice_file.c
        query = sa.select(kept.id).where(kept.idle_at <= before, ~kept.held, kept.erased_at.is_(None))
        ids = self._connection.execute(query.order_by(kept.idle_at, kept.id).limit(limit)).scalars()
        return [NoticeId(id_) for id_ in ids]

    def gather(self, entry: EntryId, notice: NoticeId | None) -> None:
        """Let a notice gather the uploads of an entry."""
        digest = self._entry_digest(entry)
        self._connection.execute(t.notice_entry.delete().where(t.notice_entry.c.digest == digest))
        if notice is not None:
            self._connection.execute(t.notice_entry.insert().values(digest=digest, notice_id=notice))

    def gathering(self, entry: EntryId) -> NoticeId | None:
        """Return the notice that gathers an entry's uploads."""
        query = sa.select(t.notice_entry.c.notice_id).where(t.notice_entry.c.digest == self._entry_digest(entry))
        found = self._connection.execute(query).scalar_one_or_none()
        return None if found is None else NoticeId(found)

    def uploads(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenUpload]:
        """Read matches of recorded checks."""
        return [
            SeenUpload(
                number=row.number,
                entry=EntryId(row.entry_id),
                bank=row.bank,
                platform=row.key,
                verdict=row.verdict,
                ref=row.content_ref,
                at=row.checked_at,
            )
            for row in self._feed.matches(after=after, until=until, limit=limit)
        ]

    def match(self, entry: EntryId, ref: str) -> SeenMatch | None:
        """Return the newest recorded match."""
        match, check = t.check_match.c, t.matched_check.c
        query = (
            sa.select(
                match.distance_bits,
                match.closeness,
                match.agreement,
                match.segment,
                match.looked_again,
                check.key,
                check.checked_at,
            )
            .join_from(t.check_match, t.matched_check, check.number == match.check_number)
            .where(match.entry_id == entry, check.content_ref == ref)
            .order_by(check.number.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        whole = row.agreement is None and row.segment is None and not row.looked_again
        return SeenMatch(row.distance_bits if whole else None, Closeness(row.closeness), row.key, row.checked_at)

    def left_by(self, notice: NoticeId) -> frozenset[str]:
        """Return who left a notice to others."""
        aside = t.stepped_aside.c
        return frozenset(self._connection.execute(sa.select(aside.staff_id).where(aside.subject == notice)).scalars())

    def count(self, day: date, counts: Mapping[str, int]) -> None:
        """Add to the counts of a day."""
        kept = t.notice_figure
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        for name, count in sorted(counts.items()):
            fresh = insert(kept).values(day=day, name=name, count=count)
            self._connection.execute(
                fresh.on_conflict_do_update(
                    index_elements=[kept.c.day, kept.c.name], set_={"count": kept.c.count + fresh.excluded.count}
                )
            )

    def counted(self, *, since: date) -> dict[tuple[date, str], int]:
        """Return the counts of each day."""
        kept = t.notice_figure.c
        rows = self._connection.execute(sa.select(kept.day, kept.name, kept.count).where(kept.day >= since))
        return {(day, name): count for day, name, count in rows}

    def load(self, now: datetime) -> Load:
        """Count the notices with something to do: small ranges of one index, in which they stand by state and clock."""
        kept = t.notice_file.c
        waiting = t.WAITING, kept.state.in_([each.value for each in NoticeState])
        states = self._connection.execute(
            sa.select(kept.state, sa.func.count()).where(*waiting).group_by(kept.state).order_by(kept.state)
        )
        counts = counts_between(self._connection, t.notice_file, kept.due_at, edges(now), *waiting)
        ending = {hours: count for hours, count in zip(STEPS, counts, strict=True) if count}
        return Load({name: count for name, count in states}, ending)  # noqa: C416 - rows are no pairs to dict

    def position(self, name: str) -> int:
        """Return how far a reader of a feed has come."""
        return self._feed.position(name)

    def advance(self, name: str, position: int) -> None:
        """Keep how far a reader has come."""
        self._feed.advance(name, position)

    def open_record(self, record: PartyId, *, role: r.PartyRole, now: datetime) -> None:
        """Make an empty record, where there is none."""
        known = sa.select(t.record_file.c.id).where(t.record_file.c.id == record)
        if self._connection.execute(known).scalar_one_or_none() is None:
            values = {"role": role.value, "opened_at": now, "updated_at": now, "notices": 0, "conduct": 0}
            self._records.create(record, values)

    def record_history(self, record: PartyId) -> list[r.Recorded]:
        """Return all events of a record in order."""
        known = sa.select(t.record_file.c.id).where(t.record_file.c.id == record)
        return [] if self._connection.execute(known).scalar_one_or_none() is None else self._records.history(record)

    def record_outlines(self, found: Sequence[PartyId]) -> dict[PartyId, list[r.Recorded]]:
        """Return the events of many records with nothing personal in them."""
        return self._records.outlines(found)

    def append_record(
        self, record: r.PartyRecord, events: Sequence[r.Event], *, version: int, actor: str, now: datetime
    ) -> None:
        """Append events to a record."""
        listed = {"updated_at": now, **r.listed(record)}
        self._records.append(record.id, events, version=version, actor=actor, now=now, listed=listed)

    def records(
        self,
        which: r.RecordList,
        *,
        now: datetime,
        role: r.PartyRole | None = None,
        after: PartyId | None = None,
        limit: int = 100,
    ) -> list[r.RecordSummary]:
        """List records in the order of their list."""
        kept = t.record_file.c
        place = RECORD_PLACES.get(which, kept.id)
        query = t.record_file.select().where(*listed_records(which, now=now, role=role))
        if after is not None:
            begin = getattr(self._records.row(after), place.name)
            query = query.where(sa.tuple_(place, kept.id) > sa.tuple_(begin, after))
        rows = self._connection.execute(query.order_by(place, kept.id).limit(limit))
        return [read_record(row) for row in rows]

    def changed_records(self, *, since: datetime, after: PartyId | None = None, limit: int = 100) -> list[PartyId]:
        """List records to which something happened."""
        kept = t.record_file.c
        query = sa.select(kept.id).where(kept.updated_at >= since, kept.id > (after or ""))
        return [PartyId(id_) for id_ in self._connection.execute(query.order_by(kept.id).limit(limit)).scalars()]

    def erase_records(self, *, before: datetime, limit: int = 100) -> int:
        """Destroy the keys of records that nothing happened to for long."""
        kept = t.record_file.c
        query = sa.select(kept.id).where(kept.updated_at <= before, kept.key_id.is_not(None)).limit(limit)
        found = list(self._connection.execute(query).scalars())
        for id_ in found:
            self._records.erase(id_)
        return len(found)

    def _entry_digest(self, entry: EntryId) -> bytes:
        return self._keyring.digest(Purpose.NOTICE_ENTRY, entry.to_bytes(8))
