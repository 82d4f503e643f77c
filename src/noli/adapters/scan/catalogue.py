# SPDX-License-Identifier: Apache-2.0
"""Catalogues: what there is to scan, cut into units, and the rows of a unit.

A catalogue is a folder of media, or one or many tables (Parquet, Arrow, CSV) with the columns ``id`` and either
``hash`` (32 bytes, or 64 hexadecimal digits) or ``uri``. Places are local paths or URIs that ``pyarrow.fs`` knows
(``s3://bucket/…``, an S3-compatible one with ``?endpoint_override=``). A row that cannot be used is counted with its
reason and never ends a scan.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq

from noli.base.errors import InputError
from noli.hashing.model import PDQ_BYTES
from noli.hashing.ports import MediaHasher
from noli.scanning.join import HASH
from noli.scanning.model import Kind, Unit

#: Rows of a unit of hashes. The join sorts what it is given: 2^20 rows are joined some twice as fast as 2^16, and are
#: 32 MB.
UNIT_ROWS = 1 << 20

#: Media of a unit in a folder: a part is kept every few seconds.
UNIT_FILES = 64

#: Rows of a unit of URIs: the row group around them is read for each unit, so they are not too few.
UNIT_URIS = 2048

#: Table formats by file ending.
_TABLES = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow", ".csv": "csv"}

#: Endings of files that a media folder holds and nobody means.
_IGNORED_PREFIXES = (".", "_")

#: Largest file that is read, in bytes; media larger than this are counted as too large.
MAX_FILE_BYTES = 64 * 1024 * 1024

_HEX_DIGITS = 2 * PDQ_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """A file system and a path in it."""

    files: pa_fs.FileSystem
    path: str

    @classmethod
    def of(cls, where: str) -> "Place":
        """Parse a path or URI.

        Raises:
            InputError: No file system of that kind is known.
        """
        try:
            if "://" in where:
                return cls(*pa_fs.FileSystem.from_uri(where))
            return cls(pa_fs.LocalFileSystem(), str(Path(where).absolute()))
        except (pa.ArrowInvalid, OSError) as error:
            msg = f"{where!r} is no place that a scan can read: a path, or a URI such as s3://bucket/folder."
            raise InputError(msg, detail=str(error)) from error

    def below(self, path: str) -> "Place":
        """Return a place in this folder."""
        return replace(self, path=f"{self.path.rstrip('/')}/{path}")

    def info(self) -> pa_fs.FileInfo:
        """Say what is there."""
        return self.files.get_file_info(self.path)

    def read(self) -> bytes:
        """Read a file; raises OSError."""
        with self.files.open_input_stream(self.path) as stream:
            return bytes(stream.read())


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is to scan.

    Attributes:
        where: As named by whoever asked.
        units: Its pieces, in order.
        digest: Names this very state of it: sizes and times of all files.
        id_type: Type of the ids.
    """

    where: str
    units: tuple[Unit, ...]
    digest: str
    id_type: pa.DataType

    @property
    def rows(self) -> int:
        """Rows or files."""
        return sum(unit.rows for unit in self.units)


def survey(where: str) -> Catalogue:
    """Look at a catalogue and cut it into units; reads names and the ends of tables, not their rows.

    Raises:
        InputError: Nothing is there, it is empty, or a table lacks a column.
    """
    place = Place.of(where)
    info = place.info()
    if info.type == pa_fs.FileType.NotFound:
        msg = f"There is nothing at {where}."
        raise InputError(msg)
    found = [info] if info.is_file else _listing(place)
    tables = [each for each in found if _format(each.path) is not None]
    if info.is_file and not tables:
        msg = (
            f"{where} is no table that a scan reads: .parquet, .arrow, .feather or .csv. For media, name their folder."
        )
        raise InputError(msg)
    if not found:
        msg = f"There is nothing to scan in {where}."
        raise InputError(msg)
    units, id_type = _table_units(place, tables) if tables else (_media_units(place, found), pa.string())
    state = "\n".join(f"{each.path} {each.size} {each.mtime_ns}" for each in found)
    numbered = tuple(replace(unit, number=number) for number, unit in enumerate(units))
    return Catalogue(where, numbered, hashlib.sha256(state.encode()).hexdigest(), id_type)


