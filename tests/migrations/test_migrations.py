# SPDX-License-Identifier: Apache-2.0
"""The schema's history: revisions make what the code works with, data survives, newer schemas are refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from noli.adapters.sql import Database, open_database
from noli.adapters.sql.schema import revisions
from noli.adapters.sql.tables import metadata
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance
from noli.base.config import Config
from noli.base.errors import ConfigError
from noli.hashing.model import Hash
from tests.conftest import migrated
from tests.support.bits import some_hash

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind in which nothing is yet."""
    found = open_database(Config(data=tmp_path, database_url=database_url))
    yield found
    found.close()


def _tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}


def test_revisions_are_numbered_without_gaps() -> None:
    """File names and the revisions in them agree, so that the newest one is known without loading Alembic."""
    folder = files("noli.adapters.sql") / "migrations" / "versions"
    named = {path.name[:4]: path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".py")}
    assert revisions() == tuple(f"{number:04}" for number in range(1, len(named) + 1))
    assert all(f'revision = "{number}"' in text for number, text in named.items())


def test_revisions_make_the_tables_of_the_code(empty: Database) -> None:
    """After the last revision nothing is left to be generated."""
    assert not empty.current()
    empty.migrate()
    assert empty.current()
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_up_down_and_up_again(empty: Database) -> None:
    """Each revision can be undone, down to an empty database, and done again."""
    for revision in revisions():
        empty.migrate(revision)
    full = _tables(empty)
    for revision in [*reversed(revisions()[:-1]), "base"]:
        empty.migrate(revision)
    assert _tables(empty) == set()
    empty.migrate()
    assert _tables(empty) == full == set(metadata.tables)


def test_data_survives_a_migration_that_is_done_already(database: Database) -> None:
    """Starting again on a filled database changes nothing."""
    with database.banks.transaction(write=True) as t:
        t.add_bank("kept", BankPolicy(Action.BLOCK), now=NOW)
        t.add_entry("kept", NewEntry((Hash(some_hash(1), 90),), Provenance("key")), id=EntryId(1), now=NOW)
    database.migrate()
    with database.banks.transaction() as t:
        assert t.entry("kept", EntryId(1)).hashes == (Hash(some_hash(1), 90),)


def test_lists_of_records_are_filled_from_what_happened(empty: Database) -> None:
    """A record that is older than its lists shows in them what its events say."""
    empty.migrate("0018")
    happened = [
        ("notice-counted", {}), ("notice-counted", {}), ("flagger-checked", {"checked_on": "2026-11-01"}),
        ("suspended", {"until": "2026-12-01T00:00:00Z"}), ("complained", {}),
    ]  # fmt: skip
    with empty.engine.begin() as connection:
        rows = sa.MetaData()
        rows.reflect(connection, only=["record_file", "record_event", "ledger_entry"])
        file, event, ledger = (rows.tables[name] for name in ("record_file", "record_event", "ledger_entry"))
        values = {"id": "R", "version": 5, "role": "uploader", "opened_at": NOW, "updated_at": NOW, "conduct": 0}
        connection.execute(file.insert().values(values))
        for number, (kind, content) in enumerate(happened, 1):
            made = {
                each.name: b"" if "BLOB" in str(each.type) or "BYTEA" in str(each.type) else "x" for each in ledger.c
            }
            connection.execute(ledger.insert().values({**made, "sequence": number, "at": NOW}))
            connection.execute(
                event.insert().values(
                    record_id="R", sequence=number, kind=f"record.{kind}", at=NOW, actor="x", content=content,
                    ledger_sequence=number,
                )
            )  # fmt: skip
    empty.migrate()
    kept = metadata.tables["record_file"].c
    with empty.engine.begin() as connection:
        row = connection.execute(
            sa.select(kept.notices, kept.measured_until, kept.checked_at, kept.waiting_since)
        ).one()
    ends, checked = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert tuple(row) == (2, ends, checked, NOW)


def test_figures_are_counted_from_what_happened(empty: Database) -> None:
    """Events that are older than the counts are counted: by day, measure, how it began, and the time it took."""
    empty.migrate("0024")
    later = NOW + timedelta(days=1, hours=2)
    ruled = {"measure": "keep", "grounds": ["false-match"]}
    happened = [("received", {}, NOW), ("decided", ruled, later), ("clock-breached", {}, later), ("note", {}, later),
                ("decided", {"measure": "remove", "grounds": ["intimate-without-consent"]}, later)]  # fmt: skip
    with empty.engine.begin() as connection:
        rows = sa.MetaData()
        rows.reflect(connection, only=["notice_file", "notice_event", "ledger_entry"])
        file, event, ledger = (rows.tables[name] for name in ("notice_file", "notice_event", "ledger_entry"))
        shown = {"id": "N", "opened_at": NOW, "updated_at": NOW, "queue_at": NOW, "opening": "detection"}
        connection.execute(file.insert().values({**_filler(file), **shown}))
        for number, (kind, content, at) in enumerate(happened, 1):
            connection.execute(ledger.insert().values({**_filler(ledger), "sequence": number, "at": at}))
            made = {"notice_id": "N", "sequence": number, "kind": f"notice.{kind}", "at": at, "content": content}
            connection.execute(event.insert().values({**made, "actor": "x", "ledger_sequence": number}))
    empty.migrate()
    figure = metadata.tables["notice_figure"]
    with empty.engine.begin() as connection:
        found = {(day, name): count for day, name, count in connection.execute(figure.select())}
    assert found == {
        (NOW.date(), "notice.received"): 1,
        (later.date(), "notice.decided"): 2,
        (later.date(), "notice.clock-breached"): 1,
        (later.date(), "measure:keep"): 1,
        (later.date(), "measure:remove"): 1,
        (later.date(), "match"): 2,
        (later.date(), "false-match"): 1,
        (later.date(), "took:260"): 1,
    }


def _filler(table: sa.Table) -> dict[str, object]:
    """Something for every column that must have something and has no default."""
    plain = {int: 0, bool: False, bytes: b"", str: "x"}
    wanted = [each for each in table.c if not each.nullable and each.server_default is None]
    return {each.name: plain[each.type.python_type] for each in wanted if each.type.python_type in plain}


def test_a_newer_schema_is_refused(database: Database, database_url: str, tmp_path: Path) -> None:
    """An older Noli does not touch the database of a newer one; it says what to do."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer Noli"):
        migrated(database_url, tmp_path)
