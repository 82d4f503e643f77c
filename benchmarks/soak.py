# SPDX-License-Identifier: Apache-2.0
"""Four server processes on one PostgreSQL under load, while entries come and go, processes die, the database stops.

Callers whose every answer is compared with what had been acknowledged a second before it was asked for ask as fast as
they are answered, and wrk beside them, so that the processes have no idle moment. ``python -m benchmarks.soak``
runs it without keeping a row; everything stays on this machine and ends by itself.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from benchmarks.http import START_S, Sent, Server, free_port, saturate
from benchmarks.measure import ROOT, Row, higher, percentile
from tests.conftest import Cluster, binaries

_WORKERS = 4
_CONNECTIONS = 32
_KILL_EVERY_S = 5.0

# Seconds after which an acknowledged change must be in every answer.
_KNOWN_S = 1.0

# Seconds in which processes are connected again once the database is back.
_BACK_S = 2.0

# Seconds after a kill in which a connection may break.
_BROKEN_S = 2.0

# Entries that are added before the load begins, and how many are kept at one time.
_ENTRIES = 200

_BANK = "/api/v1/banks/soak"


@dataclass(slots=True)
class _Known:
    """When one hash was added and withdrawn: asked for, and acknowledged."""

    value: str
    add_sent: float = float("inf")
    added: float = float("inf")
    withdraw_sent: float = float("inf")
    withdrawn: float = float("inf")
    entry: str = ""

    def late(self, *, matched: bool, asked: float, answered: float, away: tuple[float, float]) -> float:
        """Say for how many seconds what an answer contradicts had been acknowledged when it was asked for.

        What was acknowledged just before the database went away, other processes hear when it is back.
        """
        if matched and answered < self.add_sent:
            return float("inf")
        if not matched and answered >= self.withdraw_sent:
            return 0.0
        acknowledged = self.withdrawn if matched else self.added
        heard = away[0] - _KNOWN_S < acknowledged < away[1] + _BACK_S
        return asked - (away[1] + _BACK_S if heard else acknowledged)


@dataclass(slots=True)
class _Seen:
    """What came out."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: int = 0
    latest_s: float = 0.0
    broken: list[float] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    writes: Counter[int] = field(default_factory=Counter)
    refused_without_wait: int = 0
    checked_while_away: int = 0
    away: tuple[float, float] = (float("inf"), float("inf"))
    sent: Sent | None = None

    def unexplained(self) -> int:
        """Count connections that broke without a kill shortly before."""
        return sum(not any(0 <= at - kill < _BROKEN_S for kill in self.kills) for at in self.broken)


@dataclass(slots=True)
class _House:
    """A server with its processes, on a database of its own."""

    url: str
    token: str
    pid: int
    cluster: Cluster

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


@contextmanager
def _house() -> Iterator[_House]:
    found = binaries()
    if found is None:
        msg = "PostgreSQL is not installed ('make system' installs it)"
        raise RuntimeError(msg)
    with tempfile.TemporaryDirectory(prefix="noli-pg-") as place, tempfile.TemporaryDirectory() as data:
        cluster = Cluster(found, Path(place))
        environment = {**os.environ, "NOLI_DATABASE_URL": cluster.new(), "NOLI_DATA": data}
        noli = [sys.executable, "-m", "noli"]
        made = subprocess.run(
            [*noli, "key", "create", "soak", "--scopes", "checks,banks"],
            env=environment, cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        port, log = free_port(), Path(data, "log.txt")
        with log.open("wb") as out:
            command = [*noli, "serve", "--port", str(port), "--workers", str(_WORKERS)]
            process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out)
        try:
            for _ in range(START_S * 10):
                if log.read_text().count('"worker.ready"') == _WORKERS:
                    break
                time.sleep(0.1)
            yield _House(f"http://127.0.0.1:{port}", made.stdout.strip(), process.pid, cluster)
        finally:
            process.terminate()
            process.wait(60)
            with suppress(AssertionError):
                cluster.stop()


def _write(house: _House, known: list[_Known], seen: _Seen, over: threading.Event) -> None:
    """Add and withdraw entries in turn, and note when it was acknowledged."""
    dice = random.Random(1)
    with house.client() as client:
        while not over.wait(0.05):
            active = [one for one in known if one.added < float("inf") and one.withdraw_sent == float("inf")]
            with suppress(httpx.TransportError):
                if len(active) >= _ENTRIES and dice.random() < 0.5:
                    _withdraw(client, dice.choice(active), seen)
                else:
                    known.append(_Known(dice.randbytes(32).hex()))
                    _add(client, known[-1], seen)


