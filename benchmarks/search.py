# SPDX-License-Identifier: Apache-2.0
"""Rows about exact search: one query, many queries, growth, memory. No network, no database."""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from functools import partial

import faiss
import numpy as np
from numpy.typing import NDArray
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from benchmarks.inputs import flipped, random_hashes
from benchmarks.measure import Row, faster, higher, memory_available, percentile, resident_bytes, seconds
from noli.hashing.kernel import KERNEL, HammingIndex
from noli.hashing.model import REGIONS_KEPT, REGIONS_SOUGHT, REGIONS_STRETCHED, STRETCHES
from noli.matching.regions import EXACT_BITS as REGION_EXACT_BITS
from noli.matching.regions import LIMIT_BITS as REGION_BITS

LIMIT_BITS = 31
DISTANCES = (0, 8, 16, 24, 31)

#: Pictures of the bank whose regions are searched, and queries that the peer is asked for them.
_PICTURES, _ASKED = 100_000, 16

#: Hashes made at a time, so that making them needs little memory.
BLOCK = 1_000_000

#: What one hash takes while the index is built from it, in bytes (177 measured at 20 million), and some room; decides
#: whether a row fits.
PEAK_BYTES_PER_HASH = 190


def build(size: int) -> HammingIndex:
    """Build an index of ``size`` random hashes with ids from 0 on."""
    hashes = np.empty((size, 32), np.uint8)
    for start in range(0, size, BLOCK):
        hashes[start : start + BLOCK] = random_hashes(min(BLOCK, size - start), seed=start)
    index = HammingIndex()
    index.append(hashes.data, np.arange(size, dtype=np.uint64).data)
    return index


