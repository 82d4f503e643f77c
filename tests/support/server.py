# SPDX-License-Identifier: Apache-2.0
"""A real server process over a real database, and what journeys do with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from noli.access.model import Scope
from noli.access.service import AccessService
from noli.adapters.sql import open_database
from noli.base.clock import SystemClock
from noli.base.config import Config
from tests.support.template import prepare

#: Seconds after which what has not come true never will: far more than anything takes on a busy machine.
PATIENCE_S = 120.0


class Server:
    """One server process of an installation."""

    def __init__(self, data: Path, url: str = "", **settings: object) -> None:
        """Start it on a free port or the one of the settings, and wait until it can answer."""
        self.data, self._url = data, url
        if not url:
            prepare(data)
        port = int(str(settings.pop("port", 0))) or _free_port()
        self._environment = environment(url, **settings)
        self.log = data / f"log-{port}.txt"
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "noli", "serve", "--data", str(data), "--port", str(port)]
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)
        eventually(self._ready)

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def key(self, name: str, scopes: str) -> dict[str, str]:
        """Make a key beside the server, over the same data, and return the header that carries it."""
        with closing(open_database(Config(data=self.data, database_url=self._url))) as database:
            keys = AccessService(database.keys, SystemClock())
            _, token = keys.create(name, [Scope(scope) for scope in scopes.split(",")])
        return {"Authorization": f"Bearer {token}"}

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process."""
        self.process.send_signal(number)
        self.process.wait(timeout=PATIENCE_S)
        self.client.close()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(url: str, **settings: object) -> dict[str, str]:
    """Return a clean environment that names the database and these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NOLI_")}
    kept["NOLI_MAX_UPLOAD_BYTES"] = kept["NOLI_MAX_VIDEO_BYTES"] = str(4 * 1024 * 1024)
    kept["NOLI_DECODE_WORKERS"] = "1"
    kept |= {f"NOLI_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | ({"NOLI_DATABASE_URL": url} if url else {})


def unmeasured() -> dict[str, str]:
    """Return the environment for a program whose coverage says nothing: measuring slows it down."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; how long it takes is for benchmarks to say."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"did not come true within {PATIENCE_S} s"
        time.sleep(0.02)


def make_bank(server: Server, staff: dict[str, str], name: str, **policy: Any) -> str:
    """Create a bank and return its name."""
    made = server.client.post("/api/v1/banks", headers=staff, json={"name": name, "action": "block", **policy})
    assert made.status_code == 201, made.text
    return name


def check_hex(server: Server, staff: dict[str, str], value: str) -> str:
    """Check a hash and return the decision."""
    made = server.client.post("/api/v1/checks", headers=staff, json={"hashes": [{"type": "pdq", "value": value}]})
    assert made.status_code == 200, made.text
    return str(made.json()["decision"])
