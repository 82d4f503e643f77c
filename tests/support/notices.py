# SPDX-License-Identifier: Apache-2.0
"""Notices in memory: a complete small implementation of ``notices.ports.NoticeStore``, and services over it.

Transactions are serial and all or nothing, as in the database. Nothing is sealed: that is the database's business.
"""

import copy
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from noli.adapters import regimes
from noli.bank.model import EntryId
from noli.base import retention
from noli.base.errors import Conflict, NotFound
from noli.casework.model import AgeAnswer
from noli.evidence import rules as ledger_rules
from noli.evidence.model import Fact, LedgerEntry
from noli.hashing.model import Hash
from noli.jobs.model import Lease
from noli.notices import commands as c
from noli.notices import events as e
from noli.notices import record_rules
from noli.notices import records as r
from noli.notices.figures import Load, step
from noli.notices.model import (
    Because,
    Ground,
    Measure,
    NewContent,
    NewNotice,
    Notice,
    NoticeFilter,
    NoticeId,
    NoticeSummary,
    PartyId,
)
from noli.notices.ports import NoticeStore, SeenMatch, SeenUpload
from noli.notices.service import NoticeService
from noli.notices.summaries import wanted as is_wanted
from noli.notices.upkeep import NoticeUpkeep
from noli.regimes.model import Facts, Field, Filer
from tests.support.casework import FakeClock, made_up_item
from tests.support.jobs import JobBook
from tests.support.secrecy import MemoryKeyring
from tests.support.store import MemoryBankTransaction, State

#: A platform under one statute and the house rules: what most tests are about.
US = Facts(jurisdictions=frozenset({"US"}))

#: A platform that is under every regime that there is.
EVERYWHERE = Facts(jurisdictions=frozenset({"US", "EU", "DE", "AT", "GB", "UK", "AU", "IN", "KR"}))

#: When the tests begin: the laws that they are about are in force.
START = datetime(2026, 11, 26, 12, tzinfo=UTC)

#: How long a notice, and a record, are kept.
NOTICE_TIME, RECORD_TIME = (each.default * each.unit for each in (retention.NOTICES, retention.RECORDS))


@dataclass
class World:
    """Everything there is."""

    banks: State = field(default_factory=State)
    sources: dict[bytes, NoticeId] = field(default_factory=dict)
    histories: dict[NoticeId, list[e.Recorded]] = field(default_factory=dict)
    listed: dict[NoticeId, NoticeSummary] = field(default_factory=dict)
    gathers: dict[EntryId, NoticeId] = field(default_factory=dict)
    records: dict[PartyId, list[r.Recorded]] = field(default_factory=dict)
    touched: dict[PartyId, datetime] = field(default_factory=dict)
    erased_records: set[PartyId] = field(default_factory=set)
    ledger: list[LedgerEntry] = field(default_factory=list)
    uploads: list[SeenUpload] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    jobs: JobBook = field(default_factory=JobBook)
    matches: dict[tuple[EntryId, str], SeenMatch] = field(default_factory=dict)
    left: set[tuple[str, NoticeId]] = field(default_factory=set)
    figures: Counter[tuple[date, str]] = field(default_factory=Counter)


class MemoryNotices:
    """Opens transactions on a world in memory."""

    def __init__(self) -> None:
        self.world = World()
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["MemoryNoticeTransaction"]:
        """Open one; what it changed is forgotten where it fails, and where it only reads."""
        with self._lock:
            changed = copy.copy(self.world) if not write else _copied(self.world)
            yield MemoryNoticeTransaction(changed)
            if write:
                self.world = changed

    def seen(self, *uploads: SeenUpload) -> None:
        """Let checks have matched."""
        self.world.uploads += uploads


def _copied(world: World) -> World:
    """Copy what a transaction may change; events and entries never change themselves."""
    return World(
        banks=copy.deepcopy(world.banks),
        sources=dict(world.sources),
        histories={id_: list(history) for id_, history in world.histories.items()},
        listed=dict(world.listed),
        gathers=dict(world.gathers),
        records={id_: list(history) for id_, history in world.records.items()},
        touched=dict(world.touched),
        erased_records=set(world.erased_records),
        ledger=list(world.ledger),
        uploads=list(world.uploads),
        positions=dict(world.positions),
        jobs=copy.deepcopy(world.jobs),
        matches=dict(world.matches),
        left=set(world.left),
        figures=Counter(world.figures),
    )


