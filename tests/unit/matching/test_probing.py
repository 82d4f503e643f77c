# SPDX-License-Identifier: Apache-2.0
"""The probing guard against the published attack and against honest traffic."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from noli.base.errors import Throttled
from noli.matching import probing
from noli.matching.model import Answer, Probe
from noli.matching.probing import ProbingGuard, SharedProbes
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex
from tests.unit.matching.memory import MemoryChecks

BUDGET = 16


class SetClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time set."""
        return self.time


class Oracle:
    """A platform's endpoint over one banked hash, seen through the guard."""

    def __init__(self, banked: bytes, *, exact: bool = False, coarse: bool = True, processes: int = 1) -> None:
        self.clock = SetClock()
        self.kept = MemoryChecks()
        guards = [ProbingGuard(BUDGET, self.clock, new_index=BruteForceIndex) for _ in range(processes)]
        self.guard, self.next = guards[0], itertools.cycle([(each, SharedProbes(each, self.kept)) for each in guards])
        self.banked, self.exact, self.coarse = int.from_bytes(banked), exact, coarse

    def ask(self, query: int, key: str = "k") -> str:
        """Return what the key sees: "" for no match."""
        distance = (self.banked ^ query).bit_count()
        answer = "" if distance > 31 else self._seen(distance)
        guard, shared = next(self.next)
        if answer:
            shared.catch_up()
        guard.admit(key, query.to_bytes(32), Answer(answer.encode(), distance if answer else None, exact=self.exact))
        shared.exchange()
        return answer

    def _seen(self, distance: int) -> str:
        if self.exact:
            return str(distance)
        return "match" if not self.coarse else "same" if distance <= 8 else "near" if distance <= 23 else "edge"


def attack(oracle: Oracle, start: int) -> int:
    """Walk to the border, then flip each bit there: of how many bits an answer told something."""
    told = 0
    try:
        first, query = oracle.ask(start), start
        for bit in range(256):
            changed = query ^ (1 << bit)
            if oracle.ask(changed) != first:
                break
            query = changed
        for bit in range(256):
            oracle.ask(query ^ (1 << bit))
            told += 1
    except Throttled:
        pass
    return told


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("exact", "coarse"), [(False, False), (False, True), (True, True)])
@pytest.mark.parametrize("distance", [0, 9, 24, 31])
def test_the_boundary_attack_learns_at_most_32_bits(seed: int, exact: bool, coarse: bool, distance: int) -> None:  # noqa: FBT001 - parameters of a table
    """Without the guard it learns all 256, whatever it sees: yes/no, closeness or distance."""
    banked = some_hash(seed)
    oracle = Oracle(banked, exact=exact, coarse=coarse)
    assert attack(oracle, int.from_bytes(flipped(banked, distance, seed=seed))) <= 32


@pytest.mark.parametrize("processes", [2, 16])
def test_more_processes_give_nothing_more_away(processes: int) -> None:
    """Whatever each of them answered counts in all; what one answered before is free everywhere."""
    banked = some_hash(1)
    oracle = Oracle(banked, processes=processes)
    start = int.from_bytes(flipped(banked, 9, seed=1))
    assert attack(oracle, start) <= 32
    assert [oracle.ask(start) for _ in range(processes)] == ["near"] * processes


def test_a_restart_forgets_nothing_but_what_is_old() -> None:
    """A new process reads what was answered within a day, and only the newest where there is very much."""
    oracle = Oracle(some_hash(1))
    start = spend(oracle)
    late = Probe("k", start.to_bytes(32), Answer(b"match", 1), oracle.clock.time - probing.WINDOW)
    oracle.kept.add([], [late])
    for wait, counts in ((timedelta(), True), (timedelta(days=1), False)):
        oracle.clock.time += wait
        again = ProbingGuard(BUDGET, oracle.clock, new_index=BruteForceIndex)
        shared = SharedProbes(again, oracle.kept)
        for _ in range(2):
            shared.exchange()
        assert (("k" in again._keys), again.untold()) == (counts, [])


def spend(oracle: Oracle) -> int:
    """Use up the budget around the oracle's entry; return a match already answered."""
    start = oracle.banked
    oracle.ask(start)
    for bit in range(BUDGET):
        oracle.ask(start ^ (1 << bit))
    return start


