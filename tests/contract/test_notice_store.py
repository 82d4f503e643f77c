# SPDX-License-Identifier: Apache-2.0
"""What ``notices.ports.NoticeStore`` promises, held against memory, SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from noli.adapters.keyring import KeyFile
from noli.adapters.sql import Database
from noli.adapters.sql.ledger import SqlLedger
from noli.adapters.sql.notices import SqlNotices
from noli.adapters.sql.rewrap import key_ids, rewrap
from noli.bank.model import Action, BankPolicy, EntryId
from noli.base.errors import Conflict, NotFound
from noli.evidence.service import LedgerService
from noli.hashing.model import Hash, Outcome
from noli.matching.model import Check, Closeness, Decision, Match, Neighbour, Verdict
from noli.notices import commands as c
from noli.notices import records as r
from noli.notices.figures import STEPS
from noli.notices.model import Because, Ground, Measure, NoticeFilter, NoticeId, NoticeState, Opening, PartyId
from noli.notices.ports import NoticeStore, SeenUpload
from noli.notices.rules import fold
from noli.notices.summaries import summary
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.notices import START, Desk, MemoryNotices, complete

WHY = Because(reason="A secret reason.", rule="Art. 23", author="ada")


class Stores:
    """A store of notices, with what lies under it."""

    def __init__(self, notices: NoticeStore, database: Database | None = None, keys: KeyFile | None = None) -> None:
        self.notices, self.database, self.keys = notices, database, keys

    def matched(self, number: int, *, ref: str, verdict: Verdict = Verdict.REVIEW) -> None:
        """Record one check that matched entry 7 of the bank "matched"."""
        if self.database is None:
            assert isinstance(self.notices, MemoryNotices)
            self.notices.seen(SeenUpload(number, EntryId(7), "matched", "platform", verdict, ref, START))
            return
        with self.database.banks.transaction(write=True) as transaction:
            names = [each.name for each in transaction.banks()]
            policy = BankPolicy(Action.REVIEW)
            made = transaction.bank if names else partial(transaction.add_bank, policy=policy, now=START)
            bank = made("matched")
        match = Match(Neighbour(bank, EntryId(7), 3), Closeness.SAME, verdict, "why")
        decision = Decision(verdict, (match,), "why")
        hashes = (Hash(some_hash(1)),)
        self.database.checks.add([Check(f"check-{number}", ref, "platform", Outcome.HASHED, decision, hashes, START)])


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Each implementation of the port, empty."""
    if request.param == "memory":
        yield Stores(MemoryNotices())
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    keys = KeyFile.make(tmp_path / "keys.json")
    yield Stores(SqlNotices(database.engine, keys), database, keys)
    database.close()


def test_a_notice_is_read_back_as_it_was_decided(stores: Stores) -> None:
    """Everything that happened comes back in order, texts, orders and numbers included; so does what lists show."""
    desk = Desk(stores.notices)
    notice = desk.rule(desk.receive(complete(reference="T-1")), Measure.REMOVE)
    assert desk.load(notice) == notice
    [listed] = desk.service.queue()
    assert (listed.id, listed.state, listed.seen) == (notice.id, NoticeState.DECIDED, 1)
    with stores.notices.transaction() as transaction:
        assert transaction.listed(notice.id) == listed
        entry = transaction.banks.entry("removed", notice.contents[0].entry)  # type: ignore[arg-type] # it has one
    assert entry.provenance.reference == notice.id
    assert desk.receive(complete(reference="T-1")).id == notice.id


def test_what_is_unknown_or_was_changed_meanwhile_is_refused(stores: Stores) -> None:
    """Nothing is appended to another version, to nothing, or under a source that is taken."""
    desk = Desk(stores.notices)
    notice = desk.receive(complete(reference="T-1", notifier="me"))
    nobody = NoticeId("NOBODY")
    with stores.notices.transaction() as transaction:
        listed = transaction.listed(notice.id)
        event = transaction.history(notice.id)[0].event
        for look in (transaction.history, transaction.listed):
            with pytest.raises(NotFound):
                look(nobody)
        assert transaction.by_source(b"?" * 32) is None
        assert transaction.record_history(desk.service.party(r.PartyRole.UPLOADER, "nobody")) == []
    with pytest.raises(Conflict), stores.notices.transaction(write=True) as transaction:
        transaction.append(notice.id, [event], version=99, actor="system", now=START, listed=listed)
    record = desk.service.party(r.PartyRole.NOTIFIER, "me")
    with stores.notices.transaction() as transaction:
        found = desk.service.record_of(transaction, record)
    with pytest.raises(Conflict), stores.notices.transaction(write=True) as transaction:
        transaction.append_record(found, [r.PartyHeard(text="x")], version=99, actor="system", now=START)
    with stores.notices.transaction(write=True) as transaction:
        transaction.open(replace(listed, id=NoticeId("OTHER")), source=b"s" * 32)
    with pytest.raises(Conflict), stores.notices.transaction(write=True) as transaction:
        transaction.open(replace(listed, id=NoticeId("ANOTHER")), source=b"s" * 32)


