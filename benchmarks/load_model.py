# SPDX-License-Identifier: Apache-2.0
"""How many machines, how much memory, money and time a platform needs: from measured constants, checked against rows.

    python -m benchmarks.load_model                       a table for 10^8 to 10^11 objects and 10^2 to 10^5 uploads/s
    python -m benchmarks.load_model --objects 1e10 --uploads 5000 --bank 20e6
    python -m benchmarks.load_model --check               the model beside the rows that were measured

A simulation of the queue in front of the decoding children says how full a machine may be: arrivals at random, as many
servers as it has cores, service times of the measured mean. Cores are filled up to where the 99th percentile of the
wait stays below ``_WAIT_S``.
"""

import argparse
import heapq
import json
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

from benchmarks.measure import load, percentile
from noli.cli.planning import Measured, measured, plan

# What is assumed and can be changed on the command line; money in any currency.
_CORES = 16
_CORE_HOUR = 0.04
_GB_HOUR = 0.005
_BANK = 10_000_000
_FILES_SHARE = 1.0

# Longest wait for a decoding child that one upload of a hundred may have.
_WAIT_S = 0.5

# However short the wait: minutes are busier than the mean of their hour.
_MOST_FILL = 0.75

# Machines that may fail or be restarted without anybody noticing.
_SPARE = 1

# Bytes of an object's hash and id in a stored catalogue or a Parquet file.
_ROW_BYTES = 40

