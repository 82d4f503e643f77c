# SPDX-License-Identifier: Apache-2.0
"""Runs the server: binds, says where, and stops gently when asked to. One process, or several behind one socket."""

import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from noli.app import App, configure_log, shared_metrics
from noli.base.config import Config
from noli.base.errors import ConfigError
from noli.web.run import run
from noli.web.supervisor import Start, Supervisor
from noli.web.worker import Assignment

# Connections the kernel holds while we are busy.
_BACKLOG = 2048


def serve(config: Config, *, overrides: Mapping[str, object], say: Callable[[str], object] = print) -> int:
    """Serve one installation until the process is told to stop.

    Args:
        config: All settings.
        overrides: Those that were given by hand, for processes that load the others themselves.
        say: Prints a line for the person who started it.

    Returns:
        The exit status.

    Raises:
        ConfigError: The address is taken or not ours.
        Unavailable: The database cannot be used safely.
    """
    configure_log(config.log_format)
    return (_alone if config.workers == 1 else _together)(config, overrides, say)


def _alone(config: Config, _overrides: Mapping[str, object], say: Callable[[str], object]) -> int:
    app = App.open(config)
    try:
        run(app, _bind(config.host, config.port, say))
    finally:
        app.close()
    return 0


def _together(config: Config, overrides: Mapping[str, object], say: Callable[[str], object]) -> int:
    listener = _bind(config.host, config.port, say)
    folder = Path(tempfile.mkdtemp(prefix="noli-"))
    given = {name: None if value is None else str(value) for name, value in overrides.items()}

    def command(start: Start) -> list[str]:
        return Assignment(start=start, listener=listener.fileno(), metrics=str(folder), overrides=given).command()

    def ended(number: int) -> None:
        shared_metrics(folder, number).unlink(missing_ok=True)

    try:
        return Supervisor(command, [listener.fileno()], config.workers, ended).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bind(host: str, port: int, say: Callable[[str], object]) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        msg = f"Cannot listen on {host} port {port}: {error.strerror or error}. Choose another with --host and --port."
        raise ConfigError(msg) from error
    listener.listen(_BACKLOG)
    host, port = listener.getsockname()[:2]
    say(f"Noli answers at http://{f'[{host}]' if ':' in host else host}:{port}")
    sys.stdout.flush()
    return listener
