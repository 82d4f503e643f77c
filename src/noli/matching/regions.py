# SPDX-License-Identifier: Apache-2.0
"""The regions of one bank's entries, searchable: which entries have many that lie in the upload as they lay in them.

The index finds regions that resemble each other, the kernel counts how many of an entry's agree on how its picture
lies in the upload. What that means is for ``rules`` to say.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain

from noli.bank.model import EntryId, KeyedRegions
from noli.hashing.model import PDQ_BYTES, Regions
from noli.matching.model import Agreement
from noli.matching.pictures import Pictures
from noli.matching.ports import HammingIndex, HeldRows
from noli.matching.widening import widened

#: Regions at most this far apart resemble each other, in bits: unrelated ones lie near 128, and of eleven million pairs
#: of them none was nearer than 50 (``make bench-robustness``).
LIMIT_BITS = 45

#: Up to here the search misses none; beyond, it finds fewer the farther they are, at the limit three of five
#: (``make bench ROWS=search-regions-100k``). To find nearly all would take three times as long, and a copy has many.
EXACT_BITS = 18

#: Fewer agreeing regions are never looked at further.
MIN_VOTES = 3

# Under which number a region is in the index: its picture's place in the list, then its own in eight bits.
_REGION_BITS = 8
_REGION = (1 << _REGION_BITS) - 1


class RegionIndex:
    """Any number of threads may search while one changes it.

    Pictures of a snapshot lie in memory that processes share; those that came later, in a list behind them.
    """

    def __init__(self, index: HammingIndex, kept: Pictures | None = None) -> None:
        """Start with what a snapshot has.

        Args:
            index: The hashes of its regions; an empty index where there is no snapshot.
            kept: Its pictures.
        """
        self._index = index
        self._kept = Pictures.none() if kept is None else kept
        self._gone: set[int] = set()
        self._pictures: list[tuple[EntryId, KeyedRegions] | None] = []
        self._of: dict[EntryId, list[tuple[int, int]]] = {}

    def __len__(self) -> int:
        """Count the regions that can be found."""
        return len(self._index)

    def append(self, entry: EntryId, regions: KeyedRegions) -> None:
        """Add one picture of an entry."""
        if not regions.hashes:
            return
        number = len(self._kept) + len(self._pictures)
        self._pictures.append((entry, KeyedRegions(regions.size, regions.places, b"", regions.at_ms)))
        self._of.setdefault(entry, []).append((number, len(regions)))
        self._index.append(regions.hashes, _ids(number, len(regions)))

    def remove(self, entry: EntryId) -> None:
        """Forget an entry; one that has no regions is fine."""
        for number, count in (*self._kept.of(entry), *self._of.pop(entry, ())):
            if number < len(self._kept):
                self._gone.add(number)
            else:
                self._pictures[number - len(self._kept)] = None
            self._index.tombstone(_ids(number, count))

    def hold(self) -> tuple[HeldRows, Iterable[tuple[EntryId, KeyedRegions] | None]]:
        """Take hold of the regions and the pictures of this moment, to be kept in a snapshot; no append may run."""
        kept, gone, later = self._kept, frozenset(self._gone), tuple(self._pictures)
        return self._index.hold(), chain((None if n in gone else kept[n] for n in range(len(kept))), later)

    def compact(self) -> bool:
        """Fold recent changes in; False where there was nothing to do."""
        return self._index.compact()

    def search(
        self, regions: Regions, hashes: tuple[bytes, bytes], *, max_neighbours: int
    ) -> Iterator[tuple[EntryId, Agreement]]:
        """Yield the entries that have regions which agree.

        Args:
            regions: Those of the upload.
            hashes: Their hashes under the bank's secret, and those of their mirrored form.
            max_neighbours: Entries found for one region at most; one that more have says nothing.
        """
        from noli.hashing import kernel  # noqa: PLC0415 - commands that match nothing need not load it

        count = len(regions)
        pairs: dict[int, array[int]] = {}
        for position, number in self._near(hashes[0] + hashes[1], max_neighbours):
            found = pairs.setdefault(number >> _REGION_BITS, array("H"))
            found.extend((position % count, number & _REGION, position >= count))
        for number, each in pairs.items():
            held = self._picture(number)
            if held is None or len(each) < 3 * MIN_VOTES:
                continue
            entry, known = held
            votes, covered, shown, mirrored = kernel.region_vote(
                regions.places, regions.size, known.places, known.size, each.tobytes()
            )
            if votes >= MIN_VOTES:
                yield entry, Agreement(votes, covered, shown, mirrored=mirrored, banked_ms=known.at_ms)

    def _near(self, queries: bytes, max_neighbours: int) -> Iterator[tuple[int, int]]:
        """Yield which query is near which region."""
        raw = self._index.search_batch(queries, LIMIT_BITS, max_neighbours, EXACT_BITS)
        crowded = set(memoryview(raw[3]).cast("I"))
        for position, number in zip(memoryview(raw[0]).cast("I"), memoryview(raw[1]).cast("Q"), strict=True):
            if position not in crowded:
                yield position, number
        for position in crowded:
            query = queries[PDQ_BYTES * position : PDQ_BYTES * (position + 1)]
            hits, _ = widened(
                self._index, query, LIMIT_BITS, max_neighbours, exact_bits=EXACT_BITS, entry_of=self._entry_of
            )
            for number, _distance in hits:
                yield position, number

    def _entry_of(self, number: int) -> EntryId | None:
        held = self._picture(number >> _REGION_BITS)
        return None if held is None else held[0]

    def _picture(self, number: int) -> tuple[EntryId, KeyedRegions] | None:
        if number >= len(self._kept):
            return self._pictures[number - len(self._kept)]
        return None if number in self._gone else self._kept[number]


def _ids(picture: int, count: int) -> bytes:
    return b"".join((picture << _REGION_BITS | region).to_bytes(8, sys.byteorder) for region in range(count))