def _add(client: httpx.Client, one: _Known, seen: _Seen) -> None:
    body = {"hashes": [{"type": "pdq", "value": one.value, "quality": 90}]}
    one.add_sent = time.monotonic()
    answer = client.post(f"{_BANK}/entries", json=body)
    _count(answer, seen)
    if answer.status_code == httpx.codes.CREATED:
        one.entry, one.added = answer.json()["entry"], time.monotonic()


def _withdraw(client: httpx.Client, one: _Known, seen: _Seen) -> None:
    one.withdraw_sent = time.monotonic()
    answer = client.delete(f"{_BANK}/entries/{one.entry}")
    _count(answer, seen)
    if answer.status_code == httpx.codes.OK:
        one.withdrawn = time.monotonic()


def _count(answer: httpx.Response, seen: _Seen) -> None:
    seen.writes[answer.status_code] += 1
    seen.refused_without_wait += (
        answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" not in answer.headers
    )


async def _ask(house: _House, known: list[_Known], seen: _Seen, over: threading.Event, number: int) -> None:
    """Check hashes over one connection as fast as it answers; open it anew when it breaks."""
    dice, port = random.Random(f"caller {number}"), int(house.url.rpartition(":")[2])
    while not over.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            seen.broken.append(time.monotonic())
            await asyncio.sleep(0.05)
            continue
        try:
            while not over.is_set():
                one = dice.choice(known) if dice.random() < 0.8 else _Known(dice.randbytes(32).hex())
                asked = time.monotonic()
                status, body, closes = await _exchange(reader, writer, house.token, one.value)
                _judge(one, status, body, seen, asked=asked, answered=time.monotonic())
                if closes:
                    break
        except (OSError, asyncio.IncompleteReadError):
            if not over.is_set():
                seen.broken.append(time.monotonic())
        finally:
            writer.close()


def _judge(one: _Known, status: int, body: bytes, seen: _Seen, *, asked: float, answered: float) -> None:
    seen.statuses[status] += 1
    seen.seconds.append(answered - asked)
    if status == httpx.codes.OK:
        matched = bool(msgspec.json.decode(body)["matches"])
        late_s = one.late(matched=matched, asked=asked, answered=answered, away=seen.away)
        seen.wrong += late_s > _KNOWN_S
        seen.latest_s = max(seen.latest_s, late_s)
        seen.checked_while_away += seen.away[0] + _KNOWN_S < asked and answered < seen.away[1]


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, value: str
) -> tuple[int, bytes, bool]:
    body = _body(value).encode()
    writer.write(
        b"POST /api/v1/checks HTTP/1.1\r\nHost: noli\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (token.encode(), len(body), body)
    )
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length), b"connection: close" in head


def _body(value: str) -> str:
    return f'{{"hashes":[{{"type":"pdq","value":"{value}","quality":90}}]}}'


def _kill(house: _House, seen: _Seen, over: threading.Event) -> None:
    dice = random.Random(2)
    while not over.wait(_KILL_EVERY_S):
        if workers := house.workers():
            seen.kills.append(time.monotonic())
            with suppress(ProcessLookupError):
                os.kill(dice.choice(workers), signal.SIGKILL)


def _saturate(house: _House, seen: _Seen, seconds: float) -> None:
    dice = random.Random(3)
    bodies = [_body(dice.randbytes(32).hex()) for _ in range(5000)]
    seen.sent = saturate(Server(house.url, house.pid, house.token), bodies, seconds=round(seconds), sorts=True)


def _stop_database(house: _House, seen: _Seen, over: threading.Event, seconds: float) -> None:
    over.wait(5)
    house.cluster.crash()
    stopped = time.monotonic()
    seen.away = stopped, stopped + seconds
    over.wait(seconds)
    house.cluster.start()
    seen.away = stopped, time.monotonic()


async def _load(house: _House, known: list[_Known], seen: _Seen, over: threading.Event, seconds: float) -> None:
    asking = [asyncio.create_task(_ask(house, known, seen, over, number)) for number in range(_CONNECTIONS)]
    await asyncio.sleep(seconds)
    over.set()
    await asyncio.gather(*asking)


