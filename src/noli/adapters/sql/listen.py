# SPDX-License-Identifier: Apache-2.0
"""Wakes a process when another one of its installation changed something: LISTEN on PostgreSQL.

Only a hint: who waits here looks at the change sequence anyway, so a lost notification delays and never loses.
"""

from contextlib import suppress

import psycopg
from sqlalchemy.engine import URL

#: Name of the channel.
CHANNEL = "noli_change"

# Seconds in which a connection must stand.
_CONNECT_S = 2


class Listener:
    """Waits for changes on a connection of its own, which it opens anew when it was lost."""

    def __init__(self, url: URL) -> None:
        """Keep the address; connects when first waited on."""
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def wait(self, timeout_s: float) -> bool:
        """Wait until something changed, or the time is over; on a new connection, not at all.

        What changed before it listened woke nobody, so the caller looks now.

        Returns:
            False, at once, where the database cannot be listened to at this moment.
        """
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S)
                self._connection.execute(f"LISTEN {CHANNEL}")
                return True
            for _ in self._connection.notifies(timeout=timeout_s, stop_after=1):
                pass
        except (psycopg.Error, OSError):
            self.close()
            return False
        return True

    def close(self) -> None:
        """Hang up; a later wait connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                connection.close()
