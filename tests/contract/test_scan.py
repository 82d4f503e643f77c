# SPDX-License-Identifier: Apache-2.0
"""A scan gives the same on every engine, and whatever is killed, running it again loses nothing and doubles nothing."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import ImageOps

from noli.adapters.scan import catalogue
from noli.adapters.scan.engines import Order
from noli.adapters.scan.work import Work
from noli.adapters.scan.worker import ScanWorker
from noli.app import App
from noli.app_scan import CatalogueScan, ScanSettings
from noli.bank import service
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Opinion, OpinionKind, Provenance, entry_text
from noli.base.config import Config
from noli.base.errors import Conflict, InputError, IntegrityError, Unavailable
from noli.hashing.model import Hash
from noli.scanning.model import Tally
from tests.support.catalogues import Planted
from tests.support.media import drawn, encoded
from tests.support.server import eventually

ROWS, PLANTED, BANKED = 24_000, 400, 2000

#: Rows of a unit in these tests: many units, so that a kill falls between them.
UNIT_ROWS = 1000


@pytest.fixture(scope="module")
def planted() -> Planted:
    """A catalogue with known copies."""
    return Planted.made(banked=BANKED, rows=ROWS, planted=PLANTED)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, planted: Planted) -> Iterator[App]:
    """An installation with a bank of them."""
    made = App.open(Config(data=tmp_path_factory.mktemp("installation"), decode_workers=1))
    with made.store.transaction(write=True) as transaction:
        service.create_bank(transaction, "protected", BankPolicy(Action.BLOCK), now=made.clock.now())
        new = [NewEntry((Hash(value),), Provenance("test")) for value in planted.banked]
        service.register(transaction, "protected", new, now=made.clock.now())
    yield made
    made.close()


@pytest.fixture(scope="module")
def expected(app: App, planted: Planted) -> set[tuple[int, str, str, str, int]]:
    """What a scan must give, as the banks themselves say it."""
    app.indexes.load(app.store)
    found = {}
    for row in planted.near:
        near, _ = app.indexes.neighbours(planted.rows[row], max_neighbours=10)
        [neighbour] = near
        found[row] = entry_text(neighbour.entry)
    return {(row, "protected", found[row], "pdq", bits) for row, (_, bits) in planted.near.items()}


def quiet(_: int) -> None:
    """Show no progress."""


def here(order: Order) -> None:
    """Do the work in this process, as no engine does: what is tested is not the engine."""
    worker = ScanWorker(order.folder)
    for unit in order.units:
        worker.do(unit)
        worker.do(unit)
    worker.close()


def run(app: App, where: Path, out: Path, *, restart: bool = False) -> Tally:
    """Scan in this process."""
    scan = CatalogueScan(app.store, str(where), out, ScanSettings())
    scan._run = here
    return scan.run(restart=restart, overwrite=True, tell=quiet)


def matches(out: Path) -> list[tuple[object, ...]]:
    """Read the output as rows."""
    return [tuple(row.values()) for row in pq.read_table(out).to_pylist()]


#: A scan of many units, so that a kill falls between them.
SCRIPT = f"""
import os, sys
# What workers run is covered here; measuring engines as well takes half of their time.
for name in [each for each in os.environ if each.startswith("COVERAGE")]:
    del os.environ[name]
from pathlib import Path
from noli.adapters.scan import catalogue
from noli.app import App
from noli.app_scan import CatalogueScan, ScanSettings
from noli.base.config import Config

if __name__ == "__main__":
    data, where, out, engine, limit = sys.argv[1:]
    catalogue.UNIT_ROWS = {UNIT_ROWS}
    app = App.open(Config(data=Path(data)))
    scan = CatalogueScan(app.store, where, Path(out), ScanSettings(engine=engine, workers=2, rows_per_s=float(limit)))
    tally = scan.run(restart=False, overwrite=True, tell=lambda _: None)
    print(tally.rows, tally.matches, tally.matched)
