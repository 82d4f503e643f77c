# SPDX-License-Identifier: Apache-2.0
"""Two million entries at once, by every way in: little of them is read, and less is kept."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from noli.adapters.egress import Egress
from noli.adapters.partners import PartnerFetchers
from noli.adapters.partners.http import PartnerHttp
from noli.adapters.signing import Ed25519Verifier
from noli.app import App
from noli.bank.model import Action, BankPolicy
from noli.bank.service import create_bank
from noli.base.config import Config
from noli.exchange.incoming import Incoming
from noli.exchange.model import Bad, Fetched, Given, Import, NewPartner, Partner, Protocol, Source, SyncStatus, Told
from noli.exchange.ports import Fetcher
from noli.exchange.sync import Syncer
from noli.hashing.model import Hash
from noli.web.api.limits import MAX_JSON_BYTES
from noli.web.asgi import create_asgi
from tests.conftest import opened
from tests.support.exchange import Hub, hub, made_up

MANY = 2_000_000

# Records that are written at a time.
PIECE = 1000


def record(number: int) -> bytes:
    """Write a record of StopNCII as a partner sends it."""
    value = f"{number:064x}"
    return b'{"signalType":"ImagePDQ","hashValue":"%s","CSPFeedbacks":[]},' % value.encode()


class Stream:
    """A body of so many records, written as it is read; counts what was."""

    def __init__(self, count: int) -> None:
        self.read, self._count = 0, count

    def __iter__(self) -> Iterator[bytes]:
        """Write it piece by piece."""
        yield b'{"count":%d,"hashRecords":[' % self._count
        for start in range(0, self._count, PIECE):
            piece = b"".join(record(number) for number in range(start, min(start + PIECE, self._count)))
            self.read += len(piece)
            yield piece
        yield b"{}]}"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An installation that takes what a partner sends."""
    made = App(Config(data=tmp_path), opened("", tmp_path))
    made.indexes.load(made.store)
    with made.store.transaction(write=True) as t:
        create_bank(t, "received", BankPolicy(Action.BLOCK), now=made.clock.now())
    yield made
    made.close()


def post(asgi: ASGIApp, path: str, headers: Mapping[str, str], body: Iterator[bytes]) -> tuple[int, bytes]:
    """Send a body piece by piece to an application in this process; return status and answer."""
    answers: list[Message] = []

    async def receive() -> Message:
        piece = next(body, b"")
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(message: Message) -> None:
        answers.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "server": ("us", 80),
        "client": ("192.0.2.1", 5),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def run() -> None:
        await asgi(scope, receive, send)

    asyncio.run(run())
    return answers[0]["status"], b"".join(each.get("body", b"") for each in answers[1:])


def test_a_body_of_two_million_is_not_read(app: App) -> None:
    """Whoever sends it is told that it is too large as soon as it is, and nothing of it is kept; the next one is."""
    partner, keys = app.partners.add(NewPartner("them", Protocol.STOPNCII, imports=(Import("", "received"),)))
    headers = {
        "x-functions-key": keys.token,
        "ocp-apim-subscription-key": keys.subscription,
        "content-type": "application/json",
    }
    flood, asgi = Stream(MANY), create_asgi(app)
    status, _ = post(asgi, "/exchange/stopncii/v1/SubmitHashes", headers, iter(flood))
    assert status == 413
    assert flood.read < 2 * MAX_JSON_BYTES
    with app.exchange.transaction() as t:
        assert t.received(partner.id, [f"{number:064x}" for number in range(100)]) == {}
    good = b'{"count":1,"hashRecords":[{"signalType":"ImagePDQ","hashValue":"%s"}]}' % made_up(1).hex().encode()
    assert post(asgi, "/exchange/stopncii/v1/SubmitHashes", headers, iter([good]))[0] == 200


class Endless(BaseHTTPRequestHandler):
    """A partner's server that puts two million records onto one page."""

    body = Stream(MANY)

    def do_GET(self) -> None:
        """Write until nobody reads."""
        self.send_response(200)
        self.end_headers()
        for piece in self.body:
            self.wfile.write(piece)

    def handle(self) -> None:
        """Take it that the other side hangs up."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def test_a_page_of_two_million_is_not_read(tmp_path: Path) -> None:
    """It ends where a page has to end, the status says why, and nothing is kept."""
    limit = 4 * 1024 * 1024

    class Bounded(PartnerHttp):
        """Reads less than it does otherwise, so that the test is quick."""

        def call(self, *arguments: Any, **more: Any) -> Any:
            """Call."""
            return super().call(*arguments, **{**more, "max_bytes": limit})

    server = HTTPServer(("127.0.0.1", 0), Endless)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    with server, hub(tmp_path) as one:
        source = Source(f"http://127.0.0.1:{server.server_port}")
        one.take_from("them", Protocol.STOPNCII, source, secret="a,b")
        http = Bounded(Egress(private_hosts=["127.0.0.1"]))
        fetchers = PartnerFetchers(http, Ed25519Verifier(), one.feed.signer, one.clock)
        state = Syncer(one.exchange, one.incoming, fetchers, one.clock).run("them")
        assert (state.status, one.received("them")) == (SyncStatus.UNREACHABLE, {})
        assert "too large" in state.reason
        server.shutdown()
    assert Endless.body.read < 10 * limit


class Pages:
    """A partner that has two million entries on pages of the usual size; counts the pages that were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def open(self, partner: Partner, *, secret: str) -> Fetcher:
        """Speak for this partner alone."""
        del partner, secret
        return self

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Make each page when it is asked for."""
        del wait_s
        for start in range(checkpoint.get("at", 0), MANY, PIECE):
            self.asked += 1
            told = [
                Told(str(number), 1, withdrawn=False, hashes=(Hash(self.value(number)),))
                for number in range(start, start + PIECE)
            ]
            yield Fetched(tuple(told), (), {"at": start + PIECE})

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """Take nothing."""
        assert not opinions
        return ()

    @staticmethod
    def value(number: int) -> bytes:
        """Return a hash that a picture could have, another one for each number."""
        return (number | (1 << 128) - 1 << 128).to_bytes(32)


@pytest.fixture
def flooded(tmp_path: Path) -> Iterator[tuple[Hub, Pages, Callable[[], SyncStatus]]]:
    """An organisation that agreed on a thousand an hour and holds three thousand at most, with such a partner."""
    with hub(tmp_path) as one:
        one.take_from("them", Protocol.STOPNCII, Source("https://them"), per_hour=1000)
        pages = Pages()
        incoming = Incoming(one.exchange, one.incoming._common, one.clock, max_held=3000)
        syncer = Syncer(one.exchange, incoming, pages, one.clock)
        yield one, pages, lambda: syncer.run("them").status


def test_two_million_on_pages_are_held_and_then_left(
    flooded: tuple[Hub, Pages, Callable[[], SyncStatus]],
) -> None:
    """An hour's agreement is taken, so many wait, the rest is not even asked for, however often it is tried."""
    one, pages, run = flooded
    assert [run(), run()] == [SyncStatus.FLOODED, SyncStatus.FLOODED]
    assert (len(one.matched()), pages.asked) == (1000, 6)
    counts = one.state("them").counts
    assert (counts.taken, counts.held) == (1000, 3000)
    assert one.state("them").checkpoint == {"at": 4000}