def queries_near(size: int, *, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Make queries at known distances from banked hashes.

    Returns:
        (q, 32) query hashes, the id of the hash each was made from, and its distance.
    """
    rng = np.random.default_rng(7)
    banked = random_hashes(min(size, BLOCK), seed=0)
    ids = rng.integers(0, len(banked), size=count * len(DISTANCES))
    planted = np.concatenate(
        [flipped(banked[ids[i * count : (i + 1) * count]], bits, seed=i) for i, bits in enumerate(DISTANCES)]
    )
    return planted, ids, np.repeat(DISTANCES, count)


def recall(index: HammingIndex, size: int) -> float:
    """Return the share of planted hashes that are found with the right distance."""
    planted, ids, distances = queries_near(size, count=200)
    found = sum(
        (int(id_), int(distance)) in index.search(query, LIMIT_BITS, 1000)[0]
        for query, id_, distance in zip(planted, ids, distances, strict=True)
    )
    return found / len(planted)


def one_query(size: int, label: str) -> Row:
    """Time one query at a time, half of them with a neighbour; faiss goes first and frees its copy."""
    needed = size * PEAK_BYTES_PER_HASH
    if memory_available() < needed:
        msg = f"needs {needed / 2**30:.0f} GiB of free memory"
        raise MemoryError(msg)
    planted, _, _ = queries_near(size, count=100)
    mixed = np.concatenate([planted, random_hashes(500, seed=99)])
    np.random.default_rng(3).shuffle(mixed)
    peer_rounds = 200 if size <= BLOCK else 40 if size <= 10 * BLOCK else 10
    peer, expected = _flat(size, mixed[:peer_rounds])
    started = time.perf_counter()
    index = build(size)
    build_s = time.perf_counter() - started
    for query in mixed[:50]:
        index.search(query, LIMIT_BITS, 1000)
    ours = [seconds(partial(index.search, query, LIMIT_BITS, 1000)) for query in mixed]
    found = [{id_ for id_, _ in index.search(query, LIMIT_BITS, 1000)[0]} for query in mixed[:peer_rounds]]
    return faster(
        f"search-{label}",
        1e6 * statistics.median(ours),
        1e6 * statistics.median(peer),
        peer_name="faiss IndexBinaryFlat.range_search",
        unit="µs a query",
        what=f"exact search within {LIMIT_BITS} bits among {size:,} hashes, one query, one core ({KERNEL})",
        p99=round(1e6 * percentile(ours, 0.99), 2),
        recall=recall(index, size),
        same_as_peer=str(found == expected),
        build_s=round(build_s, 2),
        bytes_a_hash=round(index.memory_bytes / size, 1),
    )


def _flat(size: int, queries: NDArray[np.uint8]) -> tuple[list[float], list[set[int]]]:
    """Time faiss on one core; seconds and ids found for each query."""
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    for start in range(0, size, BLOCK):
        flat.add(random_hashes(min(BLOCK, size - start), seed=start))
    times = [seconds(partial(flat.range_search, query[None, :], LIMIT_BITS + 1)) for query in queries]
    found = [set(flat.range_search(query[None, :], LIMIT_BITS + 1)[2].tolist()) for query in queries]
    return times, found


def against_threatexchange() -> list[Row]:
    """Compare query time, adding one and memory at 1 M with the index that HMA uses, each in a fresh process."""
    size = 1_000_000
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        ours = pool.apply(_ours_at, (size,))
    with context.Pool(1) as pool:
        peer = pool.apply(_threatexchange_at, (size,))
    name = "threatexchange PDQIndex"
    return [
        faster(
            "search-vs-threatexchange-1m",
            ours["query_us"],
            peer["query_us"],
            peer_name=name,
            unit="µs a query",
            what=f"exact search within {LIMIT_BITS} bits among {size:,} hashes",
        ),
        faster(
            "append-visible-kernel-1m",
            ours["append_us"],
            peer["append_us"],
            peer_name=name,
            unit="µs",
            what="one hash added to 1,000,000 and found by the next search",
            p99=round(ours["append_p99_us"], 1),
        ),
        faster(
            "memory-1m",
            ours["bytes"],
            peer["bytes"],
            peer_name=name,
            unit="bytes a hash",
            what="growth of the process's resident memory for each of 1,000,000 hashes",
        ),
    ]


def _ours_at(size: int) -> dict[str, float]:
    build(1000)
    before = resident_bytes()
    index = build(size)
    grown = resident_bytes() - before
    queries = random_hashes(400, seed=5)
    query_s = [seconds(partial(index.search, query, LIMIT_BITS, 1000)) for query in queries]
    append_s = []
    for number, query in enumerate(queries):
        id_ = np.array([size + number], dtype=np.uint64)
        start = time.perf_counter()
        index.append(query.data, id_.data)
        found, _ = index.search(query, LIMIT_BITS, 1000)
        append_s.append(time.perf_counter() - start)
        if (size + number, 0) not in found:
            msg = "an appended hash was not visible"
            raise AssertionError(msg)
    return {
        "bytes": grown / size,
        "query_us": 1e6 * statistics.median(query_s),
        "append_us": 1e6 * statistics.median(append_s),
        "append_p99_us": 1e6 * percentile(append_s, 0.99),
    }


def _threatexchange_at(size: int) -> dict[str, float]:
    faiss.omp_set_num_threads(1)
    PDQIndex([(hash_.tobytes().hex(), 0) for hash_ in random_hashes(1000, seed=1)])
    before = resident_bytes()
    index: PDQIndex[int] = PDQIndex(
        (hash_.tobytes().hex(), number) for number, hash_ in enumerate(random_hashes(size, seed=0))
    )
    grown = resident_bytes() - before
    queries = [hash_.tobytes().hex() for hash_ in random_hashes(200, seed=5)]
    query_s = [seconds(partial(index.query, query)) for query in queries]
    append_s = []
    for number, query in enumerate(queries[:5]):
        start = time.perf_counter()
        index.add(query, size + number)
        index.query(query)
        append_s.append(time.perf_counter() - start)
    return {
        "bytes": grown / size,
        "query_us": 1e6 * statistics.median(query_s),
        "append_us": 1e6 * statistics.median(append_s),
    }


def join() -> Row:
    """Time the join of a catalogue with a bank of 1 M, with 2,000 planted copies."""
    size, catalogue_size = 1_000_000, 1_000_000
    index = build(size)
    catalogue = random_hashes(catalogue_size, seed=123_456)
    banked = random_hashes(size, seed=0)
    places = np.random.default_rng(1).choice(catalogue_size, size=2000, replace=False)
    for number, place in enumerate(places):
        bits = number % (LIMIT_BITS + 1)
        catalogue[place] = flipped(banked[number : number + 1], bits, seed=number)[0]
    started = time.perf_counter()
    numbers, ids, _, _ = index.join(catalogue.data, LIMIT_BITS, 1000)
    ours_s = time.perf_counter() - started
    pairs = set(zip(np.frombuffer(numbers, np.uint32).tolist(), np.frombuffer(ids, np.uint64).tolist(), strict=True))
    found = sum((int(place), number) in pairs for number, place in enumerate(places))
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(banked)
    sample = catalogue[:512]
    peer_s = seconds(lambda: flat.range_search(sample, LIMIT_BITS + 1))
    return higher(
        "join-1m",
        catalogue_size / ours_s,
        len(sample) / peer_s,
        peer_name="faiss IndexBinaryFlat.range_search",
        unit="catalogue hashes/s",
        what=f"join of {catalogue_size:,} catalogue hashes with a bank of {size:,}, one core",
        planted=len(places),
        found=found,
    )


def regions() -> Row:
    """Time what a bank of 100,000 pictures costs a check by regions: all queries of one picture, mirrored ones, too.

    Region hashes are signs after a random rotation, so random ones fill the index as theirs do.
    """
    size = _PICTURES * (REGIONS_KEPT + len(STRETCHES) * REGIONS_STRETCHED)
    queries = random_hashes(2 * REGIONS_SOUGHT, seed=77)
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    for start in range(0, size, BLOCK):
        flat.add(random_hashes(min(BLOCK, size - start), seed=start))
    peer = seconds(partial(flat.range_search, queries[:_ASKED], REGION_BITS + 1)) * len(queries) / _ASKED
    del flat
    index = build(size)
    search = partial(index.search_batch, queries.data, REGION_BITS, 100)
    ours = statistics.median(seconds(partial(search, REGION_EXACT_BITS)) for _ in range(9))
    exact = statistics.median(seconds(search) for _ in range(3))
    return faster(
        "search-regions-100k",
        1e3 * ours,
        1e3 * peer,
        peer_name="faiss IndexBinaryFlat.range_search",
        unit="ms a picture",
        what=f"search for the {len(queries)} regions of a picture and its mirror image within {REGION_BITS} bits, "
        f"exact within {REGION_EXACT_BITS}, among those of {_PICTURES:,} pictures, one core ({KERNEL})",
        ms_if_exact=round(1e3 * exact, 1),
        **{f"found_at_{bits}": _found_at(index, bits) for bits in (REGION_EXACT_BITS, 36, 40, REGION_BITS)},
        gigabytes=round(index.memory_bytes / 2**30, 2),
    )


def _found_at(index: HammingIndex, bits: int) -> float:
    """Return the share of hashes so far from a query that a search for regions finds."""
    asked = flipped(random_hashes(5000, seed=0), bits, seed=bits)
    numbers, ids, _, _ = index.search_batch(asked.data, REGION_BITS, 100, REGION_EXACT_BITS)
    return float((np.frombuffer(numbers, np.uint32) == np.frombuffer(ids, np.uint64)).sum()) / len(asked)


def curve() -> list[Row]:
    """Time one query at growing bank sizes, for the plot."""
    rows = []
    for size in (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000):
        row = one_query(size, f"curve-{size}")
        rows.append(row)
    return rows


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "search-1m": partial(one_query, 1_000_000, "1m"),
    "search-10m": partial(one_query, 10_000_000, "10m"),
    "search-100m": partial(one_query, 100_000_000, "100m"),
    "search-vs-threatexchange-1m": against_threatexchange,
    "append-visible-kernel-1m": against_threatexchange,
    "memory-1m": against_threatexchange,
    "join-1m": join,
    "search-regions-100k": regions,
    "search-curve": curve,
}
