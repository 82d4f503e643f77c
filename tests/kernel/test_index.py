# SPDX-License-Identifier: Apache-2.0
"""The native index finds exactly what comparing with every row finds, whatever is done to it meanwhile."""

import hashlib
import os
import random
import subprocess
import sys
import threading
from array import array
from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from noli.hashing.kernel import AVAILABLE, HammingIndex
from tests.support.reference import ReferenceIndex, Row, distance_bits
from tests.support.server import unmeasured

#: Limits at the edges of the filter: the radius steps at 16, 32 and 48, the prefix bound at each 8.
LIMITS = (0, 1, 7, 8, 15, 16, 23, 24, 31, 32, 33, 47, 48, 63)
#: Distances at which neighbours must never be missed.
PLANTED = (0, 8, 16, 24, 31)
#: More than any result in these tests.
ALL = 1_000_000
#: Rows from which an append builds postings at once; below it rows wait in flat buffers.
RING_ROWS = 8192


def random_hashes(seed: int, count: int) -> NDArray[np.uint8]:
    """Make ``count`` x 32 random bytes."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def with_flips(value: bytes, bits: int, generator: random.Random) -> bytes:
    """Change exactly ``bits`` of the 256 bits."""
    number = int.from_bytes(value, "big")
    for bit in generator.sample(range(256), bits):
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def ids_of(*numbers: int) -> bytes:
    """Write ids as the index reads them."""
    return array("Q", numbers).tobytes()


def append_hashes(index: HammingIndex, hashes: NDArray[np.uint8], first_id: int = 0) -> None:
    """Append the rows of an array in one step, with ids that count up."""
    index.append(hashes.data, np.arange(first_id, first_id + len(hashes), dtype=np.uint64).data)


def append_rows(index: HammingIndex, rows: list[Row]) -> None:
    """Append rows in one step."""
    index.append(b"".join(value for value, _ in rows), ids_of(*(identifier for _, identifier in rows)))


def split(columns: tuple[bytes, bytes, bytes, bytes], queries: int) -> tuple[list[list[tuple[int, int]]], set[int]]:
    """Turn result columns into one list of (id, distance) a query, and the capped queries."""
    numbers, ids, distances, capped = columns
    found: list[list[tuple[int, int]]] = [[] for _ in range(queries)]
    for number, identifier, distance in zip(array("I", numbers), array("Q", ids), distances, strict=True):
        found[number].append((identifier, distance))
    assert all(a <= b for a, b in pairwise(array("I", numbers)))
    return found, set(array("I", capped))


class IndexMachine(RuleBasedStateMachine):
    """Any interleaving of operations, next to the plainest implementation."""

    def __init__(self) -> None:
        """Start empty, with a few centres that hashes gather around."""
        super().__init__()
        self.index = HammingIndex()
        self.reference = ReferenceIndex()
        self.random = random.Random(7)
        self.centres = [self.random.randbytes(32) for _ in range(3)]

    def near(self, bits: int) -> bytes:
        """Make a hash ``bits`` away from a centre."""
        return with_flips(self.random.choice(self.centres), bits, self.random)

    @rule(bits=st.lists(st.integers(0, 63), max_size=12), identifier=st.integers(0, 9))
    def append(self, bits: list[int], identifier: int) -> None:
        rows = [(self.near(b), identifier + n % 3) for n, b in enumerate(bits)]
        append_rows(self.index, rows)
        self.reference.append(rows)

    @rule(count=st.sampled_from((4096, 5000, RING_ROWS)), seed=st.integers(0, 3))
    def append_many(self, count: int, seed: int) -> None:
        if len(self.reference.rows) > 4 * RING_ROWS:
            return
        rows = [(h.tobytes(), 100 + n % 3000) for n, h in enumerate(random_hashes(seed, count))]
        rows += [(self.near(n % 64), n % 10) for n in range(64)]
        append_rows(self.index, rows)
        self.reference.append(rows)

    @rule(ids=st.lists(st.one_of(st.integers(0, 12), st.integers(100, 3100)), max_size=4))
    def tombstone(self, ids: list[int]) -> None:
        self.index.tombstone(ids_of(*ids))
        self.reference.tombstone(ids)

    @rule()
    def tombstone_many(self) -> None:
        ids = list(range(100, 1500))
        self.index.tombstone(ids_of(*ids))
        self.reference.tombstone(ids)

    @rule()
    def compact(self) -> None:
        self.index.compact()

    @rule(limit=st.sampled_from(LIMITS), bits=st.integers(0, 40))
    def search(self, limit: int, bits: int) -> None:
        query = self.near(bits)
        assert self.index.search(query, limit, ALL) == (self.reference.within(query, limit), False)

    @rule(limit=st.sampled_from(LIMITS), most=st.integers(1, 8), method=st.sampled_from(("search_batch", "join")))
    def search_many(self, limit: int, most: int, method: str) -> None:
        queries = [self.near(n * 9) for n in range(4)]
        find = getattr(self.index, method)
        found, capped = split(find(b"".join(queries), limit, most), len(queries))
        for number, query in enumerate(queries):
            expected = self.reference.within(query, limit)
            assert [d for _, d in found[number]] == [d for _, d in expected[:most]]
            assert set(found[number]) <= set(expected)
            assert (number in capped) == (len(expected) > most)

    @invariant()
    def counts(self) -> None:
        assert len(self.index) == len(self.reference.rows)


IndexMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("NOLI_TEST_EXAMPLES", "15")), stateful_step_count=25, deadline=None
)
TestIndexMachine = IndexMachine.TestCase


@pytest.fixture(scope="module")
def planted() -> tuple[HammingIndex, list[Row]]:
    """200 000 random hashes in postings, and 200 of them to look for."""
    hashes = random_hashes(1, 200_000)
    index = HammingIndex()
    append_hashes(index, hashes)
    return index, [(hashes[row].tobytes(), row) for row in range(0, 200_000, 1000)]


@pytest.mark.parametrize("bits", PLANTED)
def test_no_planted_neighbour_is_missed(planted: tuple[HammingIndex, list[Row]], bits: int) -> None:
    """Recall is 1.000 at every distance up to the limit, and one bit beyond it nothing is found."""
    index, rows = planted
    generator = random.Random(bits)
    for value, row in rows:
        query = with_flips(value, bits, generator)
        assert index.search(query, 31, 10) == ([(row, bits)], False)
        if bits > 0:
            assert index.search(query, bits - 1, 10) == ([], False)


@pytest.mark.parametrize("limit", LIMITS)
def test_join_finds_what_search_finds(limit: int) -> None:
    """A join of 8192 or more, which is sorted, gives the rows of single searches, from postings and flat buffers."""
    hashes = random_hashes(2, 12_000)
    index = HammingIndex()
    for start, end in ((0, 9000), (9000, 11_000), (11_000, 12_000)):
        append_hashes(index, hashes[start:end], start)
    append_hashes(index, np.repeat(hashes[:1], 50, axis=0), 20_000)
    index.tombstone(ids_of(5, 20_007))
    generator = random.Random(limit)
    near = [with_flips(hashes[n % 12_000].tobytes(), generator.randrange(64), generator) for n in range(2000)]
    queries = b"".join(near) + hashes[0].tobytes() + random_hashes(3, 6500).tobytes()
    joined, capped = split(index.join(queries, limit, 20), len(queries) // 32)
    single, capped_single = split(index.search_batch(queries, limit, 20), len(queries) // 32)
    assert [[d for _, d in row] for row in joined] == [[d for _, d in row] for row in single]
    assert [row for n, row in enumerate(joined) if n not in capped] == [
        row for n, row in enumerate(single) if n not in capped
    ]
    assert 2000 in capped
    assert capped == capped_single


@pytest.mark.parametrize("method", ["search_batch", "join"])
def test_a_reach_that_is_not_exact_misses_nothing_near(method: str) -> None:
    """All within the exact part are found and nothing beyond the limit; of what lies between, nearly all."""
    hashes = random_hashes(8, 10_000)
    index = HammingIndex()
    append_hashes(index, hashes)
    generator = random.Random(8)
    bits = [(16, 31, 40, 45, 46)[row % 5] for row in range(10_000)]
    queries = b"".join(with_flips(hashes[row].tobytes(), bits[row], generator) for row in range(10_000))
    found, _ = split(getattr(index, method)(queries, 45, 10, 31), 10_000)
    hit = Counter(bits[row] for row in range(10_000) if found[row] == [(row, bits[row])])
    assert (hit[16], hit[31], hit[46]) == (2000, 2000, 0)
    assert hit[40] > 1960
    assert 1860 < hit[45] < 2000
    narrow = index.search(queries[:32], 16, 10, 31)
    assert narrow == ([(0, 16)], False)


@pytest.mark.parametrize("exact", [0, 5, 15, 16, 19, 31, 40])
def test_within_what_is_exact_nothing_is_missed(exact: int) -> None:
    """Whatever part of the chunks is looked up how far: all within it, by search and join, and once each."""
    hashes = random_hashes(8, 9000)
    index = HammingIndex()
    append_hashes(index, hashes)
    generator = random.Random(exact)
    bits = [(exact, exact // 2, 45, 46)[row % 4] for row in range(9000)]
    queries = b"".join(with_flips(hashes[row].tobytes(), bits[row], generator) for row in range(9000))
    searched, _ = split(index.search_batch(queries[: 32 * 2000], 45, 10, exact), 2000)
    joined, _ = split(index.join(queries, 45, 10, exact), 9000)
    assert joined[:2000] == searched
    assert all(found == [(row, bits[row])] for row, found in enumerate(joined) if bits[row] <= exact)
    assert all(found in ([], [(row, 45)]) for row, found in enumerate(joined) if bits[row] == 45)
    assert not any(found for row, found in enumerate(joined) if bits[row] == 46)


def brute_force(hashes: NDArray[np.uint8], query: bytes, limit: int) -> list[tuple[int, int]]:
    """Find (row, distance) by comparing with every row, by distance, then row."""
    differing = hashes.view(np.uint64) ^ np.frombuffer(query, np.uint64)
    distances = np.unpackbits(differing.view(np.uint8), axis=1).sum(axis=1, dtype=np.int64)
    rows = np.flatnonzero(distances <= limit)
    return sorted(zip(rows.tolist(), distances[rows].tolist(), strict=True), key=lambda pair: (pair[1], pair[0]))


@pytest.mark.parametrize("limit", [15, 31, 63])
@pytest.mark.parametrize("shared_bytes", [1, 5])
def test_a_bank_whose_hashes_share_their_beginning(limit: int, shared_bytes: int) -> None:
    """Nothing is lost where many or long posting lists outgrow the buffers of the search and the join.

    With one byte shared, some 90 lists near a key hold 78 entries each; with five, two lists hold 20,000.
    """
    hashes = random_hashes(13, 30_000)
    hashes[:20_000, :shared_bytes] = hashes[0, :shared_bytes]
    index = HammingIndex()
    append_hashes(index, hashes)
    generator = random.Random(13)
    near = [with_flips(hashes[row].tobytes(), generator.randrange(64), generator) for row in range(0, 30_000, 1500)]
    queries = b"".join(near) + hashes[:10_000].tobytes()
    joined, _ = split(index.join(queries, limit, ALL), len(queries) // 32)
    for number, query in enumerate(near):
        expected = brute_force(hashes, query, limit)
        assert index.search(query, limit, ALL) == (expected, False)
        assert joined[number] == expected
    assert [row[0] for row in joined[len(near) :]] == [(row, 0) for row in range(10_000)]


def test_a_crowd_around_one_query() -> None:
    """Where all rows are near, the nearest come back, and the answer says that more exist."""
    generator = random.Random(14)
    query = generator.randbytes(32)
    values = [with_flips(query, 6 + row % 26, generator) for row in range(20_000)]
    index = HammingIndex()
    append_rows(index, [(value, row) for row, value in enumerate(values)])
    found, capped = index.search(query, 31, 1000)
    assert capped
    assert [distance for _, distance in found] == sorted(6 + row % 26 for row in range(20_000))[:1000]
    assert all(distance == 6 + row % 26 for row, distance in found)
    found, capped = index.search(query, 31, ALL)
    assert (len(found), capped) == (20_000, False)


def test_a_million_identical_hashes() -> None:
    """A popular hash neither slows a search down nor hides that more rows exist."""
    value = random_hashes(4, 1)
    index = HammingIndex()
    append_hashes(index, np.repeat(value, 1_000_000, axis=0))
    found, capped = index.search(value.tobytes(), 31, 5)
    assert [distance for _, distance in found] == [0] * 5
    assert capped
    assert index.memory_bytes < 30_000_000


def test_the_cap_keeps_the_nearest() -> None:
    """With more neighbours than asked for, the nearest come back, and the answer says that more exist."""
    generator = random.Random(5)
    query = generator.randbytes(32)
    index = HammingIndex()
    append_rows(index, [(with_flips(query, bits, generator), bits) for bits in range(31, -1, -1)])
    assert index.search(query, 31, 3) == ([(0, 0), (1, 1), (2, 2)], True)
    assert index.search(query, 31, 32) == ([(bits, bits) for bits in range(32)], False)


def test_an_id_that_died_can_come_back() -> None:
    """A tombstone ends the rows of its time; a row that comes later under the same id matches."""
    index = HammingIndex()
    first, second = (random_hashes(6, 2)[n].tobytes() for n in range(2))
    append_rows(index, [(first, 1), (second, 1), (second, 2)])
    index.tombstone(ids_of(1))
    append_rows(index, [(second, 1)])
    assert index.search(first, 31, 10) == ([], False)
    assert index.search(second, 31, 10) == ([(1, 0), (2, 0)], False)
    assert len(index) == 2


def test_maintenance_ends_and_changes_no_answer() -> None:
    """Compaction comes to an end, gives back the memory of dead rows and leaves every answer as it was."""
    hashes = random_hashes(8, 60_000)
    index = HammingIndex()
    for start in range(0, 60_000, 1500):
        append_hashes(index, hashes[start : start + 1500], start)
    index.tombstone(ids_of(*range(0, 60_000, 2)))
    before = index.search_batch(hashes[:300].data, 31, 10)
    steps = 0
    while index.compact():
        steps += 1
        assert steps < 100
    assert steps > 0
    assert index.search_batch(hashes[:300].data, 31, 10) == before
    assert len(index) == 30_000
    assert index.memory_bytes < 30_000 * 145 + 16 * 65537 * 4 * 3


def test_readers_see_all_of_a_batch_or_none() -> None:
    """Searches beside appends, tombstones and compaction never see part of a batch."""
    index = HammingIndex()
    value = random_hashes(9, 1)
    batch = 600
    stop = threading.Event()
    seen: set[int] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(len(index.search(value.tobytes(), 31, ALL)[0]) % batch)

    def maintain() -> None:
        while not stop.is_set():
            index.compact()

    threads = [threading.Thread(target=read), threading.Thread(target=maintain)]
    for thread in threads:
        thread.start()
    for number in range(60):
        index.append(value.tobytes() * batch, ids_of(*[number] * batch))
        if number % 3 == 2:
            index.tombstone(ids_of(number - 1, number))
    stop.set()
    for thread in threads:
        thread.join()
    assert seen == {0}
    assert len(index) == 20 * batch


@pytest.mark.parametrize("kernel", AVAILABLE)
def test_every_code_path_gives_the_same_answers(kernel: str) -> None:
    """The answers of each code path this CPU can run are those of the portable one."""
    digests = {path: answers_digest(path) for path in (kernel, "portable")}
    assert digests[kernel] == digests["portable"]


@cache
def answers_digest(kernel: str) -> str:
    """Search in a process that runs on one code path; digest all answers."""
    environment = unmeasured() | {"NOLI_KERNEL": kernel, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernel.test_index", kernel],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def print_answers() -> None:
    """Print a digest of many answers, distances 0 to 63 from rows in postings and in flat buffers."""
    hashes = random_hashes(10, 20_000)
    index = HammingIndex()
    append_hashes(index, hashes[:17_003])
    append_hashes(index, hashes[17_003:], 17_003)
    generator = random.Random(11)
    queries = b"".join(with_flips(hashes[97 * n].tobytes(), n % 64, generator) for n in range(200))
    digest = hashlib.sha256()
    for limit in LIMITS:
        for column in index.search_batch(queries, limit, 10):
            digest.update(column)
    for limit in (15, 31, 47):
        for column in index.join(queries + hashes[:4_000].tobytes(), limit, 10):
            digest.update(column)
    sys.stdout.write(digest.hexdigest())


def test_a_path_that_cannot_run_is_an_error() -> None:
    """A demand for an unknown code path stops the import and says so."""
    done = subprocess.run(
        [sys.executable, "-c", "import noli.hashing._native"],
        env=os.environ | {"NOLI_KERNEL": "abacus", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "KernelUnavailable: NOLI_KERNEL=abacus" in done.stderr


def test_bad_arguments_are_named() -> None:
    """Wrong lengths and limits raise an error that says which argument is wrong, and change nothing."""
    index = HammingIndex()
    with pytest.raises(ValueError, match="hashes"):
        index.append(bytes(31), bytes(8))
    with pytest.raises(ValueError, match="one id for each hash"):
        index.append(bytes(64), bytes(8))
    with pytest.raises(ValueError, match="ids"):
        index.tombstone(bytes(7))
    with pytest.raises(ValueError, match="query"):
        index.search(bytes(64), 31, 1)
    with pytest.raises(ValueError, match="queries"):
        index.search_batch(bytes(33), 31, 1)
    with pytest.raises(ValueError, match="exact_bits"):
        index.search(bytes(32), 31, 1, -1)
    for limit in (-1, 64):
        with pytest.raises(ValueError, match="limit_bits"):
            index.search(bytes(32), limit, 1)
    with pytest.raises(ValueError, match="max_neighbours"):
        index.join(bytes(32), 31, 0)
    assert len(index) == 0


def test_unaligned_buffers_are_read() -> None:
    """A buffer may start at any address."""
    value = random_hashes(12, 1).tobytes()
    index = HammingIndex()
    index.append(memoryview(b"x" + value)[1:], memoryview(b"xyz" + ids_of(3))[3:])
    assert index.search(memoryview(b"xyzw" + value)[4:], 31, 1) == ([(3, 0)], False)
    assert distance_bits(value, value) == 0


if __name__ == "__main__":
    print_answers()
