# SPDX-License-Identifier: Apache-2.0
"""The banks in memory: load, follow, search, share; never an answer other than the store's."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noli.bank.model import Action, BankPolicy
from noli.base.errors import IntegrityError, StoreBusy, Unavailable
from noli.hashing.kernel import HammingIndex as Kernel
from noli.matching import widening
from noli.matching.index import BankIndexes
from noli.matching.ports import HammingIndex
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex, MemoryCache
from tests.support.regions import scene
from tests.unit.matching.memory import NOW, MemoryBanks
from tests.unit.matching.test_regions import COPY, OTHER, SCENE, SECRETS, entries, put, regions_of

FACTORIES: list[Callable[[], HammingIndex]] = [BruteForceIndex, Kernel]
steps = st.lists(
    st.tuples(st.sampled_from(["add", "withdraw", "policy", "bank", "follow"]), st.integers(0, 7)), max_size=30
)


def loaded(store: MemoryBanks, new_index: Callable[[], HammingIndex] = BruteForceIndex) -> BankIndexes:
    indexes = BankIndexes(new_index)
    indexes.load(store)
    return indexes


def answers(indexes: BankIndexes) -> list[list[tuple[int, str, int, BankPolicy]]]:
    found = [indexes.neighbours(flipped(some_hash(n), 3), max_neighbours=100)[0] for n in range(8)]
    return [sorted((n.entry, n.bank.name, n.distance_bits, n.bank.policy) for n in near) for near in found]


def act(store: MemoryBanks, action: str, number: int) -> None:
    if action == "bank":
        store.put_bank(len(store.all) + 1)
    elif action == "policy":
        store.put_bank(
            1 + number % len(store.all), BankPolicy(Action.LOG, threshold_bits=number, enabled=number % 3 > 0)
        )
    elif action == "add":
        store.put(1 + number % len(store.all), len(store.held) + 1, some_hash(number), flipped(some_hash(number), 9))
    elif action == "withdraw" and store.held:
        store.withdraw_entry(1 + number % len(store.held))


@pytest.mark.parametrize("new_index", FACTORIES)
@given(history=steps)
@settings(deadline=None, max_examples=60)
def test_following_equals_a_fresh_load(new_index: Callable[[], HammingIndex], history: list[tuple[str, int]]) -> None:
    """However changes and looks at the sequence interleave, the answers are those of a fresh load."""
    store = MemoryBanks()
    store.put_bank(1)
    indexes = loaded(store, new_index)
    for action, number in history:
        if action == "follow":
            indexes.catch_up(store)
        else:
            act(store, action, number)
    indexes.catch_up(store)
    assert answers(indexes) == answers(loaded(store))
    assert indexes.catch_up(store) == 0
    assert indexes.sequence == len(store.log)


@pytest.mark.parametrize("new_index", FACTORIES)
def test_a_batch_gives_what_single_searches_give(new_index: Callable[[], HammingIndex]) -> None:
    """Same neighbours and the same flag, query by query, over several banks."""
    store = MemoryBanks()
    for bank in (1, 2):
        store.put_bank(bank)
        for n in range(6):
            store.put(bank, 10 * bank + n, some_hash(n % 3), flipped(some_hash(n % 3), 5))
    indexes = loaded(store, new_index)
    queries = [flipped(some_hash(n), 4) for n in range(5)]
    for limit in (100, 1):
        single = [indexes.neighbours(q, max_neighbours=limit) for q in queries]
        batch = indexes.neighbours_batch(queries, max_neighbours=limit)
        assert [more for _, more in batch] == [more for _, more in single]
        if limit == 100:
            assert [sorted(n, key=lambda x: x.entry) for n, _ in batch] == [
                sorted(n, key=lambda x: x.entry) for n, _ in single
            ]
    assert indexes.neighbours_batch([], max_neighbours=1) == []


def test_an_entry_is_one_neighbour_at_its_smallest_distance() -> None:
    """Several hashes of one picture are one match."""
    store = MemoryBanks()
    store.put_bank(1)
    store.put(1, 5, flipped(some_hash(1), 20), flipped(some_hash(1), 4))
    found, capped = loaded(store).neighbours(some_hash(1), max_neighbours=10)
    assert [(n.entry, n.distance_bits) for n in found] == [(5, 4)]
    assert not capped


def test_only_the_banks_named_are_searched() -> None:
    """A caller may narrow the search."""
    store = MemoryBanks()
    for bank in (1, 2):
        store.put_bank(bank)
        store.put(bank, bank, some_hash(1))
    found, _ = loaded(store).neighbours(some_hash(1), max_neighbours=10, banks={"bank2"})
    assert [n.bank.name for n in found] == ["bank2"]


def test_banks_are_counted_by_name() -> None:
    """For whoever may know of some alone; before the first load there is nothing to count."""
    store = MemoryBanks()
    for number in (1, 2):
        store.put_bank(number)
        store.put(number, number, *(some_hash(10 * number + each) for each in range(number)))
    indexes = loaded(store)
    names = [one.bank.name for one in indexes.neighbours(some_hash(20), max_neighbours=1)[0]]
    assert (indexes.hashes, indexes.hashes_in(names), indexes.hashes_in(())) == (3, 2, 0)
    assert BankIndexes(BruteForceIndex).hashes_in(names) == 0


def test_nothing_is_answered_before_the_first_load() -> None:
    """An empty index must not be taken for an empty bank."""
    indexes = BankIndexes(BruteForceIndex)
    assert not indexes.ready
    for ask in (
        lambda: indexes.neighbours(some_hash(1), max_neighbours=1),
        lambda: indexes.neighbours_batch([some_hash(1)], max_neighbours=1),
        lambda: indexes.catch_up(MemoryBanks()),
    ):
        with pytest.raises(Unavailable, match="not loaded"):
            ask()


def test_a_damaged_store_never_answers_no_match() -> None:
    """After a load that failed half-way nothing is answered, until one succeeds."""
    store = MemoryBanks()
    store.put_bank(1)
    store.put(1, 1, some_hash(1))
    indexes = loaded(store)
    store.broken = True
    with pytest.raises(IntegrityError):
        indexes.load(store)
    with pytest.raises(Unavailable):
        indexes.neighbours(some_hash(1), max_neighbours=1)
    store.broken = False
    indexes.load(store)
    assert len(indexes.neighbours(some_hash(1), max_neighbours=1)[0]) == 1


def test_a_busy_store_leaves_the_last_state() -> None:
    """Following later is better than not matching now."""
    store = MemoryBanks()
    store.put_bank(1)
    store.put(1, 1, some_hash(1))
    indexes = loaded(store)
    store.busy = True
    with pytest.raises(StoreBusy):
        indexes.catch_up(store)
    assert len(indexes.neighbours(some_hash(1), max_neighbours=1)[0]) == 1


def test_many_followers_apply_each_change_once() -> None:
    """Hashes are not indexed twice by threads that look at once."""
    store = MemoryBanks()
    store.put_bank(1)
    indexes = loaded(store)
    for n in range(2500):
        store.put(1, n + 1, n.to_bytes(32))
    applied: list[int] = []
    threads = [threading.Thread(target=lambda: applied.append(indexes.catch_up(store))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(applied), indexes.hashes) == (2500, 2500)


def test_damage_met_while_following_takes_everything_out() -> None:
    """A change of a bank that is not there, or a hash cut short, ends answering until a load succeeds."""
    for harm in ("bank", "hash"):
        store = MemoryBanks()
        store.put_bank(1)
        indexes = loaded(store)
        store.put(1 if harm == "hash" else 9, 1, some_hash(1)[: 31 if harm == "hash" else 32])
        with pytest.raises(IntegrityError, match="backup"):
            indexes.catch_up(store)
        assert not indexes.ready
        with pytest.raises(Unavailable):
            indexes.neighbours(some_hash(1), max_neighbours=1)


def test_an_entry_without_hashes_matches_nothing() -> None:
    """It is loaded like any other and found by nobody."""
    store = MemoryBanks()
    store.put_bank(1)
    store.put(1, 1)
    assert loaded(store).hashes == 0


def process(cache: MemoryCache, *, keep_after: int = 1) -> BankIndexes:
    """Play a process of the host."""
    return BankIndexes(BruteForceIndex, SECRETS, cache=cache, keep_after=keep_after)


def filled(*, entries: int = 4) -> MemoryBanks:
    """One bank with some entries."""
    store = MemoryBanks()
    store.put_bank(1)
    for number in range(1, entries + 1):
        store.put(1, number, some_hash(number))
    return store


def found(indexes: BankIndexes, number: int) -> set[int]:
    """Search for one of the hashes."""
    return {one.entry for one in indexes.neighbours(some_hash(number), max_neighbours=10)[0]}


@given(history=steps)
@settings(deadline=None, max_examples=40)
def test_a_snapshot_and_what_came_after_equal_a_fresh_load(history: list[tuple[str, int]]) -> None:
    """Wherever in a history the snapshot was made, and however often it was gone over to."""
    store, cache = MemoryBanks(), MemoryCache()
    store.put_bank(1)
    first = process(cache)
    first.load(store)
    for action, number in history:
        if action == "follow":
            first.catch_up(store)
            first.renew(store)
        else:
            act(store, action, number)
    second = process(cache)
    second.load(store)
    first.catch_up(store)
    assert answers(first) == answers(second) == answers(loaded(store))
    assert cache.refused == []


def test_one_process_reads_the_banks_the_others_map_what_it_kept() -> None:
    """The first load makes the snapshot; the second reads no hash of the store."""
    store, cache = filled(), MemoryCache()
    first, second = process(cache), process(cache)
    first.load(store)
    store.broken = True
    second.load(store)
    assert (cache.writes, first.kept, second.kept, found(second, 2)) == (1, 5, 5, {2})


def test_who_waited_for_its_turn_takes_what_the_other_made() -> None:
    """Processes that start together read the store once."""
    store, cache = filled(), MemoryCache()
    first, second = process(cache), process(cache)
    cache.other = lambda: first.load(store)
    second.load(store)
    assert (cache.writes, second.kept, found(second, 2)) == (1, 5, {2})


def test_an_empty_installation_is_followed_from_its_first_change() -> None:
    """Nothing ever changed: there is no last change that could be another one."""
    store = MemoryBanks()
    indexes = loaded(store)
    store.put_bank(1)
    store.put(1, 1, some_hash(1))
    assert (indexes.sequence, indexes.catch_up(store), found(indexes, 1)) == (0, 2, {1})


def test_a_small_installation_keeps_no_snapshot() -> None:
    """Before there were as many changes as asked for, loading is quick anyway."""
    store, cache = filled(), MemoryCache()
    indexes = process(cache, keep_after=6)
    indexes.load(store)
    assert (indexes.renew(store), cache.writes, indexes.kept) == (False, 0, 0)
    store.put(1, 9, some_hash(9))
    indexes.catch_up(store)
    assert (indexes.renew(store), cache.writes, indexes.kept) == (True, 1, 6)


def test_what_was_withdrawn_since_the_snapshot_does_not_match() -> None:
    """Neither by hash nor by regions, in the process that made it and in one that maps it."""
    store, cache = MemoryBanks(), MemoryCache()
    store.put_bank(1)
    put(store, 1, 10)
    put(store, 1, 11, regions_of(scene(4), 60))
    first = process(cache)
    first.load(store)
    assert (entries(first), entries(first, OTHER)) == ({10}, {11})
    store.withdraw_entry(10)
    second = process(cache)
    second.load(store)
    first.catch_up(store)
    for indexes in (first, second):
        assert (found(indexes, 10), entries(indexes), entries(indexes, OTHER)) == (set(), set(), {11})
    put(store, 1, 12, SCENE)
    first.catch_up(store)
    first._keep_after = 2
    assert first.renew(store)
    assert (first.kept, entries(first), entries(first, OTHER)) == (5, {12}, {11})
    store.withdraw_entry(12)
    first.catch_up(store)
    assert entries(first) == set()


def test_regions_of_another_epoch_are_left_in_the_snapshot() -> None:
    """A bank that turned its regions off since has none, and hashes as before."""
    store, cache = MemoryBanks(), MemoryCache()
    store.put_bank(1)
    put(store, 1, 10)
    process(cache).load(store)
    store.put_bank(1, store.all[1].policy, epoch=2)
    store.regions.clear()
    indexes = process(cache)
    indexes.load(store)
    assert (entries(indexes, COPY), found(indexes, 10), cache.refused) == (set(), {10}, [])


def test_a_snapshot_of_another_history_is_refused() -> None:
    """A backup that was restored has other changes under the same numbers, or fewer: the store is read instead."""
    for goes_on in (True, False):
        store, cache = filled(), MemoryCache()
        process(cache).load(store)
        store.log.pop()
        del store.held[4]
        if goes_on:
            store.put(1, 77, some_hash(77))
        indexes = process(cache, keep_after=100)
        indexes.load(store)
        assert (found(indexes, 4), found(indexes, 77)) == (set(), {77} if goes_on else set())
        assert cache.refused == ["the database has another history"]


def test_a_snapshot_that_holds_another_number_of_hashes_is_refused() -> None:
    """Hashes that came or went without a change are damage; the store says whose."""
    store, cache = filled(), MemoryCache()
    process(cache).load(store)
    store.held[4] = (1, some_hash(4) + some_hash(40))
    indexes = process(cache)
    indexes.load(store)
    assert found(indexes, 40) == {4}
    assert cache.refused == ["the database holds another number of hashes"]


def test_a_process_goes_over_to_what_another_one_kept() -> None:
    """Only one makes a snapshot; what came after it is not lost on the way."""
    store, cache = filled(), MemoryCache()
    first, second = process(cache, keep_after=4), process(cache, keep_after=4)
    for indexes in (first, second):
        indexes.load(store)
    assert not second.renew(store)
    for number in range(5, 9):
        store.put(1, number, some_hash(number))
    first.catch_up(store)
    second.catch_up(store)
    cache.taken = True
    assert not second.renew(store)
    cache.taken = False
    assert first.renew(store)
    store.withdraw_entry(2)
    assert second.renew(store)
    assert (cache.writes, second.kept, second.sequence) == (2, 9, 10)
    assert (found(second, 8), found(second, 2)) == ({8}, set())
    assert not second.renew(store)


def test_a_snapshot_that_vanishes_changes_nothing() -> None:
    """Who wanted to go over to it stays where it is."""
    store, cache = filled(), MemoryCache()
    indexes = process(cache, keep_after=5)
    indexes.load(store)
    cache.vanishing = True
    assert not indexes.renew(store)
    assert found(indexes, 3) == {3}
    assert not process(cache).renew(store)


def test_a_cache_that_keeps_nothing_is_done_without() -> None:
    """A full disk costs memory, not answers."""
    store, cache = filled(), MemoryCache(full=True)
    indexes = process(cache)
    indexes.load(store)
    assert (indexes.kept, found(indexes, 3)) == (0, {3})


def test_without_a_cache_nothing_is_renewed() -> None:
    """Each process then has its own copy."""
    assert not loaded(filled()).renew(filled())


def test_a_store_that_fails_while_going_over_leaves_what_was_there() -> None:
    """Matching goes on; the next look tries again."""
    store, cache = filled(), MemoryCache()
    first, second = process(cache), process(cache)
    first.load(store)
    second.load(store)
    store.put(1, 5, some_hash(5))
    first.catch_up(store)
    first.renew(store)
    store.busy = True
    with pytest.raises(StoreBusy):
        second.renew(store)
    assert found(second, 3) == {3}


def test_a_database_that_was_set_back_is_loaded_anew() -> None:
    """A running process notices that the last change it applied is gone or another one, and answers nothing of it."""
    for again in (True, False):
        store = filled()
        indexes = loaded(store)
        gone = store.log.pop()
        del store.held[4]
        if again:
            store.log.append(replace(gone, at=NOW.replace(year=2027)))
        with pytest.raises(Unavailable, match="set back"):
            indexes.catch_up(store)
        assert not indexes.ready
        indexes.load(store)
        assert found(indexes, 4) == set()


def test_damage_met_on_the_way_from_a_snapshot_is_told() -> None:
    """A change of a bank that does not exist is never skipped."""
    store, cache = filled(), MemoryCache()
    process(cache).load(store)
    store.put(9, 5, some_hash(5))
    indexes = process(cache)
    with pytest.raises(IntegrityError, match="backup"):
        indexes.load(store)
    assert not indexes.ready


def test_a_video_that_stands_still_crowds_nobody_out() -> None:
    """An entry with more near hashes than are asked for leaves room for the others, one by one and in batches."""
    store = MemoryBanks()
    store.put_bank(1)
    still = [flipped(some_hash(1), 2, seed=seed) for seed in range(50)]
    store.put(1, 5, *still)
    for entry in (6, 7):
        store.put(1, entry, flipped(some_hash(1), 3))
    indexes = loaded(store, Kernel)
    for limit, expected, more in ((4, {5, 6, 7}, False), (1, None, True)):
        found, capped = indexes.neighbours(some_hash(1), max_neighbours=limit)
        [batch, nothing] = indexes.neighbours_batch([some_hash(1), some_hash(2)], max_neighbours=limit)
        assert (capped, batch[1], nothing) == (more, more, ([], False))
        for near in (found, batch[0]):
            assert expected is None or {n.entry for n in near} == expected


def test_there_is_an_end_to_asking_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has more hashes than any video is reported as cut off."""
    monkeypatch.setattr(widening, "MOST_HITS", 20)
    store = MemoryBanks()
    store.put_bank(1)
    store.put(1, 5, *(flipped(some_hash(1), 2, seed=seed) for seed in range(50)))
    found, capped = loaded(store).neighbours(some_hash(1), max_neighbours=3)
    assert ([n.entry for n in found], capped) == ([5], True)


def test_who_holds_this_very_hash() -> None:
    """In the banks named, enabled or not; a near one is another."""
    store = MemoryBanks()
    store.put_bank(1, BankPolicy(Action.BLOCK, enabled=False))
    store.put_bank(2)
    store.put(1, 5, some_hash(1), some_hash(2))
    store.put(1, 4, some_hash(1))
    store.put(2, 6, some_hash(1))
    store.put(1, 7, flipped(some_hash(1), 1))
    indexes = loaded(store)
    assert indexes.holding(some_hash(1), banks={"bank1"}) == [4, 5]
    assert indexes.holding(some_hash(3), banks={"bank1", "bank2"}) == []
