# SPDX-License-Identifier: Apache-2.0
"""Rows about exchange: a partner's first load of a large bank, and how soon what is added there blocks here."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx

from benchmarks.http import Server, free_port, process
from benchmarks.inputs import random_hashes
from benchmarks.measure import ROOT, Row, faster, percentile
from tests.conftest import Cluster, binaries

PEER = "threatexchange's StopNCII client, same server"

_NOLI = (sys.executable, "-m", "noli")

# Addresses of this machine are refused as partners unless they are named.
_ALLOWED = {"NOLI_PRIVATE_HOSTS": "127.0.0.1"}

_STEPS = 30

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

# Fetches everything as the reference client does, and keeps it as it does.
_CLIENT = """
import json, resource, sys, time
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIICredentials, StopNCIISignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

said = sys.argv[1]
config = CollaborationConfigBase(name="C", api="stop_ncii", enabled=True)
client = StopNCIISignalExchangeAPI.for_collab(config, StopNCIICredentials._from_str(said))
began = time.perf_counter()
state = {}
for delta in client.fetch_iter([PdqSignal], None):
    for key, value in delta.updates.items():
        state[key] = client.fetch_value_merge(state.get(key), value)
found = client.naive_convert_to_signal_type([PdqSignal], config, state).get(PdqSignal, {})
print(json.dumps({"seconds": time.perf_counter() - began, "hashes": len(found),
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""

# The command, with what it took.
_OURS = """
import json, resource, sys, time
from noli.cli import main

began = time.perf_counter()
main(["sync", "hub", "--once", "--data", sys.argv[1]], standalone_mode=False)
print(json.dumps({"seconds": time.perf_counter() - began,
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


# Which database each installation's folder has; SQLite inside it where it is not here.
_URLS: dict[Path, str] = {}


def _environment(folder: Path) -> dict[str, str]:
    url = _URLS.get(folder)
    return {**os.environ, **_ALLOWED, **({"NOLI_DATABASE_URL": url} if url else {})}


def _python(program: str, folder: Path, argument: str = "") -> str:
    """Run a program for an installation and return the last line that it prints."""
    command = [sys.executable, "-c", program, argument or str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=_environment(folder))
    return done.stdout.splitlines()[-1]


def _noli(folder: Path, *arguments: str, give: str = "") -> str:
    done = subprocess.run(
        [*_NOLI, *arguments, "--data", str(folder)],
        cwd=ROOT,
        env=_environment(folder),
        input=give,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"noli {' '.join(arguments[:3])} ended with {done.returncode}: {done.stderr[-500:]}"
        raise RuntimeError(msg)
    return done.stdout.strip()


@contextmanager
def _hub(folder: Path, size: int) -> Iterator[str]:
    """Serve a bank of random hashes; yields the address."""
    folder.mkdir()
    listed = folder / "hashes.txt"
    listed.write_text("".join(f"pdq {hash_.tobytes().hex()}\n" for hash_ in random_hashes(size, seed=0)))
    _noli(folder, "bank", "create", "protected", "--action", "block")
    if size:
        _noli(folder, "bank", "import", "protected", str(listed))
    with _served(folder) as server:
        yield server.url


@contextmanager
def _served(folder: Path) -> Iterator[Server]:
    token = _noli(folder, "key", "create", "bench", "--scopes", "checks,banks,partners")
    port = free_port()
    command = [*_NOLI, "serve", "--data", str(folder), "--port", str(port)]
    with process(command, port, token, environment=_environment(folder)) as server:
        yield server


def _subscribed(folder: Path, hub: Path, url: str) -> None:
    """Make an installation that takes what the hub shares."""
    folder.mkdir()
    _noli(folder, "bank", "create", "received", "--action", "block")
    key = _noli(hub, "partner", "add", "here", "--shares", "protected", "--protocol", "noli")
    told = _noli(hub, "partner", "identity").splitlines()
    feed_key = next(line.split()[1] for line in told if line.startswith("key"))
    source = ("--url", url, "--feed-key", feed_key, "--secret-file", "-", "--protocol", "noli")
    takes = ("--takes", "protected=received", "--at-most", "block", "--per-hour", "100000000")
    _noli(folder, "partner", "add", "hub", *takes, *source, give=key)


def sync(size: int, kind: str) -> Row:
    """Take a bank over from a hub, once by Noli, once by the reference client."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if kind == "postgresql":
            _put_on_postgresql(stack, folder / "hub", folder / "here")
        with _hub(folder / "hub", size) as url:
            _subscribed(folder / "here", folder / "hub", url)
            ours = json.loads(_python(_OURS, folder / "here"))
            held = json.loads(_noli(folder / "here", "bank", "show", "received", "--json"))["entries"]
            keys = _noli(folder / "hub", "partner", "add", "old", "--shares", "protected", "--protocol", "stopncii")
            said = ",".join([*keys.split(), f"{url}/exchange/stopncii/v1"])
            peer = json.loads(_python(_CLIENT, folder, said))
    return faster(
        f"sync-{size // 1000}k" if kind == "sqlite" else f"sync-{size // 1000}k-{kind}",
        ours["seconds"],
        peer["seconds"],
        peer_name=PEER,
        unit="s",
        what=f"first load of {size:,} hashes from a hub; ours checks signatures and keeps them in {_NAMES[kind]}",
        entries=held,
        peer_hashes=peer["hashes"],
        peer_mb=round(peer["mb"]),
        mb=round(ours["mb"]),
    )


def latency(kind: str) -> Row:
    """Time from an entry's acknowledgement at one installation to its block at another that follows it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hub = folder / "hub"
        hub.mkdir()
        if kind == "postgresql":
            _put_on_postgresql(stack, hub, folder / "here")
        _noli(hub, "bank", "create", "protected", "--action", "block")
        with _served(hub) as there:
            _subscribed(folder / "here", hub, there.url)
            with _served(folder / "here") as here, there.client() as add, here.client() as check:
                took = [_one(add, check, value.tobytes().hex()) for value in random_hashes(_STEPS + 1, seed=3)][1:]
    return Row(
        row="feed-latency" if kind == "sqlite" else f"feed-latency-{kind}",
        ours=1000 * statistics.median(took),
        peer=None,
        peer_name="",
        ratio=None,
        unit="ms",
        what="from posting an entry at one installation to a check that blocks at another, two servers on this machine"
        f" on {_NAMES[kind]}",
        more={"p99_ms": round(1000 * percentile(took, 0.99), 1)},
    )


def _put_on_postgresql(stack: ExitStack, *folders: Path) -> None:
    found = binaries()
    if found is None:
        msg = "PostgreSQL is missing; 'make system' installs it"
        raise RuntimeError(msg)
    cluster = Cluster(found, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="noli-pg-"))))
    stack.callback(cluster.stop)
    _URLS.update({each: cluster.new() for each in folders})
    stack.callback(_URLS.clear)


def _one(add: httpx.Client, check: httpx.Client, value: str) -> float:
    hashes = {"hashes": [{"type": "pdq", "value": value, "quality": 90}]}
    answer = add.post("/api/v1/banks/protected/entries", json=hashes)
    answer.raise_for_status()
    began = time.perf_counter()
    until = began + 30
    while check.post("/api/v1/checks", json=hashes).json()["decision"] != "block":
        if time.perf_counter() > until:
            msg = "an entry did not arrive within 30 s"
            raise TimeoutError(msg)
        time.sleep(0.01)
    return time.perf_counter() - began


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "sync-100k": partial(sync, 100_000, "sqlite"),
    "sync-1000k": partial(sync, 1_000_000, "sqlite"),
    "sync-100k-postgresql": partial(sync, 100_000, "postgresql"),
    "sync-1000k-postgresql": partial(sync, 1_000_000, "postgresql"),
    "feed-latency": partial(latency, "sqlite"),
    "feed-latency-postgresql": partial(latency, "postgresql"),
}
