# SPDX-License-Identifier: Apache-2.0
"""What one worker of a scan does, whatever engine runs it: map the banks once, then do unit after unit."""

import time
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from noli.adapters import images
from noli.adapters.decode import MediaDecoder
from noli.adapters.scan.catalogue import UnitReader
from noli.adapters.scan.work import Work
from noli.bank.model import EntryId
from noli.hashing.ports import MediaHasher
from noli.scanning.join import Scanner
from noli.scanning.model import Kind, ScanBank, Tally, Unit


class ScanWorker:
    """Does units of one scan, one after the other."""

    def __init__(self, folder: str, *, rows_per_s: float = 0.0, verify: bool = False) -> None:
        """Map the banks.

        Args:
            folder: The work folder.
            rows_per_s: Rows a second this worker does at most; 0 for as many as it can.
            verify: Whether to check every byte of the images; the driver did when the scan began or went on.

        Raises:
            IntegrityError: Plan or images are damaged.
        """
        self._work = Work(Path(folder))
        self._plan = self._work.plan()
        self._rows_per_s = rows_per_s
        self._banks = [
            ScanBank(image.name, image.policy, index, frozenset(map(EntryId, image.disputed)))
            for image, index in images.map_banks(self._work.banks, verify=verify)
        ]

    def do(self, unit: Unit) -> None:
        """Scan a unit and keep its part; nothing where it has one already.

        Raises:
            InputError: The catalogue cannot be read.
        """
        if self._work.part(unit).exists():
            return
        began = time.monotonic()
        reader = UnitReader(self._plan.catalogue, None if unit.kind is Kind.HASHES else self._hasher)
        scanner = Scanner(self._banks, max_neighbours=self._plan.max_neighbours)
        matches = pa.Table.from_batches(scanner.scan(reader.batches(unit)), schema=self._plan.schema)
        if unit.kind is not Kind.HASHES:
            matches = _nearest_of_files(matches)
        took = time.monotonic() - began
        counted = scanner.tally
        self._work.keep(
            unit,
            matches,
            Tally(
                rows=unit.rows,
                matches=len(matches),
                matched=counted.matched if unit.kind is Kind.HASHES else len(matches["id"].unique()),
                cleared=counted.cleared,
                capped=counted.capped,
                skipped=dict(reader.skipped),
                seconds=took,
            ),
        )
        if self._rows_per_s:
            time.sleep(max(0.0, unit.rows / self._rows_per_s - took))

    def close(self) -> None:
        """End the decoding child, if there is one."""
        if "_hasher" in self.__dict__:
            self._hasher.close()

    @cached_property
    def _hasher(self) -> MediaHasher:
        return MediaDecoder.alone()


def _nearest_of_files(matches: pa.Table) -> pa.Table:
    """Keep one match a file and entry: a file has a mirrored form, and perhaps frames."""
    keys = ["id", "bank", "entry", "type"]
    nearest = matches.group_by(keys).aggregate([("distance", "min")]).rename_columns({"distance_min": "distance"})
    return nearest.select(matches.column_names).sort_by([(key, "ascending") for key in keys]).cast(matches.schema)
