# SPDX-License-Identifier: Apache-2.0
"""The unmodified ``threatexchange`` of the package index fetches from a hub, in each of three protocols.

The hub is a real server over 10,000 shared entries that were registered over some days. What a client ends with is the
hub's set, and besides only canaries of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.fb_threatexchange_api import (
    FBThreatExchangeCollabConfig,
    FBThreatExchangeSignalExchangeAPI,
)
from threatexchange.exchanges.impl.ncmec_api import NCMECCollabConfig, NCMECSignalExchangeAPI
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIICredentials, StopNCIISignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

from noli.app import App
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance, Sharing
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.exchange.model import NewPartner, PartnerId, PartnerKeys, Protocol
from noli.hashing.model import Hash
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.casework import FakeClock
from tests.support.server import Server

# Entries of one transaction each, which share a second.
_BATCHES = (6000, 2000, 2000)
_COUNT = sum(_BATCHES)


@dataclass
class Hub:
    """A served installation with partners that see one of its banks."""

    server: Server
    hashes: set[str]
    keys: dict[str, PartnerKeys]
    canaries: dict[str, set[str]]
    staff: dict[str, str]

    def url(self, path: str) -> str:
        return f"{str(self.server.client.base_url).rstrip('/')}/exchange/{path}"

    def add(self, seed: int) -> str:
        """Register one more and return its hash."""
        value = some_hash(seed).hex()
        made = self.server.client.post(
            "/api/v1/banks/protected/entries", headers=self.staff, json={"hashes": [{"value": value}]}
        )
        assert made.status_code == 201, made.text
        self.hashes.add(value)
        return str(made.json()["entry"])

    def withdraw(self, entry: str) -> str:
        """Withdraw one and return its hash."""
        gone = self.server.client.delete(f"/api/v1/banks/protected/entries/{entry}", headers=self.staff).json()
        value = str(gone["hashes"][0]["value"])
        self.hashes.discard(value)
        return value

    def opinions(self, entry: str) -> list[tuple[str, str]]:
        """What is thought of one, by whom."""
        found = self.server.client.get(f"/api/v1/banks/protected/entries/{entry}/opinions", headers=self.staff).json()
        return [(each["author"], each["kind"]) for each in found["opinions"]]


def _filled(folder: Path) -> tuple[dict[str, PartnerKeys], dict[str, set[str]]]:
    """Fill an installation: a shared bank, one that is not, and in the shared one what may not leave."""
    clock = FakeClock()
    app = App(Config(data=folder), opened("", folder), clock=clock)
    with app.store.transaction(write=True) as transaction:
        for name in ("protected", "private"):
            create_bank(transaction, name, BankPolicy(Action.BLOCK), now=clock.now())
    names = {"stopncii": Protocol.STOPNCII, "ncmec": Protocol.NCMEC, "meta": Protocol.THREATEXCHANGE}
    made = {
        name: app.partners.add(NewPartner(name, protocol, shares=("protected",))) for name, protocol in names.items()
    }
    for number, count in enumerate(_BATCHES):
        clock.time += timedelta(days=1, milliseconds=300)
        start = sum(_BATCHES[:number])
        seeds = range(start, start + count)
        entries = [NewEntry((Hash(some_hash(seed)),), Provenance("test"), labels=("ncii",)) for seed in seeds]
        hidden = NewEntry((Hash(some_hash(-1 - start)),), Provenance("test"), sharing=Sharing.WITHHELD)
        with app.store.transaction(write=True) as transaction:
            register(transaction, "protected", [*entries, hidden], now=clock.now())
            register(transaction, "private", [*entries[:2], hidden], now=clock.now())
    until = app.outgoing.last() + 100
    canaries = {
        name: {value.hex() for value in app.canaries.values(PartnerId(partner.id), until=until)}
        for name, (partner, _) in made.items()
    }
    app.close()
    return {name: keys for name, (_, keys) in made.items()}, canaries


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all clients."""
    folder = tmp_path_factory.mktemp("hub")
    keys, canaries = _filled(folder)
    server = Server(folder)
    hashes = {some_hash(seed).hex() for seed in range(_COUNT)}
    yield Hub(server, hashes, keys, canaries, server.key("staff", "banks"))
    server.stop()