"""


@pytest.mark.parametrize(("engine", "module"), [("local", ""), ("daft", "daft"), ("ray", "ray"), ("spark", "pyspark")])
def test_every_engine_gives_the_same(
    app: App, planted: Planted, expected: set[object], tmp_path: Path, engine: str, module: str
) -> None:
    """All planted copies are found, none is invented, none doubled; afterwards only the output is left."""
    if module and importlib.util.find_spec(module) is None:
        reason = f"{module} is not installed ('make engines' installs it)"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    if engine == "spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    where = planted.write(tmp_path / "cat.parquet")
    # In a process of its own: engines leave threads, servers and open files behind.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(app.config.data), str(where), str(tmp_path / "out.parquet"), engine, "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-3:] == [str(ROWS), str(PLANTED), str(PLANTED)]
    found = matches(tmp_path / "out.parquet")
    assert set(found) == expected
    assert len(found) == PLANTED
    assert [row[0] for row in found] == sorted(planted.near)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.parquet", "out.parquet"]


@pytest.fixture
def begin(app: App, tmp_path: Path, planted: Planted) -> Callable[[int], subprocess.Popen[bytes]]:
    """Start a scan of so many rows a second in a process of its own."""
    script = tmp_path / "scan.py"
    script.write_text(SCRIPT)
    where = planted.write(tmp_path / "cat.parquet")

    def start(limit: int) -> subprocess.Popen[bytes]:
        arguments = [str(app.config.data), str(where), str(tmp_path / "out.parquet"), "local", str(limit)]
        command = [sys.executable, str(script), *arguments]
        return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)

    return start


def parts(work: Work) -> int:
    """Count the parts that are there."""
    return len(list((work.folder / "parts").glob("part-*"))) if work.begun() else 0


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the worker processes of a scan."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [pid for pid in map(int, children) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_scan_that_was_killed_goes_on(
    begin: Callable[[int], subprocess.Popen[bytes]], expected: set[object], tmp_path: Path
) -> None:
    """The driver is killed, then a worker: parts that were done stay, and in the end nothing is lost or doubled."""
    work = Work.beside(tmp_path / "out.parquet")
    driver = begin(2000)
    eventually(lambda: parts(work) >= 3)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.communicate()
    before = parts(work)
    assert 3 <= before < ROWS / UNIT_ROWS
    kept = {path.name: path.stat().st_mtime_ns for path in (work.folder / "parts").glob("part-*")}

    second = begin(2000)
    eventually(lambda: parts(work) >= before + 3)
    os.kill(workers_of(second)[0], signal.SIGKILL)
    assert b"run the same command again to go on" in second.communicate(timeout=60)[1]
    assert {name: (work.folder / "parts" / name).stat().st_mtime_ns for name in kept} == kept
    assert not (tmp_path / "out.parquet").exists()

    third = begin(0)
    third.communicate(timeout=60)
    assert third.returncode == 0
    found = matches(tmp_path / "out.parquet")
    assert set(found) == expected
    assert len(found) == PLANTED
    assert not work.folder.exists()


@pytest.fixture
def cut_short(app: App, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """A scan that was begun and did two of its units."""
    where = planted.write(tmp_path / "cat.parquet", group_rows=6000)
    monkeypatch.setattr(catalogue, "UNIT_ROWS", 6000)

    def some(order: Order) -> None:
        here(replace(order, units=order.units[:2]))
        msg = "stopped"
        raise Unavailable(msg)

    scan = CatalogueScan(app.store, str(where), tmp_path / "out.parquet", ScanSettings())
    scan._run = some
    with pytest.raises(Unavailable):
        scan.run(restart=False, overwrite=False, tell=quiet)
    return Work.beside(tmp_path / "out.parquet")


@pytest.mark.usefixtures("cut_short")
def test_the_banks_are_those_of_the_beginning(
    app: App, planted: Planted, tmp_path: Path, expected: set[object]
) -> None:
    """What was banked meanwhile is for the next scan: one scan is of one state of the banks."""
    late = next(row for row in range(ROWS - 1, 0, -1) if row not in planted.near)
    with app.store.transaction(write=True) as transaction:
        new = NewEntry((Hash(planted.rows[late]),), Provenance("test"))
        [(entry, _)] = service.register(transaction, "protected", [new], now=app.clock.now())
    try:
        run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet")
        assert set(matches(tmp_path / "out.parquet")) == expected
        run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet")
        assert late in {row[0] for row in matches(tmp_path / "out.parquet")}
    finally:
        with app.store.transaction(write=True) as transaction:
            transaction.withdraw("protected", entry, by="test", now=app.clock.now())


@pytest.mark.usefixtures("cut_short")
def test_a_changed_catalogue_is_not_gone_on_with(app: App, tmp_path: Path) -> None:
    """Parts of two states must not be mixed; --restart begins anew."""
    other = Planted.made(banked=1, rows=10, planted=0)
    other.write(tmp_path / "cat.parquet")
    with pytest.raises(Conflict, match="--restart"):
        run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet")
    assert run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet", restart=True).rows == 10


@pytest.mark.parametrize("damaged", ["plan.json", "banks/1.image", "banks/banks.json"])
def test_damaged_work_is_not_gone_on_with(app: App, cut_short: Work, tmp_path: Path, damaged: str) -> None:
    """A bank that lost a byte would miss a copy and say nothing."""
    path = cut_short.folder / damaged
    content = bytearray(path.read_bytes())
    content[len(content) // 2] = 0
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="anew"):
        run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet")
    assert run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet", restart=True).matches == PLANTED


def test_a_damaged_part_is_noticed(app: App, cut_short: Work, tmp_path: Path) -> None:
    """The error names the part, and without it the scan goes on."""
    part = next((cut_short.folder / "parts").glob("part-*"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(IntegrityError, match=part.name):
        run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet")
    part.unlink()
    assert run(app, tmp_path / "cat.parquet", tmp_path / "out.parquet").matches == PLANTED


def test_an_output_is_not_replaced_unasked(app: App, planted: Planted, tmp_path: Path) -> None:
    """Nor is one written into a folder that does not exist."""
    where = planted.write(tmp_path / "cat.parquet")
    (tmp_path / "out.parquet").write_text("precious")
    scan = CatalogueScan(app.store, str(where), tmp_path / "out.parquet", ScanSettings())
    with pytest.raises(InputError, match="--overwrite"):
        scan.run(restart=False, overwrite=False, tell=quiet)
    assert (tmp_path / "out.parquet").read_text() == "precious"
    scan = CatalogueScan(app.store, str(where), tmp_path / "nowhere" / "out.parquet", ScanSettings())
    with pytest.raises(InputError, match="There is no folder"):
        scan.run(restart=False, overwrite=False, tell=quiet)


def test_an_engine_that_is_not_there_says_how_to_get_it(
    app: App, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named; an unknown engine lists those that are known."""
    where = planted.write(tmp_path / "cat.parquet")
    monkeypatch.setitem(sys.modules, "daft", None)
    monkeypatch.delitem(sys.modules, "noli.adapters.scan.engines.daft_engine", raising=False)
    with pytest.raises(InputError, match=r"pip install 'noli\[daft\]'"):
        CatalogueScan(app.store, str(where), tmp_path / "out.parquet", ScanSettings(engine="daft"))
    with pytest.raises(InputError, match="local, daft, ray, spark"):
        CatalogueScan(app.store, str(where), tmp_path / "out.parquet", ScanSettings(engine="abacus"))


