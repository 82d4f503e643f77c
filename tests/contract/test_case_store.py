# SPDX-License-Identifier: Apache-2.0
"""What ``casework.ports.CaseStore`` promises, held against memory, SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.adapters.keyring import KeyFile
from noli.adapters.sql import Database
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.ledger import SqlLedger
from noli.bank.model import Action, Bank, BankPolicy, EntryId, NewEntry, Provenance
from noli.base.errors import Conflict, NotFound
from noli.casework import events as e
from noli.casework import rules
from noli.casework.events import Event, Recorded
from noli.casework.model import (
    Author,
    Case,
    CaseFilter,
    CaseId,
    CaseState,
    ItemId,
    Recovery,
    Reporter,
    Situation,
    StaffId,
    WithdrawalDelay,
)
from noli.casework.ports import CaseStore, CaseTransaction, Door, SeenMatch
from noli.evidence.model import Fact
from noli.evidence.ports import Ledger
from noli.evidence.service import LedgerService
from noli.hashing.model import Hash, Outcome
from noli.matching.model import Check, Closeness, Decision, Match, Neighbour, Verdict
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.cases import MemoryCases
from tests.unit.casework.test_events import EXAMPLES

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
OPENED = next(event for event in EXAMPLES if isinstance(event, e.CaseOpened))


class Stores:
    """A store of cases with its ledger, and a way to let checks match."""

    def __init__(self, cases: CaseStore, ledger: Ledger, database: Database | None = None) -> None:
        self.cases, self.ledger = cases, ledger
        self._database = database

    def matched(self, *found: SeenMatch) -> None:
        """Record one check with these matches."""
        if self._database is None:
            assert isinstance(self.cases, MemoryCases)
            self.cases.found(*found)
            return
        bank = _bank(self._database)
        matches = tuple(
            Match(Neighbour(bank, match.entry, 3), Closeness.SAME, Verdict(match.verdict), "why") for match in found
        )
        decision = Decision(Verdict(found[0].verdict), matches, "why")
        check = Check(
            f"check-{found[0].number}",
            "ref",
            found[0].platform,
            Outcome.HASHED,
            decision,
            (Hash(some_hash(1)),),
            found[0].at,
        )
        self._database.checks.add([check])


def _bank(database: Database) -> Bank:
    """Return the one bank that checks match here, made on first use."""
    with database.banks.transaction(write=True) as transaction:
        try:
            return transaction.bank("matched")
        except NotFound:
            return transaction.add_bank("matched", BankPolicy(Action.BLOCK), now=NOW)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Each implementation of the port, empty."""
    if request.param == "memory":
        memory = MemoryCases()
        yield Stores(memory, memory)
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    keys = KeyFile.make(tmp_path / "keys.json")
    yield Stores(SqlCases(database.engine, keys), SqlLedger(database.engine, keys), database)
    database.close()


def _door(number: int, *, at: datetime = NOW, recovery: bool = False) -> Door:
    name = str(number).encode()
    return Door(
        CaseId(f"CASE{number}"), name * 4, f"verifier {number}", name * 8, "de", at, b"r" + name if recovery else None
    )


def _apply(case: Case, events: tuple[Event, ...], now: datetime) -> Case:
    for event in events:
        case = rules.apply(case, Recorded(case.version + 1, now, "person", event))
    return case


def _append(transaction: CaseTransaction, case: CaseId, *events: Event, now: datetime = NOW) -> Case:
    before = rules.fold(case, transaction.history(case))
    after = _apply(before, events, now)
    transaction.append(after, events, version=before.version, actor="person", now=now)
    return after


def _open(stores: Stores, number: int = 1, *events: Event, at: datetime = NOW, recovery: bool = False) -> CaseId:
    door = _door(number, at=at, recovery=recovery)
    with stores.cases.transaction(write=True) as transaction:
        transaction.open(door, number=f"NUMBER-{number}")
        _append(transaction, door.case, OPENED, *events, now=at)
    return door.case


def test_a_case_is_entered_by_digests(stores: Stores) -> None:
    """Number, submission and recovery code lead to the case; nothing else does."""
    case = _open(stores, 1, recovery=True)
    _open(stores, 2)
    door = _door(1, recovery=True)
    with stores.cases.transaction() as transaction:
        assert transaction.door(number=door.number) == door
        assert transaction.door_of(case) == door
        assert transaction.door_by_submission(door.submission) == door
        assert transaction.door_by_recovery(b"r1") == door
        assert transaction.number_of(case) == "NUMBER-1"
        assert transaction.door(number=b"?") is None
        assert transaction.door_by_submission(b"?") is None
        assert transaction.door_by_recovery(b"?") is None
        for missing in (transaction.door_of, transaction.history, transaction.number_of):
            with pytest.raises(NotFound):
                missing(CaseId("NOBODY"))