class UnitReader:
    """Reads the rows of units as batches of ``id`` and ``hash``; counts what it had to pass over."""

    def __init__(self, where: str, hasher: MediaHasher | None) -> None:
        """Keep where the catalogue is.

        Args:
            where: As surveyed.
            hasher: Hashes media; may be None for catalogues of hashes.
        """
        self._place = Place.of(where)
        self._hasher = hasher
        self.skipped: Counter[str] = Counter()

    def batches(self, unit: Unit) -> Iterator[pa.RecordBatch]:
        """Read a unit.

        Raises:
            InputError: The file is gone or damaged.
        """
        try:
            match unit.kind:
                case Kind.HASHES:
                    yield from (self._hashes(batch) for batch in self._table(unit))
                case Kind.URIS:
                    for batch in self._table(unit):
                        yield self._media(batch.column("id"), batch.column("uri").to_pylist(), base=None)
                case Kind.FILES:
                    yield self._media(pa.array(unit.files, pa.string()), unit.files, base=self._place)
        except (OSError, pa.ArrowException) as error:
            msg = f"{unit.path} could not be read; it may be damaged or gone."
            raise InputError(msg, detail=str(error)) from error

    def _table(self, unit: Unit) -> Iterator[pa.RecordBatch]:
        column = "hash" if unit.kind is Kind.HASHES else "uri"
        path = replace(self._place, path=unit.path)
        if _format(unit.path) == "parquet":
            table = pq.ParquetFile(unit.path, filesystem=path.files).read_row_groups(
                list(unit.groups), columns=["id", column]
            )
        else:
            table = _small_table(path).select(["id", column])
        yield table.slice(unit.start, unit.rows).combine_chunks().to_batches()[0]

    def _hashes(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        hashes, reasons = hash_column(batch.column("hash"))
        self.skipped.update(reasons)
        usable = pc.is_valid(hashes)
        ids = batch.column("id")
        if not reasons:
            return pa.record_batch([ids, hashes], names=["id", "hash"])
        return pa.record_batch([ids.filter(usable), hashes.filter(usable)], names=["id", "hash"])

    def _media(self, ids: pa.Array, places: Sequence[str | None], *, base: Place | None) -> pa.RecordBatch:
        rows: list[int] = []
        hashes: list[bytes] = []
        for row, place in enumerate(places):
            for value in self._looked_for(place, base):
                rows.append(row)
                hashes.append(value)
        return pa.record_batch([ids.take(pa.array(rows, pa.int64())), pa.array(hashes, HASH)], names=["id", "hash"])

    def _looked_for(self, place: str | None, base: Place | None) -> list[bytes]:
        """Return what to look for under one file's name: its hashes and the forms in which copies come."""
        if place is None:
            self.skipped["no uri"] += 1
            return []
        try:
            content = (Place.of(place) if base is None else base.below(place)).read()
        except (OSError, InputError):
            self.skipped["unreadable"] += 1
            return []
        if self._hasher is None:  # pragma: no cover - whoever surveys media brings a hasher
            msg = "This catalogue holds media; it cannot be scanned without a decoder."
            raise InputError(msg)
        # A scan asks of single frames whether they are near; it has nothing to look at more closely for.
        reading = self._hasher.read(content, closer=lambda _: ())
        if not any(one.usable for one in reading.hashes):
            self.skipped[str(reading.outcome)] += 1
        usable = [at for at, one in enumerate(reading.hashes) if one.usable]
        return [value for at in usable for value in (reading.hashes[at].value, *reading.copies[at])]


def hash_column(column: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, dict[str, int]]:
    """Turn a column into 32-byte hashes; null where a value is none, and how many are not, by reason.

    Raises:
        InputError: The column holds neither bytes nor text.
    """
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    missing = values.null_count
    if pa.types.is_fixed_size_binary(values.type) and values.type.byte_width == PDQ_BYTES:
        hashes = values
    elif _is_binary(values.type):
        right = pc.equal(pc.binary_length(values), PDQ_BYTES)
        hashes = pc.if_else(right, values, pa.scalar(None, values.type)).cast(HASH)
    elif pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        hashes = _from_hex(values)
    else:
        msg = f"The column 'hash' holds {values.type}; it must hold 32 bytes or 64 hexadecimal digits."
        raise InputError(msg)
    wrong = hashes.null_count - missing
    reasons = {"no hash": missing, "not a hash": wrong}
    return hashes, {reason: count for reason, count in reasons.items() if count}


def _from_hex(values: pa.Array) -> pa.Array:
    pattern = f"^[0-9a-fA-F]{{{_HEX_DIGITS}}}$"
    right = pc.fill_null(pc.match_substring_regex(values, pattern), False)  # noqa: FBT003 - the value to fill in
    packed = bytes.fromhex("".join(values.filter(right).to_pylist()))
    good = pa.Array.from_buffers(HASH, len(packed) // PDQ_BYTES, [None, pa.py_buffer(packed)])
    if len(good) == len(values):
        return good
    place = pc.if_else(right, pc.subtract(pc.cumulative_sum(right.cast(pa.int64())), 1), pa.scalar(None, pa.int64()))
    return good.take(place)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _listing(place: Place) -> list[pa_fs.FileInfo]:
    selector = pa_fs.FileSelector(place.path, recursive=True)
    files = [each for each in place.files.get_file_info(selector) if each.is_file and not _hidden(place, each.path)]
    tables = [each for each in files if _format(each.path) is not None]
    return sorted(tables or files, key=lambda each: each.path)


def _hidden(place: Place, path: str) -> bool:
    return any(part.startswith(_IGNORED_PREFIXES) for part in _relative(place, path).split("/"))


def _relative(place: Place, path: str) -> str:
    return str(PurePosixPath(path).relative_to(PurePosixPath(place.path)))


def _format(path: str) -> str | None:
    return _TABLES.get(PurePosixPath(path).suffix.lower())


def _media_units(place: Place, found: Sequence[pa_fs.FileInfo]) -> list[Unit]:
    names = [_relative(place, each.path) for each in found]
    portions = [tuple(names[at : at + UNIT_FILES]) for at in range(0, len(names), UNIT_FILES)]
    return [Unit(0, Kind.FILES, place.path, len(files), files=files) for files in portions]


def _table_units(place: Place, tables: Sequence[pa_fs.FileInfo]) -> tuple[list[Unit], pa.DataType]:
    units: list[Unit] = []
    types: set[pa.DataType] = set()
    for each in tables:
        path = replace(place, path=each.path)
        try:
            made, id_type = _parquet_units(path) if _format(each.path) == "parquet" else _small_units(path)
        except (OSError, pa.ArrowException) as error:
            msg = f"{each.path} could not be read as a table."
            raise InputError(msg, detail=str(error)) from error
        units += made
        types.add(id_type)
    if len(types) > 1:
        msg = f"The tables' ids differ in type ({', '.join(sorted(map(str, types)))}); a catalogue has one."
        raise InputError(msg)
    return units, types.pop()


def _parquet_units(place: Place) -> tuple[list[Unit], pa.DataType]:
    file = pq.ParquetFile(place.path, filesystem=place.files)
    kind, id_type = _columns(place, file.schema_arrow)
    limit = UNIT_ROWS if kind is Kind.HASHES else UNIT_URIS
    units: list[Unit] = []
    groups: list[int] = []
    rows = 0
    for group in range(file.num_row_groups):
        more = file.metadata.row_group(group).num_rows
        if groups and rows + more > limit:
            units += _cut(kind, place.path, rows, limit, tuple(groups))
            groups, rows = [], 0
        groups.append(group)
        rows += more
    return units + _cut(kind, place.path, rows, limit, tuple(groups)), id_type


def _cut(kind: Kind, path: str, rows: int, limit: int, groups: tuple[int, ...]) -> list[Unit]:
    """Make units of at most ``limit`` rows of row groups that belong together."""
    return [Unit(0, kind, path, min(limit, rows - at), groups, at) for at in range(0, rows, limit)]


def _small_units(place: Place) -> tuple[list[Unit], pa.DataType]:
    """Cut an Arrow or CSV table, which is read as a whole for each unit."""
    table = _small_table(place)
    kind, id_type = _columns(place, table.schema)
    return _cut(kind, place.path, len(table), UNIT_ROWS if kind is Kind.HASHES else UNIT_URIS, ()), id_type


def _small_table(place: Place) -> pa.Table:
    if _format(place.path) == "csv":
        # Ids are kept as they are written: 007 is not 7.
        text = pa_csv.ConvertOptions(column_types={"id": pa.string(), "hash": pa.string(), "uri": pa.string()})
        with place.files.open_input_stream(place.path) as stream:
            return pa_csv.read_csv(stream, convert_options=text)
    with place.files.open_input_file(place.path) as file:
        return pa.ipc.open_file(file).read_all()


def _columns(place: Place, schema: pa.Schema) -> tuple[Kind, pa.DataType]:
    names = set(schema.names)
    if "id" not in names or not names & {"hash", "uri"}:
        has = ", ".join(schema.names) or "none"
        msg = f"{place.path} needs the columns 'id' and 'hash' (or 'uri'); it has: {has}."
        raise InputError(msg)
    return Kind.HASHES if "hash" in names else Kind.URIS, schema.field("id").type
