# SPDX-License-Identifier: Apache-2.0
"""Write the constants by which ``noli doctor --plan`` and the load model reckon: ``src/noli/cli/measured.json``.

Sizes and times of a start are measured here, in two minutes ('make engines' first); rates are those of rows that were
measured before.
"""

import json
import tempfile
import time
from contextlib import closing
from pathlib import Path

import msgspec

from benchmarks.inputs import random_hashes
from benchmarks.measure import ROOT, facts, load, seconds
from benchmarks.scan_runs import ENGINES, WORKERS
from benchmarks.scans import scan_seconds
from benchmarks.serving import made_installation, proportional_bytes, started
from noli.adapters.snapshots import SnapshotFolder
from noli.app import App
from noli.bank import service
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance
from noli.base.clock import SystemClock
from noli.base.config import Config
from noli.cli.planning import Measured
from noli.hashing.model import Hash

FILE = ROOT / "src" / "noli" / "cli" / "measured.json"

_ROWS = 2_000_000
_ENTRIES = 50_000

# A scan of so few rows takes what the engine itself does; the row about scans joins so many with as many banked ones.
_FEW = 1000
_JOINED = 10_000_000
_BANKED = 1_000_000


def main() -> None:
    """Measure, and write the file."""
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        made_installation(Path(empty), 1)
        keep_s = made_installation(Path(full), _ROWS)
        snapshot = sum(path.stat().st_size for path in Path(full, "index").rglob("*") if path.is_file())
        start_s, process = _served(Path(empty))
        map_s = min(seconds(SnapshotFolder(Path(full, "index")).read) for _ in range(3)) / _ROWS
    database_bytes, load_s = _stored()
    rows = {str(row["row"]): float(str(row["ours"])) for row in load()}
    scan_start_s = {engine: scan_seconds(_FEW, _BANKED, engine)["seconds"] for engine in ENGINES}
    joining_s = _JOINED / rows["scan-10m-local"] - scan_start_s["local"]
    written = Measured(
        machine=str(facts()["machine"]),
        at=SystemClock().now().isoformat(timespec="seconds"),
        index_bytes=snapshot / _ROWS,
        process_bytes=process,
        database_bytes=database_bytes,
        start_s=start_s,
        map_s=map_s,
        keep_s=keep_s / _ROWS,
        load_s=load_s,
        lookups_per_s=rows["lookup-http-100k"],
        files_per_s=min(rows["check-2mp-http"], 1000 / rows["hash-2mp-jpeg"]),
        hash_file_s=rows["hash-2mp-jpeg"] / 1000,
        join_per_s=_JOINED / joining_s / WORKERS,
        scan_start_s={engine: round(value, 1) for engine, value in scan_start_s.items()},
    )
    rounded = {
        name: float(f"{value:.3g}") if isinstance(value, float) else value
        for name, value in msgspec.structs.asdict(written).items()
    }
    FILE.write_text(json.dumps(rounded, indent=1) + "\n")
    print(FILE.read_text())


def _served(folder: Path) -> tuple[float, float]:
    """Return the seconds of a start, the better of two, and the bytes of a process beside the bank."""
    times, held = [], 0
    for _ in range(2):
        with started(folder, workers=1) as (pid, ready_s):
            times.append(ready_s)
            held = proportional_bytes(pid)
    return min(times), held


def _stored() -> tuple[float, float]:
    """Return bytes and seconds to load of a hash in SQLite."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(App.open(Config(data=Path(folder), snapshot_changes=10**9))) as app,
    ):
        with app.store.transaction(write=True) as transaction:
            now = app.clock.now()
            transaction.add_bank("bench", BankPolicy(Action.BLOCK), now=now)
            new = [NewEntry((Hash(each.tobytes(), 90),), Provenance("key")) for each in random_hashes(_ENTRIES, seed=0)]
            service.register(transaction, "bench", new, now=now)
        app.database.engine.dispose()
        size = sum(path.stat().st_size for path in Path(folder).glob("noli.db*"))
        start = time.perf_counter()
        app.indexes.load(app.store)
        return size / _ENTRIES, (time.perf_counter() - start) / _ENTRIES


if __name__ == "__main__":
    main()
