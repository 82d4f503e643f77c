# SPDX-License-Identifier: Apache-2.0
"""One of several server processes; ``noli serve --workers`` starts it.

The lifeline tells the supervisor when it can answer; when the supervisor's end is gone, the process ends, too.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from noli.app import App, configure_log, describe, load_config
from noli.base.errors import InputError, NoliError
from noli.web.run import run
from noli.web.supervisor import HOPELESS, READY, Start

# Seconds between looks whether the index can be searched, and between two files of metrics.
_LOOK_S = 0.05
_METRICS_S = 1.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What such a process is told.

    Attributes:
        start: What its supervisor says.
        listener: Descriptor of the listening socket.
        metrics: Folder in which each process leaves what it counts.
        overrides: Settings given on the command line; it loads all others itself.
    """

    start: Start
    listener: int
    metrics: str
    overrides: Mapping[str, str | int | None] = field(default_factory=dict)

    def command(self) -> list[str]:
        """Return the command line that starts it."""
        run_main = "import sys; from noli.web.worker import main; sys.exit(main())"
        return [sys.executable, "-c", run_main, msgspec.json.encode(self).decode()]


def main() -> int:
    """Be a worker until the end; returns the exit status."""
    worker = msgspec.json.decode(sys.argv[1], type=Assignment)
    lifeline = socket.socket(fileno=worker.start.lifeline)
    listener = socket.socket(fileno=worker.listener)
    try:
        config = load_config(worker.overrides)
        configure_log(config.log_format)
        app = App.open(config)
    except NoliError as error:
        _log.error("worker.not_started", code=error.code, **describe(error))
        sys.stderr.write(f"noli: {error.public}\n")
        return HOPELESS if isinstance(error, InputError) else 1
    app.metrics.share(Path(worker.metrics), worker.start.number)
    for target in (_follow_lifeline, _report):
        threading.Thread(target=target, args=(app, lifeline), name="noli-worker", daemon=True).start()
    try:
        run(app, listener, among_others=True, late=worker.start.late)
    finally:
        app.close()
    return 0


def _follow_lifeline(_app: App, lifeline: socket.socket) -> None:
    """End with the supervisor."""
    while lifeline.recv(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _report(app: App, lifeline: socket.socket) -> None:
    """Say when the index can be searched; then leave metrics until the end."""
    while not app.indexes.ready:
        time.sleep(_LOOK_S)
    lifeline.send(READY)
    while True:
        app.metrics.leave()
        time.sleep(_METRICS_S)
