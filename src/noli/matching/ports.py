# SPDX-License-Identifier: Apache-2.0
"""What matching needs from outside: a search index, and a place that keeps the checks that matched."""

from typing import Protocol

from noli.matching.model import Check


class HammingIndex(Protocol):
    """Exact Hamming range search; the native kernel's ``Index`` is one (contracts in ``native/index.h``).

    Readers never wait for a writer; a search sees all of an append or nothing of it.
    """

    def __len__(self) -> int:
        """Count the hashes that match."""
        ...

    def append(self, hashes: bytes, ids: bytes, /) -> None:
        """Add n x 32 hash bytes under n x 8 id bytes, native order; ids may repeat."""
        ...

    def tombstone(self, ids: bytes, /) -> None:
        """Stop every hash under these ids from matching; unknown ids are fine."""
        ...

    def compact(self) -> bool:
        """Fold appended and removed hashes into the base; False where there was nothing to do."""
        ...

    def search(self, query: bytes, limit_bits: int, max_neighbours: int, /) -> tuple[list[tuple[int, int]], bool]:
        """Return (id, distance) within 0-63 bits of a query, and whether there were more than asked for."""
        ...

    def search_batch(
        self, queries: bytes, limit_bits: int, max_neighbours: int, /
    ) -> tuple[bytes, bytes, bytes, bytes]:
        """Search n x 32 query bytes at once.

        Returns:
            Query position (uint32), id (uint64) and distance (uint8) of every hit, and the positions (uint32) of
            queries that had more; all native order.
        """
        ...


class Checks(Protocol):
    """Keeps checks that matched. Each call is one transaction of its own."""

    def add(self, checks: list[Check]) -> None:
        """Keep checks, all or none."""
        ...

    def get(self, id: str) -> Check:  # noqa: A002 - the field's name
        """Read one. Raises NotFound."""
        ...

    def page(self, *, after: str = "", limit: int = 100) -> list[Check]:
        """List newest first, those older than the check ``after``."""
        ...
