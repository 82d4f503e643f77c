# SPDX-License-Identifier: Apache-2.0
"""Catalogue scans from end to end: files in, files out."""

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from benchmarks.inputs import flipped, random_hashes
from benchmarks.measure import Row, higher, seconds
from benchmarks.scan_runs import ENGINES, WORKERS, Bank, Scan
from benchmarks.search import LIMIT_BITS
from noli.adapters.scan.catalogue import UNIT_ROWS
from noli.adapters.scan.stored import StoredCatalogue
from noli.app_catalogue import Catalogues
from noli.hashing.kernel import pdq
from noli.hashing.model import PDQ_BYTES

# Copies planted in a catalogue, at distances 0 to 31 in turn.
_PLANTED = 10_000

_SAMPLE = 256


def scan(rows: int, bank_rows: int, engine: str, workers: int = WORKERS) -> Row:
    """Scan a catalogue of hashes with planted copies; a run of the command, engine and all."""
    told = scan_seconds(rows, bank_rows, engine, workers)
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(random_hashes(bank_rows, seed=0))
    peer_s = seconds(lambda: flat.range_search(random_hashes(_SAMPLE, seed=123_456), LIMIT_BITS + 1))
    cores = min(os.cpu_count() or 1, workers)
    return higher(
        f"scan-{rows // 1_000_000}m-{engine}{'' if workers == WORKERS else f'-{workers}'}",
        rows / told["seconds"],
        cores * _SAMPLE / peer_s,
        peer_name=f"faiss IndexBinaryFlat.range_search, cores: {cores}",
        unit="rows/s",
        what=f"{_what(rows, bank_rows, engine)}, workers: {workers}",
        per_core=round(rows / told["seconds"] / cores),
        **{name: round(value, 1) for name, value in told.items()},
    )


