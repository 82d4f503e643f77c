# SPDX-License-Identifier: Apache-2.0
"""Rows about a running server: look-ups, uploads and batches a second, and how soon an entry matches."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.inputs import encoded, random_hashes, source
from benchmarks.measure import ROOT, Row, faster, higher, percentile, resident_bytes

PEER = "threatexchange behind the same web server"

#: Seconds a server may take to load its bank.
START_S = 300

#: Connections of the load generator: enough to keep one worker busy, few enough for meaningful latencies.
CONNECTIONS = 8

_WRK = """
local bodies = {}
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local at = 0
request = function()
  at = at % #bodies + 1
  return wrk.format("POST", os.getenv("TARGET"), {["Content-Type"] = "application/json",
    ["Authorization"] = os.getenv("AUTHORIZATION")}, bodies[at])
end
-- Looking at each answer slows wrk down, so only a run that expects refusals sorts them.
others = 0
if os.getenv("SORTS") then
  response = function(status)
    if status ~= 200 and status ~= 429 and status ~= 503 then others = others + 1 end
  end
end
setup = function(thread) sender = thread end
done = function(summary, latency)
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %f %d %d %d %d %d\\n", summary.requests / (summary.duration / 1e6),
    summary.errors.status, sender:get("others"), broken, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under test."""

    url: str
    pid: int
    token: str

    def client(self) -> httpx.Client:
        """Return a client with the key set and the connection kept open."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _run(*arguments: str, feed: str | None = None) -> str:
    done = subprocess.run(arguments, input=feed, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{' '.join(arguments[:6])} … ended with {done.returncode}: {done.stderr[-500:]}"
        raise RuntimeError(msg)
    return done.stdout


@contextmanager
def process(
    arguments: list[str], port: int, token: str, *, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Run a server until the end of the context; yields once it is ready."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            _wait_until_ready(child, f"http://127.0.0.1:{port}/readyz")
            yield Server(f"http://127.0.0.1:{port}", child.pid, token)
        finally:
            child.terminate()
            child.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(START_S * 10):
        if process.poll() is not None:
            msg = f"the server ended with {process.returncode} before it was ready"
            raise RuntimeError(msg)
        try:
            if httpx.get(url, timeout=1).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    msg = "the server did not get ready"
    raise RuntimeError(msg)


@contextmanager
def noli(size: int) -> Iterator[Server]:
    """Run ``noli serve`` over a bank of ``size`` random hashes, one process, one decoder a core."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "noli"]
        hashes = Path(folder) / "hashes.txt"
        hashes.write_text("".join(f"pdq {hash_.tobytes().hex()}\n" for hash_ in random_hashes(size, seed=0)))
        _run(*command, "bank", "create", "bench", "--action", "block", "--data", folder)
        _run(*command, "bank", "import", "bench", str(hashes), "--data", folder)
        token = _run(*command, "key", "create", "bench", "--scopes", "checks,banks", "--data", folder).strip()
        port = free_port()
        with process([*command, "serve", "--data", folder, "--port", str(port)], port, token) as server:
            yield server


@contextmanager
def peer(size: int) -> Iterator[Server]:
    """Run the peer over the same random hashes."""
    port = free_port()
    with process([sys.executable, "-m", "benchmarks.peer_server", str(size), str(port)], port, "none") as server:
        yield server


@dataclass(frozen=True, slots=True)
class Sent:
    """What wrk saw.

    Attributes:
        per_s: Requests a second.
        refused: Answers with a status of 400 or more.
        others: Of these, neither 429 nor 503; 0 where answers were not sorted.
        broken: Connections that broke or gave no answer in time.
        p50_ms: Median latency.
        p99_ms: The latency that one of a hundred exceeds.
    """

    per_s: float
    refused: int
    others: int
    broken: int
    p50_ms: float
    p99_ms: float


def saturate(server: Server, bodies: list[str], *, seconds: int, sorts: bool = False) -> Sent:
    """Send checks of these bodies with wrk as fast as the server answers.

    Args:
        server: To whom.
        bodies: In turn.
        seconds: How long.
        sorts: Whether to look at each answer's status.

    Raises:
        RuntimeError: wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        msg = "the load generator 'wrk' is missing; 'apt-get install wrk' brings it"
        raise RuntimeError(msg)
    with tempfile.TemporaryDirectory() as folder:
        script, lines = Path(folder) / "load.lua", Path(folder) / "bodies"
        script.write_text(_WRK)
        lines.write_text("\n".join(bodies) + "\n")
        environment = {
            **os.environ,
            "BODIES": str(lines),
            "TARGET": "/api/v1/checks",
            "AUTHORIZATION": f"Bearer {server.token}",
            **({"SORTS": "1"} if sorts else {}),
        }
        done = subprocess.run(
            [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), server.url],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
    result = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    rate, refused, others, broken, p50, p99 = result.split()[1:]
    return Sent(float(rate), int(refused), int(others), int(broken), int(p50) / 1000, int(p99) / 1000)


def _load(server: Server, bodies: list[str], *, seconds: int = 6) -> tuple[float, float, float]:
    """Return requests a second, median and 99th percentile latency in ms, where each is answered well."""
    sent = saturate(server, bodies, seconds=seconds)
    if bad := sent.refused + sent.broken:
        msg = f"{bad} requests were not answered well"
        raise RuntimeError(msg)
    return sent.per_s, sent.p50_ms, sent.p99_ms


def lookups() -> Row:
    """Measure hash look-ups a second with a bank of 100 k."""
    bodies = [
        json.dumps({"hashes": [{"type": "pdq", "value": hash_.tobytes().hex(), "quality": 90}], "content_ref": "bench"})
        for hash_ in random_hashes(5000, seed=77)
    ]
    with noli(100_000) as server:
        _load(server, bodies, seconds=2)
        ours, p50, p99 = _load(server, bodies)
    with peer(100_000) as server:
        _load(server, bodies, seconds=2)
        theirs, _, _ = _load(server, bodies)
    return higher(
        "lookup-http-100k", ours, theirs, peer_name=PEER, unit="look-ups/s",
        what="hash look-ups over HTTP, one worker process, bank of 100,000; client on the same machine",
        p50_ms=round(p50, 2), p99_ms=round(p99, 2),
    )  # fmt: skip


def _uploads(server: Server, files: list[bytes], *, count: int) -> float:
    """Post files one after the other and return the median seconds of one."""
    times = []
    with server.client() as client:
        for number in range(count):
            start = time.perf_counter()
            answer = client.post(
                "/api/v1/checks", content=files[number % len(files)], headers={"Content-Type": "image/jpeg"}
            )
            times.append(time.perf_counter() - start)
            answer.raise_for_status()
    return statistics.median(times)


def uploads() -> Row:
    """Measure how long the check of a 2 MP JPEG takes over HTTP, one at a time."""
    files = encoded(1632, 1224, "JPEG", 24)
    with noli(1000) as server:
        _uploads(server, files, count=20)
        ours = _uploads(server, files, count=200)
    with peer(1000) as server:
        _uploads(server, files, count=5)
        theirs = _uploads(server, files, count=30)
    return higher(
        "check-2mp-http", 1 / ours, 1 / theirs, peer_name=PEER, unit="checks/s",
        what="checks of a 2 MP JPEG sent as a file, one after the other", inputs=source(),
    )  # fmt: skip


def batches() -> Row:
    """Measure hashes a second through the batch endpoint."""
    hashes = random_hashes(10_000, seed=78)
    body = json.dumps({"hashes": [{"type": "pdq", "value": hash_.tobytes().hex()} for hash_ in hashes]}).encode()
    headers = {"Content-Type": "application/json"}
    times = []
    with noli(100_000) as server, server.client() as client:
        for _ in range(6):
            start = time.perf_counter()
            client.post("/api/v1/checks/batch", content=body, headers=headers).raise_for_status()
            times.append(time.perf_counter() - start)
    return higher(
        "batch-http-100k", len(hashes) / statistics.median(times), None, peer_name="", unit="hashes/s",
        what="hashes checked over HTTP in batches of 10,000, bank of 100,000",
    )  # fmt: skip


def append_visible() -> list[Row]:
    """Measure the time from sending a new entry to a check that finds it, with a bank of 1 M."""
    fresh = [hash_.tobytes().hex() for hash_ in random_hashes(60, seed=4242)]
    start = time.perf_counter()
    with noli(1_000_000) as server, server.client() as client:
        prepared_s = time.perf_counter() - start
        ours = [_add_and_find(client, "/api/v1/banks/bench/entries", value) for value in fresh]
        resident = resident_bytes(server.pid)
    with peer(1_000_000) as server, server.client() as client:
        theirs = [_add_and_find(client, "/add", value) for value in fresh[:5]]
    return [
        faster(
            "append-visible-http-1m", 1000 * statistics.median(ours), 1000 * statistics.median(theirs),
            peer_name=PEER + ", which keeps nothing", unit="ms",
            what="from posting an entry (kept with a completed fsync) to a check that finds it, bank of 1,000,000",
            p99_ms=round(1000 * percentile(ours, 0.99), 1),
        ),
        faster(
            "server-memory-1m", resident / 1e6, None, peer_name="", unit="MB",
            what="resident memory of the whole server process with a bank of 1,000,000", prepare_s=round(prepared_s, 1),
        ),
    ]  # fmt: skip


def _add_and_find(client: httpx.Client, add: str, value: str) -> float:
    body = {"hashes": [{"type": "pdq", "value": value, "quality": 90}]}
    start = time.perf_counter()
    client.post(add, json=body).raise_for_status()
    while not client.post("/api/v1/checks", json=body).json()["matches"]:
        if time.perf_counter() - start > START_S:
            msg = "the added hash was never found"
            raise RuntimeError(msg)
    return time.perf_counter() - start


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "lookup-http-100k": lookups,
    "check-2mp-http": uploads,
    "batch-http-100k": batches,
    "append-visible-http-1m": append_visible,
    "server-memory-1m": append_visible,
}
