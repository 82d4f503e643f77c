# SPDX-License-Identifier: Apache-2.0
"""Wakes a process when another one of its installation changed something.

Only a hint: who waits here polls the change sequence anyway, so a lost notification delays and never loses.
"""

import threading
from contextlib import suppress

import psycopg
from sqlalchemy.engine import Engine

from noli.adapters.sql.banks import CHANNEL


class ChangeSignal:
    """Waits for a change: by LISTEN on PostgreSQL, by time alone on SQLite."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine; connects on first use."""
        self._url = (
            engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            if engine.dialect.name == "postgresql"
            else ""
        )
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._woken = threading.Event()
        self._closed = False

    def wait(self, timeout_s: float) -> None:
        """Return after ``timeout_s``, or earlier where something changed or ``wake`` was called."""
        connection = None if self._closed else self._listening()
        if connection is None:
            self._woken.wait(timeout_s)
        else:
            try:
                for _ in connection.notifies(timeout=timeout_s, stop_after=1):
                    pass
            except (psycopg.Error, OSError):
                self._drop()
                self._woken.wait(timeout_s)
        self._woken.clear()

    def wake(self) -> None:
        """End the current wait on SQLite; on PostgreSQL it ends by itself within its time-out."""
        self._woken.set()

    def close(self) -> None:
        """Stop waiting for good."""
        self._closed = True
        self._woken.set()
        self._drop()

    def _listening(self) -> psycopg.Connection[tuple[object, ...]] | None:
        if self._connection is None and self._url:
            with suppress(psycopg.Error, OSError):
                connection = psycopg.connect(self._url, autocommit=True, connect_timeout=2)
                connection.execute(f"LISTEN {CHANNEL}")
                self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                connection.close()
