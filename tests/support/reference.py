# SPDX-License-Identifier: Apache-2.0
"""The plainest possible range search: the oracle that the native index is judged by.

It compares the query with every row and is slow on purpose; it shares no idea with the kernel.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Row = tuple[bytes, int]
"""32 bytes of hash and an id; ids need not be unique."""


def distance_bits(first: bytes, second: bytes) -> int:
    """Count the bits in which two values of equal length differ."""
    return (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).bit_count()


@dataclass(slots=True)
class ReferenceIndex:
    """A list of rows.

    Attributes:
        rows: Every row appended and not tombstoned, the hash as one number.
    """

    rows: list[tuple[int, int]] = field(default_factory=list)

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        self.rows.extend((int.from_bytes(value, "big"), identifier) for value, identifier in rows)

    def tombstone(self, ids: Sequence[int]) -> None:
        """Drop every row that now has one of these ids."""
        dying = frozenset(ids)
        self.rows = [row for row in self.rows if row[1] not in dying]

    def within(self, query: bytes, limit_bits: int) -> list[tuple[int, int]]:
        """Find (id, distance) of all rows at most ``limit_bits`` away, by distance, then id."""
        wanted = int.from_bytes(query, "big")
        found = ((identifier, (value ^ wanted).bit_count()) for value, identifier in self.rows)
        return sorted(((i, d) for i, d in found if d <= limit_bits), key=lambda pair: (pair[1], pair[0]))
