# SPDX-License-Identifier: Apache-2.0
"""What ``bank.ports.BankStore`` promises, held against memory, SQLite and PostgreSQL."""

import sys
import threading
from array import array
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.bank.model import (
    Action,
    BankId,
    BankPolicy,
    ChangeKind,
    EntryId,
    EntryState,
    KeyedRegions,
    NewEntry,
    Opinion,
    OpinionKind,
    Provenance,
    RegionUse,
    Sharing,
)
from noli.bank.ports import BankStore, BankTransaction
from noli.base.errors import Conflict, NotFound
from noli.hashing.model import Hash, Pipeline, SignalType, Variant
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.store import MemoryBanks

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = BankPolicy(Action.BLOCK, 31, note="why")
LATER = NOW + timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BankStore]:
    """Each implementation of the port, empty."""
    if request.param == "memory":
        yield MemoryBanks()
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    yield database.banks
    database.close()


def new(seed: int, *, note: str = "", labels: tuple[str, ...] = ()) -> NewEntry:
    """Make an entry of two hashes."""
    hashes = (
        Hash(some_hash(seed), 90),
        Hash(some_hash(seed + 1000), None, pipeline=Pipeline.NEAREST_512, variant=Variant.ROTATED_90),
    )
    return NewEntry(hashes, Provenance("key", "partner", f"ref-{seed}"), labels, note)


def fill(transaction: BankTransaction, bank: str, *ids: int) -> None:
    """Register entries under these ids."""
    transaction.add_entries(bank, [(EntryId(i), new(i)) for i in ids], now=NOW)


def test_a_bank_is_kept_as_it_was_made(store: BankStore) -> None:
    """Name, policy and time come back, after the transaction as inside it."""
    with store.transaction(write=True) as t:
        made = t.add_bank("one", POLICY, now=NOW)
        assert t.bank("one") == made
    with store.transaction() as t:
        kept = t.bank("one")
    assert (kept.name, kept.policy, kept.created_at, kept.entries) == ("one", POLICY, NOW, 0)


def test_a_bank_name_is_taken_once(store: BankStore) -> None:
    """A second bank of the name is a conflict, and the first stays as it is."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
    with store.transaction(write=True) as t, pytest.raises(Conflict, match="one"):
        t.add_bank("one", BankPolicy(Action.LOG), now=NOW)
    with store.transaction() as t:
        assert t.bank("one").policy == POLICY


def test_what_is_not_there_is_not_found(store: BankStore) -> None:
    """Each read or write that names a missing bank or entry says so."""
    missing = EntryId(77)
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        t.add_bank("two", POLICY, now=NOW)
        fill(t, "two", 5)
        for act in (
            lambda: t.bank("none"),
            lambda: t.set_policy("none", POLICY, now=NOW),
            lambda: t.entries("none"),
            lambda: t.add_entries("none", [(missing, new(1))], now=NOW),
            lambda: t.entry("none", missing),
            lambda: t.entry("one", missing),
            lambda: t.entry("one", EntryId(5)),
            lambda: t.withdraw("one", missing, by="x", now=NOW),
            lambda: t.opinions("one", missing),
            lambda: t.add_opinion("one", Opinion(missing, "a", OpinionKind.DISPUTED, "", NOW)),
        ):
            with pytest.raises(NotFound):
                act()
        assert t.hashes_of(missing) == b""
        assert t.entries_by_id([missing]) == {}


def test_a_policy_can_be_changed(store: BankStore) -> None:
    """The new policy is read back, and the change is in the sequence."""
    changed = BankPolicy(Action.LOG, 8, negative=True, enabled=False, note="new")
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        assert t.set_policy("one", changed, now=NOW).policy == changed
    with store.transaction() as t:
        assert t.bank("one").policy == changed
        assert [change.kind for change in t.changes(after=0)] == [ChangeKind.BANK] * 2


def test_banks_are_listed_by_name_in_pages(store: BankStore) -> None:
    """Names come in order; a page goes on after the name it is given."""
    with store.transaction(write=True) as t:
        for name in ("c", "a", "b"):
            t.add_bank(name, POLICY, now=NOW)
        assert [bank.name for bank in t.banks(limit=2)] == ["a", "b"]
        assert [bank.name for bank in t.banks(after="b", limit=2)] == ["c"]


def test_an_entry_is_kept_whole(store: BankStore) -> None:
    """Hashes in order with all their properties, labels, note and provenance come back."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        t.add_entry("one", new(7, note="n", labels=("x", "y")), id=EntryId(7), now=NOW)
    with store.transaction() as t:
        kept = t.entry("one", EntryId(7))
        assert t.bank("one").entries == 1
        assert t.hashes_of(EntryId(7)) == some_hash(7) + some_hash(1007)
    wanted = new(7, note="n", labels=("x", "y"))
    assert (kept.hashes, kept.provenance, kept.labels, kept.note) == (
        wanted.hashes,
        wanted.provenance,
        wanted.labels,
        wanted.note,
    )
    assert (kept.state, kept.created_at, kept.bank, kept.disputed) == (EntryState.ACTIVE, NOW, "one", False)


