# SPDX-License-Identifier: Apache-2.0
"""A stored catalogue: every hash of what a platform has, kept ready to be searched.

A scan asks of each catalogue row whether a bank has something near. When a few entries are new, the question is turned
round: each new hash is searched among the catalogue's, in an index of them. The store is a folder of *shards*, each an
image of an index (``native/image.c``) and beside it the ids and hashes of its rows; shards are added, never changed.
What was removed is listed by id.

A shard appears whole, with a completed fsync, before the page that names it. A page that does not fit its files is an
error, never a smaller catalogue.
"""

import hashlib
import os
import secrets
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from noli.adapters.files import settle
from noli.base.errors import InputError, IntegrityError
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import PDQ_BYTES
from noli.scanning.join import HASH, joined

#: Raised with every change to what the folder holds.
VERSION = 1

#: Rows of a shard: 2 GB of index. Making one takes twice that in memory.
SHARD_ROWS = 1 << 24

#: Rows near one banked hash that are looked at: a picture that a platform has a million times is found so often, too.
MAX_ROWS = 1_000_000

_PAGE, _REMOVED = "catalogue.json", "removed.arrow"

# From so many queries on a join is faster than one search after the other (native/index.h).
_JOIN_FROM = 10_000


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a stored catalogue.

    Attributes:
        name: Begins the names of its files.
        rows: How many it has.
        bytes: Length of its image.
        sha256: Of its image, in hexadecimal.
        rows_sha256: Of the file of its ids and hashes.
    """

    name: str
    rows: int
    bytes: int
    sha256: str
    rows_sha256: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a stored catalogue is.

    Attributes:
        version: ``VERSION`` of who wrote it.
        id_type: Type of the ids, as Arrow writes it; empty where there are none yet.
        shards: In the order in which they came.
        added: Digests of the catalogues that were added, so that none is added twice.
        checkpoint: The installation's change up to which entries were matched; 0 for none.
    """

    version: int = VERSION
    id_type: str = ""
    shards: tuple[Shard, ...] = ()
    added: tuple[str, ...] = ()
    checkpoint: int = 0

    @property
    def rows(self) -> int:
        """Rows of all shards, removed ones included."""
        return sum(shard.rows for shard in self.shards)


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """One store."""

    folder: Path

    def page(self) -> Page:
        """Read what is in it; an empty or missing folder is an empty catalogue.

        Raises:
            IntegrityError: The page is damaged or of another version.
        """
        path = self.folder / _PAGE
        if not path.exists():
            if self.folder.is_dir() and any(self.folder.glob("*.image")):
                raise self._damaged()
            return Page()
        try:
            page = msgspec.json.decode(path.read_bytes(), type=Page)
        except (OSError, msgspec.DecodeError) as error:
            raise self._damaged() from error
        if page.version != VERSION:
            raise self._damaged()
        return page

    def add(self, digest: str, batches: Iterable[pa.RecordBatch]) -> Page:
        """Add rows as new shards; all of them or, where something fails, none.

        Args:
            digest: Names what they come from.
            batches: Columns ``id`` and ``hash`` (``binary[32]``).

        Raises:
            InputError: The ids are of another type than those that are there.
            OSError: The disk is full.
        """
        page = self.page()
        self.folder.mkdir(parents=True, exist_ok=True)
        made: list[Shard] = []
        id_type = page.id_type
        try:
            for table in _gathered(batches):
                id_type = self._checked(table, id_type)
                made.append(self._shard(table))
            return self._keep(
                msgspec.structs.replace(
                    page, id_type=id_type, shards=(*page.shards, *made), added=(*page.added, digest)
                )
            )
        except BaseException:
            for shard in made:
                self._discard(shard)
            raise

    def remove(self, ids: pa.Array) -> int:
        """Remove rows by id; returns how many ids are removed by now.

        Raises:
            InputError: The ids are of another type than those that are there.
        """
        page = self.page()
        if str(ids.type) != page.id_type:
            msg = f"The ids to remove are {ids.type}, those of the catalogue {page.id_type or 'none yet'}."
            raise InputError(msg)
        gone = pc.unique(pa.concat_arrays([self._removed(ids.type), ids]))
        unfinished = self.folder / f".{_REMOVED}"
        _write_table(unfinished, pa.table({"id": gone}))
        settle(unfinished, self.folder / _REMOVED)
        return len(gone)

    def reached(self, checkpoint: int) -> None:
        """Note that entries up to a change of the installation were matched."""
        self._keep(msgspec.structs.replace(self.page(), checkpoint=checkpoint))

    def near(self, searches: Sequence[tuple[bytes, int]]) -> Iterator[pa.RecordBatch]:
        """Find the rows near any of some hashes.

        Args:
            searches: n x 32 bytes each, and how near in bits.

        Yields:
            ``id`` and ``hash`` of the rows of one shard, each once, removed ones left out.

        Raises:
            IntegrityError: A shard is missing or does not fit the page.
        """
        for shard in self.page().shards:
            rows = self._near(shard, searches)
            if not rows:
                continue
            table = self._rows(shard).take(pa.array(sorted(rows), pa.int64()))
            left = pc.invert(pc.is_in(table["id"], value_set=self._removed(table.schema.field("id").type)))
            yield from table.filter(left).combine_chunks().to_batches()

    def id_type(self) -> pa.DataType:
        """Return the type of the ids; null where nothing is stored."""
        shards = self.page().shards
        return self._rows(shards[0]).schema.field("id").type if shards else pa.null()

    def verify(self) -> None:
        """Read every byte and compare it with what was written.

        Raises:
            IntegrityError: Something differs.
        """
        for shard in self.page().shards:
            try:
                right = (_digest(self._image(shard)), _digest(self._table(shard))) == (shard.sha256, shard.rows_sha256)
            except OSError as error:
                raise self._damaged() from error
            if not right:
                raise self._damaged()

    def _near(self, shard: Shard, searches: Sequence[tuple[bytes, int]]) -> set[int]:
        index = HammingIndex()
        try:
            with self._image(shard).open("rb") as file:
                index.map(file, 0, shard.bytes)
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        if len(index) != shard.rows:
            raise self._damaged()
        rows: set[int] = set()
        for hashes, limit_bits in searches:
            find = index.join if len(hashes) >= _JOIN_FROM * PDQ_BYTES else index.search_batch
            rows.update(memoryview(find(hashes, limit_bits, MAX_ROWS)[1]).cast("Q"))
        return rows

    def _shard(self, table: pa.Table) -> Shard:
        name = secrets.token_hex(8)
        image, rows = self.folder / f"{name}.image", self.folder / f"{name}.arrow"
        index = HammingIndex()
        index.append(joined(table["hash"].combine_chunks()), array("Q", range(len(table))))
        with image.open("wb") as file:
            index.write(file)
            os.fsync(file.fileno())
        _write_table(rows, table)
        settle(rows, rows)
        return Shard(
            name=name, rows=len(table), bytes=image.stat().st_size, sha256=_digest(image), rows_sha256=_digest(rows)
        )

    def _checked(self, table: pa.Table, id_type: str) -> str:
        found = str(table.schema.field("id").type)
        if id_type and found != id_type:
            msg = f"The ids of this catalogue are {found}, those that are stored {id_type}; one store has one type."
            raise InputError(msg)
        return found

    def _rows(self, shard: Shard) -> pa.Table:
        try:
            with pa.memory_map(str(self._table(shard))) as source:
                table = pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowException) as error:
            raise self._damaged() from error
        if len(table) != shard.rows:
            raise self._damaged()
        return table

    def _removed(self, id_type: pa.DataType) -> pa.Array:
        path = self.folder / _REMOVED
        if not path.exists():
            return pa.array([], id_type)
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()["id"].combine_chunks()

    def _keep(self, page: Page) -> Page:
        unfinished = self.folder / f".{_PAGE}"
        unfinished.write_bytes(msgspec.json.encode(page))
        settle(unfinished, self.folder / _PAGE)
        return page

    def _discard(self, shard: Shard) -> None:
        self._image(shard).unlink(missing_ok=True)
        self._table(shard).unlink(missing_ok=True)

    def _image(self, shard: Shard) -> Path:
        return self.folder / f"{shard.name}.image"

    def _table(self, shard: Shard) -> Path:
        return self.folder / f"{shard.name}.arrow"

    def _damaged(self) -> IntegrityError:
        msg = f"The stored catalogue in {self.folder} is damaged or from another version of Noli; store it anew."
        return IntegrityError(msg)


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Put batches together to tables of a shard's size."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        at = 0
        while at < len(batch):
            piece = batch.slice(at, SHARD_ROWS - rows)
            waiting.append(piece)
            rows += len(piece)
            at += len(piece)
            if rows == SHARD_ROWS:
                yield _table_of(waiting)
                waiting, rows = [], 0
    if waiting:
        yield _table_of(waiting)


def _table_of(batches: list[pa.RecordBatch]) -> pa.Table:
    table = pa.Table.from_batches(batches)
    return table.set_column(1, pa.field("hash", HASH), table["hash"].combine_chunks())


def _write_table(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
