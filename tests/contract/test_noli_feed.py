# SPDX-License-Identifier: Apache-2.0
"""Noli's own feed over HTTP, how exchange is shown to programs, and our fetchers against our own servers."""

import asyncio
import queue
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from noli.access.model import Scope
from noli.adapters.partners import PartnerFetchers
from noli.adapters.signing import Ed25519Verifier
from noli.app import App
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, OpinionKind, Provenance, entry_text
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.cli.sync import follow
from noli.exchange.messages import Position, read_page
from noli.exchange.model import Import, NewPartner, PartnerState, Protocol, Source, SyncStatus
from noli.exchange.ports import HttpAnswer
from noli.exchange.sync import Syncer
from noli.hashing.model import Hash
from noli.web.asgi import create_asgi
from tests.conftest import opened
from tests.support.casework import FakeClock
from tests.support.exchange import Hub, hub, made_up

NONCE = "ab" * 16


class Served:
    """An installation behind its HTTP interface, in this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.clock = FakeClock()
        self.app = App(Config(data=folder), opened("", folder), clock=self.clock)
        self.app.indexes.load(self.app.store)
        self.asgi = create_asgi(self.app)
        with self.app.store.transaction(write=True) as t:
            create_bank(t, "protected", BankPolicy(Action.BLOCK), now=self.clock.now())
        self.partner, self.keys = self.app.partners.add(NewPartner("us", shares=("protected",)))

    def put(self, *seeds: int) -> list[EntryId]:
        """Register made-up entries."""
        self.clock.move(seconds=1)
        entries = [NewEntry((Hash(made_up(seed), 90),), Provenance("test")) for seed in seeds]
        with self.app.store.transaction(write=True) as t:
            made = [entry for entry, _ in register(t, "protected", entries, now=self.clock.now())]
        self.app.catch_up()
        return made

    def withdraw(self, entry: EntryId) -> None:
        """Withdraw one."""
        self.clock.move(seconds=1)
        with self.app.store.transaction(write=True) as t:
            t.withdraw("protected", entry, by="test", now=self.clock.now())
        self.app.catch_up()

    def ask(self, method: str, url: str, *, token: str = "", **more: Any) -> httpx.Response:
        """Call."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.asgi)
            async with httpx.AsyncClient(transport=transport, base_url="http://them", timeout=30) as client:
                headers = {"authorization": f"Bearer {token}"} if token else {}
                return await client.request(method, url, **{"headers": headers, **more})

        return asyncio.run(ask())

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        wait_s: float = 0,
        max_bytes: int = 0,
    ) -> HttpAnswer:
        """Answer our own fetchers: ``exchange.ports.Http``."""
        del wait_s, max_bytes
        answer = self.ask(method, url, headers=dict(headers), content=body)
        return HttpAnswer(answer.status_code, dict(answer.headers), answer.content)


@pytest.fixture
def them(tmp_path: Path) -> Iterator[Served]:
    """Who is fetched from."""
    made = Served(tmp_path / "them")
    yield made
    made.app.close()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """Who fetches."""
    with hub(tmp_path) as made:
        yield made


def changes(them: Served, **query: object) -> httpx.Response:
    """Ask for a page."""
    return them.ask("GET", "/exchange/noli/v1/changes", token=them.keys.token, params={"nonce": NONCE, **query})


def test_a_page_is_signed_for_who_asks(them: Served) -> None:
    """It can be believed with the key of the identity; without a partner's key there is none."""
    [entry] = them.put(1)
    identity = them.ask("GET", "/exchange/noli/v1/identity", token=them.keys.token).json()
    answer = changes(them)
    place = Position("", "", 0, "", identity["public_key"])
    read = read_page(
        answer.content, answer.headers["noli-signature"], before=place, nonce=NONCE, verifier=Ed25519Verifier()
    )
    assert entry_text(entry) in {told.reference for told in read.told}
    assert (read.position.installation, read.position.to) == (identity["installation"], "us")
    assert changes(them, after=5, previous="00").status_code == 409
    assert changes(them, nonce="short").status_code == 400
    _, stranger = them.app.access.create("stranger", {Scope.EXCHANGE})
    assert them.ask("GET", "/exchange/noli/v1/identity", token=stranger).status_code == 403
    assert them.ask("GET", "/exchange/noli/v1/identity").status_code == 401
    them.app.partners.set_state("us", PartnerState.SUSPENDED)
    assert changes(them).status_code == 403


def test_who_waits_is_answered_when_there_is_something(them: Served) -> None:
    """An answer is held back until something new is there, or until the time is over."""
    them.put(1)
    first = changes(them)
    place = read_page(
        first.content,
        first.headers["noli-signature"],
        before=Position("", "", 0, "", them.app.feed.public_key),
        nonce=NONCE,
        verifier=Ed25519Verifier(),
    ).position
    asked = {"after": place.after, "previous": place.digest}
    assert changes(them, wait=1, **asked).json()["items"] == []
    later = threading.Timer(0.2, them.put, [2])
    later.start()
    answer = changes(them, wait=25, **asked)
    later.join()
    assert made_up(2).hex() in answer.text


