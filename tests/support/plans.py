# SPDX-License-Identifier: Apache-2.0
"""How SQLite means to answer what is asked of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection


@contextmanager
def planned(connection: Connection) -> Iterator[list[str]]:
    """Collect the steps of all queries that are made of a connection's engine meanwhile."""
    steps: list[str] = []

    def note(_: object, __: object, statement: str, parameters: Any, *more: object) -> None:
        del more
        if statement.startswith("SELECT"):
            driver: Any = connection.connection.driver_connection
            rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(str(row[-1]) for row in rows.fetchall())

    sa.event.listen(connection.engine, "before_cursor_execute", note)
    try:
        yield steps
    finally:
        sa.event.remove(connection.engine, "before_cursor_execute", note)