class MemoryNoticeTransaction:
    """One transaction; its methods are described in ``notices.ports.NoticeTransaction``."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def banks(self) -> MemoryBankTransaction:
        return MemoryBankTransaction(self._world.banks)

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        ledger = self._world.ledger
        ledger.append(ledger_rules.following(ledger[-1] if ledger else None, fact, now=now))
        return ledger[-1]

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        self._world.jobs.schedule(kind, subject, due_at=due_at, urgent=urgent)

    def fence(self, lease: Lease) -> None:
        self._world.jobs.held(lease)

    def open(self, listed: NoticeSummary, *, source: bytes | None) -> None:
        if source is not None:
            if source in self._world.sources:
                msg = "This notice was sent before."
                raise Conflict(msg)
            self._world.sources[source] = listed.id
        self._world.histories[listed.id] = []

    def append(
        self,
        notice: NoticeId,
        events: Sequence[e.Event],
        *,
        version: int,
        actor: str,
        now: datetime,
        listed: NoticeSummary,
    ) -> None:
        history = self._history(notice)
        if len(history) != version:
            msg = "This notice was changed meanwhile."
            raise Conflict(msg)
        for event in events:
            history.append(e.Recorded(len(history) + 1, now, actor, event))
            self.record(Fact(e.NAMES[type(event)], notice, actor), now=now)
        if any(isinstance(event, e.NoticeErased) for event in events):
            self._world.histories[notice] = [_without_private(one) for one in history]
            self._world.sources = {key: id_ for key, id_ in self._world.sources.items() if id_ != notice}
            self._world.gathers = {key: id_ for key, id_ in self._world.gathers.items() if id_ != notice}
        self._world.listed[notice] = listed

    def relist(self, listed: NoticeSummary) -> None:
        self._world.listed[listed.id] = listed

    def history(self, notice: NoticeId) -> list[e.Recorded]:
        return list(self._history(notice))

    def outlines(self, notices: Sequence[NoticeId]) -> dict[NoticeId, list[e.Recorded]]:
        return {notice: [_without_private(one) for one in self._history(notice)] for notice in notices}

    def by_source(self, source: bytes) -> NoticeId | None:
        return self._world.sources.get(source)

    def listed(self, notice: NoticeId) -> NoticeSummary:
        self._history(notice)
        return self._world.listed[notice]

    def page(self, wanted: NoticeFilter, *, after: NoticeId | None = None, limit: int = 100) -> list[NoticeSummary]:
        listed = sorted(self._world.listed.values(), key=lambda s: (s.queue_at, s.id))
        if after is not None:
            self._history(after)
            listed = listed[[s.id for s in listed].index(after) + 1 :]
        return [one for one in listed if is_wanted(one, wanted)][:limit]

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[NoticeSummary]:
        placed = [
            ((each.due_at, str(each.id)), each) for each in self._world.listed.values() if each.due_at is not None
        ]
        placed.sort(key=lambda pair: pair[0])
        kept = [each for place, each in placed if after is None or place > after]
        return [each for each in kept if owner in {None, each.assigned_to}][:limit]

    def alarmed(self, now: datetime, *, limit: int = 100) -> list[NoticeId]:
        waiting = [(s.alarm_at, s.id) for s in self._world.listed.values() if s.alarm_at is not None]
        return [id_ for at, id_ in sorted(waiting) if at <= now][:limit]

    def raise_alarms(self, *, law: str, now: datetime) -> int:
        lost = [s for s in self._world.listed.values() if _lost(s, law, now)]
        for each in lost:
            self._world.listed[each.id] = replace(each, alarm_at=min(now, each.look_by or now))
        return len(lost)

    def portion(
        self, *, after: NoticeId | None, changed_since: datetime | None = None, limit: int = 500
    ) -> list[NoticeSummary]:
        listed = sorted(self._world.listed.values(), key=lambda s: s.id)
        return [
            s
            for s in listed
            if s.id > (after or "") and (s.updated_at >= changed_since if changed_since else s.erased_at is None)
        ][:limit]

    def idle(self, *, before: datetime, limit: int = 100) -> list[NoticeId]:
        listed = [s for s in self._world.listed.values() if s.idle_at is not None and not s.held and not s.erased_at]
        return [s.id for s in sorted(listed, key=lambda s: (s.idle_at, s.id)) if s.idle_at and s.idle_at <= before][
            :limit
        ]

    def gather(self, entry: EntryId, notice: NoticeId | None) -> None:
        self._world.gathers.pop(entry, None)
        if notice is not None:
            self._world.gathers[entry] = notice

    def gathering(self, entry: EntryId) -> NoticeId | None:
        return self._world.gathers.get(entry)

    def uploads(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenUpload]:
        waiting = [seen for seen in self._world.uploads if seen.number > after]
        stop = min((seen.number for seen in waiting if seen.at > until), default=None)
        numbers = sorted({seen.number for seen in waiting if stop is None or seen.number < stop})[:limit]
        return [seen for seen in waiting if seen.number in numbers]

    def match(self, entry: EntryId, ref: str) -> SeenMatch | None:
        return self._world.matches.get((entry, ref))

    def left_by(self, notice: NoticeId) -> frozenset[str]:
        return frozenset(staff for staff, left in self._world.left if left == notice)

    def count(self, day: date, counts: Mapping[str, int]) -> None:
        self._world.figures.update({(day, name): count for name, count in counts.items()})

    def counted(self, *, since: date) -> Mapping[tuple[date, str], int]:
        return {(day, name): count for (day, name), count in self._world.figures.items() if day >= since}

    def load(self, now: datetime) -> Load:
        waiting = [each for each in self._world.listed.values() if each.idle_at is None]
        states = Counter(str(each.state) for each in waiting)
        return Load(states, Counter(step(each.due_at, now) for each in waiting if each.due_at is not None))

    def position(self, name: str) -> int:
        return self._world.positions.get(name, 0)

    def advance(self, name: str, position: int) -> None:
        self._world.positions[name] = position

    def open_record(self, record: PartyId, *, role: r.PartyRole, now: datetime) -> None:
        del role
        self._world.records.setdefault(record, [])
        self._world.touched.setdefault(record, now)

    def record_history(self, record: PartyId) -> list[r.Recorded]:
        return list(self._world.records.get(record, []))

    def record_outlines(self, found: Sequence[PartyId]) -> dict[PartyId, list[r.Recorded]]:
        return {id_: [_record_without_private(one) for one in self._world.records[id_]] for id_ in found}

    def append_record(
        self, record: r.PartyRecord, events: Sequence[r.Event], *, version: int, actor: str, now: datetime
    ) -> None:
        history = self._world.records[record.id]
        if len(history) != version:
            msg = "This record was changed meanwhile."
            raise Conflict(msg)
        for event in events:
            history.append(r.Recorded(len(history) + 1, now, actor, event))
            self.record(Fact(r.NAMES[type(event)], record.id, actor), now=now)
        self._world.touched[record.id] = now

    def records(
        self,
        which: r.RecordList,
        *,
        now: datetime,
        role: r.PartyRole | None = None,
        after: PartyId | None = None,
        limit: int = 100,
    ) -> list[r.RecordSummary]:
        def place(one: r.RecordSummary) -> tuple[Any, PartyId]:
            return {
                r.RecordList.WAITING: one.waiting_since,
                r.RecordList.MEASURED: one.measured_until,
                r.RecordList.TRUSTED: one.checked_at,
            }.get(which, ""), one.id

        def is_listed(one: r.RecordSummary) -> bool:
            if role is not None and one.role is not role:
                return False
            if which is r.RecordList.CONDUCT:
                return one.conduct > 0
            if which is r.RecordList.MEASURED:
                return one.measured_until is not None and one.measured_until > now
            return place(one)[0] is not None

        folded = {id_: record_rules.fold(id_, history) for id_, history in self._world.records.items() if history}
        summaries = {
            id_: r.RecordSummary(
                id=id_, role=one.role, opened_at=self._world.records[id_][0].at, updated_at=self._world.touched[id_],
                **r.listed(one),
            )
            for id_, one in folded.items()
        }  # fmt: skip
        found = sorted(filter(is_listed, summaries.values()), key=place)
        return [each for each in found if after is None or place(each) > place(summaries[after])][:limit]

    def changed_records(self, *, since: datetime, after: PartyId | None = None, limit: int = 100) -> list[PartyId]:
        return sorted(id_ for id_, at in self._world.touched.items() if at >= since and id_ > (after or ""))[:limit]

    def erase_records(self, *, before: datetime, limit: int = 100) -> int:
        old = [id_ for id_, at in self._world.touched.items() if at <= before and id_ not in self._world.erased_records]
        for id_ in old[:limit]:
            self._world.erased_records.add(id_)
            self._world.records[id_] = [_record_without_private(one) for one in self._world.records[id_]]
        return len(old[:limit])

    def _history(self, notice: NoticeId) -> list[e.Recorded]:
        if notice not in self._world.histories:
            msg = "There is no such notice."
            raise NotFound(msg)
        return self._world.histories[notice]


def _lost(listed: NoticeSummary, law: str, now: datetime) -> bool:
    if listed.look_by is not None and (listed.alarm_at is None or listed.alarm_at > listed.look_by):
        return True
    old = listed.law != law and listed.erased_at is None
    return old and (listed.alarm_at is None or listed.alarm_at > now)


def _without_private(recorded: e.Recorded) -> e.Recorded:
    written = e.CODEC.write(recorded.event)
    return replace(recorded, event=e.CODEC.read(written.name, written.open, None))


def _record_without_private(recorded: r.Recorded) -> r.Recorded:
    written = r.CODEC.write(recorded.event)
    return replace(recorded, event=r.CODEC.read(written.name, written.open, None))


class Desk:
    """The services over one store, and short ways to do what most tests do."""

    def __init__(self, store: NoticeStore | None = None, *, facts: Facts = US, searches: bool = False) -> None:
        self.clock = FakeClock()
        self.clock.time = START
        self.memory = MemoryNotices()
        self.changes = 0
        self.service = NoticeService(
            store or self.memory,
            self.clock,
            keyring=MemoryKeyring(),
            law=regimes.law(),
            facts=facts,
            bank="removed",
            on_change=self._changed,
            searches=searches,
        )
        self.upkeep = NoticeUpkeep(self.service)

    def _changed(self) -> None:
        self.changes += 1

    def expire(self) -> int:
        """Erase what was kept as long as the policy says; returns how much."""
        now = self.clock.now()
        return self.upkeep.erase_notices(now - NOTICE_TIME, 50) + self.upkeep.erase_records(now - RECORD_TIME, 50)

    def receive(self, new: NewNotice | None = None, *, actor: str = "key:platform") -> Notice:
        """Take a notice in; a complete one where none is given."""
        with self.service.writing() as transaction:
            return self.service.receive(transaction, new or complete(), age=AgeAnswer.ADULT, actor=actor)[0]

    def act(self, notice: Notice, *commands: c.Command, actor: str = "key:platform") -> Notice:
        """Do something that needs no preparation."""
        with self.service.writing() as transaction:
            return self.service.act(transaction, notice.id, commands, actor=actor)

    def give(self, notice: Notice, fields: dict[Field, str], *contents: NewContent) -> Notice:
        """Give what was missing."""
        with self.service.writing() as transaction:
            return self.service.give(transaction, notice.id, fields, contents, actor="key:platform")

    def rule(self, notice: Notice, measure: Measure, *grounds: Ground, **more: Any) -> Notice:
        """Decide, as Ada unless told otherwise."""
        with self.service.writing() as transaction:
            return self.service.rule(transaction, notice.id, ruling(measure, *grounds, **more), actor="key:platform")

    def load(self, notice: Notice) -> Notice:
        """Read it again."""
        with self.service.store.transaction() as transaction:
            return self.service.load(transaction, notice.id)


def ruling(measure: Measure, *grounds: Ground, author: str = "ada", **more: Any) -> c.Rule:
    """Return a decision of Ada's."""
    fitting = (Ground.INTIMATE,) if measure.restricts else (Ground.NOT_INTIMATE,)
    because = Because(reason="I looked at it.", rule="Terms 4.2", author=author)
    return c.Rule(measure, grounds or fitting, because, **more)


def complete(**more: object) -> NewNotice:
    """Return a notice that is valid everywhere: from the person shown, about one content with hashes."""
    given = {
        "filer": Filer.SELF,
        "fields": dict.fromkeys(Field, "yes"),
        "contents": (content(1),),
        "notifier": "person@example.org",
    }
    return NewNotice(**{**given, **more})  # type: ignore[arg-type] # tests name the fields


def content(seed: int, *, hashes: bool = True) -> NewContent:
    """Return a content of the platform's."""
    made: tuple[Hash, ...] = made_up_item(seed).hashes if hashes else ()
    return NewContent(f"https://platform.example/{seed}", f"post-{seed}", f"uploader-{seed}", made)
