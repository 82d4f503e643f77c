# SPDX-License-Identifier: Apache-2.0
"""What lists have in common, in SQL."""

import sqlalchemy as sa


def beside(column: sa.Column[str], *, few: bool, dialect: str) -> sa.ColumnElement[str]:
    """Return a column of text for a condition beside those that an index of few rows stands for.

    PostgreSQL counts its rows. SQLite, which does not, would take the equality to be the stricter condition, and read
    half of all rows through another index. As an expression the column is still read from the index of the few.
    """
    return column + "" if few and dialect == "sqlite" else column
