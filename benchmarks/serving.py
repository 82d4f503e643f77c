# SPDX-License-Identifier: Apache-2.0
"""Rows about many server processes: how soon one answers from a snapshot, and what several cost in memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import sqlalchemy as sa

from benchmarks.http import START_S, free_port
from benchmarks.inputs import random_hashes
from benchmarks.measure import ROOT, Row, faster
from noli.adapters.snapshots import SnapshotFolder
from noli.adapters.sql import tables
from noli.app import App
from noli.bank.model import Action, BankPolicy
from noli.base.config import Config
from noli.hashing.kernel import HammingIndex
from noli.matching.ports import HeldBank

# Server processes whose memory is compared with that of one.
_WORKERS = 4


def made_installation(folder: Path, rows: int) -> float:
    """Make an installation whose only bank has so many random hashes, in its snapshot alone.

    The database says how many there are and has the change that the snapshot ends with; that is all that a start reads
    of it. Returns the seconds that writing the snapshot took.
    """
    with closing(App.open(Config(data=folder))) as app:
        with app.store.transaction(write=True) as transaction:
            bank = transaction.add_bank("bench", BankPolicy(Action.BLOCK), now=app.clock.now())
        with app.database.engine.begin() as connection:
            connection.execute(sa.update(tables.bank).values(hashes=rows))
        with app.store.transaction() as transaction:
            [change] = transaction.changes(after=0)
        index = HammingIndex()
        index.append(random_hashes(rows, seed=0).data, np.arange(1, rows + 1, dtype=np.uint64).data)
        none = HammingIndex().hold()
        start = time.perf_counter()
        SnapshotFolder(folder / "index").keep(change, [HeldBank(bank.id, bank.epoch, index.hold(), none, ())])
        return time.perf_counter() - start


@contextmanager
def started(folder: Path, *, workers: int) -> Iterator[tuple[int, float]]:
    """Run a server; yields its process id, and the seconds until all of its processes were ready."""
    port = free_port()
    log = folder / "log.txt"
    command = [sys.executable, "-m", "noli", "serve", "--data", str(folder), "--port", str(port)]
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen([*command, "--workers", str(workers)], cwd=ROOT, stdout=out, stderr=out)
        try:
            _wait_until_ready(process, port, log, workers)
            yield process.pid, time.perf_counter() - start
        finally:
            process.terminate()
            process.wait(60)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path, workers: int) -> None:
    until = time.perf_counter() + START_S
    while time.perf_counter() < until and process.poll() is None:
        time.sleep(0.02)
        try:
            ready = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            continue
        if ready and (workers == 1 or log.read_text().count('"worker.ready"') == workers):
            return
    msg = f"the server did not get ready: {log.read_text()[-500:]}"
    raise RuntimeError(msg)


def proportional_bytes(pid: int) -> int:
    """Return the memory of a process and all its descendants; what several share is counted once."""
    pids, found = [pid], 0
    while pids:
        one = pids.pop()
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found += int(line.split()[1]) * 1024
        pids += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return found


def start(rows: int) -> Row:
    """Measure from the start of the command to the first 200 of /readyz."""
    with tempfile.TemporaryDirectory() as folder:
        kept_s = made_installation(Path(folder), rows)
        times = []
        for _ in range(3):
            with started(Path(folder), workers=1) as (_, ready_s):
                times.append(ready_s)
    return faster(
        f"snapshot-start-{rows // 1_000_000}m", sorted(times)[1], None, peer_name="", unit="s",
        what=f"from the start of 'noli serve' to its first answer, bank of {rows:,}, from a checked snapshot",
        write_snapshot_s=round(kept_s, 1),
    )  # fmt: skip


def memory(rows: int) -> Row:
    """Measure the memory of several server processes and of one, with all their children."""
    with tempfile.TemporaryDirectory() as folder:
        made_installation(Path(folder), rows)
        with started(Path(folder), workers=1) as (pid, _):
            one = proportional_bytes(pid)
        with started(Path(folder), workers=_WORKERS) as (pid, ready_s):
            several = proportional_bytes(pid)
    return faster(
        f"workers-memory-{rows // 1_000_000}m", several / 1e6, None, peer_name="", unit="MB",
        what=f"memory of {_WORKERS} server processes with their children, bank of {rows:,}; shared pages counted once",
        one_mb=round(one / 1e6), times_one=round(several / one, 2),
        each_more_mb=round((several - one) / 1e6 / (_WORKERS - 1)),
        start_s=round(ready_s, 1), cores=os.cpu_count() or 1,
    )  # fmt: skip


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "snapshot-start-10m": partial(start, 10_000_000),
    "workers-memory-10m": partial(memory, 10_000_000),
}
