# SPDX-License-Identifier: Apache-2.0
"""What happens when callers are hostile, clumsy or too many: each is told so, and nobody else suffers."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from noli.cli import main
from tests.support.server import Server, check_hex, environment, eventually, make_bank

# Three pictures that are far from each other.
_BANKED, _VIRAL, _OTHER = "5a" * 16 + "c3" * 16, "0f" * 16 + "99" * 16, "69" * 32

# What a hostile upload may add to the memory of the server process, in MiB; it sends 300.
_GROWTH_MIB = 64


Start = Callable[..., Server]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with the usual settings."""
    started = Server(tmp_path_factory.mktemp("installation"))
    yield started
    started.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers with settings of their own; they are stopped at the end."""
    started: list[Server] = []

    def _start(**settings: Any) -> Server:
        started.append(Server(tmp_path, **settings))
        return started[-1]

    yield _start
    for each in started:
        each.stop()


def _flipped(value: str, *bits: int) -> str:
    number = int(value, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:064x}"


def _resident_mib(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_probing_is_refused_for_hit_and_miss_alike(server: Server) -> None:
    """Who feels bit by bit for the border of a match is refused; a copy that was checked before is answered again."""
    staff = server.key("staff", "checks,banks")
    prober = server.key("prober", "checks")
    path = f"/api/v1/banks/{make_bank(server, staff, 'probed')}/entries"
    server.client.post(path, headers=staff, json={"hashes": [{"value": _BANKED}]})
    at_the_border = _flipped(_BANKED, *range(31))
    assert check_hex(server, prober, at_the_border) == "block"
    answers = [
        server.client.post("/api/v1/checks", headers=prober, json={"hashes": [{"value": _flipped(at_the_border, bit)}]})
        for bit in range(20, 60)
    ]
    allowed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer.json() for answer in answers[len(allowed) :]]
    assert {answer.json()["decision"] for answer in allowed} == {"allow", "block"}
    assert len(refused) >= 20
    assert {(each["status"], each["code"], each["decision"]) for each in refused} == {(429, "probing", "review")}
    batch = {"hashes": [{"value": _flipped(at_the_border, 100)}, {"value": _OTHER}]}
    [probed, other] = server.client.post("/api/v1/checks/batch", headers=prober, json=batch).json()["results"]
    assert (probed["decision"], probed["matches"], other["decision"]) == ("review", [], "allow")
    assert check_hex(server, prober, at_the_border) == "block"
    assert check_hex(server, staff, _flipped(at_the_border, 20)) == "block"


def test_many_genuine_copies_are_no_probing(server: Server) -> None:
    """A picture that goes viral in 500 different re-encodings and edits is blocked every time."""
    dice = random.Random(5)
    staff = server.key("viral", "checks,banks")
    path = f"/api/v1/banks/{make_bank(server, staff, 'viral')}/entries"
    server.client.post(path, headers=staff, json={"hashes": [{"value": _VIRAL}]})
    edits = [_flipped(_VIRAL, *dice.sample(range(256), 12)) for _ in range(5)]
    copies = [_flipped(dice.choice(edits), *dice.sample(range(256), dice.choice((0, 2, 4)))) for _ in range(500)]
    sent = {"hashes": [{"value": copy} for copy in copies]}
    answers = server.client.post("/api/v1/checks/batch", headers=staff, json=sent).json()["results"]
    assert [each["decision"] for each in answers] == ["block"] * 500
    assert {check_hex(server, staff, copy) for copy in copies[:20]} == {"block"}


def test_guessing_keys_is_slowed_down(start: Start) -> None:
    """After a few wrong keys an address waits; a key that just worked is not held up by them."""
    server = start(failed_auth_per_min=5)
    good = server.key("good", "checks")
    assert check_hex(server, good, _BANKED) == "allow"
    wrong = {"Authorization": "Bearer noli_guessed"}
    answers = [server.client.get("/api/v1/checks", headers=wrong) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert check_hex(server, good, _BANKED) == "allow"


def test_a_key_has_a_rate(start: Start) -> None:
    """Past its rate a key is told when to come back, and another key is served."""
    server = start(rate_limit_per_s=2)
    busy, calm = server.key("busy", "checks"), server.key("calm", "checks")
    answers = [server.client.get("/api/v1/checks", headers=busy) for _ in range(20)]
    assert answers[0].status_code == 200
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert {answer.json()["code"] for answer in limited} == {"throttled"}
    assert server.client.get("/api/v1/checks", headers=calm).status_code == 200


def test_a_revoked_key_stops_working(server: Server) -> None:
    """Revoking on the command line reaches the running server."""
    lost = server.key("lost", "checks")
    assert check_hex(server, lost, _OTHER) == "allow"
    assert CliRunner().invoke(main, ["key", "revoke", "lost", "--data", str(server.data)]).exit_code == 0
    eventually(lambda: server.client.get("/api/v1/checks", headers=lost).status_code == 401)


@pytest.mark.parametrize("stated", [True, False])
def test_300_mb_of_zeros_take_no_memory(server: Server, *, stated: bool) -> None:
    """A body past the limit is refused without being kept, whether or not its length is stated; the server goes on."""
    staff = server.key(f"zeros-{stated}", "checks")

    def zeros() -> Iterator[bytes]:
        for _ in range(300):
            yield bytes(1 << 20)

    before = _resident_mib(server)
    headers = {**staff, "Content-Type": "image/jpeg", **({"Content-Length": str(300 << 20)} if stated else {})}
    refused = server.client.post("/api/v1/checks", headers=headers, content=zeros())
    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
    assert _resident_mib(server) - before < _GROWTH_MIB
    assert check_hex(server, staff, _OTHER) == "allow"


def test_a_large_file_of_zeros_is_no_picture(start: Start) -> None:
    """Where the operator allows files that large, 100 MB of zeros are ``unsupported``, and the server goes on."""
    server = start(max_upload_bytes=128 << 20)
    staff = server.key("staff", "checks")
    answer = server.client.post(
        "/api/v1/checks", headers={**staff, "Content-Type": "image/jpeg"}, content=bytes(100 << 20)
    )
    assert (answer.status_code, answer.json()["outcome"]) == (200, "unsupported")
    assert check_hex(server, staff, _BANKED) == "allow"


def test_a_damaged_database_is_not_served(start: Start, tmp_path: Path) -> None:
    """A server over a damaged database says so and ends, or answers no check; it never says that nothing matched."""
    first = start()
    staff = first.key("staff", "checks,banks")
    path = f"/api/v1/banks/{make_bank(first, staff, 'kept')}/entries"
    values = [f"{n:02x}" * 16 + "c3" * 16 for n in range(40)]
    for value in values:
        first.client.post(path, headers=staff, json={"hashes": [{"value": value}]})
    first.stop(signal.SIGTERM)
    database = tmp_path / "noli.db"
    content = bytearray(database.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    database.write_bytes(content)
    command = [sys.executable, "-m", "noli", "serve", "--data", str(tmp_path), "--port", "0"]
    ended = subprocess.run(command, env=environment(""), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "damaged" in ended.stderr
    assert "backup" in ended.stderr
