# SPDX-License-Identifier: Apache-2.0
"""Runs of a scan in processes of their own, as an engineer starts them: on any engine, killed and gone on with."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.inputs import random_hashes
from benchmarks.measure import ROOT
from noli.adapters import images
from noli.adapters.scan.work import Work
from noli.app_scan import CatalogueScan, ScanSettings
from noli.bank.model import Action, BankPolicy
from noli.bank.ports import BankTransaction
from noli.hashing.kernel import HammingIndex

ENGINES = ("local", "daft", "ray", "spark")
WORKERS = 2

# Seconds that a whole scan may take.
_LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank that no database holds: so many random hashes of one seed, or those of a file with 32 bytes each."""

    rows: int = 0
    file: str = ""

    def index(self) -> HammingIndex:
        """Make its index; entries count from 1."""
        index = HammingIndex()
        hashes = (
            np.frombuffer(Path(self.file).read_bytes(), np.uint8).reshape(-1, 32)
            if self.file
            else random_hashes(self.rows, seed=0)
        )
        index.append(np.ascontiguousarray(hashes).data, np.arange(1, len(hashes) + 1, dtype=np.uint64).data)
        return index


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan to be run.

    Attributes:
        where: The catalogue.
        out: Where the matches go.
        bank: What is looked for.
        engine: Who moves the work.
        workers: How many.
    """

    where: Path
    out: Path
    bank: Bank
    engine: str
    workers: int = WORKERS

    @property
    def work(self) -> Work:
        """Its work folder."""
        return Work.beside(self.out.absolute())

    def run(self) -> dict[str, float]:
        """Run it to its end; returns ``begin_s``, to load the bank, and ``seconds``, all the rest."""
        with _cluster(self.engine) as environment:
            done = subprocess.run(
                self._command(), env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
                timeout=_LIMIT_S,
            )  # fmt: skip
        if done.returncode:
            msg = f"the scan failed: {done.stderr[-2000:]}"
            raise RuntimeError(msg)
        told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return told

    def run_killed(self, parts: tuple[int, ...]) -> float:
        """Kill it, driver and workers, when so many parts are there, each time; returns the seconds of all runs.

        Raises:
            RuntimeError: It was over before it could be killed.
        """
        began = time.perf_counter()
        with _cluster(self.engine) as environment:
            for wanted in parts:
                run = subprocess.Popen(
                    self._command(), env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )  # fmt: skip
                while self.parts() < wanted and run.poll() is None:
                    time.sleep(0.01)
                if run.poll() is not None:
                    msg = "the scan ended before it was killed"
                    raise RuntimeError(msg)
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
        self.run()
        return time.perf_counter() - began

    def parts(self) -> int:
        """Count the parts that are there."""
        return len(list((self.work.folder / "parts").glob("part-*"))) if self.work.begun() else 0

    def _command(self) -> list[str]:
        what = [str(self.where), str(self.out), self.engine, str(self.workers), str(self.bank.rows), self.bank.file]
        return [sys.executable, "-c", _RUN, *what]


# In a process of its own: engines leave threads, servers and memory behind.
_RUN = """
import json, sys, time
from pathlib import Path
from benchmarks.scan_runs import Bank, Scan, prepared

if __name__ == "__main__":
    where, out, engine, workers, rows, file = sys.argv[1:]
    began = time.perf_counter()
    run = prepared(Scan(Path(where), Path(out), Bank(int(rows), file), engine, int(workers)))
    ready = time.perf_counter()
    run()
    print(json.dumps({"begin_s": ready - began, "seconds": time.perf_counter() - ready}))
"""


def prepared(scan: Scan) -> Callable[[], object]:
    """Begin a scan, or go on with it; what is returned does all of it but loading the bank."""
    job = CatalogueScan(_NoStore(), str(scan.where), scan.out, ScanSettings(engine=scan.engine, workers=scan.workers))
    if not job.begun:
        source = images.Source(1, "protected", BankPolicy(Action.BLOCK), scan.bank.index())
        scan.work.begin(job.catalogue, [source], sequence=1, neighbours=1000)
    return partial(job.run, restart=False, overwrite=False, tell=lambda _: None)


class _NoStore:
    """A scan that goes on reads no bank: it has the images."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[BankTransaction]:
        """Refuse."""
        raise NotImplementedError(write)


@contextmanager
def _cluster(engine: str) -> Iterator[dict[str, str]]:
    """Start what an engine runs on, where it is not this process: for Ray a cluster of two nodes, a process each.

    Raises:
        RuntimeError: The engine is not installed.
    """
    if engine != "local" and importlib.util.find_spec({"spark": "pyspark"}.get(engine, engine)) is None:
        msg = f"{engine} is not installed ('make engines' installs it)"
        raise RuntimeError(msg)
    if engine != "ray":
        yield dict(os.environ)
        return
    # A node has half a minute to start unless it is told otherwise: too short on a busy machine.
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120"}
    nodes = subprocess.Popen(
        [sys.executable, "-c", _NODES], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        if nodes.stdout is None or not (address := nodes.stdout.readline().strip()):
            msg = "the Ray cluster did not start"
            raise RuntimeError(msg)
        yield {**environment, "RAY_ADDRESS": address}
    finally:
        nodes.communicate("", timeout=60)


_NODES = """
import sys
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
cluster.add_node(num_cpus=1)
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""
