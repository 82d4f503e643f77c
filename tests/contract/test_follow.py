# SPDX-License-Identifier: Apache-2.0
"""What following the change sequence rests on: whole loads, true counts, and being woken on PostgreSQL."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from noli.adapters.sql import Database
from noli.adapters.sql.listen import Listener
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance
from noli.base.errors import Conflict, IntegrityError, Unavailable
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import Hash
from noli.matching.index import BankIndexes
from tests.conftest import opened
from tests.support.bits import some_hash

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def register(database: Database, *numbers: int) -> None:
    """Register entries of two hashes each, making the bank first where it is missing."""
    with database.banks.transaction(write=True) as t:
        if not t.banks():
            t.add_bank("one", BankPolicy(Action.BLOCK), now=NOW)
        hashes = {n: (Hash(some_hash(n), 90), Hash(some_hash(-n), 90)) for n in numbers}
        t.add_entries("one", [(EntryId(n), NewEntry(hashes[n], Provenance("key"))) for n in numbers], now=NOW)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM banked_hash WHERE entry_id = 2 AND position = 1",
        "UPDATE banked_hash SET active = NOT active WHERE entry_id = 2",
        "UPDATE bank SET hashes = hashes + 1",
    ],
)
def test_a_bank_that_lacks_hashes_is_never_searched(database: Database, damage: str) -> None:
    """Rows that vanished without a withdrawal are damage, not fewer matches."""
    register(database, 1, 2, 3)
    with database.engine.begin() as connection:
        connection.execute(sa.text(damage))
    indexes = BankIndexes(HammingIndex)
    with pytest.raises(IntegrityError, match="lacks hashes"):
        indexes.load(database.banks)
    assert not indexes.ready


def test_counts_follow_every_change(database: Database) -> None:
    """After additions, withdrawals and withdrawals said twice, the counts are those of what is there."""
    register(database, *range(1, 8))
    with database.banks.transaction(write=True) as t:
        for n in (3, 5, 3):
            t.withdraw("one", EntryId(n), by="x", now=NOW)
    register(database, 9)
    indexes = BankIndexes(HammingIndex)
    indexes.load(database.banks)
    with database.banks.transaction() as t:
        assert t.bank("one").entries == 6
    assert indexes.hashes == 12


def test_loading_sees_one_moment(database: Database) -> None:
    """What another connection commits while a bank is read is in the next look, not in half of this one."""
    register(database, 1)
    with database.banks.transaction() as reading:
        before = reading.last_sequence()
        register(database, 2)
        hashes = b"".join(value for value, _ in reading.active_hashes(reading.bank("one").id))
        assert reading.last_sequence() == before
    assert len(hashes) == 64
    with database.banks.transaction() as reading:
        assert [change.entry for change in reading.changes(after=before)] == [2]


def test_a_full_disk_stops_writes_and_nothing_else(tmp_path: Path) -> None:
    """A write that finds no room is refused whole; reading goes on, and so does writing once there is room."""
    database = opened("", tmp_path)
    register(database, 1)
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    room = 2

    def limit(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + room}")

    sa.event.listen(database.engine, "checkout", limit)
    with pytest.raises(Unavailable, match="cannot be reached or written"):
        register(database, *range(2, 2000))
    with database.banks.transaction() as t:
        assert t.bank("one").entries == 1
        assert t.hashes_of(EntryId(1)) == some_hash(1) + some_hash(-1)
    room = 1_000_000
    register(database, *range(2, 2000))
    with database.banks.transaction() as t:
        assert t.bank("one").entries == 1999
    database.close()


@pytest.fixture
def shared(postgresql_url: str, tmp_path: Path) -> Iterator[Database]:
    """A PostgreSQL database with one entry."""
    with closing(opened(postgresql_url, tmp_path)) as database:
        register(database, 1)
        yield database


@pytest.fixture
def listener(shared: Database) -> Iterator[Listener]:
    """What waits for its changes; not connected yet."""
    found = shared.listener()
    assert found is not None
    with closing(found):
        yield found


#: Seconds that nobody waits through: who is woken comes back long before.
_LONG_S = 120


def _seconds(listener: Listener, timeout_s: float) -> float:
    started = time.monotonic()
    assert listener.wait(timeout_s)
    return time.monotonic() - started


def test_a_listener_looks_as_soon_as_it_listens(listener: Listener) -> None:
    """What changed before it listened woke nobody, so its first wait ends at once."""
    assert _seconds(listener, _LONG_S) < _LONG_S


def test_a_change_ends_the_wait(shared: Database, listener: Listener) -> None:
    """A write of another connection wakes; without one the wait takes its time."""
    listener.wait(0)
    assert _seconds(listener, 0.3) >= 0.29
    register(shared, 2)
    assert _seconds(listener, _LONG_S) < _LONG_S


def test_what_is_rolled_back_wakes_nobody(shared: Database, listener: Listener) -> None:
    """Only commits are told."""
    listener.wait(0)
    with pytest.raises(Conflict):
        register(shared, 1)
    assert _seconds(listener, 0.3) >= 0.29


def test_a_listener_that_was_cut_off_listens_again(shared: Database, listener: Listener, postgresql_url: str) -> None:
    """The cut is said at once, so that the caller keeps its own time; the next wait is on a new connection."""
    listener.wait(0)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    assert not listener.wait(_LONG_S)
    assert listener.wait(_LONG_S)
    register(shared, 2)
    assert _seconds(listener, _LONG_S) < _LONG_S
