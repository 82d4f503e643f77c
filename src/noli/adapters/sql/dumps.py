# SPDX-License-Identifier: Apache-2.0
"""Copies of a whole database: by SQLite's online backup, by PostgreSQL's own programs, or from one to the other."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import psycopg.conninfo
import pysqlite3
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from noli.adapters.sql.tables import metadata
from noli.base.errors import ConfigError, IntegrityError, Unavailable

#: Told how many bytes of how many are done.
Progress = Callable[[int, int], None]

# Pages that are copied in one step, and rows.
_PAGES = 4096
_ROWS = 5000

# How libpq calls in the environment what a connection string calls otherwise; so no password is among the arguments.
_VARIABLES: Mapping[str, str] = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
}


def copy_sqlite(source: Path, target: Path, progress: Progress) -> None:
    """Copy a database while others write to it: the copy is one consistent state, the one at the beginning.

    Raises:
        IntegrityError: The database is damaged.
        Unavailable: It cannot be read, or there is no room.
    """
    page = 0

    def step(_: int, remaining: int, total: int) -> None:
        progress((total - remaining) * page, total * page)

    try:
        with (
            closing(pysqlite3.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None)) as reading,
            closing(pysqlite3.connect(str(target))) as writing,
        ):
            [(page,)] = reading.execute("PRAGMA page_size").fetchall()
            # One reading transaction over all steps: without it every write of others would begin the copy anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchall()
            reading.backup(writing, pages=_PAGES, progress=step)
    except pysqlite3.DatabaseError as error:
        raise _translated(error) from error


def check_sqlite(path: Path) -> None:
    """Look through a database for damage. Raises IntegrityError."""
    try:
        with closing(pysqlite3.connect(str(path))) as connection:
            [(said,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except pysqlite3.DatabaseError as error:
        raise _translated(error) from error
    if said != "ok":
        msg = "The database is damaged."
        raise IntegrityError(msg, detail=str(said)[:200])


def dump_postgresql(url: str, target: Path) -> None:
    """Copy a database into a file of ``pg_dump``, one consistent state. Raises ConfigError, Unavailable."""
    name, environment = _libpq(url)
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}", f"--dbname={name}"]
    _run("pg_dump", options, environment)


def load_postgresql(url: str, source: Path) -> None:
    """Fill an empty database from such a file, in one transaction. Raises ConfigError, Unavailable."""
    name, environment = _libpq(url)
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", f"--dbname={name}"]
    _run("pg_restore", [*options, str(source)], environment)


def move(source: Engine, target: Engine) -> None:
    """Copy all rows of an SQLite database into an empty PostgreSQL one of the same schema, in one transaction.

    Numbers that PostgreSQL draws go on after the last that SQLite drew, so that none means two things.
    """
    with source.connect() as reading, target.begin() as writing:
        for table in metadata.sorted_tables:
            key = list(table.primary_key)
            found = reading.execution_options(yield_per=_ROWS).execute(sa.select(table).order_by(*key))
            for rows in found.mappings().partitions():
                writing.execute(table.insert(), [dict(row) for row in rows])
            if len(key) == 1 and isinstance(key[0].type, sa.Integer):
                _go_on_after(table.name, key[0].name, reading, writing)


def _go_on_after(table: str, column: str, reading: sa.Connection, writing: sa.Connection) -> None:
    named = {"table": table, "column": column}
    sequence = writing.execute(sa.text("SELECT pg_get_serial_sequence(:table, :column)"), named).scalar()
    last = reading.execute(sa.text(f"SELECT max({column}) FROM {table}")).scalar() or 0  # noqa: S608 - our own names
    if reading.dialect.has_table(reading, "sqlite_sequence"):
        drawn = reading.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table"), named).scalar()
        last = max(last, drawn or 0)
    if sequence and last:
        writing.execute(sa.text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def is_empty(engine: Engine) -> bool:
    """Tell whether a database has no tables."""
    return not sa.inspect(engine).get_table_names()


def _libpq(url: str) -> tuple[str, dict[str, str]]:
    text = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    given = psycopg.conninfo.conninfo_to_dict(text)
    named = {_VARIABLES[name]: str(value) for name, value in given.items() if name in _VARIABLES}
    return named.get("PGDATABASE", ""), {**os.environ, **named}


def _run(program: str, arguments: list[str], environment: Mapping[str, str]) -> None:
    found = _program(program)
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, without a shell
        [found, *arguments], env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        msg = f"{program} failed; nothing was changed."
        raise Unavailable(msg, detail=said[0] if said else f"status {done.returncode}")


def _program(name: str) -> str:
    """Find a program of PostgreSQL: the newest that Debian installs beside each other, else the one on the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if found is None:
        msg = f"{name} is not installed; it comes with PostgreSQL's client programs (Debian: postgresql-client)."
        raise ConfigError(msg)
    return found


def _translated(error: Exception) -> Exception:
    text = str(error).lower()
    if any(word in text for word in ("malformed", "not a database", "corrupt")):
        msg = "The database is damaged."
        return IntegrityError(msg, detail=type(error).__name__)
    msg = "The database cannot be copied; 'noli doctor' says more."
    return Unavailable(msg, detail=str(error)[:200])