def test_entries_are_listed_in_id_order_in_pages(store: BankStore) -> None:
    """The largest id that a signed 64-bit column holds included."""
    largest = (1 << 63) - 1
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", 9, largest, 0)
        assert [entry.id for entry in t.entries("one", limit=2)] == [0, 9]
        rest = t.entries("one", after=EntryId(9))
    assert [(entry.id, len(entry.hashes)) for entry in rest] == [(largest, 2)]


def test_what_is_doubted_or_withdrawn_is_listed_alone(store: BankStore) -> None:
    """What was withdrawn is doubted no longer; what somebody thinks is listed newest first, with the bank."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", 1, 2, 3, 4)
        said = [Opinion(EntryId(id_), "partner:x", OpinionKind.DISPUTED, str(id_), NOW) for id_ in (3, 2, 4)]
        for opinion in said:
            t.add_opinion("one", opinion)
        t.withdraw("one", EntryId(4), by="ada", now=NOW)
    with store.transaction() as t:
        assert [entry.id for entry in t.entries("one", doubted=True)] == [2, 3]
        assert [entry.id for entry in t.entries("one", doubted=True, after=EntryId(2))] == [3]
        assert [entry.id for entry in t.entries("one", withdrawn=True)] == [4]
        assert t.opinions_by("partner:x", limit=2) == [("one", said[2]), ("one", said[1])]
        assert t.opinions_by("partner:y") == []


def test_many_ids_are_read_at_once(store: BankStore) -> None:
    """More ids than one statement takes are no trouble, unknown ones are left out."""
    ids = [EntryId(n) for n in range(2500)]
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", *ids)
    with store.transaction() as t:
        assert set(t.entries_by_id([*ids, EntryId(9999)])) == set(ids)
        assert {entry for entry, _, _ in t.hashes_of_many(ids)} == set(ids)


def test_a_withdrawn_entry_is_gone_from_matching_and_kept_in_the_books(store: BankStore) -> None:
    """Who and when is kept; the first withdrawal stands; the counts and the index's hashes leave it out."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", 1, 2)
        t.withdraw("one", EntryId(1), by="first", now=NOW)
        again = t.withdraw("one", EntryId(1), by="second", now=LATER)
        assert (again.state, again.withdrawn_by, again.withdrawn_at) == (EntryState.WITHDRAWN, "first", NOW)
        assert t.bank("one").entries == 1
        assert t.hashes_of(EntryId(1)) == b""
        assert [kind for *_, kind in [(c.sequence, c.kind) for c in t.changes(after=3)]] == [ChangeKind.ENTRY_WITHDRAWN]
    with store.transaction() as t:
        hashes, ids = zip(*t.active_hashes(t.bank("one").id), strict=True)
    assert b"".join(hashes) == some_hash(2) + some_hash(1002)
    assert set(array("Q", b"".join(ids))) == {2}


