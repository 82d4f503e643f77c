# SPDX-License-Identifier: Apache-2.0
"""What is kept and handed on: an evidence package of a case, a backup of an installation and its restoring."""

import random
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from pysqlite3 import connect

from benchmarks.measure import Row, faster, seconds
from noli.access.model import Role
from noli.app import App
from noli.app_backup import back_up, new_identity, restore
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.hashing.model import DIHEDRAL, Hash
from tests.support.custody import ADA, Evidence, checked

_ENTRIES, _CHUNK = 100_000, 5_000


def _package() -> list[Row]:
    """Measure a package of a case with two links, four requests, mails, an answer and clocks."""
    world = Evidence()
    case = world.everything()
    made = [world.desk.capture(case, actor=ADA) for _ in range(3)]
    content = made[-1][1]
    capture = min(seconds(lambda: world.desk.capture(case, actor=ADA)) for _ in range(5))
    verify = min(seconds(lambda: checked(content)) for _ in range(5))
    return [
        faster(
            "keep-package",
            capture * 1e3,
            None,
            peer_name="",
            unit="ms",
            what="evidence package of a case with requests, mails and an answer, made with stores in memory",
            bytes=len(content),
            verify_ms=round(verify * 1e3, 2),
        )
    ]


def _backup() -> list[Row]:
    """Measure a backup of 100,000 entries with eight hashes each, encrypted, and restoring it with all its checks."""
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data", Path(folder) / "backup"
        _fill(Config(data=data))
        identity, public = new_identity()
        ours = seconds(lambda: back_up(Config(data=data), out, to=public, share=_quiet))
        peer = seconds(lambda: _vacuum(data / "noli.db", Path(folder) / "copy.db"))
        again = seconds(lambda: restore(Config(data=Path(folder) / "again"), out, identity=identity, share=_quiet))
        return [
            faster(
                "keep-backup-100k",
                ours,
                peer,
                peer_name="SQLite's VACUUM INTO, the database alone and in the clear",
                unit="s",
                what="backup of 100,000 entries with eight hashes each: copied, hashed and encrypted",
                database_mb=round((data / "noli.db").stat().st_size / 1e6),
                backup_mb=round(out.stat().st_size / 1e6),
                restore_s=round(again, 1),
            )
        ]


def _fill(config: Config) -> None:
    dice = random.Random(1)
    with closing(App.open(config)) as app:
        now = app.clock.now() - timedelta(days=1)
        with app.store.transaction(write=True) as transaction:
            create_bank(transaction, "bench", BankPolicy(Action.BLOCK), now=now)
        for _ in range(_ENTRIES // _CHUNK):
            new = [
                NewEntry(
                    tuple(Hash(dice.randbytes(32), 90, variant=each) for each in DIHEDRAL), Provenance(added_by="b")
                )
                for _ in range(_CHUNK)
            ]
            with app.store.transaction(write=True) as transaction:
                register(transaction, "bench", new, now=now)
        app.staff.create("ada", Role.LEAD)
        app.roots.sign()


def _vacuum(source: Path, target: Path) -> None:
    with closing(connect(str(source), isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", [str(target)])


def _quiet(_: float) -> None:
    """Nobody watches."""


ROWS: dict[str, Callable[[], Row | list[Row]]] = {"keep-package": _package, "keep-backup-100k": _backup}
