# SPDX-License-Identifier: Apache-2.0
"""What every row needs: timing two sides in turn, the shape of a result, facts about the machine."""

import gc
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from noli.base.clock import SystemClock

ROOT = Path(__file__).resolve().parent.parent

RESULTS = ROOT / "benchmarks" / "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        row: Name, as given to ``make bench ROWS=…``.
        ours: Our figure in ``unit``.
        peer: The peer's figure in the same unit, None where no peer can do it here.
        peer_name: What the peer is.
        ratio: How many times better ours is, None without a peer.
        unit: Unit of both figures.
        what: One sentence for the reader.
        more: Further figures of the same measurement, by name.
    """

    row: str
    ours: float
    peer: float | None
    peer_name: str
    ratio: float | None
    unit: str
    what: str
    more: dict[str, float | int | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the row with where and when it was measured."""
        return {**asdict(self), **facts(), "at": SystemClock().now().isoformat(timespec="seconds")}


def faster(
    row: str, ours: float, peer: float | None, *, peer_name: str, unit: str, what: str, **more: float | str
) -> Row:
    """Make a row in which less is better (times, bytes, bits)."""
    ratio = None if peer is None or ours == 0 else peer / ours
    return Row(row=row, ours=ours, peer=peer, peer_name=peer_name, ratio=ratio, unit=unit, what=what, more=dict(more))


def higher(
    row: str, ours: float, peer: float | None, *, peer_name: str, unit: str, what: str, **more: float | str
) -> Row:
    """Make a row in which more is better (rates)."""
    ratio = ours / peer if peer else None
    return Row(row=row, ours=ours, peer=peer, peer_name=peer_name, ratio=ratio, unit=unit, what=what, more=dict(more))


def seconds(call: Callable[[], object]) -> float:
    """Return how long one call took."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turn(ours: Callable[[], object], peer: Callable[[], object], *, rounds: int) -> tuple[float, float]:
    """Time both sides alternately, so that a slow moment of the machine hits both.

    Returns:
        Median seconds of ours and of the peer's.
    """
    ours(), peer()
    pairs = [(seconds(ours), seconds(peer)) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` (0-1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextmanager
def memory_growth() -> Iterator[Callable[[], int]]:
    """Yield a function that tells by how many bytes this process has grown since."""
    gc.collect()
    before = resident_bytes()
    yield lambda: resident_bytes() - before


def resident_bytes(pid: int | None = None) -> int:
    """Return the resident memory of a process (default: this one) in bytes."""
    pages = int(Path(f"/proc/{pid or os.getpid()}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory_available() -> int:
    """Return the bytes that could be allocated without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) * 1024
    return 0


def load() -> list[dict[str, object]]:
    """Read the rows that were kept so far."""
    return list(json.loads(RESULTS.read_text())) if RESULTS.exists() else []


def facts() -> dict[str, object]:
    """Return machine and commit, the same for every row of a run."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git made the checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "machine": f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "commit": commit or "none",
    }
