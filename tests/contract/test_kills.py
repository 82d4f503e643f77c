# SPDX-License-Identifier: Apache-2.0
"""Two workers, killed again and again at random moments: nothing acknowledged is missing, nobody is left untold.

``NOLI_TEST_KILLS`` sets how many are killed on each database; CONTRIBUTING.md says when to raise it.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa

from noli.adapters.egress import Egress
from noli.adapters.keyring import KeyFile, is_signed
from noli.adapters.sql import Database
from noli.adapters.sql import tables as t
from noli.adapters.sql.jobs import SqlJobs
from noli.adapters.sql.ledger import SqlLedger
from noli.adapters.sql.outbox import SqlWebhooks
from noli.base.clock import SystemClock
from noli.evidence.service import LedgerService
from noli.jobs.model import Lane
from noli.jobs.service import Runner
from noli.outbox.model import DeliveryState
from noli.outbox.service import WebhookService
from tests.support.server import unmeasured

_KILLS = int(os.environ.get("NOLI_TEST_KILLS", "15"))

_ROOT = Path(__file__).parents[2]

# Acknowledged steps, of either worker, after which one of them is killed; 0 hits those that have only begun.
_STEPS = (0, 1, 1, 2, 3)

# Seconds that are waited besides at most, so that a kill does not always follow a commit.
_MORE_S = 0.01


class Receiver:
    """Takes messages and remembers under which id it was told of what."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        self.times: dict[str, int] = defaultdict(int)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.told[body["subject"], body["type"], body["data"]["number"]].add(
                    self.headers["Idempotency-Key"]
                )
                receiver.times[body["id"]] += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def log_error(self, *_: object) -> None:
                """Say nothing: who posts may be killed while it does."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Say nothing, as above."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class Later:
    """A clock that is some time ahead: every lease of the dead has run out."""

    def now(self) -> datetime:
        return SystemClock().now() + timedelta(minutes=14)


class Nursery:
    """Starts and kills workers, and hears what they say."""

    def __init__(self, url: str, folder: Path) -> None:
        # Killed workers could write down no coverage; what they run is covered elsewhere.
        environment = unmeasured() | {"PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path])}
        command = [sys.executable, "-m", "tests.support.nursery", url, str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=_ROOT, text=True
        )
        self.alive: list[int] = []
        self.acknowledged: dict[str, int] = {}
        self.complaints: list[str] = []

    def start(self) -> None:
        """Start one more worker."""
        assert self.process.stdin is not None
        self.process.stdin.write("one more\n")
        self.process.stdin.flush()
        self.hear(until="pid")

    def hear(self, *, until: str = "") -> None:
        """Read what workers say, up to a line that begins so, or to the end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            match line.split(" ", 2):
                case ["pid", number]:
                    self.alive.append(int(number))
                case ["ack", notice, version]:
                    self.acknowledged[notice] = max(self.acknowledged.get(notice, 0), int(version))
                case ["died", *_]:
                    pytest.fail(line)
                case _:
                    self.complaints.append(line.strip())
            if until and line.startswith(until):
                return

    def stop(self) -> None:
        """End it, when all workers are dead, and hear the rest."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.hear()
        assert self.process.wait(30) == 0

    def close(self) -> None:
        """End it, whatever happened."""
        for number in self.alive:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.kill()
        self.process.wait(30)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def kill(self, dice: random.Random) -> None:
        """Kill one of them."""
        os.kill(self.alive.pop(dice.randrange(len(self.alive))), signal.SIGKILL)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that runs."""
    made = Receiver()
    yield made
    made.close()


def test_kills_lose_nothing(
    database: Database, database_url: str, tmp_path: Path, receiver: Receiver, request: pytest.FixtureRequest
) -> None:
    """Every acknowledged event is there, each with its entry; each was posted, under one id and no other."""
    keys = KeyFile.make(tmp_path / "keys.json")
    store = SqlWebhooks(database.engine, keys)
    egress = Egress(private_hosts=["127.0.0.1"])
    hook, _ = WebhookService(store, SystemClock(), egress, dice=random.Random(1).random, types=("case.opened",)).create(
        receiver.url, ["*"], note="", by="test"
    )
    nursery, dice = Nursery(database_url, tmp_path), random.Random(2)
    request.addfinalizer(nursery.close)
    for _ in range(2):
        nursery.start()
    nursery.hear(until="ack")
    for _ in range(_KILLS):
        for _ in range(dice.choice(_STEPS)):
            nursery.hear(until="ack")
        time.sleep(dice.uniform(0, _MORE_S))
        nursery.kill(dice)
        nursery.start()
    for _ in range(2):
        nursery.kill(dice)
    nursery.stop()

    # What is left over is done by whoever comes next.
    rest = WebhookService(store, Later(), egress, dice=random.Random(3).random, types=("case.opened",))
    errors: list[Exception] = []
    runner = Runner(
        SqlJobs(database.engine),
        Later(),
        [replace(task, lane=Lane.NETWORK) for task in [rest.task]],
        dice=lambda: 0.5,
        report=lambda _, error: errors.append(error),
    )
    while runner.step(Lane.NETWORK):
        pass
    assert errors == []
    assert (
        store.deliveries(hook.id, state=DeliveryState.WAITING)
        == store.deliveries(hook.id, state=DeliveryState.DEAD)
        == []
    )

    with database.engine.connect() as connection:
        events = {
            (row[0], row[1], row[2])
            for table, owner in ((t.notice_event, "notice_id"), (t.record_event, "record_id"))
            for row in connection.execute(sa.select(table.c[owner], table.c.kind, table.c.sequence))
        }
    last: dict[str, int] = defaultdict(int)
    for subject, _, number in events:
        last[subject] = max(last[subject], number)
    assert len(nursery.acknowledged) > 1
    assert {notice: v for notice, v in nursery.acknowledged.items() if last[notice] < v} == {}
    assert events == set(receiver.told)
    assert {told: ids for told, ids in receiver.told.items() if len(ids) != 1} == {}
    assert len(receiver.times) == len(events)
    ledger = LedgerService(SqlLedger(database.engine, keys), check=is_signed, keys=keys.signing_keys())
    assert ledger.verify().whole
    # Two workers may meet at the same row, and a short lease may run out; nothing else goes wrong.
    harmless = ("LeaseLost", "StoreBusy", "lease-lost", "store-busy")
    assert [line for line in nursery.complaints if not any(each in line for each in harmless)] == []
