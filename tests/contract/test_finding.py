# SPDX-License-Identifier: Apache-2.0
"""What ``moderation.ports.Finder`` promises, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.adapters.keyring import KeyFile
from noli.adapters.sql import Database, finding, refinding
from noli.adapters.sql import tables as t
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.engine import transaction
from noli.adapters.sql.finding import SqlFinder
from noli.adapters.sql.notices import SqlNotices
from noli.adapters.sql.refinding import Refinding
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance, entry_text
from noli.casework.model import NewLink
from noli.hashing.model import Hash
from noli.moderation.finding import asked
from noli.moderation.model import FoundKind
from noli.notices import commands as c
from tests.support.bits import some_hash
from tests.support.casework import CALLER, Casework, made_up_item, submission
from tests.support.notices import Desk, complete
from tests.support.plans import planned

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ALL = frozenset(FoundKind)


def test_numbers_links_and_entries(database: Database, tmp_path: Path) -> None:
    """By the beginning of a number, by what a link leads to, newest first; erased, by the number alone."""
    keys = KeyFile.make(tmp_path / "keys.json")
    desk, finder = Desk(SqlNotices(database.engine, keys)), SqlFinder(database.engine, keys)
    first = desk.receive(complete(notifier="", reference="demo-5"))
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
    assert found(" demo-5 ") == [first.id]
    assert found("demo") == found("demo-55") == found("ZZZZ") == []
    desk.act(first, c.Erase("retention"))
    assert found(link) == [second.id]
    assert found("demo-5") == []
    assert found(first.id) == [first.id]


def test_what_came_in_before_there_was_a_search_is_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some at a time, each once; what was erased meanwhile is not, and what comes later leaves its own terms."""
    monkeypatch.setattr(refinding, "_EVENTS", 2)
    keys = KeyFile.make(tmp_path / "keys.json")
    desk, finder = Desk(SqlNotices(database.engine, keys)), SqlFinder(database.engine, keys)
    old = [desk.receive(complete(notifier="", reference=f"theirs-{number}")) for number in range(3)]
    cases = Casework(SqlCases(database.engine, keys))
    receipt = cases.submit(submission(made_up_item(1), links=(NewLink("https://platform.example/1"),)))
    case = cases.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
    desk.act(old[0], c.Erase("retention"))
    with transaction(database.engine, write=True) as connection:
        connection.execute(t.found_by.delete())

    def found() -> set[str]:
        return {each.id for each in finder.find(asked("https://platform.example/1"), _ALL, limit=9)}

    assert found() == set()
    fill = Refinding(database.engine, keys)
    fill.run()
    assert found() == {old[1].id, old[2].id, case}
    assert [each.id for each in finder.find(asked("theirs-2"), _ALL, limit=9)] == [old[2].id]
    # It has gone through everything, and does nothing any more.
    with transaction(database.engine, write=True) as connection:
        connection.execute(t.found_by.delete())
    fill.run()
    assert found() == set()
    new = desk.receive(complete(notifier=""))
    assert found() == {new.id}


def test_it_reads_no_list_through(database: Database, tmp_path: Path) -> None:
    """Every step of every search goes by an index, whatever is typed."""
    keys = KeyFile.make(tmp_path / "keys.json")
    with transaction(database.engine, write=True) as connection:
        finding.leave(connection, keys, FoundKind.NOTICE, "N", ["link|x", "host|x"], at=NOW)
        finding.leave(connection, keys, FoundKind.NOTICE, "N", ["link|x"], at=NOW + timedelta(hours=1))
        if database.engine.dialect.name != "sqlite":
            pytest.skip("how PostgreSQL reads a table depends on how much is in it")
        with planned(connection) as said:
            finder = SqlFinder(database.engine, keys)
            for kind in FoundKind:
                finder._of(connection, kind, asked("forum.example/x", parties=("R",)), 9)
                finder._of(connection, kind, asked("ABCDEF"), 9)
        assert said
        assert [each for each in said if each.startswith("SCAN")] == []
