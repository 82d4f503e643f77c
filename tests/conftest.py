# SPDX-License-Identifier: Apache-2.0
"""What tests of every kind share: throw-away databases on a throw-away PostgreSQL."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from noli.adapters.sql import Database, engine, open_database
from noli.base.config import Config
from tests.support.memory import in_memory
from tests.support.template import prepare

# How long it takes to draw an example says how busy the machine is.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Seconds that somebody waits for another's lock: a busy machine is no reason to give up.
engine.LOCK_TIMEOUT_S = 50.0

# The cluster's own superuser and database.
_ADMIN = "postgres"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory in CI; at home they stay, to be looked at."""
    folder, is_worker = in_memory(), hasattr(config, "workerinput")
    if os.environ.get("CI") and folder and not is_worker and not config.option.basetemp:
        config.option.basetemp = tempfile.mkdtemp(prefix="noli-tests-", dir=folder)
        config.add_cleanup(partial(shutil.rmtree, config.option.basetemp, ignore_errors=True))


class Cluster:
    """A PostgreSQL server of our own, on a socket in a folder of our own."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        """Make and start it; it keeps what it acknowledges, as the server that we ask of operators does."""
        self._binaries, self.folder = binaries, folder
        # PostgreSQL refuses to run as root.
        self._as = ["runuser", "-u", _ADMIN, "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(folder, _ADMIN)
        self._run("initdb", "--pgdata", f"{folder}/data", "--username", _ADMIN, "--auth", "trust", "--no-sync")
        self.start()
        self._numbers = count()
        self._template = ""

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._binaries / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # After a crash every file is made sure of, and the tests before this one left hundreds of databases.
        sync = "-c recovery_init_sync_method=syncfs"
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=100 {sync}"
        self._run(
            "pg_ctl", "start", "-w", "-t", "300", "-D", f"{self.folder}/data", "-o", options, "-l", f"{self.folder}/log"
        )

    def crash(self) -> None:
        """Stop the server as a crash would; what the next start has to do again is no more than the last moment."""
        with psycopg.connect(self.url(_ADMIN), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        self.stop()

    def stop(self) -> None:
        """Stop the server for good."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", f"{self.folder}/data")

    def url(self, database: str) -> str:
        """Name a database as the setting does."""
        return f"postgresql://{_ADMIN}@/{database}?host={self.folder}"

    def new(self) -> str:
        """Make a database without rows and return its URL; it is a copy of one that was migrated."""
        if not self._template:
            template = self._created("template0")
            with closing(open_database(Config(database_url=self.url(template)))) as database:
                database.migrate()
            self._template = template
        return self.url(self._created(self._template))

    def empty(self) -> str:
        """Make a database without tables and return its URL."""
        return self.url(self._created("template0"))

    def _created(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url(_ADMIN), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own; without one, tests that need it skip at home and fail in CI."""
    found = binaries()
    if found is None:
        reason = "PostgreSQL is not installed ('make system' installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    if os.geteuid() == 0:
        pwd.getpwnam(_ADMIN)
    # Not pytest's own folder: its parents are closed to other users.
    with tempfile.TemporaryDirectory(prefix="noli-pg-", dir=in_memory()) as folder:
        started = Cluster(found, Path(folder))
        yield started
        started.stop()


@pytest.fixture
def postgresql_url(cluster: Cluster) -> str:
    """A PostgreSQL database for one test, migrated and without rows."""
    return cluster.new()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Name a database of each kind without rows; SQLite in the data folder has no URL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


def opened(url: str, folder: Path) -> Database:
    """Open a database, migrated; of no URL, SQLite in the folder, where it is missing a copy of one without rows."""
    if not url:
        prepare(folder)
    return migrated(url, folder)


def migrated(url: str, folder: Path) -> Database:
    """Open a database as a start does: what is there is migrated and looked at."""
    with ExitStack() as undo:
        database = open_database(Config(data=folder, database_url=url))
        undo.callback(database.close)
        database.migrate()
        database.check()
        undo.pop_all()
    return database


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database of each kind."""
    found = opened(database_url, tmp_path)
    yield found
    found.close()
