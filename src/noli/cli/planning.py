# SPDX-License-Identifier: Apache-2.0
"""What a bank of so many hashes takes, from constants that were measured.

The constants stand in ``measured.json`` beside this module and nowhere else; ``make bench-constants`` writes them.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from noli.base.errors import InputError
from noli.matching.index import SNAPSHOT_PART

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


class Measured(msgspec.Struct, frozen=True):
    """What was measured, with where and when.

    Attributes:
        machine: Processor and cores.
        at: When.
        index_bytes: Of the index, a hash.
        process_bytes: Of one server process with its share of decoding children, beside the index.
        database_bytes: Of SQLite, a hash that is the only one of its entry.
        start_s: From the command to the first answer, without a bank.
        map_s: More for each hash that comes from the snapshot.
        keep_s: To write a snapshot, a hash.
        load_s: To read a hash from the database into the index.
        lookups_per_s: Hashes looked up over HTTP, a core.
        files_per_s: 2 MP JPEGs checked over HTTP, one after the other: a core.
        hash_file_s: To hash a 2 MP JPEG.
        join_per_s: Catalogue hashes joined with a million banked ones, a core.
        scan_start_s: Of a scan with each engine, before and after it joins.
    """

    machine: str
    at: str
    index_bytes: float
    process_bytes: float
    database_bytes: float
    start_s: float
    map_s: float
    keep_s: float
    load_s: float
    lookups_per_s: float
    files_per_s: float
    hash_file_s: float
    join_per_s: float
    scan_start_s: dict[str, float]


@cache
def measured() -> Measured:
    """Read the constants."""
    return msgspec.json.decode(files("noli.cli").joinpath("measured.json").read_bytes(), type=Measured)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a machine needs.

    Attributes:
        hashes: In all banks.
        processes: Server processes, one a core.
        memory_bytes: Of all processes, while a new snapshot is written.
        index_bytes: Of these, the index that they share.
        disk_bytes: Database and snapshots, an old one and a new one for a moment.
        start_s: To the first answer, from a snapshot.
        first_start_s: The same without one: the database is read, a snapshot written.
        lookups_per_s: Hashes that can be looked up.
        files_per_s: Pictures that can be checked.
    """

    hashes: int
    processes: int
    memory_bytes: int
    index_bytes: int
    disk_bytes: int
    start_s: float
    first_start_s: float
    lookups_per_s: float
    files_per_s: float


def plan(hashes: int, *, cores: int, constants: Measured) -> Plan:
    """Say what so many hashes take on a machine with so many cores."""
    index = hashes * constants.index_bytes
    # Each process reads every byte, so those of one machine start as fast as its cores let them: one each.
    start = constants.start_s + hashes * constants.map_s
    return Plan(
        hashes,
        cores,
        math.ceil(2 * index + cores * (constants.process_bytes + index / SNAPSHOT_PART)),
        math.ceil(index),
        math.ceil(hashes * constants.database_bytes + 2 * index),
        start,
        start + hashes * (constants.load_s + constants.keep_s),
        cores * constants.lookups_per_s,
        cores * constants.files_per_s,
    )


def count(text: str) -> int:
    """Read a number of hashes: ``50M``, ``250k``, ``1000000``.

    Raises:
        InputError: It is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)", text.strip().lower())
    if found is None or not (number := round(float(found[1]) * _UNITS[found[2]])):
        msg = f"{text!r} is no number of hashes; write 250k, 50M or 1000000."
        raise InputError(msg)
    return number
