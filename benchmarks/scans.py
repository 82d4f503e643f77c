# SPDX-License-Identifier: Apache-2.0
"""Catalogue scans from end to end: files in, files out."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.inputs import flipped, random_hashes
from benchmarks.measure import ROOT, Row, higher, seconds
from benchmarks.search import LIMIT_BITS
from noli.adapters import images
from noli.adapters.scan.stored import StoredCatalogue
from noli.adapters.scan.work import Work
from noli.app_catalogue import Catalogues
from noli.app_scan import CatalogueScan, ScanSettings
from noli.bank.model import Action, BankPolicy
from noli.bank.ports import BankTransaction
from noli.hashing.kernel import HammingIndex

# Copies planted in a catalogue, at distances 0 to 31 in turn.
_PLANTED = 10_000

_SAMPLE = 256

ENGINES = ("local", "daft", "ray", "spark")
WORKERS = 2


def scan(rows: int, bank_rows: int, engine: str) -> Row:
    """Scan a catalogue of hashes on two workers, with planted copies; a run of the command, engine and all."""
    told = scan_seconds(rows, bank_rows, engine)
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(random_hashes(bank_rows, seed=0))
    peer_s = seconds(lambda: flat.range_search(random_hashes(_SAMPLE, seed=123_456), LIMIT_BITS + 1))
    cores = os.cpu_count() or 1
    return higher(
        f"scan-{rows // 1_000_000}m-{engine}",
        rows / told["seconds"],
        cores * _SAMPLE / peer_s,
        peer_name=f"faiss IndexBinaryFlat.range_search on {cores} cores",
        unit="rows/s",
        what=f"scan of {rows:,} catalogue hashes with a bank of {bank_rows:,}, {engine}, {WORKERS} workers, to a file",
        **{name: round(value, 1) for name, value in told.items()},
    )


def scan_seconds(rows: int, bank_rows: int, engine: str) -> dict[str, float]:
    """Scan, and return ``seconds``, ``begin_s`` (to load the bank) and how many copies were planted, missed, invented.

    Raises:
        RuntimeError: The engine is not installed.
    """
    if engine != "local" and importlib.util.find_spec({"spark": "pyspark"}.get(engine, engine)) is None:
        msg = f"{engine} is not installed ('make engines' installs it)"
        raise RuntimeError(msg)
    catalogue, places = _planted(rows, random_hashes(bank_rows, seed=0))
    with tempfile.TemporaryDirectory() as folder:
        where, out = Path(folder, "catalogue.parquet"), Path(folder, "matches.parquet")
        _write(where, catalogue)
        began = subprocess.run(
            [sys.executable, "-c", _RUN, str(where), str(out), engine, str(bank_rows)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        told: dict[str, float] = json.loads(began.stdout.splitlines()[-1])
        found = pq.read_table(out)["id"].to_numpy()
    missed = len(set(places.tolist()) - set(found.tolist()))
    return {**told, "planted": len(places), "missed": missed, "invented": len(found) - len(places) + missed}


# In a process of its own: engines leave threads, servers and memory behind.
_RUN = """
import json, sys, time
from pathlib import Path
from benchmarks.scans import begun

if __name__ == "__main__":
    where, out, engine, bank_rows = sys.argv[1:]
    began = time.perf_counter()
    run = begun(where, Path(out), engine, int(bank_rows))
    ready = time.perf_counter()
    run()
    print(json.dumps({"begin_s": ready - began, "seconds": time.perf_counter() - ready}))
"""


def begun(where: str, out: Path, engine: str, bank_rows: int) -> Callable[[], object]:
    """Begin a scan against a bank that no database holds; what is returned does all of it but loading the bank."""
    index = HammingIndex()
    index.append(random_hashes(bank_rows, seed=0).data, np.arange(1, bank_rows + 1, dtype=np.uint64).data)
    job = CatalogueScan(_NoStore(), where, out, ScanSettings(engine=engine, workers=WORKERS))
    source = images.Source(1, "protected", BankPolicy(Action.BLOCK), index)
    Work.beside(out.absolute()).begin(job.catalogue, [source], sequence=1, neighbours=1000)
    return partial(job.run, restart=False, overwrite=False, tell=lambda _: None)


class _NoStore:
    """A scan that goes on reads no bank: it has the images."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[BankTransaction]:
        """Refuse."""
        raise NotImplementedError(write)


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
    "catalogue-50m": partial(stored, 50_000_000, 1000),
}
