# SPDX-License-Identifier: Apache-2.0
"""Insert many rows by columns: a first load of a million hashes is four million rows.

SQLAlchemy's own way looks at each value of each row in Python. Here a column is looked at once: where all its values
are the same, they are translated once; SQLite gets one prepared statement and rows of plain values, PostgreSQL one
statement with an array a column.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def insert(
    connection: Connection, table: sa.Table, columns: Mapping[str, Sequence[object]], *, replace: Sequence[str] = ()
) -> None:
    """Insert rows in their order.

    Args:
        connection: Open for writing.
        table: Where.
        columns: The values of each column by its name, equally many; columns that are left out are numbered or filled
            by the database.
        replace: The columns of a key: a row that has it already gets the new values. No key may come twice.
    """
    count = len(next(iter(columns.values())))
    if not count:
        return
    translated = {name: _translated(connection, table.c[name], values) for name, values in columns.items()}
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    end = _replacing(replace, columns) if replace else ""
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        rows = list(zip(*[_rows(*each, count) for each in translated.values()], strict=True))
        connection.exec_driver_sql(f"{into} VALUES ({places}){end}", rows)
        return
    names, selected, arrays, constants = [], [], [], []
    for name, (constant, values) in translated.items():
        type_ = table.c[name].type.compile(dialect=connection.dialect)
        if values is None:
            selected.append(f"CAST(%s AS {type_})")
            constants.append(constant)
        else:
            names.append(name)
            selected.append(f"u.{name}")
            arrays.append((type_, values))
    unnested = ", ".join(f"CAST(%s AS {type_}[])" for type_, _ in arrays)
    source = f"unnest({unnested}) AS u({', '.join(names)})" if arrays else f"generate_series(1, {count})"
    statement = f"{into} SELECT {', '.join(selected)} FROM {source}{end}"  # noqa: S608 - names and types of our tables
    connection.exec_driver_sql(statement, (*constants, *(values for _, values in arrays)))


def _translated(
    connection: Connection, column: sa.Column[object], values: Sequence[object]
) -> tuple[object, list[object] | None]:
    """Return what the driver takes: one value for all rows and None, or None and a value a row."""
    # Both drivers take bytes as they are; SQLAlchemy would make an object of each.
    plain = isinstance(column.type, sa.LargeBinary)
    process = None if plain else column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    first = values[0]
    if values.count(first) == len(values):
        return first if process is None else process(first), None
    return None, list(values) if process is None else [process(each) for each in values]


def _rows(constant: object, values: list[object] | None, count: int) -> "repeat[object] | list[object]":
    return repeat(constant, count) if values is None else values


def _replacing(key: Sequence[str], columns: Mapping[str, object]) -> str:
    kept = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {kept}"
