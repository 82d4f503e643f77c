# SPDX-License-Identifier: Apache-2.0
"""A platform's own tools are told of what happens: a real server, a real receiver, the page's own code."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from noli.app import App, load_config
from noli.base.clock import SystemClock
from noli.casework import work
from noli.cli import main
from tests.support.casework import CALLER, made_up_item, submission
from tests.support.server import Server, eventually

_QUICK: dict[str, Any] = {"password_memory_mib": 8, "proof_of_work_bits": 1}


def page_code(root: Path) -> Callable[..., str]:
    """Return the function that the page tells receivers to use."""
    page = (root / "docs" / "how-to" / "receive-webhooks.md").read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the page's own code is what is tested
    found: Callable[..., str] = names["verify"]
    return found


class Receiver:
    """A receiver on loopback: answers what it is told to, and keeps what it took."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                names = ("Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Idempotency-Key")
                receiver.got.append(({name: self.headers[name] for name in names}, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/noli"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def types(self) -> list[str]:
        """Return the types of what came."""
        return [json.loads(body)["type"] for _, body in self.got]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that runs."""
    with closing(Receiver()) as made:
        yield made


def open_case(folder: Path) -> None:
    """Submit a case beside the server, over the same data."""
    with closing(App.open(load_config({"data": folder, **_QUICK}))) as app:
        app.indexes.load(app.store)
        proof = work.solve(app.intake.challenge())
        app.intake.submit(submission(made_up_item(1)), token=app.intake.new_token(), proof=proof, caller=CALLER)


def test_a_platform_is_told_and_looks_after_its_webhook(receiver: Receiver, tmp_path: Path) -> None:
    """Made, tested, told by the server, refused and sent again, disabled, removed; every message can be verified."""
    server = Server(tmp_path, private_hosts="127.0.0.1", **_QUICK)
    key, client = server.key("tools", "webhooks"), server.client
    verify, now = page_code(Path(__file__).parents[2]), SystemClock().now().timestamp()

    made = client.post("/api/v1/webhooks", headers=key, json={"url": receiver.url, "types": ["case.*"], "note": "us"})
    assert made.status_code == 201, made.text
    hook, secret = made.json()["id"], made.json()["secret"]
    one = f"/api/v1/webhooks/{hook}"
    assert client.get(one, headers=key).json() == {k: v for k, v in made.json().items() if k != "secret"}
    assert "secret" not in client.get("/api/v1/webhooks", headers=key).json()["webhooks"][0]

    tested = client.post(f"{one}/test", headers=key).json()
    assert (tested["state"], tested["status"]) == ("delivered", 204)
    receiver.status = 500
    open_case(tmp_path)
    eventually(lambda: "case.opened" in receiver.types())
    receiver.status = 204
    eventually(lambda: receiver.types().count("case.opened") > 1)

    headers, body = receiver.got[-1]
    assert verify(secret, headers, body, now) == headers["Idempotency-Key"] == json.loads(body)["id"]
    for broken in (
        (secret, headers, body + b" ", now),
        (secret, headers, body, now + 400),
        ("whsec_eA==", headers, body, now),
    ):
        with pytest.raises(ValueError, match=r"signed|old"):
            verify(*broken)
    ids = {headers["Webhook-Id"] for headers, body in receiver.got if b"case.opened" in body}
    assert len(ids) == 1

    def settled() -> list[dict[str, Any]]:
        query = {"state": "delivered", "limit": "1"}
        found: list[dict[str, Any]] = client.get(f"{one}/deliveries", headers=key, params=query).json()["deliveries"]
        return found if found[0]["type"] == "case.opened" else []

    eventually(lambda: bool(settled()))
    again = client.post(f"{one}/deliveries/{settled()[0]['delivery']}/resend", headers=key).json()
    assert (again["state"], again["id"]) == ("waiting", next(iter(ids)))
    eventually(lambda: receiver.types().count("case.opened") > 2)
    assert client.post(f"{one}/deliveries/nonsense/resend", headers=key).status_code == 404

    changed = client.patch(one, headers=key, json={"enabled": False, "types": ["notice.*"]}).json()
    assert (changed["enabled"], changed["types"], changed["note"]) == (False, ["notice.*"], "us")
    assert client.post(one, headers=key).status_code == 405
    assert client.delete(one, headers=key).json() == {"id": hook}
    assert client.get(one, headers=key).status_code == 404
    assert client.get("/api/v1/webhooks", headers=server.key("other", "checks")).status_code == 403
    server.stop()


def test_webhooks_on_the_command_line(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without a server; a receiver inside is refused unless it is named."""
    monkeypatch.setenv("NOLI_DATA", str(tmp_path))

    def noli(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(main, ["webhook", *words])
        assert done.exit_code == status, done.output
        return done.stdout if status == 0 else done.stderr

    assert "private_hosts" in noli("create", receiver.url, "--type", "case.*", status=1)
    monkeypatch.setenv("NOLI_PRIVATE_HOSTS", "127.0.0.1")
    hook, secret = noli("create", receiver.url, "--type", "case.*", "--note", "us").split()
    assert secret.startswith("whsec_")
    monkeypatch.delenv("NOLI_PRIVATE_HOSTS")
    assert "private_hosts" in noli("test", hook, status=1)
    assert receiver.got == []
    monkeypatch.setenv("NOLI_PRIVATE_HOSTS", "127.0.0.1")
    assert noli("test", hook) == "delivered, answered 204\n"
    assert json.loads(noli("test", hook, "--json"))["state"] == "delivered"
    [listed] = [json.loads(line) for line in noli("list", "--json").splitlines()]
    assert (listed["id"], listed["types"], listed["enabled"]) == (hook, ["case.*"], True)
    assert receiver.url in noli("list")
    rows = noli("deliveries", hook, "--state", "dead").splitlines()
    assert len(rows) == 2
    number = json.loads(noli("deliveries", hook, "--state", "dead", "--json"))["delivery"]
    assert noli("resend", hook, str(number)) == f"{number} waits\n"
    assert noli("disable", hook) == f"{hook} is disabled\n"
    assert noli("enable", hook) == f"{hook} is enabled\n"
    assert noli("remove", hook, "--dry-run").startswith("would remove")
    assert noli("remove", hook).startswith("removed")
    assert noli("list", "--json") == ""
