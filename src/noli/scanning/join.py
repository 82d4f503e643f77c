# SPDX-License-Identifier: Apache-2.0
"""The core of a scan: batches of catalogue hashes in, batches of matches out.

    scanner = Scanner(banks)
    matches = scanner.scan(batches)      # what Daft, Ray Data and Spark call for each partition

1. A row's hash is joined with every enabled bank, within that bank's threshold.
2. An entry counts once a row, at its smallest distance: it has several hashes (its turned forms, its crops).
3. A row within the threshold of a negative bank is cleared: none of its matches is given, unless all that clear it are
   disputed. This is rule 3 of ``matching.rules``; a disputed veto sends content to review, so the match is given.

Reading catalogues and writing matches is the adapters' work (``adapters/scan``).
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from noli.bank.model import EntryId, entry_text
from noli.hashing.model import PDQ_BYTES, SignalType
from noli.scanning.model import ScanBank, Tally

#: Neighbours of one row that a bank reports at most; what lies beyond is counted as capped.
MAX_NEIGHBOURS = 1000

#: What ``hash`` is, once read.
HASH = pa.binary(PDQ_BYTES)

_HITS = pa.schema([("row", pa.uint32()), ("entry", pa.uint64()), ("distance", pa.uint8())])


def match_schema(id_type: pa.DataType) -> pa.Schema:
    """Return the columns of the output; ``id`` is what it was in the catalogue."""
    return pa.schema(
        [
            ("id", id_type),
            ("bank", pa.string()),
            ("entry", pa.string()),
            ("type", pa.string()),
            ("distance", pa.uint8()),
        ]
    )


class Scanner:
    """Joins catalogue hashes with banks; keeps count of what it saw."""

    def __init__(self, banks: Sequence[ScanBank], *, max_neighbours: int = MAX_NEIGHBOURS) -> None:
        """Keep the banks; disabled ones say nothing."""
        self._banks = [bank for bank in banks if bank.policy.enabled]
        self._max_neighbours = max_neighbours
        self.tally = Tally()

    def scan(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Join batch by batch.

        Args:
            batches: Columns ``id`` (any type) and ``hash`` (``binary[32]``, no nulls). Larger batches join faster, up
                to a million rows; the smaller the batch, the more a row costs.

        Yields:
            One batch of ``match_schema`` for each that came in, in the order of its rows, then of banks, then nearest
            first.
        """
        for batch in batches:
            yield self._scanned(batch)

    def _scanned(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        queries = joined(batch.column("hash"))
        cleared = self._cleared(queries)
        found: list[pa.Table] = []
        capped = 0
        for bank in self._banks:
            if bank.policy.negative:
                continue
            hits, more = self._hits(bank, queries)
            capped += more
            hits = hits.filter(pc.invert(pc.is_in(hits["row"], value_set=cleared)))
            found.append(hits.append_column("bank", pa.array([bank.name] * len(hits), pa.string())))
        matches = _matches(batch, pa.concat_tables(found) if found else _nothing())
        self.tally += Tally(
            rows=len(batch),
            matches=len(matches),
            matched=len(pc.unique(pa.concat_tables(found)["row"])) if found else 0,
            cleared=len(cleared),
            capped=capped,
        )
        return matches

    def _hits(self, bank: ScanBank, queries: pa.Buffer) -> tuple[pa.Table, int]:
        """Return rows, entries and smallest distances, and how many rows had more."""
        rows, entries, distances, capped = bank.index.join(queries, bank.policy.threshold_bits, self._max_neighbours)
        hits = pa.table(
            [
                _column(pa.uint32(), rows),
                _column(pa.uint64(), entries),
                _column(pa.uint8(), distances),
            ],
            schema=_HITS,
        )
        nearest = hits.group_by(["row", "entry"]).aggregate([("distance", "min")])
        return nearest.rename_columns({"distance_min": "distance"}).select(_HITS.names), len(capped) // 4

    def _cleared(self, queries: pa.Buffer) -> pa.Array:
        """Return the rows that a negative bank clears."""
        rows: list[pa.Array] = []
        for bank in self._banks:
            if bank.policy.negative:
                hits, _ = self._hits(bank, queries)
                doubtful = pa.array(sorted(bank.disputed), pa.uint64())
                rows.append(hits.filter(pc.invert(pc.is_in(hits["entry"], value_set=doubtful)))["row"].combine_chunks())
        return pc.unique(pa.concat_arrays(rows)) if rows else pa.array([], pa.uint32())


def _matches(batch: pa.RecordBatch, hits: pa.Table) -> pa.RecordBatch:
    hits = hits.sort_by(
        [("row", "ascending"), ("bank", "ascending"), ("distance", "ascending"), ("entry", "ascending")]
    )
    entries = pc.dictionary_encode(hits["entry"].combine_chunks())
    texts = pa.array([entry_text(EntryId(entry)) for entry in entries.dictionary.to_pylist()], pa.string())
    ids = batch.column("id").take(hits["row"].combine_chunks())
    columns = [
        ids,
        hits["bank"].combine_chunks(),
        texts.take(entries.indices),
        pa.array([SignalType.PDQ.value] * len(hits), pa.string()),
        hits["distance"].combine_chunks(),
    ]
    return pa.record_batch(columns, schema=match_schema(ids.type))


def _nothing() -> pa.Table:
    return pa.schema([*_HITS, ("bank", pa.string())]).empty_table()


def joined(hashes: pa.Array) -> pa.Buffer:
    """Return the hashes of a ``HASH`` column side by side, without a copy."""
    start = hashes.offset * PDQ_BYTES
    return hashes.buffers()[1].slice(start, len(hashes) * PDQ_BYTES)


def _column(kind: pa.DataType, content: bytes) -> pa.Array:
    return pa.Array.from_buffers(kind, len(content) * 8 // kind.bit_width, [None, pa.py_buffer(content)])
