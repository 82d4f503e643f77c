# SPDX-License-Identifier: Apache-2.0
"""The banks in memory: load, follow, search."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noli.bank.model import Action, BankPolicy
from noli.base.errors import IntegrityError, StoreBusy, Unavailable
from noli.hashing.kernel import HammingIndex as Kernel
from noli.matching.index import BankIndexes
from noli.matching.ports import HammingIndex
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex
from tests.unit.matching.memory import MemoryBanks

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
