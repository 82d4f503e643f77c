# SPDX-License-Identifier: Apache-2.0
"""Runs the server: binds, says where, and stops gently when asked to."""

import socket
import sys
from collections.abc import Callable

import uvicorn

from noli.app import App, configure_log
from noli.base.config import Config
from noli.base.errors import ConfigError
from noli.web.asgi import create_asgi

# Connections the kernel holds while we are busy.
_BACKLOG = 2048

# Seconds that running requests are given at shutdown; a decode is cut off after as many.
_GRACE_S = 10

# Seconds an idle connection is kept open.
_KEEP_ALIVE_S = 30


def serve(config: Config, *, say: Callable[[str], object] = print) -> None:
    """Serve one installation until the process is told to stop.

    Args:
        config: All settings.
        say: Prints a line for the person who started it.

    Raises:
        ConfigError: The address is taken or not ours.
        Unavailable: The database cannot be used safely.
    """
    configure_log(config.log_format)
    app = App.open(config)
    try:
        listener = _bind(config.host, config.port)
        host, port = listener.getsockname()[:2]
        say(f"Noli answers at http://{f'[{host}]' if ':' in host else host}:{port}")
        sys.stdout.flush()
        settings = uvicorn.Config(
            create_asgi(app),
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
        uvicorn.Server(settings).run(sockets=[listener])
    finally:
        app.close()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        msg = f"Cannot listen on {host} port {port}: {error.strerror or error}. Choose another with --host and --port."
        raise ConfigError(msg) from error
    listener.listen(_BACKLOG)
    return listener