def test_past_the_budget_hit_and_miss_are_refused_alike() -> None:
    """The refusal tells nothing about the query."""
    oracle = Oracle(some_hash(1))
    start = spend(oracle)
    for distance in (2, 20, 32, 50):
        with pytest.raises(Throttled) as refusal:
            oracle.ask(int.from_bytes(flipped(start.to_bytes(32), distance, seed=999)))
        assert 0 < refusal.value.retry_after_s <= 24 * 3600


def test_an_answered_query_may_be_repeated() -> None:
    """Retries of a platform are free, also when the budget is spent."""
    oracle = Oracle(some_hash(2))
    start = spend(oracle)
    assert oracle.ask(start) == "same"


def test_other_keys_and_other_pictures_are_unaffected() -> None:
    """The budget belongs to one key and one picture."""
    oracle = Oracle(some_hash(3))
    start = spend(oracle)
    assert oracle.ask(start ^ 3, key="other") == "same"
    assert oracle.ask(int.from_bytes(some_hash(4))) == ""


def test_the_budget_comes_back_after_the_time_stated() -> None:
    """Retry-After is true."""
    oracle = Oracle(some_hash(5))
    start = spend(oracle)
    query = start ^ 3
    with pytest.raises(Throttled) as refusal:
        oracle.ask(query)
    oracle.clock.time += timedelta(seconds=refusal.value.retry_after_s)
    assert oracle.ask(query) == "same"


def test_misses_alone_are_never_counted() -> None:
    """A key that matched nothing costs nothing and is never refused."""
    oracle = Oracle(some_hash(6))
    far = flipped(some_hash(6), 100)
    for bit in range(256):
        assert oracle.ask(int.from_bytes(far) ^ (1 << bit)) == ""
    assert oracle.guard._keys == {}


@pytest.mark.parametrize("exact", [False, True])
def test_honest_traffic_is_hardly_ever_refused(exact: bool) -> None:  # noqa: FBT001 - a table's parameter
    """20,000 uploads, a tenth of them copies of 20 viral pictures: below 0.1 % refused.

    Copies: 90 % re-encoded (0-10 bits away, an even number), 10 % cropped (22-60 bits).
    """
    source = random.Random(7)
    viral = [some_hash(1000 + n) for n in range(20)]
    guard = ProbingGuard(BUDGET, SetClock(), new_index=BruteForceIndex)
    refused = 0
    for number in range(20_000):
        if number % 10:
            guard.admit("k", source.randbytes(32), Answer(b"", None, exact=exact))
            continue
        distance = 2 * (source.randint(0, 5) if source.random() < 0.9 else source.randint(11, 30))
        query = flipped(source.choice(viral), distance, seed=number)
        coarse = "" if distance > 31 else "same" if distance <= 8 else "near" if distance <= 23 else "edge"
        seen = str(distance) if exact and coarse else coarse
        try:
            guard.admit("k", query, Answer(seen.encode(), distance if coarse else None, exact=exact))
        except Throttled:
            refused += 1
    assert refused < 20


@pytest.mark.parametrize("exact", [False, True])
def test_sixty_different_edits_of_one_picture_are_all_answered(exact: bool) -> None:  # noqa: FBT001 - a table's parameter
    """Whoever tries out Noli with every edit they can think of is no attacker."""
    oracle = Oracle(some_hash(8), exact=exact)
    for number, distance in enumerate(range(0, 120, 2)):
        oracle.ask(int.from_bytes(flipped(some_hash(8), distance, seed=number)))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many neighbourhoods are remembered, the one not asked about for longest goes; the others still count."""
    monkeypatch.setattr(probing, "MAX_NEIGHBOURHOODS", 4)
    monkeypatch.setattr(probing, "_COMPACT_AFTER", 3)
    guard = ProbingGuard(1, SetClock(), new_index=BruteForceIndex)

    def ask(number: int, *bits: int) -> None:
        query = int.from_bytes(some_hash(number)) ^ sum(1 << bit for bit in bits)
        guard.admit("k", query.to_bytes(32), Answer(b"match", 1))

    for number in range(10):
        ask(number)
    ask(9, 0)
    with pytest.raises(Throttled):
        ask(9, 1)
    ask(0, 0)
    ask(0, 1)


def test_a_neighbourhood_remembers_only_so_many_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies without end of one picture take no memory without end, and are answered for ever."""
    monkeypatch.setattr(probing, "MAX_REMEMBERED", 3)
    guard = ProbingGuard(1, SetClock(), new_index=BruteForceIndex)
    for seed in range(200):
        guard.admit("k", flipped(some_hash(1), 20, seed=seed), Answer(b"match", 20))
    assert [len(place.answered) for place in guard._keys["k"].places.values()] == [3]