def killed(rows: int, bank_rows: int, engine: str) -> Row:
    """Kill a scan twice at parts drawn at random, driver and workers, and let it go on."""
    dice = random.Random(engine)
    units = -(-rows // UNIT_ROWS)
    first = dice.randrange(1, units // 2)
    parts = (first, dice.randrange(first + 1, units - 1))
    with _prepared(rows, bank_rows, engine) as (order, places):
        took = order.run_killed(parts)
        counts = _counted(order.out, places)
    return higher(
        f"scan-{rows // 1_000_000}m-{engine}-killed", rows / took, None, peer_name="", unit="rows/s",
        what=f"{_what(rows, bank_rows, engine)}, killed twice with all its workers and run again",
        killed_at_parts=" and ".join(map(str, parts)), of_parts=units, **counts,
    )  # fmt: skip


def scan_seconds(rows: int, bank_rows: int, engine: str, workers: int = WORKERS) -> dict[str, float]:
    """Scan, and return ``seconds``, ``begin_s`` (to load the bank) and how many copies were planted, missed, invented.

    Raises:
        RuntimeError: The engine is not installed.
    """
    with _prepared(rows, bank_rows, engine, workers) as (order, places):
        return {**order.run(), **_counted(order.out, places)}


@contextmanager
def _prepared(
    rows: int, bank_rows: int, engine: str, workers: int = WORKERS
) -> Iterator[tuple[Scan, NDArray[np.int64]]]:
    catalogue, places = _planted(rows, random_hashes(bank_rows, seed=0))
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder, "catalogue.parquet")
        _write(where, catalogue)
        yield Scan(where, Path(folder, "matches.parquet"), Bank(bank_rows), engine, workers), places


def _counted(out: Path, places: NDArray[np.int64]) -> dict[str, int]:
    """Count what was planted, and what the output lacks, has beside it, or has twice."""
    found = pq.read_table(out)["id"].to_numpy()
    return {
        "planted": len(places),
        "missed": len(np.setdiff1d(places, found)),
        "invented": len(np.setdiff1d(found, places)),
        "doubled": len(found) - len(np.unique(found)),
    }


def _what(rows: int, bank_rows: int, engine: str) -> str:
    on = "ray, two nodes" if engine == "ray" else engine
    return f"scan of {rows:,} catalogue hashes with a bank of {bank_rows:,}, {on}"


def pictures(count: int, engine: str) -> Row:
    """Scan a folder of drawn pictures; one of fifty is in the bank, as a larger picture that was never compressed."""
    with tempfile.TemporaryDirectory() as folder:
        media = Path(folder, "media")
        media.mkdir()
        banked = []
        for number in range(count):
            drawn = _picture(number)
            drawn.resize((640, 480)).save(media / f"{number:05d}.jpg", quality=85)
            if number % _BANKED_OF == 0:
                larger = drawn.resize((1200, 900))
                banked.append(pdq(larger.tobytes(), larger.height, larger.width, 3)[0][:PDQ_BYTES])
        Path(folder, "bank").write_bytes(b"".join(banked))
        order = Scan(media, Path(folder, "matches.parquet"), Bank(file=str(Path(folder, "bank"))), engine)
        told = order.run()
        found = sorted(pq.read_table(order.out)["id"].to_pylist())
    wanted = [f"{number:05d}.jpg" for number in range(0, count, _BANKED_OF)]
    return higher(
        f"scan-{count // 1000}k-pictures-{engine}", count / told["seconds"], None, peer_name="", unit="pictures/s",
        what=f"scan of a folder of {count:,} drawn JPEGs of 640 x 480, {engine}, workers: {WORKERS}",
        planted=len(wanted), missed=len(set(wanted) - set(found)), invented=len(set(found) - set(wanted)),
        doubled=len(found) - len(set(found)), seconds=round(told["seconds"], 1),
    )  # fmt: skip


_BANKED_OF = 50


def _picture(number: int) -> Image.Image:
    """Draw a picture that is like no other: a few frequencies with phases of its own."""
    rng = np.random.default_rng(number)
    across, down = np.meshgrid(np.linspace(0, 1, 160), np.linspace(0, 1, 120))
    planes = np.zeros((120, 160, 3))
    for _ in range(12):
        wave = np.cos(2 * np.pi * (rng.uniform(-7, 7) * across + rng.uniform(-7, 7) * down + rng.uniform()))
        planes += wave[:, :, None] * rng.uniform(0.2, 1, size=3)
    return Image.fromarray(np.clip(128 + planes * 18, 0, 255).astype(np.uint8))


def stored(rows: int, entries: int) -> Row:
    """Look for new entries in a stored catalogue, each near one of its rows."""
    with tempfile.TemporaryDirectory() as folder:
        store = StoredCatalogue(Path(folder))
        step = 1 << 22
        for at in range(0, rows, step):
            count = min(step, rows - at)
            columns = [pa.array(np.arange(at, at + count)), _column(random_hashes(count, seed=at))]
            store.add(str(at), [pa.record_batch(columns, names=["id", "hash"])])
        wanted = np.concatenate([flipped(random_hashes(1, seed=0), bits % 32, seed=bits) for bits in range(entries)])
        searches = [(wanted.tobytes(), LIMIT_BITS)]
        first = seconds(lambda: list(store.near(searches)))
        again = seconds(lambda: list(store.near(searches)))
        Catalogues(Path(folder)).verify()
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(random_hashes(1_000_000, seed=0))
    peer_s = seconds(lambda: flat.range_search(wanted[:_SAMPLE], LIMIT_BITS + 1)) * entries / _SAMPLE * rows / 1_000_000
    return Row(
        row=f"catalogue-{rows // 1_000_000}m",
        ours=first,
        peer=peer_s,
        peer_name="faiss IndexBinaryFlat.range_search, projected from 1 M",
        ratio=peer_s / first,
        unit="s",
        what=f"{entries:,} new entries looked for in a stored catalogue of {rows:,} hashes, one core",
        more={"again_s": round(again, 2)},
    )


def _planted(rows: int, banked: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    catalogue = random_hashes(rows, seed=123_456)
    places = np.random.default_rng(1).choice(rows, size=min(_PLANTED, rows), replace=False)
    for number, place in enumerate(places):
        catalogue[place] = flipped(banked[number : number + 1], number % (LIMIT_BITS + 1), seed=number)[0]
    return catalogue, places


def _write(path: Path, catalogue: NDArray[np.uint8]) -> None:
    pq.write_table(pa.table({"id": np.arange(len(catalogue)), "hash": _column(catalogue)}), path)


def _column(hashes: NDArray[np.uint8]) -> pa.Array:
    return pa.Array.from_buffers(pa.binary(32), len(hashes), [None, pa.py_buffer(hashes.tobytes())])


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    **{f"scan-10m-{engine}": partial(scan, 10_000_000, 1_000_000, engine) for engine in ENGINES},
    "scan-10m-local-1": partial(scan, 10_000_000, 1_000_000, "local", 1),
    **{f"scan-10m-{engine}-killed": partial(killed, 10_000_000, 1_000_000, engine) for engine in ENGINES},
    **{f"scan-5k-pictures-{engine}": partial(pictures, 5000, engine) for engine in ENGINES},
    "catalogue-50m": partial(stored, 50_000_000, 1000),
}
