# SPDX-License-Identifier: Apache-2.0
"""A SQLite database that is migrated and without rows, to be copied: migrating takes longer than most tests."""

import atexit
import shutil
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from noli.adapters.sql import open_database
from noli.base.config import Config

_NAME = "noli.db"


def prepare(folder: Path) -> None:
    """Put one into a data folder that has no database."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _NAME
    if not path.exists():
        path.touch(mode=0o600)
        shutil.copyfile(_template(), path)


@cache
def _template() -> Path:
    """Make it, once a process."""
    folder = Path(tempfile.mkdtemp(prefix="noli-template-"))
    atexit.register(shutil.rmtree, folder)
    with closing(open_database(Config(data=folder))) as database:
        database.migrate()
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / _NAME
