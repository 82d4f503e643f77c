# SPDX-License-Identifier: Apache-2.0
"""Which regions are whose, as one buffer that the processes of a host share: a part of a snapshot of the banks."""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Self

from noli.bank.model import EntryId, KeyedRegions
from noli.hashing.model import REGION_PLACE_BYTES

# Time of a picture that is in no video.
_TIMELESS = (1 << 32) - 1

# Entry number of a picture whose entry was withdrawn.
_GONE = (1 << 64) - 1


class Pictures:
    """Which regions are whose and where they lie, as one buffer that processes share; never changes.

    Pictures are numbered as in the index of regions. The buffer is five arrays one behind the other: entries, first
    places, numbers in the order of their entries, sizes with times, places.
    """

    def __init__(self, buffer: memoryview) -> None:
        """Read one that ``written`` wrote; its bytes must be known to be whole."""
        count = int.from_bytes(buffer[:8], sys.byteorder)
        first = 8 + 8 * count
        order = first + 8 * (count + 1)
        sizes = order + 4 * count
        places = sizes + 12 * count
        self._entries = buffer[8:first].cast("Q")
        self._first = buffer[first:order].cast("Q")
        self._order = buffer[order:sizes].cast("I")
        self._sizes = buffer[sizes:places].cast("I")
        self._places = buffer[places:]

    @classmethod
    def none(cls) -> Self:
        """Return one without pictures."""
        return cls(memoryview(b"".join(written([]))))

    def __len__(self) -> int:
        """Count the pictures, those of withdrawn entries included."""
        return len(self._entries)

    def __getitem__(self, number: int) -> tuple[EntryId, KeyedRegions] | None:
        """Return a picture's entry and the places of its regions, without their hashes; None once it is withdrawn."""
        entry = self._entries[number]
        if entry == _GONE:
            return None
        places = self._places[self._first[number] : self._first[number + 1]]
        width, height, at_ms = self._sizes[3 * number : 3 * number + 3]
        return EntryId(entry), KeyedRegions((width, height), bytes(places), b"", None if at_ms == _TIMELESS else at_ms)

    def of(self, entry: EntryId) -> list[tuple[int, int]]:
        """Return number and count of regions of each picture of an entry."""
        wanted: int = entry
        first = bisect_left(self._order, wanted, key=self._entries.__getitem__)
        end = bisect_right(self._order, wanted, key=self._entries.__getitem__)
        numbers = (self._order[at] for at in range(first, end))
        return [(number, (self._first[number + 1] - self._first[number]) // REGION_PLACE_BYTES) for number in numbers]


def written(held: Iterable[tuple[EntryId, KeyedRegions] | None]) -> Iterator[bytes]:
    """Yield the buffer of pictures, piece by piece; None stands for one whose entry was withdrawn."""
    pictures = list(held)
    entries = array("Q", [_GONE if each is None else each[0] for each in pictures])
    first, sizes = array("Q", [0]), array("I")
    for each in pictures:
        first.append(first[-1] + (0 if each is None else len(each[1].places)))
        sizes.extend((0, 0, 0) if each is None else (*each[1].size, _time_of(each[1])))
    order = array("I", sorted(range(len(entries)), key=entries.__getitem__))
    yield len(entries).to_bytes(8, sys.byteorder)
    yield from (part.tobytes() for part in (entries, first, order, sizes))
    yield from (each[1].places for each in pictures if each is not None)


def _time_of(regions: KeyedRegions) -> int:
    return _TIMELESS if regions.at_ms is None else regions.at_ms
