# SPDX-License-Identifier: Apache-2.0
"""Read columns as the bytes that are there, where a verification must name what is wrong and not stop at it.

SQLite lets anything be in any column; who changes its file can leave a time that is none, or a text that is no text.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

# Stands for a time that cannot be read.
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


def as_bytes(connection: Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Select a column as bytes where the database lets anything be there, else as it is."""
    if connection.dialect.name != "sqlite":
        return column
    return sa.cast(column, sa.LargeBinary).label(column.name)


def blob(value: object) -> bytes:
    """Read a column of bytes."""
    return value.encode("utf-8") if isinstance(value, str) else bytes(value) if isinstance(value, bytes) else b""


def text(value: object) -> str:
    """Read a column of text."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def time(value: object) -> datetime:
    """Read a column of times; year 1 where it is none."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(text(value)).replace(tzinfo=UTC)
    except ValueError:
        return _NO_TIME


def number(value: object) -> int:
    """Read a column of numbers; 0 where it is none."""
    return value if isinstance(value, int) else 0
