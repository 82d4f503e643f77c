# SPDX-License-Identifier: Apache-2.0
"""The kernel's Hamming index by brute force: slow, obvious, and the oracle of property tests."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from noli.bank.model import Change
from noli.matching.pictures import Pictures, written
from noli.matching.ports import HeldBank, HeldRows, Kept, KeptBank


class Held:
    """All pairs of one moment."""

    def __init__(self, held: list[tuple[int, int]]) -> None:
        """Keep the list, which is replaced and never changed."""
        self.pairs = held

    def write(self, file: int, /) -> None:
        """Refuse: nobody maps it."""
        raise NotImplementedError(file)


class BruteForceIndex:
    """Keeps (id, value) pairs in a list and compares with all of them."""

    def __init__(self) -> None:
        """Start empty."""
        self._held: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """Count the hashes that match."""
        return len(self._held)

    def append(self, hashes: bytes, ids: bytes, /) -> None:
        """Add n x 32 hash bytes under n x 8 id bytes."""
        values = [int.from_bytes(hashes[at : at + 32]) for at in range(0, len(hashes), 32)]
        self._held = [*self._held, *zip(memoryview(ids).cast("Q"), values, strict=True)]

    def tombstone(self, ids: bytes, /) -> None:
        """Drop every hash under these ids."""
        gone = set(memoryview(ids).cast("Q"))
        self._held = [(entry, value) for entry, value in self._held if entry not in gone]

    def hold(self) -> "Held":
        """Take hold of everything."""
        return Held(self._held)

    def compact(self) -> bool:
        """Do nothing: there is nothing to fold in."""
        return False

    def search(
        self, query: bytes, limit_bits: int, max_neighbours: int, exact_bits: int = 63, /
    ) -> tuple[list[tuple[int, int]], bool]:
        """Compare with every hash held."""
        del exact_bits
        wanted = int.from_bytes(query)
        hits = [(entry, (wanted ^ value).bit_count()) for entry, value in self._held]
        hits = [hit for hit in hits if hit[1] <= limit_bits]
        return hits[:max_neighbours], len(hits) > max_neighbours

    def search_batch(
        self, queries: bytes, limit_bits: int, max_neighbours: int, exact_bits: int = 63, /
    ) -> tuple[bytes, bytes, bytes, bytes]:
        """Search one after another."""
        positions, ids, distances, capped = array("I"), array("Q"), bytearray(), array("I")
        for position in range(len(queries) // 32):
            query = queries[32 * position : 32 * position + 32]
            hits, more = self.search(query, limit_bits, max_neighbours, exact_bits)
            if more:
                capped.append(position)
            for entry, distance in hits:
                positions.append(position)
                ids.append(entry)
                distances.append(distance)
        return positions.tobytes(), ids.tobytes(), bytes(distances), capped.tobytes()


class MemoryCache:
    """Keeps one snapshot in memory, for the processes that a test plays."""

    def __init__(self, *, full: bool = False) -> None:
        """Start empty; where it is ``full``, nothing can be kept."""
        self.full = full
        self.vanishing = False
        self.kept: tuple[Change, list[tuple[HeldBank, bytes]]] | None = None
        self.refused: list[str] = []
        self.taken = False
        self.writes = 0
        self.other: Callable[[], object] | None = None

    def newest(self) -> int:
        """Return the number of what is kept."""
        return 0 if self.kept is None else self.kept[0].sequence + self.vanishing

    def read(self) -> Kept | None:
        """Make indexes of what is kept."""
        if self.kept is None or self.vanishing:
            return None
        at, banks = self.kept
        return Kept(at, tuple(_kept(bank, pictures) for bank, pictures in banks))

    def refuse(self, kept: Kept, *, why: str) -> None:
        """Forget it."""
        del kept
        self.kept = None
        self.refused.append(why)

    @contextmanager
    def turn(self, *, wait: bool) -> Iterator[bool]:
        """Give the turn unless a test has taken it; while one waits, another process may be done."""
        if wait and self.other is not None:
            other, self.other = self.other, None
            other()
        yield wait or not self.taken

    def keep(self, at: Change, banks: Sequence[HeldBank]) -> None:
        """Keep a snapshot."""
        self.writes += 1
        if not self.full:
            self.kept = at, [(bank, b"".join(written(bank.pictures))) for bank in banks]


def _kept(bank: HeldBank, pictures: bytes) -> KeptBank:
    return KeptBank(bank.bank, bank.epoch, _index(bank.hashes), _index(bank.regions), Pictures(memoryview(pictures)))


def _index(rows: HeldRows) -> BruteForceIndex:
    assert isinstance(rows, Held)
    index = BruteForceIndex()
    index._held = rows.pairs
    return index
