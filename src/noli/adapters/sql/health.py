# SPDX-License-Identifier: Apache-2.0
"""Whether the database keeps what it acknowledges; asked at start and by ``noli doctor``."""

from dataclasses import dataclass

import pysqlite3
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from noli.adapters.sql.engine import transaction

#: SQLite versions in which a checkpoint and a writer on two connections can lose commits in WAL mode.
#: Source: sqlite.org/wal.html, "The WAL-reset bug"; fixed in 3.51.3 and in the back-ports 3.44.6 and 3.50.7.
WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
WAL_RESET_FIXED = frozenset({(3, 44, 6), (3, 50, 7)})

#: PRAGMA synchronous: 2 is FULL, 3 EXTRA; below it a commit can be lost in a power cut.
SYNCHRONOUS_FULL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: What was looked at, in a few words.
        fine: Whether it is as it must be.
        text: What was found and, if it is not fine, what to do.
    """

    what: str
    fine: bool
    text: str


def examine(engine: Engine) -> list[Finding]:
    """Look at every setting that decides whether an acknowledged write survives."""
    if engine.dialect.name == "sqlite":
        return _sqlite(engine)
    return _postgresql(engine)


def loses_commits(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite has the WAL-reset bug."""
    low, high = WAL_RESET_BUG
    return low <= version <= high and version not in WAL_RESET_FIXED


def _sqlite(engine: Engine) -> list[Finding]:
    version: tuple[int, ...] = pysqlite3.sqlite_version_info
    shown = ".".join(map(str, version))
    with transaction(engine) as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    return [
        Finding(
            "SQLite version",
            not loses_commits(version),
            f"{shown}; keeps commits in WAL mode"
            if not loses_commits(version)
            else f"{shown} can lose commits in WAL mode; install pysqlite3 0.6.1 or newer, which brings a fixed one",
        ),
        Finding(
            "SQLite synchronous",
            int(synchronous) >= SYNCHRONOUS_FULL,
            "FULL: a write is acknowledged after a completed fsync"
            if int(synchronous) >= SYNCHRONOUS_FULL
            else "below FULL: a power cut can lose acknowledged writes; remove what sets PRAGMA synchronous",
        ),
        Finding("SQLite journal", journal in {"wal", "delete"}, f"journal mode {journal}"),
    ]


def _postgresql(engine: Engine) -> list[Finding]:
    findings = []
    with transaction(engine) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            value = connection.execute(sa.text(f"SHOW {setting}")).scalar_one()
            fine = value != "off"
            text = (
                f"{value}" if fine else f"off: acknowledged writes can be lost; set {setting} = on in postgresql.conf"
            )
            findings.append(Finding(f"PostgreSQL {setting}", fine, text))
    return findings