def _lost(house: _House, known: list[_Known]) -> int:
    """Count acknowledged changes that are not there at the end."""
    with house.client() as client:
        lost = 0
        for one in known:
            if one.added < float("inf"):
                state = client.get(f"{_BANK}/entries/{one.entry}").json().get("state")
                lost += state is None or (one.withdrawn < float("inf") and state != "withdrawn")
        return lost


def run(seconds: float, *, away_s: float = 0.0) -> tuple[_Seen, Sent, int, float]:
    """Run it; with ``away_s`` the database is stopped for as long, otherwise a process is killed every few seconds.

    Returns:
        What was seen, what wrk saw, how many acknowledged changes were lost, and the seconds that the load took.
    """
    known, seen, over = list[_Known](), _Seen(), threading.Event()
    with _house() as house:
        with house.client() as client:
            client.post("/api/v1/banks", json={"name": "soak", "action": "block"}).raise_for_status()
            dice = random.Random(0)
            for _ in range(_ENTRIES):
                known.append(_Known(dice.randbytes(32).hex()))
                _add(client, known[-1], seen)
        other = (_stop_database, (house, seen, over, away_s)) if away_s else (_kill, (house, seen, over))
        threads = [
            threading.Thread(target=_write, args=(house, known, seen, over)),
            threading.Thread(target=other[0], args=other[1]),
            threading.Thread(target=_saturate, args=(house, seen, seconds)),
        ]
        for thread in threads:
            thread.start()
        started = time.monotonic()
        asyncio.run(_load(house, known, seen, over, seconds))
        took = time.monotonic() - started
        for thread in threads:
            thread.join()
        if seen.sent is None:
            msg = "wrk did not run to its end"
            raise RuntimeError(msg)
        return seen, seen.sent, _lost(house, known), took


def _row(name: str, what: str, seconds: float, *, away_s: float = 0.0) -> Row:
    seen, sent, lost, took = run(seconds, away_s=away_s)
    answered = [one for one in seen.statuses if one not in {200, 429, 503}]
    return higher(
        name, seen.statuses[200] / took, None, peer_name="", unit="checked answers/s", what=what,
        p50_ms=round(1000 * percentile(seen.seconds, 0.5), 1), p99_ms=round(1000 * percentile(seen.seconds, 0.99), 1),
        answers=sum(seen.statuses.values()), wrong=seen.wrong, latest_s=round(seen.latest_s, 3), lost=lost,
        kills=len(seen.kills),
        turned_away=seen.statuses[429] + seen.statuses[503], other_errors=sum(seen.statuses[one] for one in answered),
        wrk_per_s=round(sent.per_s), wrk_p99_ms=round(sent.p99_ms, 1), wrk_turned_away=sent.refused - sent.others,
        wrk_other_errors=sent.others, wrk_broken=sent.broken,
        broken=len(seen.broken), broken_without_a_kill=seen.unexplained(),
        writes=seen.writes[200] + seen.writes[201], writes_refused=seen.writes[503],
        refused_without_retry_after=seen.refused_without_wait, checked_while_away=seen.checked_while_away,
    )  # fmt: skip


def soak() -> Row:
    """Kill processes under load for a minute."""
    what = f"{_WORKERS} processes, one killed every {_KILL_EVERY_S:g} s, entries come and go; each answer checked"
    return _row("soak-postgresql", what, 60)


def outage() -> Row:
    """Stop PostgreSQL for 20 seconds under load."""
    return _row(
        "outage-postgresql",
        f"{_WORKERS} processes while PostgreSQL is stopped for 20 s and started again; each answer checked",
        40,
        away_s=20,
    )


ROWS: dict[str, Callable[[], Row | list[Row]]] = {"soak-postgresql": soak, "outage-postgresql": outage}


def main() -> None:
    """Run it by hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (60)")
    parser.add_argument("--away", type=float, default=0, help="stop the database so long, kill nothing")
    arguments = parser.parse_args()
    row = _row("soak", "by hand", min(arguments.seconds, 600), away_s=arguments.away)
    print(f"{row.ours:.0f} {row.unit}", *(f"{name} {value}" for name, value in row.more.items()), sep="\n")


if __name__ == "__main__":
    main()