# Uploads of a simulation: enough for a 99th percentile.
_ARRIVALS = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What one platform needs.

    Attributes:
        objects: In its catalogue.
        uploads_per_s: It takes.
        machines: That serve uploads, with one to spare.
        machine_gb: Memory of each.
        fill: How busy its cores may be.
        cost_hour: Of these machines.
        hash_core_hours: To hash the catalogue, once.
        scan_core_hours: To join its hashes with the bank.
        catalogue_gb: Of the hashes.
        clean_hours: From the first object to the last match, on the machines that serve uploads, all cores.
    """

    objects: float
    uploads_per_s: float
    machines: int
    machine_gb: float
    fill: float
    cost_hour: float
    hash_core_hours: float
    scan_core_hours: float
    catalogue_gb: float
    clean_hours: float


@dataclass(frozen=True, slots=True)
class Platform:
    """What is asked.

    Attributes:
        objects: In the catalogue.
        uploads_per_s: On average in the busiest hour.
        bank: Hashes in the banks.
        cores: Of one machine.
        files_share: Part of the uploads that are sent as files and not as hashes.
    """

    objects: float
    uploads_per_s: float
    bank: int = _BANK
    cores: int = _CORES
    files_share: float = _FILES_SHARE


def waits(servers: int, service_s: float, per_s: float, *, seed: int = 1) -> list[float]:
    """Simulate a queue before equal servers; returns the wait of each arrival."""
    dice = random.Random(seed)
    free = [0.0] * servers
    found, now = [], 0.0
    for _ in range(_ARRIVALS):
        now += dice.expovariate(per_s)
        start = max(now, free[0])
        found.append(start - now)
        # A quarter of the time is the same for all, the rest spreads as sizes of pictures do.
        heapq.heapreplace(free, start + service_s * (0.25 + dice.expovariate(1 / 0.75)))
    return found


@cache
def fill(servers: int, service_s: float) -> float:
    """Say how busy so many servers may be, in hundredths."""
    low, high = 1, 99
    while low < high:
        middle = (low + high + 1) // 2
        long = percentile(waits(servers, service_s, middle / 100 * servers / service_s), 0.99) > _WAIT_S
        low, high = (low, middle - 1) if long else (middle, high)
    return low / 100


def answer(asked: Platform, constants: Measured) -> Answer:
    """Reckon what a platform needs."""
    seconds = asked.files_share / constants.files_per_s + (1 - asked.files_share) / constants.lookups_per_s
    share = min(_MOST_FILL, fill(asked.cores, max(seconds, 1e-4)))
    machines = math.ceil(asked.uploads_per_s * seconds / (asked.cores * share)) + _SPARE
    one = plan(asked.bank, cores=asked.cores, constants=constants)
    hashing = asked.objects * constants.hash_file_s / 3600
    joining = asked.objects / (constants.join_per_s * join_part(asked.bank)) / 3600
    gigabytes = one.memory_bytes / 1e9
    return Answer(
        objects=asked.objects,
        uploads_per_s=asked.uploads_per_s,
        machines=machines,
        machine_gb=round(gigabytes, 1),
        fill=share,
        cost_hour=round(machines * (asked.cores * _CORE_HOUR + gigabytes * _GB_HOUR), 2),
        hash_core_hours=round(hashing, 1),
        scan_core_hours=round(joining, 1),
        catalogue_gb=round(asked.objects * _ROW_BYTES / 1e9, 1),
        clean_hours=round((hashing + joining) / (machines * asked.cores), 2),
    )


@cache
def join_part(bank: int) -> float:
    """Say how fast look-ups in a bank are beside those in one with a million: between rows that were measured."""
    rows = {str(row["row"]): float(str(row["ours"])) for row in load()}
    points = [(million * 1e6, rows[f"search-{million}m"]) for million in (1, 10, 100)]
    if bank <= points[0][0]:
        return 1.0
    (x0, y0), (x1, y1) = points[:2] if bank <= points[1][0] else points[1:]
    slope = math.log(y1 / y0) / math.log(x1 / x0)
    return float(points[0][1] / (y0 * (bank / x0) ** slope))


def check() -> list[tuple[str, float, float]]:
    """Return rows that were measured beside what the model says of them; the model has none of them as a constant."""
    constants = measured()
    rows = {str(row["row"]): float(str(row["ours"])) for row in load()}
    ten = plan(10_000_000, cores=1, constants=constants)
    four = plan(10_000_000, cores=4, constants=constants)
    # At rest the index is there once, and nothing came later.
    resting = four.index_bytes + 4 * constants.process_bytes
    joined_s = 10_000_000 / constants.join_per_s / 2
    expected = {
        "snapshot-start-10m": ten.start_s,
        "workers-memory-10m": resting / 1e6,
        **{
            f"scan-10m-{engine}": 10_000_000 / (constants.scan_start_s[engine] + joined_s)
            for engine in ("daft", "ray", "spark")
        },
        "hash-12mp-jpeg": 1000 * constants.hash_file_s * 12 / 2,
    }
    return [(name, rows[name], wanted) for name, wanted in expected.items() if name in rows]


def _table(answers: Sequence[Answer]) -> None:
    names = list(asdict(answers[0]))
    table = [names, *([f"{value:g}" for value in asdict(each).values()] for each in answers)]
    widths = [max(len(row[at]) for row in table) for at in range(len(names))]
    for row in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def main() -> int:
    """Run the command line; status 1 where the model is off by more than half."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--objects", type=float, action="append", help="objects in the catalogue")
    parser.add_argument("--uploads", type=float, action="append", help="uploads a second in the busiest hour")
    parser.add_argument("--bank", type=float, default=_BANK, help=f"hashes in the banks ({_BANK:g})")
    parser.add_argument("--cores", type=int, default=_CORES, help=f"of one machine ({_CORES})")
    parser.add_argument("--files", type=float, default=_FILES_SHARE, help="part of uploads sent as files (1.0)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--check", action="store_true", help="compare with the rows that were measured")
    given = parser.parse_args()
    if given.check:
        compared = check()
        for name, was, wanted in compared:
            print(f"{name}: measured {was:.4g}, model {wanted:.4g}, {wanted / was:.2f}x")
        return int(any(not 0.5 < wanted / was < 2 for _, was, wanted in compared))
    answers = [
        answer(Platform(objects, uploads, int(given.bank), given.cores, given.files), measured())
        for objects in given.objects or (1e8, 1e9, 1e10, 1e11)
        for uploads in given.uploads or (1e2, 1e3, 1e4, 1e5)
    ]
    if given.json:
        for each in answers:
            print(json.dumps(asdict(each)))
    else:
        _table(answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
