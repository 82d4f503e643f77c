# SPDX-License-Identifier: Apache-2.0
"""What lists have in common, in SQL."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def beside(column: sa.Column[str], *, few: bool, dialect: str) -> sa.ColumnElement[str]:
    """Return a column of text for a condition beside those that an index of few rows stands for.

    PostgreSQL counts its rows. SQLite, which does not, would take the equality to be the stricter condition, and read
    half of all rows through another index. As an expression the column is still read from the index of the few.
    """
    return column + "" if few and dialect == "sqlite" else column


def counts_between(
    connection: Connection,
    table: sa.Table,
    at: sa.Column[datetime],
    edges: Sequence[datetime],
    *where: sa.ColumnElement[bool] | sa.TextClause,
) -> list[int]:
    """Count the rows of a table whose time is at most the first of some times, between two, and above the last."""
    found, number = [], sa.select(sa.func.count()).select_from(table).where(*where)
    for after, until in zip((None, *edges), (*edges, None), strict=True):
        within = number.where(at.is_not(None))
        within = within if after is None else within.where(at > after)
        within = within if until is None else within.where(at <= until)
        found.append(connection.execute(within).scalar_one())
    return found
