# SPDX-License-Identifier: Apache-2.0
"""What ``moderation.ports.Finder`` promises, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from noli.adapters.keyring import KeyFile
from noli.adapters.sql import Database, finding
from noli.adapters.sql.engine import transaction
from noli.adapters.sql.finding import SqlFinder
from noli.adapters.sql.notices import SqlNotices
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance, entry_text
from noli.hashing.model import Hash
from noli.moderation.finding import asked
from noli.moderation.model import FoundKind
from noli.notices import commands as c
from tests.support.bits import some_hash
from tests.support.notices import Desk, complete

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ALL = frozenset(FoundKind)


def test_numbers_links_and_entries(database: Database, tmp_path: Path) -> None:
    """By the beginning of a number, by what a link leads to, newest first; erased, by the number alone."""
    keys = KeyFile.make(tmp_path / "keys.json")
    desk, finder = Desk(SqlNotices(database.engine, keys)), SqlFinder(database.engine, keys)
    first = desk.receive(complete(notifier=""))
    desk.clock.move(hours=1)
    second = desk.receive(complete(notifier=""))
    link = "https://platform.example/1"

    def found(text: str, *, limit: int = 9, kinds: frozenset[FoundKind] = _ALL) -> list[str]:
        return [each.id for each in finder.find(asked(text), kinds, limit=limit)]

    assert found(first.id) == found(first.id[:8].lower()) == [first.id]
    assert set(found(link)) == {first.id, second.id}
    assert found(link, limit=1) == [second.id]
    assert found(link, kinds=frozenset({FoundKind.CASE})) == []
    assert found("post-1", limit=1) == [second.id]
    with desk.service.writing() as opened:
        opened.banks.add_bank("things", BankPolicy(Action.REVIEW), now=NOW)
        opened.banks.add_entry(
            "things", NewEntry((Hash(some_hash(1), 90),), Provenance("x")), id=EntryId(5 << 40), now=NOW
        )
    [entry] = finder.find(asked(entry_text(EntryId(5 << 40))[:9]), _ALL, limit=9)
    assert (entry.kind, entry.place) == (FoundKind.ENTRY, "things")
    assert found("ZZZZ") == []
    desk.act(first, c.Erase("retention"))
    assert found(link) == [second.id]
    assert found(first.id) == [first.id]


def test_it_reads_no_list_through(database: Database, tmp_path: Path) -> None:
    """Every step of every search goes by an index, whatever is typed."""
    keys = KeyFile.make(tmp_path / "keys.json")
    with transaction(database.engine, write=True) as connection:
        finding.leave(connection, keys, FoundKind.NOTICE, "N", ["link|x", "host|x"], at=NOW)
        finding.leave(connection, keys, FoundKind.NOTICE, "N", ["link|x"], at=NOW + timedelta(hours=1))
        if database.engine.dialect.name != "sqlite":
            pytest.skip("how PostgreSQL reads a table depends on how much is in it")
        said: list[str] = []

        def note(_: object, __: object, statement: str, parameters: object, *more: object) -> None:
            del more
            if statement.startswith("SELECT"):
                rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[union-attr]
                said.extend(str(row[-1]) for row in rows.fetchall())

        sa.event.listen(database.engine, "before_cursor_execute", note)
        finder = SqlFinder(database.engine, keys)
        for kind in FoundKind:
            finder._of(connection, kind, asked("forum.example/x", parties=("R",)), 9)
            finder._of(connection, kind, asked("ABCDEF"), 9)
        sa.event.remove(database.engine, "before_cursor_execute", note)
        assert said
        assert [each for each in said if each.startswith("SCAN")] == []
