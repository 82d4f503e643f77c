# SPDX-License-Identifier: Apache-2.0
"""Answers requests in this process until it is told to stop, and then in a way that nobody notices.

Told to stop, it first drains: ``/readyz`` says 503, so that load balancers send nothing new, and every answer asks its
caller to close the connection. Then it takes no more connections, finishes what it has begun, and ends.
"""

import socket
import time
from types import FrameType

import uvicorn

from noli.app import App
from noli.web.asgi import create_asgi

# Seconds that running requests are given at shutdown; a decode is cut off after as many.
_GRACE_S = 10

# Seconds an idle connection is kept open.
_KEEP_ALIVE_S = 30

# Seconds in which callers with an open connection are told to close it, where other processes take the new ones.
_PARTING_S = 1.0


def run(app: App, listener: socket.socket, *, among_others: bool = False, late: bool = False) -> None:
    """Answer at a socket until a signal ends it.

    Args:
        app: The application; started and closed with the server.
        listener: Bound and listening.
        among_others: Whether other processes take connections from the same socket.
        late: Whether they do already, so that this one should not before its index is loaded.
    """
    settings = uvicorn.Config(
        create_asgi(app, late=late),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        # Whoever calls can write forwarding headers; the peer's address is the only one we believe.
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    _Server(settings, app, among_others=among_others).run(sockets=[listener])


class _Server(uvicorn.Server):
    """The web server, with a time to drain before it stops."""

    def __init__(self, config: uvicorn.Config, app: App, *, among_others: bool) -> None:
        super().__init__(config)
        self._app, self._among_others = app, among_others
        self._drain_s = app.config.drain_s + (_PARTING_S if among_others else 0.0)
        self._told_at: float | None = None
        self._hurried = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; the second one ends the draining."""
        self._hurried = self.should_exit
        self._app.draining = True
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Say whether to stop now."""
        return await super().on_tick(counter) and (self._hurried or self._drained())

    def _drained(self) -> bool:
        if self._told_at is None:
            self._told_at = time.monotonic()
        for server in self.servers if self._among_others else ():
            server.close()
        idle = self._among_others and not self.server_state.connections
        return idle or time.monotonic() - self._told_at >= self._drain_s