def test_lists_are_paged_in_the_order_of_the_queue(stores: Stores) -> None:
    """Filters hold, pages begin where the last one ended, alarms come in the order of their time."""
    desk = Desk(stores.notices)
    made = []
    for number in range(4):
        made.append(desk.receive(complete(reference=str(number))))
        desk.clock.move(minutes=1)
    desk.rule(made[0], Measure.KEEP)
    desk.act(made[1], c.Take("ada"))
    ids = [each.id for each in desk.service.queue(NoticeFilter(waiting=True))]
    assert sorted(ids) == sorted(each.id for each in made[1:])
    assert [each.id for each in desk.service.queue(NoticeFilter(waiting=True), after=ids[0], limit=1)] == [ids[1]]
    assert [each.id for each in desk.service.queue(NoticeFilter(assigned_to="ada"))] == [made[1].id]
    assert [each.id for each in desk.service.queue(NoticeFilter(state=NoticeState.DECIDED))] == [made[0].id]
    assert desk.service.queue(NoticeFilter(breached=True)) == []
    with stores.notices.transaction() as transaction:
        assert transaction.alarmed(START + timedelta(hours=2)) == [made[2].id, made[3].id]
        portion = transaction.portion(after=None)
        assert [each.id for each in portion] == sorted(each.id for each in made)
        assert transaction.portion(after=portion[2].id, limit=5) == portion[3:]
    ticking = desk.service.ticking()
    assert [each.id for each, _ in ticking] == ids
    assert [each.id for each, _ in desk.service.ticking(owner="ada")] == [made[1].id]
    assert {each.id for each, _ in desk.service.ticking(owner="")} == {made[2].id, made[3].id}
    place = ticking[0][0].due_at
    assert place is not None
    assert [each.id for each, _ in desk.service.ticking(after=(place, ids[0]), limit=1)] == [ids[1]]
    assert all(
        [line.deadline.due_at for line in lines] == sorted(line.deadline.due_at for line in lines)
        for _, lines in ticking
    )
    right = portion[0]
    with stores.notices.transaction(write=True) as transaction:
        transaction.relist(replace(right, alarm_at=START, queue_at=START - timedelta(days=1)))
    assert desk.service.queue()[0].id == right.id


def test_lost_alarms_are_found_at_once_and_no_others(stores: Stores) -> None:
    """Missing, later than somebody must have looked, or of another law: all are set off, and no others."""
    desk = Desk(stores.notices)
    made = [desk.receive(complete(reference=str(number))) for number in range(5)]
    erased = desk.act(desk.rule(desk.receive(), Measure.KEEP), c.Erase("request"))
    version = desk.service.law.version
    now = START + timedelta(days=1)

    def lost() -> int:
        with stores.notices.transaction(write=True) as transaction:
            return transaction.raise_alarms(law=version, now=now)

    assert lost() == 0
    with stores.notices.transaction(write=True) as transaction:
        right = {each.id: transaction.listed(each.id) for each in (*made, erased)}
        by = right[made[0].id].look_by
        assert by is not None
        past = START + timedelta(hours=1)
        transaction.relist(replace(right[made[0].id], alarm_at=None))
        transaction.relist(replace(right[made[1].id], alarm_at=by + timedelta(days=9), look_by=past))
        transaction.relist(replace(right[made[2].id], law="older", alarm_at=None, look_by=None))
        transaction.relist(replace(right[made[3].id], law="0", alarm_at=now + timedelta(days=1)))
        transaction.relist(replace(right[erased.id], law="older"))
    assert lost() == 4
    assert lost() == 0
    with stores.notices.transaction() as transaction:
        due = transaction.alarmed(now)
        assert set(due) >= {each.id for each in made[:4]}
        assert transaction.listed(made[1].id).alarm_at == past
        assert transaction.listed(made[0].id).alarm_at == min(now, by)
        assert transaction.listed(made[4].id) == right[made[4].id]


