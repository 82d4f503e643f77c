# SPDX-License-Identifier: Apache-2.0
"""The kernel's Hamming index by brute force: slow, obvious, and the oracle of property tests."""

from array import array


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

    def compact(self) -> bool:
        """Do nothing: there is nothing to fold in."""
        return False

    def search(self, query: bytes, limit_bits: int, max_neighbours: int, /) -> tuple[list[tuple[int, int]], bool]:
        """Compare with every hash held."""
        wanted = int.from_bytes(query)
        hits = [(entry, (wanted ^ value).bit_count()) for entry, value in self._held]
        hits = [hit for hit in hits if hit[1] <= limit_bits]
        return hits[:max_neighbours], len(hits) > max_neighbours

    def search_batch(
        self, queries: bytes, limit_bits: int, max_neighbours: int, /
    ) -> tuple[bytes, bytes, bytes, bytes]:
        """Search one after another."""
        positions, ids, distances, capped = array("I"), array("Q"), bytearray(), array("I")
        for position in range(len(queries) // 32):
            query = queries[32 * position : 32 * position + 32]
            hits, more = self.search(query, limit_bits, max_neighbours)
            if more:
                capped.append(position)
            for entry, distance in hits:
                positions.append(position)
                ids.append(entry)
                distances.append(distance)
        return positions.tobytes(), ids.tobytes(), bytes(distances), capped.tobytes()
