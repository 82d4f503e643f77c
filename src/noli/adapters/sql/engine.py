# SPDX-License-Identifier: Apache-2.0
"""Opens the database: SQLite inside the data folder by default, PostgreSQL by a URL.

The SQLite used is the one that ``pysqlite3`` brings: Debian 12's own can lose commits in WAL mode.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pysqlite3
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from noli.base.errors import ConfigError, Conflict, IntegrityError, StoreBusy, Unavailable

#: How long a statement waits for another's lock, in seconds; a caller is told to try again after it.
LOCK_TIMEOUT_S = 5.0

#: How long one statement may run on PostgreSQL, in milliseconds; loading a bank streams and stays below.
STATEMENT_TIMEOUT_MS = 120_000

# Key of PostgreSQL's advisory lock for ``exclusive``; any constant will do, this is "noli".
_LOCK = 0x6E6F6C69

# How a writing transaction is opened. On PostgreSQL each statement sees what was committed before it, not before
# the transaction, which may have waited for the lock since; a reading transaction sees one consistent state.
_WRITES = "noli_writes"
_WRITE: dict[str, dict[str, Any]] = {
    "sqlite": {_WRITES: True},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}

# Name of an engine's lock, at which its writers wait for each other; meanwhile they hold no connection that a reader
# could use. SQLite's own waiting sleeps and tries again: of eight busy threads one was shut out for 5 s.
_TURN = "noli_turn"

# Settings of every SQLite connection. FULL: a commit is acknowledged after a completed fsync. The cache holds 64 MiB:
# ids are random, so an import touches pages all over the tables.
_SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "cache_size=-65536")

# SQLITE_CORRUPT and SQLITE_NOTADB, and the words in which drivers report a damaged file.
_DAMAGE = ("malformed", "not a database", "corrupt")
_BUSY_TEXT = "The database is busy; try again in a moment."
_BUSY = ("locked", "busy", "lock timeout", "could not obtain lock")


def open_engine(url: str, folder: Path) -> Engine:
    """Open the engine without touching the database yet.

    Args:
        url: SQLAlchemy URL, or empty for SQLite in ``folder``.
        folder: The data folder; made with access for its owner alone where it is missing.

    Raises:
        ConfigError: The URL cannot be used or the folder cannot be made.
    """
    if url:
        return _by_url(url)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "noli.db"
        path.touch(mode=0o600)
    except OSError as error:
        msg = f"The data folder {folder} cannot be used: {error.strerror}. Choose another with --data."
        raise ConfigError(msg) from error
    return _sqlite(path)


def _by_url(url: str) -> Engine:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        msg = "The database URL cannot be read; write it as postgresql://user:password@host/name."
        raise ConfigError(msg) from error
    match parsed.get_backend_name():
        case "postgresql":
            return _postgresql(parsed)
        case "sqlite" if parsed.database in {None, "", ":memory:"}:
            msg = "A database in memory keeps nothing; name a file, or leave the URL out for one in the data folder."
            raise ConfigError(msg)
        case "sqlite":
            return _sqlite(Path(str(parsed.database)))
        case other:
            msg = f"Noli runs on SQLite and PostgreSQL, not on {other!r}."
            raise ConfigError(msg)


def _postgresql(url: URL) -> Engine:
    ours = f"-c timezone=UTC -c lock_timeout={int(LOCK_TIMEOUT_S * 1000)} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
    theirs = url.query.get("options", "")
    options = [*([theirs] if isinstance(theirs, str) else theirs), ours]
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"options": " ".join(options), "connect_timeout": int(LOCK_TIMEOUT_S)},
        pool_pre_ping=True,
        pool_size=8,
        pool_timeout=LOCK_TIMEOUT_S,
        isolation_level="REPEATABLE READ",
        execution_options={_TURN: threading.Lock()},
    )


def _sqlite(path: Path) -> Engine:
    engine = sa.create_engine(
        URL.create("sqlite", database=str(path)),
        module=pysqlite3,
        connect_args={"timeout": LOCK_TIMEOUT_S, "check_same_thread": False},
        pool_size=8,
        pool_timeout=LOCK_TIMEOUT_S,
        poolclass=sa.pool.QueuePool,
        execution_options={_TURN: threading.Lock()},
    )

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver has no types
        # Transactions are begun by hand below; the driver would begin them late and without IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SETTINGS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def transaction(engine: Engine, *, write: bool = False) -> Iterator[Connection]:
    """Open one transaction; commit at the end, roll back on any error.

    Raises:
        StoreBusy: The database did not let us in within its time-out.
        Unavailable: It cannot be reached or written.
        Conflict: What must be unique was there already.
        IntegrityError: The database file is damaged.
    """
    try:
        # On SQLite every writer is alone.
        turn = _turn(engine) if write and engine.dialect.name == "sqlite" else nullcontext()
        with turn, engine.connect() as connection:
            if write:
                connection.execution_options(**_WRITE[engine.dialect.name])
            with connection.begin():
                yield connection
    except sa.exc.TimeoutError as error:
        raise StoreBusy(_BUSY_TEXT, detail="connection pool") from error
    except sa.exc.DBAPIError as error:
        raise _translated(error) from error


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    turn = engine.get_execution_options()[_TURN]
    if not turn.acquire(timeout=LOCK_TIMEOUT_S):
        raise StoreBusy(_BUSY_TEXT, detail="turn")
    try:
        yield
    finally:
        turn.release()


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """Open one writing transaction while no other of its kind is open, here or in another process.

    Commit order is then the order of the change sequence, so that who has seen a number never misses a smaller one; and
    what was read inside still holds when it is written. On SQLite every writing transaction is of this kind.
    """
    if engine.dialect.name == "sqlite":
        with transaction(engine, write=True) as connection:
            yield connection
        return
    with _turn(engine), transaction(engine, write=True) as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


def _translated(error: sa.exc.DBAPIError) -> Exception:
    text = str(error.orig).lower()
    if isinstance(error, sa.exc.IntegrityError):
        # Anything else that is refused, such as a row without its bank, is our own mistake.
        msg = "It exists already, or was made by another at the same moment."
        return Conflict(msg, detail=type(error.orig).__name__) if "unique" in text else error
    if any(word in text for word in _DAMAGE):
        msg = "The database is damaged; stop Noli and restore it from a backup."
        return IntegrityError(msg, detail=type(error.orig).__name__)
    if any(word in text for word in _BUSY):
        return StoreBusy(_BUSY_TEXT, detail=type(error.orig).__name__)
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        msg = "The database cannot be reached or written; 'noli doctor' says more."
        return Unavailable(msg, detail=type(error.orig).__name__)
    return error