def _collected(client: Any, state: dict[Any, Any], checkpoint: Any, *, most: int = 1_000_000) -> tuple[Any, int]:
    """Fetch as HMA does: merge each page, keep its checkpoint, refuse one that goes back; stop once it has so many."""
    count = 0
    for delta in client.fetch_iter([PdqSignal], checkpoint):
        count += 1
        for key, value in delta.updates.items():
            merged = client.fetch_value_merge(state.get(key), value)
            if merged is None:
                state.pop(key, None)
            else:
                state[key] = merged
        if checkpoint is not None:
            assert delta.checkpoint.get_progress_timestamp() >= checkpoint.get_progress_timestamp()
        checkpoint = delta.checkpoint
        if len(state) >= most:
            break
    return checkpoint, count


def _stopncii(hub: Hub) -> StopNCIISignalExchangeAPI:
    keys = hub.keys["stopncii"]
    said = f"{keys.token},{keys.subscription},{hub.url('stopncii/v1')}"
    config = CollaborationConfigBase(name="C", api="stop_ncii", enabled=True)
    return StopNCIISignalExchangeAPI.for_collab(config, StopNCIICredentials._from_str(said))


def _ncmec(hub: Hub) -> NCMECSignalExchangeAPI:
    # The client takes its addresses from an enumeration alone; it reads nothing but the value.
    environment: Any = SimpleNamespace(value=hub.url("ncmec"))
    config = NCMECCollabConfig(name="C", enabled=True, environment=environment)
    return NCMECSignalExchangeAPI(config, "any", hub.keys["ncmec"].token)


def _meta(hub: Hub) -> FBThreatExchangeSignalExchangeAPI:
    client = ThreatExchangeAPI(f"12345678|{hub.keys['meta'].token}", endpoint_override=hub.url("threatexchange"))
    config = FBThreatExchangeCollabConfig(name="C", enabled=True, privacy_group=1)
    return FBThreatExchangeSignalExchangeAPI(client, config)


def _hashes(client: Any, state: dict[Any, Any]) -> set[str]:
    return set(client.naive_convert_to_signal_type([PdqSignal], client.collab, state).get(PdqSignal, {}))


def _assert_same(hub: Hub, name: str, found: Iterable[str]) -> None:
    """The client has what the hub has, and besides canaries, some of its own and none of others."""
    extra = set(found) - hub.hashes
    assert hub.hashes <= set(found)
    assert extra <= hub.canaries[name]
    assert len(extra) > 50


@pytest.mark.parametrize(("name", "make"), [("stopncii", _stopncii), ("ncmec", _ncmec), ("meta", _meta)])
def test_an_abandoned_fetch_is_resumed_and_ends_with_the_hubs_set(
    hub: Hub, name: str, make: Callable[[Hub], Any]
) -> None:
    """10,000 hashes over several pages, abandoned midway, resumed by a new client: exactly the hub's set."""
    state: dict[Any, Any] = {}
    checkpoint, _ = _collected(make(hub), state, None, most=_COUNT // 3)
    assert _COUNT // 4 < len(_hashes(make(hub), state)) < _COUNT
    checkpoint, count = _collected(make(hub), state, checkpoint)
    assert count > 2
    client = make(hub)
    _assert_same(hub, name, _hashes(client, state))
    entry = hub.add(20_000)
    checkpoint, _ = _collected(client, state, checkpoint)
    if name == "ncmec":
        _collected(client, state, checkpoint)
    _assert_same(hub, name, _hashes(client, state))
    hub.withdraw(entry)
    with suppress(StopIteration):
        _collected(client, state, checkpoint)
    found = _hashes(client, state)
    if name == "stopncii":
        # This client keeps what is withdrawn; it was told, see below.
        found.discard(some_hash(20_000).hex())
    _assert_same(hub, name, found)