def test_new_words_replace_the_old(stores: Stores) -> None:
    """The verifier of new words is the only one."""
    case = _open(stores)
    with stores.cases.transaction(write=True) as transaction:
        transaction.replace_verifier(case, "new")
    with stores.cases.transaction() as transaction:
        assert transaction.door_of(case).verifier == "new"


@pytest.mark.parametrize("same", ["number", "submission", "recovery"])
def test_what_leads_to_a_case_leads_to_one(stores: Stores, same: str) -> None:
    """A second case cannot have the first one's number, submission or recovery code; nothing of it is kept."""
    _open(stores, 1, recovery=True)
    other = replace(_door(2, recovery=True), **{same: getattr(_door(1, recovery=True), same)})
    with pytest.raises(Conflict), stores.cases.transaction(write=True) as transaction:
        transaction.open(other, number="NUMBER-2")
    with stores.cases.transaction() as transaction, pytest.raises(NotFound):
        transaction.history(other.case)


def test_events_are_kept_as_they_were(stores: Stores) -> None:
    """Every kind of event is read back as it was written, in order, with when and who."""
    events = tuple(event for event in EXAMPLES if not isinstance(event, e.CaseErased))
    case = _open(stores)
    with stores.cases.transaction(write=True) as transaction:
        after = _append(transaction, case, *events[1:])
    with stores.cases.transaction() as transaction:
        found = transaction.history(case)
        assert [recorded.event for recorded in found] == list(events)
        assert [recorded.sequence for recorded in found] == list(range(1, len(events) + 1))
        assert {(recorded.at, recorded.actor) for recorded in found} == {(NOW, "person")}
        assert rules.fold(case, found) == after


def test_who_comes_second_is_told(stores: Stores) -> None:
    """Two who changed the same version of a case: the second one's events are not kept."""
    case = _open(stores)
    with stores.cases.transaction() as transaction:
        after = rules.fold(case, transaction.history(case))
    for changed, error in ((after, Conflict), (replace(after, id=CaseId("NOBODY")), NotFound)):
        with pytest.raises(error), stores.cases.transaction(write=True) as transaction:
            transaction.append(changed, [e.PassphraseReplaced()], version=0, actor="person", now=NOW)
    with stores.cases.transaction() as transaction:
        assert len(transaction.history(case)) == 1
    assert LedgerService(stores.ledger).verify().root.size == 1


def test_many_at_once_lose_nothing(stores: Stores) -> None:
    """Eight threads that each change one case ten times leave eighty events and a whole ledger."""
    case = _open(stores)

    def work() -> None:
        done = 0
        while done < 10:
            with stores.cases.transaction(write=True) as transaction:
                _append(transaction, case, e.PassphraseReplaced())
            done += 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores.cases.transaction() as transaction:
        assert len(transaction.history(case)) == 81
    found = LedgerService(stores.ledger).verify()
    assert (found.whole, found.root.size) == (True, 81)


def test_all_or_nothing(stores: Stores) -> None:
    """What fails leaves no case, no event, no ledger entry and nothing in a bank."""

    def fail(transaction: CaseTransaction) -> None:
        transaction.open(_door(1), number="NUMBER-1")
        _append(transaction, CaseId("CASE1"), OPENED)
        transaction.banks.add_bank("intake", BankPolicy(Action.REVIEW), now=NOW)
        transaction.spend(b"c" * 32, expires_at=NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), stores.cases.transaction(write=True) as transaction:
        fail(transaction)
    with stores.cases.transaction() as transaction:
        assert transaction.door(number=_door(1).number) is None
        assert transaction.banks.banks() == []
    with stores.cases.transaction(write=True) as transaction:
        assert transaction.spend(b"c" * 32, expires_at=NOW)
    assert list(stores.ledger.entries()) == []


