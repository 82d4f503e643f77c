# SPDX-License-Identifier: Apache-2.0
"""One organisation's exchange over a real database, with a clock that tests move."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from noli.access.service import AccessService
from noli.adapters.partners import PartnerFetchers
from noli.adapters.secrets import DrawnSecrets
from noli.adapters.signing import Ed25519Verifier, FeedKeys
from noli.adapters.sql import Database
from noli.adapters.sql.exchange import SqlExchange
from noli.bank.model import (
    Action,
    BankPolicy,
    Entry,
    EntryId,
    NewEntry,
    Opinion,
    OpinionKind,
    Provenance,
    Sharing,
    parse_entry,
)
from noli.bank.service import create_bank, register
from noli.base.errors import Conflict, PartnerUnreachable
from noli.base.secrecy import Purpose
from noli.exchange.canaries import Canaries
from noli.exchange.common import NegativeIndex
from noli.exchange.feed import Feed
from noli.exchange.incoming import Incoming
from noli.exchange.model import Import, NewPartner, Page, Partner, Protocol, Source, SyncState
from noli.exchange.outgoing import Outgoing
from noli.exchange.partners import PartnerService
from noli.exchange.ports import HttpAnswer
from noli.exchange.sync import Syncer
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import DIHEDRAL, Hash, SignalType
from tests.conftest import opened
from tests.support.casework import FakeClock
from tests.support.secrecy import MemoryKeyring


class Hub:
    """An organisation with one bank, ``protected``."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.keyring = database, FakeClock(), MemoryKeyring()
        self.exchange = SqlExchange(database.engine, self.keyring)
        self.access = AccessService(database.keys, self.clock)
        self.partners = PartnerService(self.exchange, self.access, self.clock)
        self.canaries = Canaries(DrawnSecrets(self.keyring, Purpose.CANARY))
        self.outgoing = Outgoing(self.exchange, self.canaries, self.clock)
        self.feed = Feed(self.exchange, self.outgoing, FeedKeys(self.keyring), Ed25519Verifier(), self.clock)
        self.incoming = Incoming(self.exchange, NegativeIndex(database.banks, HammingIndex), self.clock, max_held=20)
        self.wire = Wire()
        fetchers = PartnerFetchers(self.wire, Ed25519Verifier(), self.feed.signer, self.clock)
        self.syncer = Syncer(self.exchange, self.incoming, fetchers, self.clock)
        self.bank("protected")

    def bank(self, name: str, *, action: Action = Action.BLOCK, negative: bool = False) -> None:
        """Make a bank."""
        policy = BankPolicy(action, negative=negative)
        with self.exchange.transaction(write=True) as t:
            create_bank(t.banks, name, policy, now=self.clock.now())

    def partner(self, name: str = "platform", *shares: str) -> Partner:
        """Add a partner that sees some banks, ``protected`` if none is named."""
        return self.partners.add(NewPartner(name, shares=shares or ("protected",)))[0]

    def put(
        self, *seeds: int, bank: str = "protected", sharing: Sharing = Sharing.OPEN, forms: int = 1
    ) -> list[EntryId]:
        """Register made-up entries, one a seed."""
        entries = [
            NewEntry(
                tuple(Hash(made_up(seed + form), 90, variant=DIHEDRAL[form]) for form in range(forms)),
                Provenance("test"),
                sharing=sharing,
            )
            for seed in seeds
        ]
        with self.exchange.transaction(write=True) as t:
            return [made for made, _ in register(t.banks, bank, entries, now=self.clock.now())]

    def take_from(
        self, name: str, protocol: Protocol, source: Source, *, per_hour: int = 1000, secret: str = ""
    ) -> Partner:
        """Add a partner whose entries go into the bank ``received``."""
        self.bank("received")
        new = NewPartner(
            name, protocol, per_hour=per_hour, imports=(Import("", "received"),), source=source, secret=secret
        )
        return self.partners.add(new)[0]

    def take_from_noli(self, name: str, other: "Hub", *, per_hour: int = 1000) -> Partner:
        """Add another organisation that runs Noli; the two are joined by a wire."""
        self.wire.servers[name] = NoliServer(other, "us")
        source = Source(f"https://{name}", other.feed.public_key)
        return self.take_from(name, Protocol.NOLI, source, per_hour=per_hour, secret="key")

    def matched(self, bank: str = "received") -> set[bytes]:
        """Return every hash that a bank matches."""
        with self.exchange.transaction() as t:
            blocks = t.banks.active_hashes(t.banks.bank(bank).id)
            return {values[at : at + 32] for values, _ in blocks for at in range(0, len(values), 32)}

    def put_video(self, seed: int, *, frames: int = 3) -> EntryId:
        """Register a made-up video, a frame a second."""
        hashes = tuple(Hash(made_up(seed + n), 90, SignalType.VPDQ, at_ms=1000 * n) for n in range(frames))
        with self.exchange.transaction(write=True) as t:
            [(made, _)] = register(t.banks, "protected", [NewEntry(hashes, Provenance("test"))], now=self.clock.now())
        return made

    def say(self, entry: EntryId, kind: OpinionKind, *, bank: str = "protected", author: str = "anna") -> Entry:
        """Let somebody think something of an entry."""
        with self.exchange.transaction(write=True) as t:
            return t.banks.add_opinion(bank, Opinion(entry, author, kind, "", self.clock.now()))

    def state(self, name: str) -> SyncState:
        """Return how far we are with a partner."""
        with self.exchange.transaction() as t:
            return t.sync_state(t.partner(name).id)

    def received(self, name: str) -> dict[str, str]:
        """Return what became of the entries of a partner, as far as they were told with any version."""
        with self.exchange.transaction() as t:
            return {one.reference: str(one.state) for one in t.received_below(t.partner(name).id, 1 << 62)}

    def quarantined(self, name: str) -> list[str]:
        """Return why records were refused, newest first."""
        with self.exchange.transaction() as t:
            return [one.reason for one in t.quarantined(t.partner(name).id)]

    def withdraw(self, entry: EntryId, *, bank: str = "protected") -> None:
        """Withdraw one."""
        with self.exchange.transaction(write=True) as t:
            t.banks.withdraw(bank, entry, by="test", now=self.clock.now())

    def consent(self, entry: EntryId, *, given: bool) -> None:
        """Let an entry leave, or not."""
        with self.exchange.transaction(write=True) as t:
            t.banks.set_sharing("protected", entry, given=given, now=self.clock.now())

    def pages(self, partner: Partner, *, after: int = 0, limit: int = 100) -> Iterator[Page]:
        """Read all there is, as a partner does."""
        while True:
            page = self.outgoing.page(partner, after=after, limit=limit)
            yield page
            if not page.more:
                return
            after = page.next

    def seen(self, partner: Partner, *, after: int = 0) -> dict[EntryId, bool]:
        """Return which of our entries a partner sees, and whether withdrawn; canaries are left out."""
        items = [item for page in self.pages(partner, after=after) for item in page.items]
        with self.exchange.transaction() as t:
            ours = t.banks.entries_by_id([item.entry for item in items])
        return {item.entry: item.withdrawn for item in items if item.entry in ours}

    def checkpoint(self, partner: Partner) -> int:
        """Return the checkpoint of who has read all."""
        return list(self.pages(partner))[-1].next