def test_media_are_hashed_and_matched(tmp_path: Path) -> None:
    """A folder of pictures, and a table that names them: copies are found, also mirrored; bad files are counted."""
    folder = tmp_path / "media"
    (folder / "deep").mkdir(parents=True)
    picture = drawn()
    (folder / "copy.jpg").write_bytes(encoded(picture.resize((400, 300)), "JPEG", quality=70))
    (folder / "deep" / "mirrored.png").write_bytes(encoded(ImageOps.mirror(picture), "PNG"))
    (folder / "other.webp").write_bytes(encoded(ImageOps.invert(picture.rotate(40)), "WEBP"))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut short")
    (folder / "text.txt").write_text("no picture")
    app = App.open(Config(data=tmp_path / "installation", decode_workers=1))
    try:
        reading = app.hasher.read(encoded(picture, "PNG"))
        with app.store.transaction(write=True) as transaction:
            service.create_bank(transaction, "protected", BankPolicy(Action.BLOCK), now=app.clock.now())
            new = NewEntry((reading.hashes[0],), Provenance("test"))
            [(entry, _)] = service.register(transaction, "protected", [new], now=app.clock.now())
            transaction.add_opinion("protected", Opinion(entry, "somebody", OpinionKind.DISPUTED, "", app.clock.now()))
        tally = run(app, folder, tmp_path / "out.parquet")
        found = matches(tmp_path / "out.parquet")
        assert [row[:4] for row in found] == [
            (name, "protected", entry_text(EntryId(entry)), "pdq") for name in ("copy.jpg", "deep/mirrored.png")
        ]
        assert (tally.rows, tally.matched) == (5, 2)
        assert tally.skipped == {"corrupt": 1, "unsupported": 1}
        assert CatalogueScan(app.store, str(folder), tmp_path / "o.parquet", ScanSettings()).sample().rows == 5

        uris = [str(folder / "copy.jpg"), (folder / "deep" / "mirrored.png").as_uri(), None, str(folder / "gone.jpg")]
        pq.write_table(pa.table({"id": [10, 20, 30, 40], "uri": uris}), tmp_path / "uris.parquet")
        tally = run(app, tmp_path / "uris.parquet", tmp_path / "out.parquet")
        assert [row[0] for row in matches(tmp_path / "out.parquet")] == [10, 20]
        assert tally.skipped == {"no uri": 1, "unreadable": 1}
    finally:
        app.close()


def test_progress_is_told_until_all_is_done(app: App, planted: Planted, tmp_path: Path) -> None:
    """It never falls, and ends with every row."""
    where = planted.write(tmp_path / "cat.parquet")
    told: list[int] = []
    scan = CatalogueScan(app.store, str(where), tmp_path / "out.parquet", ScanSettings())
    scan._run = here
    scan.run(restart=False, overwrite=False, tell=told.append)
    assert told == sorted(told)
    assert told[-1] == ROWS