def test_banks_are_part_of_the_transaction(stores: Stores) -> None:
    """An entry that is registered beside a case is there when the case is."""
    with stores.cases.transaction(write=True) as transaction:
        transaction.open(_door(1), number="NUMBER-1")
        _append(transaction, CaseId("CASE1"), OPENED)
        transaction.banks.add_bank("intake", BankPolicy(Action.REVIEW), now=NOW)
        entry = NewEntry((Hash(some_hash(1), 90),), Provenance("intake"))
        transaction.banks.add_entries("intake", [(EntryId(5), entry)], now=NOW)
    with stores.cases.transaction() as transaction:
        assert transaction.banks.entry("intake", EntryId(5)).hashes == entry.hashes
        assert transaction.banks.last_sequence() == 2


def _item(number: int) -> e.ItemAdded:
    added = next(event for event in EXAMPLES if isinstance(event, e.ItemAdded))
    return replace(added, item=ItemId(str(number)), entry=EntryId(number))


def test_whose_entry_it_is(stores: Stores) -> None:
    """An entry leads to its case, also after its release under another id; a stranger's entry leads nowhere."""
    case, other = _open(stores, 1, _item(7)), _open(stores, 2, _item(1 << 62))
    with stores.cases.transaction(write=True) as transaction:
        _append(transaction, case, e.ItemReleased(item=ItemId("7"), bank="intake", entry=EntryId(8)))
    with stores.cases.transaction() as transaction:
        wanted = [EntryId(7), EntryId(8), EntryId(1 << 62), EntryId(9)]
        assert transaction.cases_of(wanted) == {EntryId(7): case, EntryId(8): case, EntryId(1 << 62): other}
        assert transaction.cases_of([]) == {}


def test_erasing_destroys_what_is_personal(stores: Stores) -> None:
    """After it events say what and when and nothing else; number and entries lead nowhere; the ledger stays whole."""
    message = next(event for event in EXAMPLES if isinstance(event, e.MessageSent))
    case = _open(stores, 1, _item(7), message)
    with stores.cases.transaction(write=True) as transaction:
        _append(transaction, case, e.Withdrawn(items=1), e.CaseErased())
    with stores.cases.transaction() as transaction:
        found = [recorded.event for recorded in transaction.history(case)]
        assert found[1:3] == [
            replace(_item(7), label="", entry=None, digest="", times_ms=()),
            replace(message, text=""),
        ]
        assert transaction.number_of(case) == ""
        assert transaction.cases_of([EntryId(7)]) == {}
        assert transaction.door(number=_door(1).number) is not None
    with stores.cases.transaction(write=True) as transaction:
        _append(transaction, case, e.WithdrawalTold(recipient="p"))
    with stores.cases.transaction() as transaction:
        assert transaction.history(case)[-1].event == e.WithdrawalTold(recipient="p")
    assert LedgerService(stores.ledger).verify().whole


def test_the_ledger_has_an_entry_for_each_event_and_each_look(stores: Stores) -> None:
    """Facts follow each other with pseudonymous ids and commitments; the last one that events know is told."""
    case = _open(stores, 1, e.PassphraseReplaced())
    with stores.cases.transaction(write=True) as transaction:
        looked = transaction.record(Fact("case.viewed", case, "staff:1"), now=NOW)
    found = list(stores.ledger.entries())
    assert [(entry.sequence, entry.fact.kind) for entry in found] == [
        (1, "case.opened"),
        (2, "passphrase.replaced"),
        (3, "case.viewed"),
    ]
    assert found[2] == looked
    assert [len(entry.fact.commitment) for entry in found] == [32, 32, 0]
    assert [entry.sequence for entry in stores.ledger.entries(after=2)] == [3]
    with stores.ledger.whole() as whole:
        assert [said.sequence for said in whole.references] == [1, 2]
    assert [entry.sequence for entry in stores.ledger.page(subject=case, before=3)] == [2, 1]
    assert [entry.sequence for entry in stores.ledger.page(limit=1)] == [3]
    assert stores.ledger.page(subject="other") == []


def test_withdrawals_that_are_due_are_listed(stores: Stores) -> None:
    """Those whose time has come, longest waiting first; revoked and done ones are not among them."""
    cases = [_open(stores, number) for number in range(1, 5)]
    for hours, case in zip((3, 1, 2, 9), cases, strict=True):
        with stores.cases.transaction(write=True) as transaction:
            _append(transaction, case, e.WithdrawalRequested(due_at=NOW + timedelta(hours=hours), erase=False))
    with stores.cases.transaction(write=True) as transaction:
        _append(transaction, cases[2], e.WithdrawalRevoked())
    with stores.cases.transaction() as transaction:
        assert transaction.due(NOW) == []
        assert transaction.due(NOW + timedelta(hours=3)) == [cases[1], cases[0]]
        assert transaction.due(NOW + timedelta(hours=3), limit=1) == [cases[1]]