class Wire:
    """What partners' servers answer: ``exchange.ports.Http`` without a network. Tests bend it."""

    def __init__(self) -> None:
        self.servers: dict[str, Server] = {}
        self.cut = False
        self.asked: list[tuple[str, str, bytes]] = []
        self.bend: Callable[[HttpAnswer], HttpAnswer] = lambda answer: answer

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
        """Answer as the server of this host would."""
        del wait_s, max_bytes
        if self.cut:
            msg = "The partner cannot be reached."
            raise PartnerUnreachable(msg)
        self.asked.append((method, url, body))
        parts = urlsplit(url)
        answer = self.servers[parts.netloc](method, parts.path, dict(parse_qsl(parts.query)), dict(headers), body)
        return self.bend(answer)


Server = Callable[[str, str, dict[str, str], dict[str, str], bytes], HttpAnswer]


class NoliServer:
    """Another organisation's feed as it is served."""

    def __init__(self, hub: "Hub", name: str, *, limit: int = 3) -> None:
        self.hub, self.limit = hub, limit
        self.partner = hub.partner(name)

    def __call__(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> HttpAnswer:
        """Answer one call."""
        if path.endswith("/opinions"):
            for each in json.loads(body)["opinions"]:
                entry = parse_entry(each["entry"])
                assert entry is not None
                self.hub.say(entry, OpinionKind(each["kind"]), author=f"partner:{self.partner.name}")
            return HttpAnswer(200, {}, b"{}")
        assert method == "GET"
        try:
            page = self.hub.feed.page(
                self.partner,
                after=int(query["after"]),
                previous=query.get("previous", ""),
                nonce=query["nonce"],
                limit=self.limit,
                receipt=headers.get("noli-receipt", ""),
            )
        except Conflict:
            return HttpAnswer(409, {}, b"")
        return HttpAnswer(200, {"noli-signature": page.signature}, page.body)


def made_up(seed: int) -> bytes:
    """Return a hash that could be a picture's."""
    value = 0
    for bit in random.Random(seed).sample(range(256), 128):
        value |= 1 << bit
    return value.to_bytes(32)


@contextmanager
def hub(folder: Path, url: str = "") -> Iterator[Hub]:
    """Open an organisation in a folder."""
    with closing(opened(url, folder)) as database:
        yield Hub(database)
