# SPDX-License-Identifier: Apache-2.0
"""The follower keeps the index up, whatever the store does."""

import threading
from collections.abc import Iterator

import pytest
import structlog

from noli.adapters import follower as module
from noli.adapters.follower import Follower
from noli.base.errors import IntegrityError
from noli.matching.index import BankIndexes
from tests.support.bits import some_hash
from tests.support.index import BruteForceIndex
from tests.support.server import eventually
from tests.unit.matching.memory import MemoryBanks

BANKED = some_hash(1)


class _Bell:
    """A change signal that a test rings."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        self._rung.wait(timeout_s)
        self._rung.clear()
        return True

    def close(self) -> None:
        self.ring()

    def ring(self) -> None:
        self._rung.set()


class _House:
    def __init__(self) -> None:
        self.store, self.bell = MemoryBanks(), _Bell()
        self.store.put_bank(1)
        self.indexes = BankIndexes(BruteForceIndex)
        self.follower = Follower(self.indexes, self.store, self.bell, interval_s=0.01)

    def found(self) -> bool:
        return self.indexes.ready and bool(self.indexes.neighbours(BANKED, max_neighbours=1)[0])


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[_House]:
    """A follower that is in a hurry; it is stopped at the end."""
    monkeypatch.setattr(module, "_RETRY_S", 0.01)
    monkeypatch.setattr(module, "_REST_S", 0.01)
    built = _House()
    with structlog.testing.capture_logs():
        yield built
        built.follower.stop()


def test_it_loads_and_follows(house: _House) -> None:
    """What is added after the start is matched, what is withdrawn is not."""
    house.follower.start()
    eventually(lambda: house.indexes.ready)
    house.store.put(1, 7, BANKED)
    house.bell.ring()
    eventually(house.found)
    house.store.withdraw_entry(7)
    eventually(lambda: not house.found())


def test_it_outlives_a_database_that_is_away(house: _House) -> None:
    """While nothing can be read the process calls itself behind; then it catches up by itself."""
    house.follower._max_lag_s = 0.05
    house.store.busy = True
    house.follower.start()
    eventually(lambda: house.follower.behind)
    assert not house.indexes.ready
    house.store.put(1, 7, BANKED)
    house.store.busy = False
    eventually(house.found)
    assert not house.follower.behind


def test_damage_takes_the_index_out_until_it_can_be_read(house: _House) -> None:
    """A damaged bank is never searched in part: the process is not ready, and is again once the data is whole."""
    house.store.put(1, 7, BANKED)
    house.store.broken = True
    house.follower.start()
    with pytest.raises(IntegrityError):
        house.indexes.load(house.store)
    assert not house.indexes.ready
    house.store.broken = False
    eventually(house.found)


def test_a_failing_compaction_stops_nothing(house: _House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where folding fails, matching and following go on."""
    failed = threading.Event()

    def fail() -> bool:
        failed.set()
        raise MemoryError

    monkeypatch.setattr(house.indexes, "compact", fail)
    house.follower.start()
    assert failed.wait(5)
    house.store.put(1, 7, BANKED)
    eventually(house.found)


def test_stopping_twice_is_fine(house: _House) -> None:
    """Stopping needs no start, and a second stop does nothing."""
    house.follower.stop()
    house.follower.stop()
