# SPDX-License-Identifier: Apache-2.0
"""Several server processes behind one port come and go without a caller noticing; roles serve their own."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from noli.cli import main
from tests.conftest import Cluster
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
    eventually(lambda: _started(server.log) == 2)
    make_bank(server, staff, "ncii")
    server.client.post("/api/v1/banks/ncii/entries", headers=staff, json=BODY).raise_for_status()
    eventually(lambda: set(_workers(server, staff, "noli_index_sequence").values()) == {"2.0"})
    assert set(_workers(server, staff, "noli_index_lag_seconds")) == {'{worker="0"}', '{worker="1"}'}
    callers = [_Caller(server, staff) for _ in range(2)]
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: server.log.read_text().count('"worker.ended"') == 2)
    assert _started(server.log) == 4
    answers = [status for caller in callers for status in caller.stop()]
    assert set(answers) == {200}
    assert check_hex(server, staff, some_hash(1).hex()) == "block"
    server.stop()
    assert server.process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.client.base_url}/healthz")


@pytest.fixture(scope="module")
def platform(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that only checks, on PostgreSQL; the last test that has it ends it."""
    started = Server(tmp_path_factory.mktemp("platform"), cluster.new(), role="api", drain_s=60)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def staff(platform: Server) -> dict[str, str]:
    """A key that may check and change its bank, which has one entry."""
    key = platform.key("staff", "checks,banks,notices")
    make_bank(platform, key, "ncii")
    platform.client.post("/api/v1/banks/ncii/entries", headers=key, json=BODY).raise_for_status()
    return key


def test_matching_goes_on_while_postgresql_is_away(cluster: Cluster, platform: Server, staff: dict[str, str]) -> None:
    """Uploads are checked from memory, writes are refused with a wait, and what was acknowledged is there later."""
    other = some_hash(2).hex()
    write = {"hashes": [{"type": "pdq", "value": other, "quality": 90}]}
    assert check_hex(platform, staff, some_hash(1).hex()) == "block"
    cluster.crash()
    try:
        assert check_hex(platform, staff, some_hash(1).hex()) == "block"
        assert check_hex(platform, staff, other) == "allow"
        refused = platform.client.post("/api/v1/banks/ncii/entries", headers=staff, json=write)
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (
            503,
            "unavailable",
            "1",
        )
        ready = platform.client.get("/readyz")
        assert (ready.status_code, ready.json()["lag"]) == (200, None)
    finally:
        cluster.start()

    def written() -> bool:
        made = platform.client.post("/api/v1/banks/ncii/entries", headers=staff, json=write)
        return made.status_code == 201

    eventually(written)
    assert {check_hex(platform, staff, value) for value in (some_hash(1).hex(), other)} == {"block"}


def test_a_role_serves_its_own(platform: Server) -> None:
    """What belongs to other roles is not there."""
    asked = ("/console", "/notice", "/api/v1/openapi.json")
    assert [platform.client.get(path).status_code for path in asked] == [404, 404, 200]


def test_what_a_scan_found_becomes_notices(platform: Server, staff: dict[str, str], tmp_path: Path) -> None:
    """One for each object, by its id; sent twice there are no more."""
    columns = {"id": ["post-1", "post-2"], "bank": ["ncii"] * 2, "entry": ["E"] * 2, "type": ["pdq"] * 2}
    pq.write_table(pa.table({**columns, "distance": pa.array([0, 7], pa.uint8())}), tmp_path / "out.parquet")
    (tmp_path / "key").write_text(staff["Authorization"].removeprefix("Bearer ") + "\n")
    command = ["notice", "from-scan", str(tmp_path / "out.parquet"), "--token-file", str(tmp_path / "key")]
    to = ["--to", str(platform.client.base_url)]
    told = [CliRunner().invoke(main, [*command, *to, *more]) for more in (["--dry-run"], [], [])]
    assert [each.exit_code for each in told] == [0, 0, 0]
    assert [each.stdout.strip() for each in told] == [
        "2 objects would be sent; those that have a notice keep it.",
        "2 objects: 2 new notices, 0 were there already.",
        "2 objects: 0 new notices, 2 were there already.",
    ]
    listed = platform.client.get("/api/v1/notices", headers=staff).json()["notices"]
    assert [each["opening"] for each in listed] == ["policy", "policy"]
    wrong = CliRunner().invoke(main, [*command, "--to", "noli.example"])
    assert (wrong.exit_code, "starts with http" in wrong.stderr) == (2, True)


def test_a_process_drains_before_it_ends(platform: Server, staff: dict[str, str]) -> None:
    """Told to end, it says so to load balancers and goes on answering; told again, it ends."""
    platform.process.send_signal(signal.SIGTERM)

    def drains() -> bool:
        return platform.client.get("/readyz").status_code == 503

    eventually(drains)
    assert "ends" in platform.client.get("/readyz").json()["detail"]
    checked = platform.client.post("/api/v1/checks", headers=staff, json=BODY)
    assert (checked.status_code, checked.headers["connection"]) == (200, "close")
