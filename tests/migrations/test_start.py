# SPDX-License-Identifier: Apache-2.0
"""What a start does on a database that is new, shared, half migrated, or set up to lose data."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from noli.adapters.sql import Database, open_database, schema
from noli.adapters.sql.tables import metadata
from noli.bank.model import Action, BankPolicy
from noli.base.config import Config
from noli.base.errors import ConfigError, NoliError
from tests.conftest import Cluster, migrated
from tests.support.server import eventually

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_processes_that_start_at_once_agree(database_url: str, tmp_path: Path) -> None:
    """Six starts on one empty database all succeed, and the schema is made once."""
    start, failures = threading.Barrier(6), list[NoliError]()

    def run() -> None:
        start.wait()
        try:
            migrated(database_url, tmp_path).close()
        except NoliError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = migrated(database_url, tmp_path)
    assert set(metadata.tables) < set(sa.inspect(database.engine).get_table_names())
    database.close()


def test_a_migration_that_fails_leaves_nothing_behind(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables it made are gone with it, and the next start makes them."""

    def fail(connection: sa.Connection, revision: str) -> None:
        migrate(connection, revision)
        raise ZeroDivisionError

    migrate = schema.migrate
    database = open_database(Config(data=tmp_path, database_url=database_url))
    with monkeypatch.context() as patched:
        patched.setattr("noli.adapters.sql.migrate", fail)
        with pytest.raises(ZeroDivisionError):
            database.migrate()
    assert sa.inspect(database.engine).get_table_names() == []
    database.migrate()
    assert database.current()
    database.close()


def test_going_down_takes_what_was_there_along(database: Database) -> None:
    """A filled database can be emptied and made anew; nothing of it comes back."""
    with database.banks.transaction(write=True) as t:
        t.add_bank("old", BankPolicy(Action.BLOCK), now=NOW)
    database.migrate("base")
    assert not database.current()
    database.migrate()
    with database.banks.transaction() as t:
        assert t.banks() == []
        assert t.changes(after=0) == []


@pytest.fixture
def careless(cluster: Cluster) -> Iterator[str]:
    """A database on a server that does not wait for its disk; the server is careful again afterwards."""
    url = cluster.new()

    def switch(state: str) -> None:
        connection.execute(f"ALTER SYSTEM SET fsync = {state}")
        connection.execute("SELECT pg_reload_conf()")
        eventually(lambda: connection.execute("SHOW fsync").fetchone() == (state,))

    with psycopg.connect(url, autocommit=True) as connection:
        switch("off")
        yield url
        switch("on")


def test_a_server_that_does_not_wait_for_its_disk_is_refused(careless: str, tmp_path: Path) -> None:
    """With fsync off the start ends, naming the setting and what to set it to."""
    with pytest.raises(ConfigError, match="fsync = on"):
        migrated(careless, tmp_path)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str, tmp_path: Path) -> None:
    """It would keep nothing that it acknowledges."""
    with pytest.raises(ConfigError, match="keeps nothing"):
        open_database(Config(data=tmp_path, database_url=url))


def test_sqlite_can_lie_elsewhere(tmp_path: Path) -> None:
    """A URL names the file, and its settings are ours whatever the URL asks for."""
    database = migrated(f"sqlite:///{tmp_path}/other.db?synchronous=OFF", tmp_path / "data")
    assert all(finding.fine for finding in database.examine())
    assert (tmp_path / "other.db").stat().st_size > 0
    database.close()


def test_options_of_the_url_are_kept_beside_ours(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator's session settings hold together with our time-outs, which win."""
    monkeypatch.setattr("noli.adapters.sql.engine.LOCK_TIMEOUT_S", 5.0)
    options = "-c work_mem=8MB -c statement_timeout=0"
    url = sa.make_url(postgresql_url).update_query_dict({"options": options}).render_as_string(hide_password=False)
    database = migrated(url, tmp_path)
    with database.engine.connect() as connection:
        for setting, value in (("work_mem", "8MB"), ("lock_timeout", "5s"), ("statement_timeout", "2min")):
            assert connection.execute(sa.text(f"SHOW {setting}")).scalar_one() == value
    database.close()