def test_figures_are_counted_day_by_day(stores: Stores) -> None:
    """Events by kind and day, decisions with how their notice began, what waits by state and by its clock's end."""
    desk = Desk(stores.notices)
    first, second = desk.receive(), desk.receive()
    desk.clock.move(hours=30)
    desk.rule(first, Measure.REMOVE)
    with desk.service.store.transaction() as transaction:
        counted = transaction.counted(since=START.date())
        ending = transaction.listed(second.id).due_at
        assert ending is not None
        loads = [transaction.load(ending + timedelta(microseconds=moved)).ending for moved in (-1, 0, 1)]
        hour_before = transaction.load(ending - timedelta(hours=1)).ending
        states = transaction.load(START).states
        nothing = transaction.counted(since=desk.clock.now().date() + timedelta(days=1))
    decided = (START + timedelta(hours=30)).date()
    assert dict(counted) == {
        (START.date(), "notice.received"): 2,
        (decided, "notice.clock-breached"): 2,
        (decided, "notice.decided"): 1,
        (decided, "measure:remove"): 1,
        (decided, "took:300"): 1,
    }
    assert nothing == {}
    # What was decided waits as well: until it can be complained about no more.
    later = {STEPS[-1]: 1}
    assert [dict(each) for each in (*loads, hour_before)] == [
        {1: 1, **later},
        {1: 1, **later},
        {-1: 1, **later},
        {1: 1, **later},
    ]
    assert dict(states) == {"decided": 1, "open": 1}


def test_a_queue_is_narrowed_by_how_notices_began(stores: Stores) -> None:
    """By their opening."""
    desk = Desk(stores.notices)
    for _ in range(3):
        desk.receive()
    assert len(desk.service.queue(NoticeFilter(waiting=True, opening=Opening.REQUEST))) == 3
    assert desk.service.queue(NoticeFilter(opening=Opening.ORDER)) == []


def test_outlines_are_histories_without_anything_personal(stores: Stores) -> None:
    """Many at once, in order, as they are left by erasure."""
    desk = Desk(stores.notices)
    made = [desk.rule(desk.receive(), Measure.REMOVE), desk.receive()]
    with stores.notices.transaction() as transaction:
        outlines = transaction.outlines([each.id for each in made])
        assert transaction.outlines([]) == {}
    for each in made:
        bare = fold(each.id, outlines[each.id])
        assert bare.contents
        assert not any(content.url or content.hashes for content in bare.contents)
        assert not bare.fields
        assert summary(bare, desk.service.law) == summary(each, desk.service.law)


def test_uploads_are_read_with_bank_and_reference(stores: Stores) -> None:
    """The feed gives each match once, in order, and keeps how far its reader came."""
    for number in (1, 2):
        stores.matched(number, ref=f"r{number}")
    with stores.notices.transaction(write=True) as transaction:
        seen = transaction.uploads(after=0, until=START)
        assert [(each.number, each.bank, each.platform, each.verdict, each.ref) for each in seen] == [
            (1, "matched", "platform", "review", "r1"),
            (2, "matched", "platform", "review", "r2"),
        ]
        assert transaction.uploads(after=0, until=START - timedelta(seconds=1)) == []
        transaction.advance("x", 2)
        assert (transaction.position("x"), transaction.position("y")) == (2, 0)
    with stores.notices.transaction() as transaction:
        assert transaction.uploads(after=transaction.position("x"), until=START) == []


def test_one_notice_gathers_the_uploads_of_an_entry(stores: Stores) -> None:
    """Until it no longer does, or is erased."""
    desk = Desk(stores.notices)
    notice = desk.receive()
    with stores.notices.transaction(write=True) as transaction:
        assert transaction.gathering(EntryId(7)) is None
        transaction.gather(EntryId(7), notice.id)
        assert transaction.gathering(EntryId(7)) == notice.id
        transaction.gather(EntryId(7), None)
        assert transaction.gathering(EntryId(7)) is None
        transaction.gather(EntryId(8), notice.id)
    desk.act(notice, c.Erase("request"))
    with stores.notices.transaction() as transaction:
        assert transaction.gathering(EntryId(8)) is None


