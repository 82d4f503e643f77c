# SPDX-License-Identifier: Apache-2.0
"""What matching needs from outside: a search index, a cache of indexes, and what keeps the checks that matched."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from noli.bank.model import MAX_THRESHOLD_BITS, BankId, Change, EntryId, KeyedRegions
from noli.matching.model import Check, Probe
from noli.matching.pictures import Pictures


class HeldRows(Protocol):
    """All rows of an index at one moment, whatever happens to it later."""

    def write(self, file: int, /) -> None:
        """Write them to a file, from its position on, as an index can map them. Raises OSError."""
        ...


class HammingIndex(Protocol):
    """Hamming range search; the native kernel's ``Index`` is one (contracts in ``native/index.h``).

    A search is exact unless told otherwise: with ``exact_bits`` it finds everything so far away, and most of what lies
    beyond, up to its limit. Readers never wait for a writer; a search sees all of an append or nothing of it.
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

    def search(
        self, query: bytes, limit_bits: int, max_neighbours: int, exact_bits: int = MAX_THRESHOLD_BITS, /
    ) -> tuple[list[tuple[int, int]], bool]:
        """Return (id, distance) within 0-63 bits of a query, and whether there were more than asked for."""
        ...

    def search_batch(
        self, queries: bytes, limit_bits: int, max_neighbours: int, exact_bits: int = MAX_THRESHOLD_BITS, /
    ) -> tuple[bytes, bytes, bytes, bytes]:
        """Search n x 32 query bytes at once.

        Returns:
            Query position (uint32), id (uint64) and distance (uint8) of every hit, and the positions (uint32) of
            queries that had more; all native order.
        """
        ...

    def hold(self) -> HeldRows:
        """Take hold of the rows of this moment; takes no time and no memory."""
        ...


@dataclass(frozen=True, slots=True)
class HeldBank:
    """One bank at one moment, to be kept.

    Attributes:
        bank: Its number.
        epoch: The epoch that its regions are of.
        hashes: Its index.
        regions: The index of its regions.
        pictures: Whose regions these are, by number; None where the entry was withdrawn.
    """

    bank: BankId
    epoch: int
    hashes: HeldRows
    regions: HeldRows
    pictures: Iterable[tuple[EntryId, KeyedRegions] | None]


@dataclass(frozen=True, slots=True)
class KeptBank:
    """One bank as it was kept; the attributes are those of ``HeldBank``."""

    bank: BankId
    epoch: int
    hashes: HammingIndex
    regions: HammingIndex
    pictures: Pictures


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot of all banks.

    Attributes:
        at: The last change that is in it. It ties the snapshot to its database: it names an entry at random and a
            moment, so that another history, such as a restored backup's, has another change of this number or none.
        banks: The banks.
    """

    at: Change
    banks: tuple[KeptBank, ...]


class IndexCache(Protocol):
    """Keeps one snapshot of the banks for all processes of a host, which share its memory.

    A cache: what it hands out may be older than the store, is of the same program, and never damaged.
    """

    def newest(self) -> int:
        """Return the number of the last change in the newest snapshot, 0 where there is none; a quick look."""
        ...

    def read(self) -> Kept | None:
        """Map the newest snapshot; None where there is none that is whole."""
        ...

    def refuse(self, kept: Kept, *, why: str) -> None:
        """Say that a snapshot that was read is not of this database, so that it is removed and the operator told."""
        ...

    def turn(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Be the one process of the host that makes a snapshot, or learn that another one is.

        Args:
            wait: Wait for the other one; the turn is then always given.

        Raises:
            Unavailable: The cache was closed meanwhile.
        """
        ...

    def keep(self, at: Change, banks: Sequence[HeldBank]) -> None:
        """Keep a snapshot in place of an older one. What cannot be kept is told to the operator, and is not there."""
        ...


class Checks(Protocol):
    """Keeps checks that matched. Each call is one transaction of its own."""

    def add(self, checks: list[Check], probes: Sequence[Probe] = ()) -> None:
        """Keep checks, and what keys were told near matched pictures, all or none."""
        ...

    def probes(self, *, after: int, most: int) -> tuple[int, list[Probe]]:
        """Read the latter after a number, in order, of very many the newest; they are gone after a day.

        Returns:
            The number of the last one, ``after`` where there is none, and they themselves.
        """
        ...

    def get(self, id: str) -> Check:  # noqa: A002 - the field's name
        """Read one. Raises NotFound."""
        ...

    def page(self, *, after: str = "", limit: int = 100, key: str | None = None) -> list[Check]:
        """List newest first, those older than the check ``after``, of one key or of all."""
        ...


class Blocks(Protocol):
    """Tells what entries blocked; whoever keeps checks knows."""

    def blocking(self, *, since: datetime, least: int) -> list[EntryId]:
        """List the entries that blocked at least so many uploads by the hash of the whole, in any order."""
        ...

    def blocked(self, entry: EntryId, *, since: datetime, limit: int) -> list[bytes]:
        """Return the hashes by which an entry blocked uploads, newest first."""
        ...
