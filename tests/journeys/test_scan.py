# SPDX-License-Identifier: Apache-2.0
"""``noli scan`` as a platform's engineer types it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from noli.cli import main
from tests.support.catalogues import Planted


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installation and a catalogue."""
    folder = tmp_path_factory.mktemp("scan")
    planted = Planted.made(banked=50, rows=2000, planted=40)
    planted.write(folder / "cat.parquet")
    listed = "".join(f"pdq {value.hex()}\n" for value in planted.banked)
    (folder / "list.txt").write_text(listed)
    data = ["--data", str(folder / "data")]
    for command in (
        ["bank", "create", "protected", "--action", "block", *data],
        ["bank", "import", "protected", str(folder / "list.txt"), *data],
    ):
        assert CliRunner().invoke(main, command).exit_code == 0
    return folder


def scan(place: Path, *more: str) -> tuple[int, str, str]:
    """Run the command."""
    arguments = [str(place / "cat.parquet"), "--out", str(place / "out.parquet"), "--data", str(place / "data"), *more]
    done = CliRunner().invoke(main, ["scan", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_a_catalogue_is_scanned(place: Path) -> None:
    """The counts are printed for people and for programs, and an output is not replaced unasked."""
    status, told, _ = scan(place)
    assert status == 0
    assert told.startswith("2,000 rows scanned; 40 of them match, 40 matches in all.\nWritten to ")
    assert pq.read_schema(place / "out.parquet").names == ["id", "bank", "entry", "type", "distance"]
    assert len(pq.read_table(place / "out.parquet")) == 40
    status, _, said = scan(place)
    assert (status, "--overwrite" in said) == (2, True)
    status, told, _ = scan(place, "--overwrite", "--json", "--workers", "1")
    counts = json.loads(told)
    assert (status, counts["rows"], counts["matches"], counts["skipped"]) == (0, 2000, 40, {})


def test_a_dry_run_says_what_it_would_take(place: Path) -> None:
    """Rows, time, work and price; nothing is written."""
    (place / "out.parquet").unlink(missing_ok=True)
    status, told, _ = scan(place, "--dry-run", "--price", "0.04", "--limit", "100")
    assert status == 0
    assert "2,000 rows in 1 unit.\nAbout 20 seconds at 100 rows/s;" in told
    assert "costs about" in told
    status, told, _ = scan(place, "--dry-run", "--json")
    assert json.loads(told)["estimate"]["rows_per_s"] > 0
    assert not (place / "out.parquet").exists()


def test_mistakes_say_what_to_do(place: Path) -> None:
    """A catalogue that is not there, or lacks its columns."""
    done = CliRunner().invoke(main, ["scan", str(place / "none"), "--out", "x.parquet", "--data", str(place / "data")])
    assert done.exit_code == 2
    assert "There is nothing at" in done.stderr


def test_a_catalogue_is_stored_and_asked(place: Path) -> None:
    """Stored once, looked through for what is new, and shown."""
    store, data = str(place / "store"), ["--data", str(place / "data")]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["catalogue", *arguments])
        assert done.exit_code == 0, done.stderr
        return done.stdout

    assert run("add", store, str(place / "cat.parquet")) == "2,000 rows stored.\n"
    out = ["--out", str(place / "new.parquet")]
    assert run("match", store, *out, *data).startswith("2,000 rows scanned; 40 of them match, 40 matches in all.")
    assert json.loads(run("match", store, *out, "--overwrite", "--json", *data))["matches"] == 0
    pq.write_table(pq.read_table(place / "cat.parquet", columns=["id"]).slice(0, 5), place / "gone.parquet")
    assert run("remove", store, str(place / "gone.parquet")) == "5 ids are left out by now.\n"
    assert json.loads(run("remove", store, str(place / "gone.parquet"), "--json")) == {"removed": 5}
    assert "Every byte is as it was written." in run("show", store, "--verify")
    assert json.loads(run("show", store, "--json"))["rows"] == 2000