def test_lists_of_records(stores: Stores) -> None:
    """Each list has an order of its own, goes on after any of its rows, and can be of one role alone."""
    desk = Desk(stores.notices)
    now, day = desk.clock.now(), START.date()

    def keep(name: str, role: r.PartyRole, *commands: r.Command) -> r.PartyRecord:
        with desk.service.writing() as transaction:
            return [desk.service.keep_record(transaction, role, name, each, actor="key:p") for each in commands][-1]

    def measured(name: str, days: int) -> r.PartyRecord:
        until = now + timedelta(days=days)
        conduct = r.NoteConduct(NoticeId("SOMETHING"), Ground.INTIMATE)
        return keep(
            name, r.PartyRole.UPLOADER, conduct, r.WarnParty(WHY), r.HearParty("No."), r.SuspendParty(WHY, until)
        )

    long, short = measured("long", 9), measured("short", 2)
    keep("long", r.PartyRole.UPLOADER, r.ContestMeasure("Never."))
    checked = r.CheckFlagger(r.Flagger("Coordinator", day, "ada", day, "https://example.org"))
    trusted = keep("trusted", r.PartyRole.NOTIFIER, checked)

    def listed(which: r.RecordList, **more: Any) -> list[PartyId]:
        with stores.notices.transaction() as transaction:
            return [each.id for each in transaction.records(which, **{"now": now, **more})]

    assert listed(r.RecordList.MEASURED) == [short.id, long.id]
    assert listed(r.RecordList.MEASURED, after=short.id) == [long.id]
    assert listed(r.RecordList.MEASURED, now=now + timedelta(days=3)) == [long.id]
    assert listed(r.RecordList.WAITING) == [long.id]
    assert listed(r.RecordList.TRUSTED) == [trusted.id]
    assert listed(r.RecordList.CONDUCT) == sorted([long.id, short.id])
    assert listed(r.RecordList.ALL, limit=2) == sorted([long.id, short.id, trusted.id])[:2]
    assert listed(r.RecordList.ALL, role=r.PartyRole.NOTIFIER) == [trusted.id]
    with stores.notices.transaction() as transaction:
        [row] = transaction.records(r.RecordList.WAITING, now=now)
    assert (row.role, row.conduct, row.notices, row.waiting_since) == (r.PartyRole.UPLOADER, 1, 0, now)


def test_erasing_leaves_nothing_personal_and_the_ledger_whole(stores: Stores) -> None:
    """The key is destroyed; events can still be read, and the ledger verifies; holds and idle times are respected."""
    desk = Desk(stores.notices)
    notice = desk.rule(desk.receive(complete(notifier="me")), Measure.KEEP, Ground.FRAUDULENT)
    held = desk.act(desk.rule(desk.receive(), Measure.KEEP), c.PlaceHold(WHY))
    record = desk.service.party(r.PartyRole.NOTIFIER, "me")
    with stores.notices.transaction() as transaction:
        assert [each.id for each in transaction.records(r.RecordList.CONDUCT, now=START)] == [record]
        assert transaction.records(r.RecordList.CONDUCT, now=START, after=record) == []
        assert record in transaction.changed_records(since=START)
        assert transaction.changed_records(since=START, after=record, limit=1) != [record]
        assert transaction.changed_records(since=START + timedelta(seconds=1)) == []
        assert len(transaction.portion(after=None, changed_since=START)) == 2
        assert transaction.portion(after=None, changed_since=START + timedelta(seconds=1)) == []
        assert transaction.idle(before=START - timedelta(seconds=1)) == []
        assert transaction.idle(before=START) == [notice.id]
    desk.act(notice, c.Erase("retention"))
    erased = desk.load(notice)
    assert erased.erased_at is not None
    assert not erased.contents[0].url
    assert not erased.messages[0].text
    with stores.notices.transaction(write=True) as transaction:
        assert transaction.idle(before=START) == []
        assert [each.id for each in transaction.portion(after=None)] == [held.id]
        assert transaction.erase_records(before=START - timedelta(seconds=1)) == 0
        assert transaction.erase_records(before=START) > 0
        assert transaction.erase_records(before=START) == 0
        assert not desk.service.record_of(transaction, record).reference
        assert desk.service.record_of(transaction, record).conduct
    if stores.database is not None:
        assert LedgerService(SqlLedger(stores.database.engine)).verify().whole


def test_the_database_alone_gives_nothing_away(stores: Stores) -> None:
    """Addresses, names, reasons and who is who stand nowhere in the open; keys can be changed under running work."""
    if stores.database is None or stores.keys is None:
        pytest.skip("memory seals nothing")
    desk = Desk(stores.notices)
    notice = desk.rule(desk.receive(complete(notifier="person@example.org", reference="T-777")), Measure.REMOVE)
    with stores.database.engine.connect() as connection:
        rows = "".join(
            str(list(connection.exec_driver_sql(f"SELECT * FROM {table}")))  # noqa: S608 - names of tables of ours
            for table in ("notice_file", "notice_event", "record_file", "record_event", "ledger_entry")
        )
    for secret in ("platform.example", "post-1", "uploader-1", "person@example.org", "T-777", "I looked at it"):
        assert secret not in rows
    before = key_ids(stores.database.engine)
    current = stores.keys.rotate()
    assert rewrap(stores.database.engine, stores.keys, current=current) == 3
    assert key_ids(stores.database.engine) == {current} != before
    assert desk.load(notice) == notice
