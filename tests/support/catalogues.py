# SPDX-License-Identifier: Apache-2.0
"""Made-up catalogues and banks for scans, with known near-copies in them."""

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from noli.bank.model import Action, BankPolicy, EntryId
from noli.hashing.kernel import HammingIndex
from noli.scanning.model import ScanBank
from tests.kernel.test_index import with_flips

BLOCK = BankPolicy(Action.BLOCK)


def values(seed: int, count: int) -> list[bytes]:
    """Make random hashes."""
    chance = random.Random(seed)
    return [chance.randbytes(32) for _ in range(count)]


def index_of(hashes: Sequence[bytes], entries: Sequence[int] | None = None) -> HammingIndex:
    """Make an index; entries are numbered from 1 unless given."""
    index = HammingIndex()
    numbers = range(1, len(hashes) + 1) if entries is None else entries
    index.append(b"".join(hashes), array("Q", numbers).tobytes())
    return index


def bank_of(
    hashes: Sequence[bytes],
    *,
    name: str = "protected",
    policy: BankPolicy = BLOCK,
    disputed: frozenset[EntryId] = frozenset(),
) -> ScanBank:
    """Make a bank as a scan's worker has it."""
    return ScanBank(name, policy, index_of(hashes), disputed)


@dataclass
class Planted:
    """A catalogue of random hashes in which some are near-copies of banked ones.

    Attributes:
        banked: The bank's hashes.
        rows: The catalogue's hashes.
        near: For each planted row, the banked hash it is a copy of and its distance.
    """

    banked: list[bytes]
    rows: list[bytes]
    near: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def made(cls, *, banked: int, rows: int, planted: int, seed: int = 1) -> "Planted":
        """Plant copies at distances 0 to 31."""
        chance = random.Random(seed)
        made = cls(values(seed + 1, banked), values(seed + 2, rows))
        for row in chance.sample(range(rows), planted):
            source, bits = chance.randrange(banked), chance.randrange(32)
            made.rows[row] = with_flips(made.banked[source], bits, chance)
            made.near[row] = (source, bits)
        return made

    def write(self, path: Path, *, group_rows: int = 1 << 20, ids: Sequence[object] | None = None) -> Path:
        """Write the catalogue as Parquet."""
        names = list(range(len(self.rows))) if ids is None else list(ids)
        table = pa.table({"id": names, "hash": pa.array(self.rows, pa.binary(32))})
        pq.write_table(table, path, row_group_size=group_rows)
        return path
