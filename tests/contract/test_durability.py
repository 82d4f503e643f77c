# SPDX-License-Identifier: Apache-2.0
"""Nothing acknowledged is lost, damage is never answered, and settings that lose data are refused."""

import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pysqlite3
import pytest
import sqlalchemy as sa

from noli.adapters.follower import Follower
from noli.adapters.sql import Database, open_database
from noli.adapters.sql.health import loses_commits
from noli.bank.model import Action, BankPolicy, Entry, EntryId, NewEntry, Provenance
from noli.bank.ports import BankTransaction
from noli.base.config import Config
from noli.base.errors import ConfigError, IntegrityError, NoliError, StoreBusy, Unavailable
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import Hash
from noli.matching.index import BankIndexes
from tests.conftest import Cluster, opened
from tests.support.bits import some_hash
from tests.support.killing import said_before_the_kill
from tests.support.server import eventually

NOW = datetime(2026, 11, 23, tzinfo=UTC)

# Writers that are killed, each after a random moment of work.
_KILLS = 4

# Registers entries for ever and says which of them were acknowledged.
_WRITER = """
from datetime import UTC, datetime
from pathlib import Path
from tests.conftest import opened
from tests.contract.test_durability import NOW, entry
from noli.bank.model import EntryId

def work(url, folder, first):
    database, number = opened(url, Path(folder)), int(first)
    while True:
        with database.banks.transaction(write=True) as t:
            t.add_entries("one", [(EntryId(n), entry(n)) for n in (number, number + 1)], now=NOW)
        print(number, flush=True)
        number += 2
"""


def entry(number: int) -> NewEntry:
    """Make an entry of one hash."""
    return NewEntry((Hash(some_hash(number), 90),), Provenance("key"))


def register(database: Database, *numbers: int) -> None:
    """Register entries, making the bank first where it is missing."""
    with database.banks.transaction(write=True) as t:
        if not t.banks():
            t.add_bank("one", BankPolicy(Action.BLOCK), now=NOW)
        t.add_entries("one", [(EntryId(n), entry(n)) for n in numbers], now=NOW)


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """After kill -9 at any moment every acknowledged entry is there, and none is there by half."""
    register(database)
    starts = [str(kill * 1_000_000) for kill in range(_KILLS)]
    said = said_before_the_kill(
        _WRITER, (database_url, str(tmp_path)), starts, dice=random.Random(1), after=1, longest_s=0.05
    )
    acknowledged = set(map(int, said))
    with database.banks.transaction() as t:
        kept = {one.id: one for one in _all_entries(t)}
        assert {change.entry for change in t.changes(after=0, limit=1_000_000)} - {None} == set(kept)
    assert len(acknowledged) >= _KILLS
    assert acknowledged <= set(kept)
    assert all(one.hashes for one in kept.values())
    assert all(number ^ 1 in kept for number in kept)


def _all_entries(t: BankTransaction) -> list[Entry]:
    found: list[Entry] = []
    while page := t.entries("one", after=found[-1].id if found else None, limit=1000):
        found += page
    return found


def test_a_damaged_sqlite_file_is_an_integrity_error(tmp_path: Path) -> None:
    """Whatever part of the file is destroyed, reading says so or gives what was kept; it never invents."""
    database = opened("", tmp_path)
    register(database, *range(2000))
    with database.banks.transaction() as t:
        whole = b"".join(hashes for hashes, _ in t.active_hashes(t.bank("one").id))
    database.close()
    file = tmp_path / "noli.db"
    content, dice, said = file.read_bytes(), random.Random(3), 0
    for _ in range(20):
        damaged = bytearray(content)
        at = dice.randrange(0, len(content) - 4096)
        damaged[at : at + 4096] = dice.randbytes(4096)
        file.write_bytes(damaged)
        indexes = BankIndexes(HammingIndex)
        try:
            database = opened("", tmp_path)
            try:
                indexes.load(database.banks)
                assert len(whole) // 32 == indexes.hashes
            finally:
                database.close()
        except NoliError as error:
            said += isinstance(error, IntegrityError)
            assert not indexes.ready
    assert said > 0


