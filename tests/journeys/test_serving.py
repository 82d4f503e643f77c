# SPDX-License-Identifier: Apache-2.0
"""Several server processes behind one port come and go without a caller noticing; roles serve their own."""

import signal
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.bits import some_hash
from tests.support.server import Server, check_hex, eventually, make_bank

BODY = {"hashes": [{"type": "pdq", "value": some_hash(1).hex(), "quality": 90}]}


class _Caller:
    """Checks one upload again and again over connections that it keeps, until it is told to stop."""

    def __init__(self, server: Server, staff: dict[str, str]) -> None:
        self.answers: list[int] = []
        self._over = threading.Event()
        self._client = httpx.Client(base_url=server.client.base_url, headers=staff, timeout=30)
        self._thread = threading.Thread(target=self._call)
        self._thread.start()

    def _call(self) -> None:
        while not self._over.wait(0.03):
            self.answers.append(self._client.post("/api/v1/checks", json=BODY).status_code)

    def stop(self) -> list[int]:
        """Stop; every request must have been answered."""
        self._over.set()
        self._thread.join()
        self._client.close()
        return self.answers


def _started(log: Path) -> int:
    return log.read_text().count('"worker.ready"')


def _workers(server: Server, staff: dict[str, str], metric: str) -> dict[str, str]:
    """Return what each process says of a metric."""
    lines = server.client.get("/metrics", headers=staff).text.splitlines()
    found = (line.removeprefix(metric).split() for line in lines if line.startswith(f"{metric}{{"))
    return {labels: value for labels, value in found}  # noqa: C416 - lists of two, not pairs


def test_processes_are_replaced_without_a_lost_request(tmp_path: Path) -> None:
    """A write through one is known to all within a second, and none of them ends before another one answers."""
    server = Server(tmp_path, workers=2)
    staff = server.key("staff", "checks,banks,metrics")
    eventually(lambda: _started(server.log) == 2, within_s=30)
    make_bank(server, staff, "ncii")
    server.client.post("/api/v1/banks/ncii/entries", headers=staff, json=BODY).raise_for_status()
    eventually(lambda: set(_workers(server, staff, "noli_index_sequence").values()) == {"2.0"}, within_s=10)
    assert set(_workers(server, staff, "noli_index_lag_seconds")) == {'{worker="0"}', '{worker="1"}'}
    callers = [_Caller(server, staff) for _ in range(2)]
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: server.log.read_text().count('"worker.ended"') == 2, within_s=60)
    assert _started(server.log) == 4
    answers = [status for caller in callers for status in caller.stop()]
    assert set(answers) == {200}
    assert check_hex(server, staff, some_hash(1).hex()) == "block"
    server.stop()
    assert server.process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.client.base_url}/healthz")


def test_a_process_drains_before_it_ends(tmp_path: Path) -> None:
    """Told to end, it says so to load balancers and goes on answering; told again, it ends. Its role serves its own."""
    server = Server(tmp_path, role="api", drain_s=60)
    staff = server.key("staff", "checks,banks")
    make_bank(server, staff, "ncii")
    statuses = {path: server.client.get(path).status_code for path in ("/console", "/notice", "/api/v1/openapi.json")}
    assert statuses == {"/console": 404, "/notice": 404, "/api/v1/openapi.json": 200}
    server.process.send_signal(signal.SIGTERM)
    answer: Any = None

    def drains() -> bool:
        nonlocal answer
        answer = server.client.get("/readyz")
        return bool(answer.status_code == 503)

    eventually(drains, within_s=10)
    assert "ends" in answer.json()["detail"]
    checked = server.client.post("/api/v1/checks", headers=staff, json=BODY)
    assert (checked.status_code, checked.headers["connection"]) == (200, "close")
    server.stop()
