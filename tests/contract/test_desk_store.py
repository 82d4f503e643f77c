# SPDX-License-Identifier: Apache-2.0
"""What ``moderation.ports`` promises, held against memory, SQLite and PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.access.model import Role, Staff
from noli.adapters.keyring import KeyFile
from noli.adapters.sql.desk import SqlDesk
from noli.adapters.sql.staff import SqlStaff
from noli.moderation.model import Comfort, DeskSettings, FoundKind, Look, SavedView
from noli.moderation.ports import DeskStore
from tests.conftest import opened
from tests.support.desk import MemoryDesk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DeskStore]:
    """Each implementation of the port, empty, with two members of staff."""
    if request.param == "memory":
        yield MemoryDesk()
        return
    database = opened("" if request.param == "sqlite" else request.getfixturevalue("postgresql_url"), tmp_path)
    staff = SqlStaff(database.engine, KeyFile.make(tmp_path / "keys.json"))
    for name in ("ada", "bea"):
        made = Staff(name, name, Role.MODERATOR, NOW)
        staff.add(made, secret="S", set_up=name.encode() * 8, until=NOW)
    yield SqlDesk(database.engine)
    database.close()


def test_settings_are_kept(store: DeskStore) -> None:
    """Defaults before anything is set; what is kept last counts, for its owner alone."""
    assert store.settings("ada") == DeskSettings()
    kept = DeskSettings(Comfort(blur=False, most_looks=7), (SavedView("Short", "show=mine"),))
    store.keep("ada", DeskSettings())
    store.keep("ada", kept)
    assert (store.settings("ada"), store.settings("bea")) == (kept, DeskSettings())


def test_what_is_left_to_others(store: DeskStore) -> None:
    """By person and by subject; twice is once."""
    for who, subject in (("ada", "N1"), ("ada", "N1"), ("ada", "N2"), ("bea", "N1")):
        store.step_aside(who, FoundKind.NOTICE, subject, at=NOW)
    assert (store.left_to_others("ada"), store.left_to_others("bea")) == (frozenset({"N1", "N2"}), frozenset({"N1"}))
    assert (store.who_left("N1"), store.who_left("N3")) == (frozenset({"ada", "bea"}), frozenset())


def test_looks_are_kept(store: DeskStore) -> None:
    """By person and by subject, oldest first."""
    first = Look("ada", "N1", 2, b"s" * 32, NOW)
    second = Look("ada", "N2", 3, b"t" * 32, NOW + timedelta(hours=1))
    third = Look("bea", "N2", 3, b"t" * 32, NOW + timedelta(hours=2))
    for each in (first, second, third):
        store.add_look(each)
    assert store.looks("ada", since=NOW) == [first, second]
    assert store.looks("ada", since=NOW + timedelta(minutes=1)) == [second]
    assert store.before(b"t" * 32) == [second, third]
