# SPDX-License-Identifier: Apache-2.0
"""The work folder of a scan, beside its output: the plan, the banks' images, and one part a unit that was done.

A part appears under its name whole, with a completed fsync, or not at all, whoever made it; so whatever is killed, the
parts that are there are right, and the next run makes the missing ones. The folder must be seen by all workers: on one
machine it always is, on several it lies on shared storage.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from noli.adapters import images
from noli.adapters.files import settle
from noli.adapters.scan.catalogue import Catalogue
from noli.base.errors import Conflict, InputError, IntegrityError
from noli.scanning.join import match_schema
from noli.scanning.model import Tally, Unit

#: Raised with every change to what the folder holds.
VERSION = 1

_PLAN, _IMAGES, _PARTS = "plan.json", "banks", "parts"

# Where a part says what was counted while it was made.
_TALLY = b"noli.tally"

# Matches of a row group in the output: readers skip through it.
_OUTPUT_ROWS = 1 << 20


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan does; the same for all who work on it.

    Attributes:
        version: ``VERSION`` of who made it.
        catalogue: Path or URI of the catalogue.
        digest: Its state when the scan began.
        banks: Digest of the banks' state when the scan began.
        id_type: Type of the ids, as an Arrow schema without rows, in hexadecimal.
        max_neighbours: Neighbours of one row that a bank reports at most.
        units: What to do.
    """

    version: int
    catalogue: str
    digest: str
    banks: str
    id_type: str
    max_neighbours: int
    units: tuple[Unit, ...]

    @property
    def schema(self) -> pa.Schema:
        """Columns of the output."""
        carried = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(self.id_type)))
        return match_schema(carried.field("id").type)


@dataclass(frozen=True, slots=True)
class Work:
    """One work folder."""

    folder: Path

    @classmethod
    def beside(cls, out: Path) -> "Work":
        """Return the folder of the scan that writes ``out``."""
        return cls(out.with_name(out.name + ".work"))

    @property
    def banks(self) -> Path:
        """Folder of the banks' images."""
        return self.folder / _IMAGES

    def begun(self) -> bool:
        """Whether a scan was begun here and not finished."""
        return (self.folder / _PLAN).exists()

    def begin(self, catalogue: Catalogue, banks: Iterable[images.Source], *, sequence: int, neighbours: int) -> Plan:
        """Write images and plan; the plan comes last, so that whoever finds it finds all.

        Raises:
            OSError: The disk is full or read-only.
        """
        self.discard()
        (self.folder / _PARTS).mkdir(parents=True)
        page = images.write(self.banks, list(banks), sequence=sequence)
        schema = pa.schema([("id", catalogue.id_type)])
        plan = Plan(
            version=VERSION,
            catalogue=catalogue.where,
            digest=catalogue.digest,
            banks=page.digest,
            id_type=schema.serialize().to_pybytes().hex(),
            max_neighbours=neighbours,
            units=catalogue.units,
        )
        _write(self.folder / _PLAN, msgspec.json.encode(plan))
        return plan

    def plan(self) -> Plan:
        """Read the plan.

        Raises:
            IntegrityError: It is damaged or of another version.
        """
        try:
            plan = msgspec.json.decode((self.folder / _PLAN).read_bytes(), type=Plan)
        except (OSError, msgspec.DecodeError) as error:
            raise self._damaged() from error
        if plan.version != VERSION:
            raise self._damaged()
        return plan

    def resumed(self, catalogue: Catalogue) -> Plan:
        """Read the plan of a scan that was cut short.

        Raises:
            Conflict: The catalogue is another one, or was changed since.
            IntegrityError: The plan is damaged.
        """
        plan = self.plan()
        if plan.digest != catalogue.digest or plan.units != catalogue.units:
            msg = f"A scan begun in {self.folder} was of another state of the catalogue; begin anew with --restart."
            raise Conflict(msg)
        return plan

    def part(self, unit: Unit) -> Path:
        """Return where a unit's part is, once it is done."""
        return self.folder / _PARTS / f"part-{unit.number:08d}.parquet"

    def missing(self, plan: Plan) -> list[Unit]:
        """Return the units that have no part yet."""
        there = {entry.name for entry in os.scandir(self.folder / _PARTS)}
        return [unit for unit in plan.units if self.part(unit).name not in there]

    def keep(self, unit: Unit, matches: pa.Table, tally: Tally) -> None:
        """Keep a unit's part. Doing it twice leaves the same part."""
        note = {_TALLY: msgspec.json.encode(tally)}
        path = self.part(unit)
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        pq.write_table(matches.replace_schema_metadata(note), unfinished, compression="zstd")
        settle(unfinished, path)

    def finish(self, plan: Plan, out: Path) -> Tally:
        """Put all parts together as the output, in the catalogue's order; returns what was counted.

        Raises:
            IntegrityError: A part is missing or damaged.
        """
        unfinished = out.with_name(f".{out.name}.unfinished")
        schema = plan.schema
        tally = Tally()
        with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
            for matches, counted in self._parts(plan):
                tally += counted
                if len(matches):
                    writer.write_table(matches.replace_schema_metadata(None).cast(schema), row_group_size=_OUTPUT_ROWS)
        settle(unfinished, out)
        return tally

    def discard(self) -> None:
        """Remove the folder."""
        # The plan goes first: half a folder without one was never begun.
        (self.folder / _PLAN).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _parts(self, plan: Plan) -> Iterator[tuple[pa.Table, Tally]]:
        for unit in plan.units:
            try:
                part = pq.read_table(self.part(unit))
                tally = msgspec.json.decode((part.schema.metadata or {})[_TALLY], type=Tally)
            except (OSError, KeyError, pa.ArrowException, msgspec.DecodeError) as error:
                msg = f"A part of the scan is missing or damaged ({self.part(unit).name}); remove it and run again."
                raise IntegrityError(msg) from error
            yield part, tally

    def _damaged(self) -> IntegrityError:
        msg = f"The plan in {self.folder} is damaged or from another version of Noli; begin anew with --restart."
        return IntegrityError(msg)


def refuse_existing(out: Path, *, overwrite: bool) -> None:
    """Refuse to replace an output that nobody said may go.

    Raises:
        InputError: It exists, or its folder does not.
    """
    if not out.parent.is_dir():
        msg = f"There is no folder {out.parent} to write to."
        raise InputError(msg)
    if out.exists() and not overwrite:
        msg = f"{out} exists already; give --overwrite to replace it."
        raise InputError(msg)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(content)
    settle(unfinished, path)