def test_the_index_is_loaded_bank_by_bank(store: BankStore) -> None:
    """Each bank streams its own hashes under its entries' ids, in the machine's byte order."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        two = t.add_bank("two", POLICY, now=NOW).id
        fill(t, "one", 1)
        fill(t, "two", 2)
    with store.transaction() as t:
        [(hashes, ids)] = list(t.active_hashes(two))
        assert list(t.active_hashes(BankId(99))) == []
    assert (hashes, ids) == (some_hash(2) + some_hash(1002), EntryId(2).to_bytes(8, sys.byteorder) * 2)


def test_the_newest_opinion_of_each_party_counts(store: BankStore) -> None:
    """One party's doubt disputes an entry until that same party changes its mind; all opinions are kept."""

    def say(author: str, kind: OpinionKind) -> bool:
        return t.add_opinion("one", Opinion(EntryId(1), author, kind, "", NOW)).disputed

    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", 1)
        assert not say("a", OpinionKind.TRUE_POSITIVE)
        assert say("b", OpinionKind.FALSE_POSITIVE)
        assert say("a", OpinionKind.TRUE_POSITIVE)
        assert not say("b", OpinionKind.TRUE_POSITIVE)
        assert say("a", OpinionKind.DISPUTED)
        assert t.entries_by_id([EntryId(1)])[EntryId(1)].disputed
        assert t.disputed(t.bank("one").id) == [EntryId(1)]
        assert [one.author for one in t.opinions("one", EntryId(1))] == ["a", "b", "a", "b", "a"]


def test_confirming_lifts_what_an_entry_may_ask_for(store: BankStore) -> None:
    """Somebody here can confirm an entry for good; a partner's word for it does not count."""

    def say(author: str, kind: OpinionKind) -> Action | None:
        return t.add_opinion("one", Opinion(EntryId(1), author, kind, "", NOW)).at_most

    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        t.add_entries("one", [(EntryId(1), replace(new(1), at_most=Action.REVIEW))], now=NOW)
        assert say("partner:other", OpinionKind.TRUE_POSITIVE) is Action.REVIEW
        assert say("anna", OpinionKind.FALSE_POSITIVE) is Action.REVIEW
        assert say("anna", OpinionKind.TRUE_POSITIVE) is None
        assert say("anna", OpinionKind.DISPUTED) is None
        assert [c.kind for c in t.changes(after=2)] == [ChangeKind.ENTRY_OPINION] * 4


def test_an_entry_leaves_only_while_it_may(store: BankStore) -> None:
    """Consent opens and ends the way out, each step once in the sequence; a bank can be offered anew."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        t.add_entries("one", [(EntryId(1), replace(new(1), sharing=Sharing.WITHHELD))], now=NOW)
        fill(t, "one", 2)
        t.withdraw("one", EntryId(2), by="x", now=NOW)
        assert t.set_sharing("one", EntryId(1), given=False, now=NOW).sharing is Sharing.WITHHELD
        for _ in range(2):
            made = t.set_sharing("one", EntryId(1), given=True, now=LATER)
            assert (made.sharing, made.shared_at, made.sharing.leaves) == (Sharing.GRANTED, LATER, True)
        for _ in range(2):
            made = t.set_sharing("one", EntryId(1), given=False, now=LATER)
            assert (made.sharing, made.sharing.leaves) == (Sharing.ENDED, False)
        t.offer("one", now=NOW)
        told = [(c.kind, c.entry, c.at) for c in t.changes(after=4)]
        assert told == [
            (ChangeKind.ENTRY_SHARED, 1, LATER),
            (ChangeKind.ENTRY_UNSHARED, 1, LATER),
            (ChangeKind.ENTRY_SHARED, 1, LATER),
        ]


def test_the_sequence_counts_every_change_once(store: BankStore) -> None:
    """Numbers rise, pages go on where the last ended, and what is rolled back leaves no change behind."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", *range(10))
    with pytest.raises(ZeroDivisionError), store.transaction(write=True) as t:  # noqa: PT012 - what fails is the block
        fill(t, "one", 50)
        raise ZeroDivisionError
    with store.transaction() as t:
        first = t.changes(after=0, limit=4)
        rest = t.changes(after=first[-1].sequence)
        assert [change.entry for change in [*first, *rest]] == [None, *range(10)]
        assert t.last_sequence() == rest[-1].sequence
        assert t.entries_by_id([EntryId(50)]) == {}