def test_the_list_is_filtered_and_paged(stores: Stores) -> None:
    """Newest first; each filter finds its cases; pages follow each other."""
    item = next(event for event in EXAMPLES if isinstance(event, e.ItemAdded))
    extra: dict[int, tuple[Event, ...]] = {
        1: (e.StateChanged(state=CaseState.CLOSED),),
        2: (e.CaseAssigned(staff=StaffId("anna")),),
        3: (replace(next(x for x in EXAMPLES if isinstance(x, e.MessageSent)), author=Author.PERSON),),
        4: (item,),
    }
    cases = [_open(stores, n, *extra.get(n, ()), at=NOW + timedelta(minutes=n)) for n in range(1, 6)]
    one, two, three, four, five = cases

    def listed(**wanted: object) -> list[CaseId]:
        with stores.cases.transaction() as transaction:
            return [each.id for each in transaction.page(CaseFilter(**wanted))]  # type: ignore[arg-type] # names

    assert listed() == [five, four, three, two, one]
    assert listed(state=CaseState.CLOSED) == [one]
    assert listed(assigned_to=StaffId("anna")) == [two]
    assert listed(unassigned=True) == [five, four, three, one]
    assert listed(waits_for_staff=True) == [three]
    assert listed(held=True) == [four]
    with stores.cases.transaction() as transaction:
        [first] = transaction.page(CaseFilter(), limit=1)
        assert (first.situation, first.reporter, first.language) == (Situation.FILES, Reporter.LAWYER, "de")
        assert first.opened_at == NOW + timedelta(minutes=5)
        assert [each.id for each in transaction.page(CaseFilter(), after=three, limit=1)] == [two]
        assert transaction.page(CaseFilter(), after=one) == []


def test_a_challenge_is_spent_once(stores: Stores) -> None:
    """The second time it is refused."""
    with stores.cases.transaction(write=True) as transaction:
        assert transaction.spend(b"a" * 32, expires_at=NOW + timedelta(hours=2))
    with stores.cases.transaction(write=True) as transaction:
        assert not transaction.spend(b"a" * 32, expires_at=NOW + timedelta(hours=2))
        assert transaction.spend(b"b" * 32, expires_at=NOW + timedelta(hours=2))


def test_matches_are_read_in_order_up_to_what_is_settled(stores: Stores) -> None:
    """All matches of a check come together; what is too fresh stops the reading, and so does the limit."""
    for number, minutes in ((1, 0), (2, 2), (3, 1), (4, 9)):
        at = NOW + timedelta(minutes=minutes)
        stores.matched(*(SeenMatch(number, EntryId(number * 10 + n), "site", "block", at) for n in range(2)))
    with stores.cases.transaction() as transaction:
        found = transaction.matches(after=0, until=NOW + timedelta(minutes=5))
        assert [(match.number, match.entry) for match in found] == [
            (1, 10),
            (1, 11),
            (2, 20),
            (2, 21),
            (3, 30),
            (3, 31),
        ]
        assert (found[0].platform, found[0].verdict, found[2].at) == ("site", "block", NOW + timedelta(minutes=2))
        # Check 2 is younger than check 3: reading stops before it, or it would be passed over for good.
        settled = transaction.matches(after=0, until=NOW + timedelta(minutes=1))
        assert [match.number for match in settled] == [1, 1]
        assert [m.number for m in transaction.matches(after=1, until=NOW + timedelta(hours=1), limit=1)] == [2, 2]
        assert transaction.matches(after=4, until=NOW + timedelta(hours=1)) == []


def test_a_reader_of_a_feed_goes_on_where_it_was(stores: Stores) -> None:
    """How far reading has come is kept with what was made of it."""
    with stores.cases.transaction(write=True) as transaction:
        assert transaction.position("feed") == 0
        transaction.advance("feed", 7)
        transaction.advance("feed", 9)
        transaction.advance("other", 1)
    with stores.cases.transaction() as transaction:
        assert (transaction.position("feed"), transaction.position("other")) == (9, 1)


def test_the_delay_and_recovery_are_kept(stores: Stores) -> None:
    """What was chosen at the start can be read from the events."""
    case = _open(stores)
    with stores.cases.transaction() as transaction:
        found = rules.fold(case, transaction.history(case))
    assert (found.delay, found.recovery) == (WithdrawalDelay.AFTER_72_HOURS, Recovery.CODE)
