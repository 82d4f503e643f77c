# SPDX-License-Identifier: Apache-2.0
"""What a scan is about, as values."""

from dataclasses import dataclass, field
from enum import StrEnum

from noli.bank.model import BankPolicy, EntryId
from noli.scanning.ports import JoinIndex


@dataclass(frozen=True, slots=True)
class ScanBank:
    """A bank as a scan's worker searches it.

    Attributes:
        name: The bank's name.
        policy: Its policy when the scan began.
        index: Its hashes.
        disputed: Entries that somebody says are wrong.
    """

    name: str
    policy: BankPolicy
    index: JoinIndex
    disputed: frozenset[EntryId] = frozenset()


class Kind(StrEnum):
    """What a unit holds."""

    #: Rows of a table with ``id`` and ``hash``.
    HASHES = "hashes"
    #: Rows of a table with ``id`` and ``uri``.
    URIS = "uris"
    #: Media files; their path inside the catalogue is the id.
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of the catalogue that is scanned as one and kept as one part; decided once, when a scan begins.

    Attributes:
        number: Place in the catalogue, 0-based; the output keeps this order.
        kind: What it holds.
        path: Where it lies: a table's file, or the catalogue's folder.
        rows: How many rows or files it has.
        groups: Row groups of the table; empty for all of it.
        start: First row of the unit in those groups.
        files: Paths below the folder, for ``FILES``.
    """

    number: int
    kind: Kind
    path: str
    rows: int
    groups: tuple[int, ...] = ()
    start: int = 0
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a scan, or of a part of one.

    Attributes:
        rows: Catalogue rows or files that were looked at.
        matches: Pairs of a catalogue row and a banked entry.
        matched: Rows with at least one match.
        cleared: Rows that a negative bank cleared.
        capped: Searches of a row in a bank that had more neighbours than asked for.
        skipped: Rows that could not be searched, by reason.
        seconds: Work of all workers together.
    """

    rows: int = 0
    matches: int = 0
    matched: int = 0
    cleared: int = 0
    capped: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        """Add the counts of another part."""
        reasons = {*self.skipped, *other.skipped}
        return Tally(
            rows=self.rows + other.rows,
            matches=self.matches + other.matches,
            matched=self.matched + other.matched,
            cleared=self.cleared + other.cleared,
            capped=self.capped + other.capped,
            skipped={one: self.skipped.get(one, 0) + other.skipped.get(one, 0) for one in sorted(reasons)},
            seconds=self.seconds + other.seconds,
        )