def test_an_entry_number_that_is_taken_is_a_conflict(store: BankStore) -> None:
    """All of its batch is refused with it, and the entry that had the number stays as it is."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", 1)
    with pytest.raises(Conflict), store.transaction(write=True) as t:
        fill(t, "one", 2, 1)
    with store.transaction() as t:
        assert [entry.id for entry in t.entries("one")] == [1]
        assert t.bank("one").entries == 1
        assert t.last_sequence() == 2


def test_a_request_sent_twice_at_once_is_done_once(store: BankStore) -> None:
    """Of eight that come with one key at the same moment one writes, and the others find its answer."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
    answers: list[bytes] = []
    start = threading.Barrier(8)

    def send(sender: int) -> None:
        start.wait()
        with store.transaction(write=True) as t:
            kept = t.recall("key", "k")
            if kept is None:
                fill(t, "one", sender)
                kept = (b"d" * 32, b"answer %d" % sender)
                t.remember("key", "k", digest=kept[0], response=kept[1], now=NOW)
        answers.append(kept[1])

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    with store.transaction() as t:
        assert t.bank("one").entries == 1


def test_an_answer_is_kept_under_its_key(store: BankStore) -> None:
    """Recalled by scope and key; rolled back with the write it belongs to."""
    with store.transaction(write=True) as t:
        assert t.recall("key", "k") is None
        t.remember("key", "k", digest=b"d" * 32, response=b"{}", now=NOW)
    with pytest.raises(ZeroDivisionError), store.transaction(write=True) as t:  # noqa: PT012 - what fails is the block
        t.remember("key", "other", digest=b"d" * 32, response=b"{}", now=NOW)
        raise ZeroDivisionError
    with store.transaction() as t:
        assert t.recall("key", "k") == (b"d" * 32, b"{}")
        assert t.recall("other", "k") is None
        assert t.recall("key", "other") is None


def test_readers_go_on_however_many_writers_wait(store: BankStore) -> None:
    """Forty writers who wait for one take nothing that a reader needs, and all get their turn."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)

    def write(number: int) -> None:
        with store.transaction(write=True) as t:
            fill(t, "one", number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(40)]
    with store.transaction(write=True):
        for thread in threads:
            thread.start()
        with store.transaction() as reading:
            assert reading.bank("one").entries == 0
    for thread in threads:
        thread.join()
    with store.transaction() as reading:
        assert reading.bank("one").entries == 40


def test_writers_at_the_same_moment_lose_nothing(store: BankStore) -> None:
    """Eight writers: one wins a name, every entry is there, and a follower who reads meanwhile misses no change."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
    outcomes: list[str] = []
    followed: list[int] = []
    done = threading.Event()

    def write(writer: int) -> None:
        try:
            with store.transaction(write=True) as t:
                t.add_bank("contested", POLICY, now=NOW)
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")
        for n in range(20):
            with store.transaction(write=True) as t:
                fill(t, "one", 100 * writer + n)

    def follow() -> None:
        after = 0
        while True:
            last = done.is_set()
            with store.transaction() as t:
                changes = t.changes(after=after)
            followed.extend(change.sequence for change in changes)
            after = changes[-1].sequence if changes else after
            if last and not changes:
                return

    threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 9)]
    follower = threading.Thread(target=follow)
    for thread in (*threads, follower):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    follower.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]
    with store.transaction() as t:
        assert t.bank("one").entries == 160
        assert [change.sequence for change in t.changes(after=0)] == followed
    assert len(followed) == 162


def test_a_video_keeps_the_times_of_its_frames(store: BankStore) -> None:
    """Frames come back with their times, a picture has none; what is withdrawn is left out."""
    frames = tuple(Hash(some_hash(n), 90, SignalType.VPDQ, at_ms=1000 * n) for n in range(3))
    video = NewEntry(frames, Provenance("key"))
    with store.transaction(write=True) as t:
        t.add_bank("one", BankPolicy(Action.BLOCK, video_seconds=5, video_share=0.25), now=NOW)
        t.add_entries("one", [(EntryId(1), video), (EntryId(2), video), (EntryId(3), new(9))], now=NOW)
        t.withdraw("one", EntryId(2), by="x", now=NOW)
    with store.transaction() as t:
        assert t.entry("one", EntryId(1)).hashes == frames
        assert t.timed_hashes([EntryId(n) for n in range(1, 5)]) == {1: [(each.at_ms, each.value) for each in frames]}
        assert (t.bank("one").policy.video_seconds, t.bank("one").policy.video_share) == (5, 0.25)


