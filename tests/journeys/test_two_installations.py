# SPDX-License-Identifier: Apache-2.0
"""Two installations of Noli, one on PostgreSQL and one on SQLite, that exchange through their real servers."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from noli.cli import main
from tests.support.exchange import made_up
from tests.support.server import Server, check_hex, environment, eventually, make_bank


class Installation:
    """A server with what its operator does."""

    def __init__(self, folder: Path, url: str = "") -> None:
        folder.mkdir()
        self.folder, self.url = folder, url
        self.start()
        self.staff = self.server.key("staff", "banks,checks,partners")

    def start(self) -> None:
        """Start the server."""
        self.server = Server(self.folder, self.url, private_hosts="127.0.0.1")

    def noli(self, *arguments: str, give: str = "") -> str:
        """Run a command of the operator."""
        settings = environment(self.url, private_hosts="127.0.0.1")
        ours = {name: value for name, value in settings.items() if name.startswith("NOLI_")}
        done = CliRunner().invoke(main, [*arguments, "--data", str(self.folder)], env=ours, input=give)
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    def add(self, bank: str, seed: int) -> str:
        """Register a made-up entry."""
        body = {"hashes": [{"type": "pdq", "value": made_up(seed).hex(), "quality": 90}]}
        answer = self.server.client.post(f"/api/v1/banks/{bank}/entries", headers=self.staff, json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["entry"])

    def decision(self, seed: int) -> str:
        """Check a made-up hash."""
        return check_hex(self.server, self.staff, made_up(seed).hex())


@pytest.fixture
def pair(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[Installation, Installation]]:
    """A on PostgreSQL shares a bank with B on SQLite, which takes it as something that may block."""
    a, b = Installation(tmp_path / "a", postgresql_url), Installation(tmp_path / "b")
    make_bank(a.server, a.staff, "protected")
    make_bank(b.server, b.staff, "received")
    key = a.noli("partner", "add", "b", "--shares", "protected", "--protocol", "noli")
    feed_key = next(line.split()[1] for line in a.noli("partner", "identity").splitlines() if line.startswith("key"))
    url = str(a.server.client.base_url)
    source = ("--url", url, "--feed-key", feed_key, "--secret-file", "-", "--protocol", "noli")
    b.noli("partner", "add", "a", "--takes", "protected=received", "--at-most", "block", *source, give=key)
    yield a, b
    for each in (a, b):
        if each.server.process.poll() is None:
            each.server.stop()


def test_they_stay_in_step(pair: tuple[Installation, Installation], tmp_path: Path) -> None:
    """Added at A it blocks at B, withdrawn at A it is allowed at B; after A was killed and came back they converge."""
    a, b = pair
    entry = a.add("protected", 1)
    eventually(lambda: b.decision(1) == "block")
    a.server.client.delete(f"/api/v1/banks/protected/entries/{entry}", headers=a.staff)
    eventually(lambda: b.decision(1) == "allow")

    second = a.add("protected", 2)
    eventually(lambda: b.decision(2) == "block")
    port = a.server.client.base_url.port
    a.server.stop(signal.SIGKILL)
    eventually(lambda: _status(b) == "unreachable")
    a.server = Server(a.folder, a.url, port=port, private_hosts="127.0.0.1")
    a.add("protected", 3)
    a.server.client.delete(f"/api/v1/banks/protected/entries/{second}", headers=a.staff)
    b.server.stop(signal.SIGKILL)
    b.start()
    # A killed process cannot give its job back: another one takes it over when the lease has run out.
    eventually(lambda: b.decision(3) == "block" and b.decision(2) == "allow")

    # What people at B think goes to A, and what they dispute only asks for review there at once.
    listed = b.server.client.get("/api/v1/banks/received/entries", headers=b.staff).json()["entries"]
    here = next(e["entry"] for e in listed if e["hashes"][0]["value"] == made_up(3).hex())
    said = {"kind": "false_positive", "note": "a holiday picture"}
    b.server.client.post(f"/api/v1/banks/received/entries/{here}/opinions", headers=b.staff, json=said)
    assert b.decision(3) == "review"
    eventually(lambda: a.decision(3) == "review")
    assert "1 entries are disputed" not in a.noli("partner", "status")

    # B signed for what it has: that the second entry is withdrawn, too.
    key = json.loads(b.noli("partner", "identity", "--json"))["key"]
    assert f"signed by {key}" in a.noli("partner", "receipts", "b", "--entry", second)

    # What B got names B: a first canary always, and a second one where the installation's secret happens to draw it.
    leaked = tmp_path / "leaked.txt"
    leaked.write_text("\n".join(h["value"] for e in listed for h in e["hashes"]))
    assert re.match(r"b: [12] of its canaries", a.noli("partner", "trace", str(leaked)))


def _status(b: Installation) -> str:
    shown = b.server.client.get("/api/v1/partners/a", headers=b.staff).json()
    return str(shown["status"])