def test_a_database_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of something else by that name is reported and left as it is."""
    file = tmp_path / "noli.db"
    file.write_bytes(b"my holiday diary\n" * 1000)
    with pytest.raises(IntegrityError, match="damaged"):
        opened("", tmp_path)
    assert file.read_bytes() == b"my holiday diary\n" * 1000


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), True),
        ((3, 44, 6), False),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
    ],
)
def test_sqlite_versions_that_lose_commits_are_known(version: tuple[int, ...], *, bug: bool) -> None:
    """The WAL-reset bug and its back-ported repairs."""
    assert loses_commits(version) is bug


def test_a_sqlite_that_loses_commits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start ends with what to install."""
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(ConfigError, match="pysqlite3"):
        opened("", tmp_path)


def test_sqlite_writes_are_synced(tmp_path: Path) -> None:
    """Each connection has the settings under which an acknowledged write survives a power cut."""
    database = opened("", tmp_path)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    assert all(finding.fine for finding in database.examine())
    database.close()


def test_a_postgresql_that_loses_commits_is_refused(postgresql_url: str, tmp_path: Path) -> None:
    """With synchronous_commit off the start ends, naming the setting."""
    name = sa.make_url(postgresql_url).database
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(ConfigError, match="synchronous_commit"):
        opened(postgresql_url, tmp_path)


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "postgresql://host:port/name"])
def test_a_database_url_that_cannot_be_used_is_refused(url: str, tmp_path: Path) -> None:
    """The error says how one is written, and does not repeat it: it may hold a password."""
    with pytest.raises(ConfigError) as error:
        open_database(Config(data=tmp_path, database_url=url))
    assert url not in str(error.value)


def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    """An address where nothing answers is said to be unreachable, to be tried again."""
    database = open_database(Config(data=tmp_path, database_url=f"postgresql://nobody@/none?host={tmp_path}"))
    with pytest.raises(Unavailable):
        database.migrate()
    database.close()


def test_a_writer_who_keeps_the_lock_is_waited_for_and_then_reported(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer is told that the database is busy, and nothing of its write is kept; readers go on."""
    monkeypatch.setattr("noli.adapters.sql.engine.LOCK_TIMEOUT_S", 0.2)
    register(database, 1)
    other = opened(database_url, tmp_path)
    with database.banks.transaction(write=True) as t:
        t.add_entries("one", [(EntryId(2), entry(2))], now=NOW)
        with pytest.raises(StoreBusy):
            register(other, 3)
        with other.banks.transaction() as reading:
            assert reading.bank("one").entries == 1
    with other.banks.transaction() as reading:
        assert set(reading.entries_by_id([EntryId(n) for n in (1, 2, 3)])) == {1, 2}
    other.close()


def test_postgresql_wakes_the_other_processes(postgresql_url: str, tmp_path: Path) -> None:
    """A change is in another process's index long before it would look by itself."""
    here, there = opened(postgresql_url, tmp_path), opened(postgresql_url, tmp_path)
    register(here, 1)
    indexes = BankIndexes(HammingIndex)
    follower = Follower(indexes, there.banks, there.listener(), interval_s=3600)
    follower.start()
    eventually(lambda: indexes.hashes == 1)
    time.sleep(0.5)
    register(here, 2)
    eventually(lambda: indexes.hashes == 2)
    # Stopping waits for the look at the sequence that only a change would end.
    change = threading.Timer(0.2, register, (here, 3))
    change.start()
    follower.stop()
    change.join()
    here.close()
    there.close()


def test_following_survives_lost_connections(postgresql_url: str, tmp_path: Path) -> None:
    """When the server ends every connection, the change made meanwhile is found and later ones still wake."""
    here, there = opened(postgresql_url, tmp_path), opened(postgresql_url, tmp_path)
    register(here, 1)
    indexes = BankIndexes(HammingIndex)
    follower = Follower(indexes, there.banks, there.listener(), interval_s=0.2)
    follower.start()
    eventually(lambda: indexes.hashes == 1)
    _kill_others(postgresql_url)
    register(here, 2)
    eventually(lambda: indexes.hashes == 2)
    register(here, 3)
    eventually(lambda: indexes.hashes == 3)
    follower.stop()
    here.close()
    there.close()


def test_a_restart_of_postgresql_is_survived(cluster: Cluster, tmp_path: Path) -> None:
    """After a crash of the server the pool reconnects by itself, and what was acknowledged is there."""
    database = opened(cluster.new(), tmp_path)
    register(database, 1)
    cluster.crash()
    with pytest.raises(Unavailable):
        register(database, 2)
    cluster.start()
    register(database, 3)
    with database.banks.transaction() as t:
        assert set(t.entries_by_id([EntryId(n) for n in (1, 2, 3)])) == {1, 3}
    database.close()


def _kill_others(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