def keyed(seed: int) -> KeyedRegions:
    """Make two regions of one picture."""
    at_ms = 1000 * seed if seed % 2 else None
    return KeyedRegions((32768, 20000 + seed), bytes(range(16)), some_hash(seed) + some_hash(seed + 1), at_ms)


def kept_regions(store: BankStore, bank: str) -> list[tuple[EntryId, KeyedRegions]]:
    """Read all regions of a bank, and see that both ways of reading agree."""
    with store.transaction() as t:
        number = t.bank(bank).id
        streamed = list(t.active_regions(number))
        asked = t.regions_of_many([entry.id for entry in t.entries(bank)])
    assert sorted((entry, each.size) for entry, each in streamed) == sorted((e, r.size) for e, _, r in asked)
    assert all(home == number for _, home, _ in asked)
    return streamed


def test_regions_are_kept_apart_from_their_entry(store: BankStore) -> None:
    """They come back for the index, in order, and no entry that is read carries them."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        t.add_bank("two", POLICY, now=NOW)
        fill(t, "one", 1, 2)
        t.add_regions(EntryId(1), [keyed(1), keyed(2)])
        t.add_regions(EntryId(2), [])
    assert kept_regions(store, "one") == [(1, keyed(1)), (1, keyed(2))]
    assert kept_regions(store, "two") == []
    with store.transaction() as t:
        entry = t.entry("one", EntryId(1))
    assert entry.hashes == new(1).hashes
    assert not any("region" in name for name in type(entry).__dataclass_fields__)


def test_withdrawing_deletes_regions(store: BankStore) -> None:
    """Those of the entry are gone, those of others stay."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        fill(t, "one", 1, 2)
        t.add_regions(EntryId(1), [keyed(1)])
        t.add_regions(EntryId(2), [keyed(2)])
        t.withdraw("one", EntryId(1), by="key", now=LATER)
    assert kept_regions(store, "one") == [(2, keyed(2))]


def test_a_bank_that_keeps_no_regions_has_forgotten_them(store: BankStore) -> None:
    """Turned off, its regions are deleted, others' stay, and its next ones are under another secret."""
    with store.transaction(write=True) as t:
        t.add_bank("one", POLICY, now=NOW)
        t.add_bank("two", POLICY, now=NOW)
        fill(t, "one", 1)
        fill(t, "two", 2)
        t.add_regions(EntryId(1), [keyed(1)])
        t.add_regions(EntryId(2), [keyed(2)])
        before = t.bank("one")
        t.set_policy("one", replace(POLICY, regions=RegionUse.BLOCK), now=LATER)
        assert t.bank("one").epoch == before.epoch
        t.set_policy("one", replace(POLICY, regions=RegionUse.OFF), now=LATER)
        assert t.bank("one").epoch > before.epoch
        assert t.bank("one").policy.regions is RegionUse.OFF
    assert kept_regions(store, "one") == []
    assert kept_regions(store, "two") == [(2, keyed(2))]


def test_what_is_disputed_or_unconfirmed_is_told_apart(store: BankStore) -> None:
    """Of a bank what its active entries are bound to; of entries those that are disputed or bound."""
    with store.transaction(write=True) as t:
        one, other = t.add_bank("one", POLICY, now=NOW), t.add_bank("other", POLICY, now=NOW)
        fill(t, "one", 1, 2)
        bound = [(EntryId(n), replace(new(n), at_most=each)) for n, each in ((3, Action.REVIEW), (4, Action.LOG))]
        t.add_entries("one", bound, now=NOW)
        fill(t, "other", 5)
        for entry, kind in ((2, OpinionKind.DISPUTED), (4, OpinionKind.FALSE_POSITIVE)):
            t.add_opinion("one", Opinion(EntryId(entry), "anna", kind, "", NOW))
        assert sorted(t.marked([EntryId(n) for n in (1, 2, 3, 4, 5, 6)])) == [
            (EntryId(2), one.id, True, None),
            (EntryId(3), one.id, False, Action.REVIEW),
            (EntryId(4), one.id, True, Action.LOG),
        ]
        assert (t.bounds(one.id), t.bounds(other.id)) == ({Action.REVIEW, Action.LOG}, set())
        t.add_opinion("one", Opinion(EntryId(3), "anna", OpinionKind.TRUE_POSITIVE, "", NOW))
        assert t.bounds(one.id) == {Action.LOG}
