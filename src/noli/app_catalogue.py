# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that wires stored catalogues: what is new in the banks, looked for among them."""

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from noli.adapters.decode import MediaDecoder
from noli.adapters.files import settle
from noli.adapters.scan.banks import fresh_banks
from noli.adapters.scan.catalogue import Catalogue, UnitReader, survey
from noli.adapters.scan.stored import Page, StoredCatalogue
from noli.adapters.scan.work import refuse_existing
from noli.bank.ports import BankStore
from noli.base.errors import Conflict, InputError
from noli.scanning.join import Scanner, match_schema
from noli.scanning.model import Kind, ScanBank, Tally


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a catalogue that was stored."""

    rows: int
    skipped: dict[str, int]


class Catalogues:
    """The use cases around a stored catalogue."""

    def __init__(self, folder: Path) -> None:
        """Name its folder; nothing is made yet."""
        self._stored = StoredCatalogue(folder)

    def page(self) -> Page:
        """Say what is stored. Raises IntegrityError."""
        return self._stored.page()

    def verify(self) -> None:
        """Read every byte. Raises IntegrityError where one differs."""
        self._stored.verify()

    def add(self, where: str, *, tell: Callable[[int], object]) -> Added:
        """Store the hashes of a catalogue.

        Args:
            where: As for a scan.
            tell: Called with the rows that were read.

        Raises:
            InputError: The catalogue cannot be read, or its ids are of another type.
            Conflict: It is stored already.
        """
        found = survey(where)
        if found.digest in self.page().added:
            msg = f"{where} is stored already, as it is now."
            raise Conflict(msg)
        media = any(unit.kind is not Kind.HASHES for unit in found.units)
        with closing(MediaDecoder.alone()) if media else nullcontext() as hasher:
            reader = UnitReader(where, hasher)
            before = self.page().rows
            page = self._stored.add(found.digest, _read(found, reader, tell))
        return Added(page.rows - before, dict(reader.skipped))

    def remove(self, ids: Path) -> int:
        """Remove the rows whose ids stand in a table's column ``id``; returns how many ids are removed by now.

        Raises:
            InputError: It is no such table.
        """
        try:
            return self._stored.remove(pq.read_table(ids, columns=["id"])["id"].combine_chunks())
        except (OSError, pa.ArrowException, KeyError) as error:
            msg = f"{ids} is no Parquet file with a column 'id'."
            raise InputError(msg, detail=str(error)) from error

    def match(self, store: BankStore, out: Path, *, everything: bool, overwrite: bool) -> Tally:
        """Look for what is new in the banks since the last time, and write the matches as a scan does.

        Args:
            store: The banks.
            out: Where to.
            everything: Look for everything that is banked.
            overwrite: The output may exist and is replaced.

        Raises:
            InputError: The output exists, or nothing is stored.
            IntegrityError: The store is damaged.
        """
        refuse_existing(out.absolute(), overwrite=overwrite)
        page = self.page()
        if not page.shards:
            msg = "Nothing is stored here yet; 'noli catalogue add' stores a catalogue."
            raise InputError(msg)
        with store.transaction() as transaction:
            reached = transaction.last_sequence()
            banks = fresh_banks(transaction, after=0 if everything else page.checkpoint)
        tally = replace(self._write(banks, out.absolute()), rows=page.rows)
        self._stored.reached(reached)
        return tally

    def _write(self, banks: list[tuple[ScanBank, bytes]], out: Path) -> Tally:
        """Find candidates by what is new, and let a scan of them decide: vetoes and thresholds are the same."""
        scanner = Scanner([bank for bank, _ in banks])
        searches = [
            (hashes, bank.policy.threshold_bits) for bank, hashes in banks if hashes and not bank.policy.negative
        ]
        found = list(scanner.scan(self._stored.near(searches)))
        unfinished = out.with_name(f".{out.name}.unfinished")
        schema = match_schema(self._stored.id_type())
        pq.write_table(pa.Table.from_batches(found, schema=schema), unfinished, compression="zstd")
        settle(unfinished, out)
        return scanner.tally


def _read(found: Catalogue, reader: UnitReader, tell: Callable[[int], object]) -> Iterator[pa.RecordBatch]:
    done = 0
    for unit in found.units:
        yield from reader.batches(unit)
        done += unit.rows
        tell(done)
