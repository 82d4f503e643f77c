# SPDX-License-Identifier: Apache-2.0
"""Inserting by columns, on SQLite and PostgreSQL: what is read back is what SQLAlchemy's own way would have written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from noli.adapters.sql import bulk
from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBankTransaction
from noli.adapters.sql.engine import exclusive
from noli.bank.model import Action, BankPolicy
from noli.bank.service import create_bank
from tests.conftest import opened

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection(database_url: str, tmp_path: Path) -> Iterator[sa.Connection]:
    """A transaction on each kind of database, with one partner."""
    database = opened(database_url, tmp_path)
    with exclusive(database.engine) as made:
        values = {"name": "them", "protocol": "noli", "state": "active", "honours_withdrawal": True, "per_hour": 1}
        made.execute(t.partner.insert().values(id=1, created_at=NOW, **values))
        create_bank(SqlBankTransaction(made), "b", BankPolicy(Action.BLOCK), now=NOW)
        yield made
    database.close()


def row(number: int, **more: object) -> dict[str, object]:
    """Return what is kept of a partner's entry."""
    return {
        "partner_id": 1,
        "reference": f"r{number}",
        "version": number,
        "state": "taken",
        "bank": "b",
        "entry_id": None,
        "reason": None,
        "content": None,
        "changed_at": NOW,
        **more,
    }


def columns(rows: list[dict[str, object]]) -> dict[str, list[object]]:
    """Turn rows into columns."""
    return {name: [each[name] for each in rows] for name in rows[0]}


def kept(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    """Read a table in the order of its key."""
    query = table.select().order_by(*table.primary_key.columns)
    return [dict(each._mapping) for each in connection.execute(query)]


@pytest.mark.parametrize("count", [1, 2, 3000])
def test_rows_come_back_as_they_were(connection: sa.Connection, count: int) -> None:
    """One row or many; columns that are the same in all rows, that differ, or that are partly empty."""
    rows = [
        row(
            n,
            reference=f"r{n:06}",
            content=bytes([n % 256, 0, 255]) if n % 2 else None,
            entry_id=None if n % 3 else (1 << 62) + n,
            changed_at=NOW + timedelta(microseconds=n),
        )
        for n in range(count)
    ]
    bulk.insert(connection, t.received, columns(rows))
    assert kept(connection, t.received) == rows


def test_nothing_is_inserted_of_nothing(connection: sa.Connection) -> None:
    """Columns without values are no rows."""
    bulk.insert(connection, t.received, {name: [] for name in row(1)})
    assert kept(connection, t.received) == []


def test_a_row_that_is_there_gets_the_new_values(connection: sa.Connection) -> None:
    """Where the key is there already; others are added."""
    key = ("partner_id", "reference")
    bulk.insert(connection, t.received, columns([row(1), row(2)]), replace=key)
    bulk.insert(connection, t.received, columns([row(2, version=9, state="held"), row(3)]), replace=key)
    assert [(r["reference"], r["version"], r["state"]) for r in kept(connection, t.received)] == [
        ("r1", 1, "taken"),
        ("r2", 9, "held"),
        ("r3", 3, "taken"),
    ]


def test_rows_are_numbered_in_their_order(connection: sa.Connection) -> None:
    """A sequence goes up with the rows, however they are mixed; lists, texts and booleans come back, too."""
    for entries in permutations([3, 1, 2]):
        made: dict[str, list[object]]
        made = {"kind": ["added"] * 3, "bank_id": [1] * 3, "entry_id": [*entries], "at": [NOW] * 3}
        bulk.insert(connection, t.bank_change, made)
        assert [r["entry_id"] for r in kept(connection, t.bank_change)][-3:] == list(entries)
    entry: dict[str, list[Any]] = {
        "id": [1, 2, 3],
        "bank_id": [1, 1, 1],
        "state": ["active", "active", "active"],
        "added_by": ["{a,b}", "NULL", ""],
        "source": ["'", "\n", "?"],
        "reference": ["", "", ""],
        "labels": [[], ["it's", 'a "label"'], ["%s", "\\", "ü"]],
        "note": ["n", "n", "n"],
        "created_at": [NOW, NOW, NOW],
        "withdrawn_by": ["", "", ""],
        "disputed": [True, False, True],
        "sharing": ["open", "open", "open"],
    }
    bulk.insert(connection, t.entry, entry)
    found = kept(connection, t.entry)
    for name in ("labels", "added_by", "source", "disputed"):
        assert [r[name] for r in found] == entry[name]
