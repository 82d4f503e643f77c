# SPDX-License-Identifier: Apache-2.0
"""Catalogues are cut into units that together are all of it, and rows that cannot be used are counted, not lost."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from noli.adapters.scan import catalogue
from noli.adapters.scan.catalogue import UnitReader, hash_column, survey
from noli.base.errors import InputError
from noli.scanning.model import Kind
from tests.support.catalogues import Planted, values


def read(where: str) -> tuple[list[object], list[bytes], dict[str, int]]:
    """Read all units of a catalogue of hashes."""
    reader = UnitReader(where, None)
    batches = [batch for unit in survey(where).units for batch in reader.batches(unit)]
    ids = [one for batch in batches for one in batch.column("id").to_pylist()]
    hashes = [one for batch in batches for one in batch.column("hash").to_pylist()]
    return ids, hashes, dict(reader.skipped)


@pytest.mark.parametrize("group_rows", [30, 64, 100, 700])
def test_units_are_the_catalogue_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: int) -> None:
    """Small row groups are put together, large ones are cut."""
    monkeypatch.setattr(catalogue, "UNIT_ROWS", 100)
    planted = Planted.made(banked=1, rows=700, planted=0)
    path = planted.write(tmp_path / "cat.parquet", group_rows=group_rows)
    units = survey(str(path)).units
    assert [unit.number for unit in units] == list(range(len(units)))
    assert all(unit.rows <= 100 for unit in units)
    assert read(str(path)) == (list(range(700)), planted.rows, {})


def test_a_folder_of_tables_is_one_catalogue(tmp_path: Path) -> None:
    """Files are taken by name; hidden ones, and those that are no tables, are not."""
    first, second = values(1, 3), values(2, 2)
    pq.write_table(pa.table({"id": ["a", "b", "c"], "hash": first}), tmp_path / "1.parquet")
    table = pa.table({"hash": [value.hex() for value in second], "id": ["d", "e"]})
    with pa.OSFile(str(tmp_path / "2.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "3.csv").write_text(f"id,hash\n007,{values(3, 1)[0].hex()}\n")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "notes.txt").write_text("nothing")
    assert read(str(tmp_path)) == (["a", "b", "c", "d", "e", "007"], [*first, *second, *values(3, 1)], {})


@pytest.mark.parametrize(
    "column",
    [
        pa.array([values(1, 1)[0], None, values(1, 2)[1]], pa.binary(32)),
        pa.array([values(1, 1)[0], b"short", values(1, 2)[1]], pa.binary()),
        pa.array([values(1, 1)[0], b"short", values(1, 2)[1]], pa.large_binary()),
        pa.array([values(1, 1)[0].hex(), "g" * 64, values(1, 2)[1].hex().upper()]),
        pa.array([values(1, 1)[0].hex(), None, values(1, 2)[1].hex()], pa.large_string()),
        pa.chunked_array([[values(1, 1)[0].hex(), ""], [values(1, 2)[1].hex()]]),
    ],
)
def test_hashes_may_be_bytes_or_text(column: pa.Array) -> None:
    """What is no hash becomes null and is counted with its reason."""
    hashes, reasons = hash_column(column)
    assert hashes.to_pylist() == [values(1, 1)[0], None, values(1, 2)[1]]
    assert sum(reasons.values()) == 1
    assert set(reasons) <= {"no hash", "not a hash"}


def test_rows_without_a_hash_are_passed_over(tmp_path: Path) -> None:
    """The others keep their ids."""
    good = values(1, 2)
    path = tmp_path / "cat.parquet"
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "hash": [good[0].hex(), "x", None, good[1].hex()]}), path)
    assert read(str(path)) == ([1, 4], good, {"no hash": 1, "not a hash": 1})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"id": [1], "value": ["x"]}, "needs the columns 'id' and 'hash'"),
        ({"name": [1], "hash": ["x"]}, "it has: name, hash"),
    ],
)
def test_a_table_without_the_columns_is_refused(tmp_path: Path, content: dict[str, list[object]], says: str) -> None:
    """And the error names those that it has."""
    path = tmp_path / "cat.parquet"
    pq.write_table(pa.table(content), path)
    with pytest.raises(InputError, match=says):
        survey(str(path))


def test_what_cannot_be_a_catalogue_says_why(tmp_path: Path) -> None:
    """Nothing there, an empty folder, a damaged table, ids of two types, hashes that are numbers, an unknown scheme."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("x")
    (tmp_path / "bad.parquet").write_text("this is no table")
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    pq.write_table(pa.table({"id": [1], "hash": values(1, 1)}), mixed / "1.parquet")
    pq.write_table(pa.table({"id": ["1"], "hash": values(1, 1)}), mixed / "2.parquet")
    pq.write_table(pa.table({"id": [1], "hash": [7]}), tmp_path / "numbers.parquet")
    for name, says in (
        ("nothing", "There is nothing at"),
        ("empty", "nothing to scan"),
        ("text.txt", "no table that a scan reads"),
        ("bad.parquet", "could not be read as a table"),
        ("mixed", "differ in type"),
    ):
        with pytest.raises(InputError, match=says):
            survey(str(tmp_path / name))
    with pytest.raises(InputError, match="must hold 32 bytes or 64 hexadecimal digits"):
        read(str(tmp_path / "numbers.parquet"))
    with pytest.raises(InputError, match="no place that a scan can read"):
        survey("gopher://somewhere/else")


def test_a_table_that_went_away_is_told(tmp_path: Path) -> None:
    """The error names the file."""
    path = Planted.made(banked=1, rows=3, planted=0).write(tmp_path / "cat.parquet")
    [unit] = survey(str(path)).units
    path.unlink()
    with pytest.raises(InputError, match=r"cat\.parquet could not be read"):
        list(UnitReader(str(path), None).batches(unit))


def test_a_change_of_the_catalogue_changes_its_digest(tmp_path: Path) -> None:
    """A file that was replaced makes it another catalogue."""
    path = tmp_path / "cat.parquet"
    before = survey(str(Planted.made(banked=1, rows=3, planted=0).write(path))).digest
    assert survey(str(path)).digest == before
    assert survey(str(Planted.made(banked=1, rows=4, planted=0).write(path))).digest != before


def test_media_are_units_of_paths(tmp_path: Path) -> None:
    """A folder without tables is one of media; paths below it are the ids."""
    (tmp_path / "a").mkdir()
    for name in ("a/1.jpg", "a/.hidden.jpg", "b.jpg"):
        (tmp_path / name).touch()
    found = survey(str(tmp_path))
    assert [(unit.kind, unit.files) for unit in found.units] == [(Kind.FILES, ("a/1.jpg", "b.jpg"))]
    assert found.rows == 2