def test_opinions_are_taken_from_partners(them: Served) -> None:
    """On what they were given; on anything else without a word."""
    [entry] = them.put(1)
    said = [{"entry": each, "kind": "disputed"} for each in (entry_text(entry), entry_text(EntryId(5)), "no entry")]
    answer = them.ask("POST", "/exchange/noli/v1/opinions", token=them.keys.token, json={"opinions": said})
    assert answer.json() == {"kept": True}
    with them.app.store.transaction() as t:
        assert t.entry("protected", entry).disputed
    assert [each.id for each in them.app.partner_status.disputed()] == [entry]


def test_programs_see_how_it_goes(them: Served) -> None:
    """All partners or one of them, for keys with the scope; counts without names are metrics."""
    _, token = them.app.access.create("tools", {Scope.PARTNERS, Scope.METRICS})
    [shown] = them.ask("GET", "/api/v1/partners", token=token).json()["partners"]
    assert shown == them.ask("GET", "/api/v1/partners/us", token=token).json()
    assert (shown["name"], shown["status"], shown["shares"]) == ("us", "never", ["protected"])
    assert them.ask("GET", "/api/v1/partners/nobody", token=token).status_code == 404
    assert them.ask("GET", "/api/v1/partners", token=them.keys.token).status_code == 403
    metrics = them.ask("GET", "/metrics", token=token).text
    for name in ("noli_partners_failing", "noli_entries_held", "noli_entries_disputed"):
        assert f"{name} 0.0" in metrics


@pytest.mark.parametrize("protocol", [Protocol.NOLI, Protocol.STOPNCII, Protocol.NCMEC, Protocol.THREATEXCHANGE])
def test_our_fetchers_understand_our_servers(them: Served, one: Hub, protocol: Protocol) -> None:
    """In every protocol that we serve, entries come, withdrawals are honoured, and opinions go back."""
    token, url = them.keys.token, "http://them/exchange/"
    sources = {
        Protocol.NOLI: (Source("http://them", them.app.feed.public_key), token),
        Protocol.STOPNCII: (Source(f"{url}stopncii/v1"), f"{token},{them.keys.subscription}"),
        Protocol.NCMEC: (Source(f"{url}ncmec", user="us"), token),
        Protocol.THREATEXCHANGE: (Source(f"{url}threatexchange", user="group"), token),
    }
    source, secret = sources[protocol]
    one.take_from("them", protocol, source, secret=secret)
    syncer = Syncer(
        one.exchange, one.incoming, PartnerFetchers(them, Ed25519Verifier(), one.feed.signer, one.clock), one.clock
    )

    def run() -> set[bytes]:
        for clock in (them.clock, one.clock):
            clock.move(minutes=5)
        assert syncer.run("them").status is SyncStatus.OK, one.state("them").reason
        return one.matched()

    first, second = them.put(1, 2)
    assert run() >= {made_up(1), made_up(2)}
    them.withdraw(first)
    [third] = them.put(3)
    matched = run()
    assert made_up(1) not in matched
    assert matched >= {made_up(2), made_up(3)}
    with one.exchange.transaction() as t:
        entries = t.banks.entries("received")
    here = next(each for each in entries if each.hashes[0].value == made_up(3))
    one.say(here.id, OpinionKind.FALSE_POSITIVE, bank="received")
    run()
    with them.app.store.transaction() as there:
        assert there.entry("protected", third).disputed
        assert not there.entry("protected", second).disputed


def test_a_loop_listens(them: Served, tmp_path: Path) -> None:
    """What is added there while nothing else happens is here, without a look at the clock; then it ends when told."""
    (tmp_path / "us").mkdir()
    us = App(Config(data=tmp_path / "us"), opened("", tmp_path / "us"))
    with us.store.transaction(write=True) as t:
        create_bank(t, "received", BankPolicy(Action.BLOCK), now=us.clock.now())
    source, takes = Source("http://them", them.app.feed.public_key), (Import("", "received"),)
    us.partners.add(NewPartner("them", Protocol.NOLI, imports=takes, source=source, secret=them.keys.token))
    fetchers = PartnerFetchers(them, Ed25519Verifier(), us.feed.signer, us.clock)
    taken, stop = queue.SimpleQueue[int](), threading.Event()

    def on_change() -> None:
        with us.store.transaction() as t:
            taken.put(t.bank("received").entries)

    us.syncer = Syncer(us.exchange, us.incoming, fetchers, us.clock, on_change=on_change)
    loop = threading.Thread(target=follow, args=(us, None, stop))
    loop.start()
    try:
        for seed in (1, 2, 3):
            them.put(seed)
            assert taken.get(timeout=30) >= seed
    finally:
        stop.set()
        loop.join(30)
        us.close()
    assert not loop.is_alive()
