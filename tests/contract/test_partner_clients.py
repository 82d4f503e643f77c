# SPDX-License-Identifier: Apache-2.0
"""The unmodified ``threatexchange`` of the package index fetches from a hub, in each of three protocols.

The hub is a real server over 10,000 shared entries that were registered over some days. What a client ends with is the
hub's set, and besides only canaries of its own.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI
from threatexchange.exchanges.clients.ncmec.hash_api import FeedbackType, FingerprintType
from threatexchange.exchanges.clients.stopncii import api as stopncii
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.fb_threatexchange_api import (
    FBThreatExchangeCollabConfig,
    FBThreatExchangeSignalExchangeAPI,
)
from threatexchange.exchanges.impl.ncmec_api import NCMECCheckpoint, NCMECCollabConfig, NCMECSignalExchangeAPI
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIICredentials, StopNCIISignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

from noli.app import App
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance, Sharing
from noli.bank.service import create_bank, register
from noli.base.clock import SystemClock
from noli.base.config import Config
from noli.exchange.model import Import, NewPartner, Partner, PartnerKeys, PartnerState
from noli.hashing.model import Hash
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.casework import FakeClock
from tests.support.server import Server

# Entries of one transaction each, which share a second.
_BATCHES = (6000, 2000, 2000)
_COUNT = sum(_BATCHES)

Make = Callable[["Hub", PartnerKeys], Any]


@dataclass
class Hub:
    """A served installation with partners that see one of its banks."""

    server: Server
    app: App
    staff: dict[str, str]
    refused: PartnerKeys | None = None
    hashes: set[str] = field(default_factory=lambda: {some_hash(seed).hex() for seed in range(_COUNT)})

    def now(self) -> int:
        """Seconds since 1970."""
        return int(SystemClock().now().timestamp())

    def partner(self, name: str, *shares: str) -> tuple[Partner, PartnerKeys]:
        """Add a partner that sees some banks, ``protected`` if none is named."""
        return self.app.partners.add(NewPartner(name, shares=shares or ("protected",)))

    def matches(self, value: str) -> list[tuple[str, str]]:
        """The banks that a hash is found in, and what each asks for."""
        found = self.server.client.post(
            "/api/v1/checks", headers=self.staff, json={"hashes": [{"value": value}]}
        ).json()
        return [(match["bank"], match["verdict"]) for match in found["matches"]]

    def canaries(self, partner: Partner) -> set[str]:
        """All canaries that a partner may have been given."""
        until = self.app.outgoing.last() + 1
        return {value.hex() for value in self.app.canaries.values(partner.id, until=until)}

    def url(self, path: str) -> str:
        return f"{str(self.server.client.base_url).rstrip('/')}/exchange/{path}"

    def add(self, name: str, *, bank: str = "protected") -> tuple[str, str]:
        """Register one more and return its id and hash."""
        value = hashlib.sha256(name.encode()).hexdigest()
        made = self.server.client.post(
            f"/api/v1/banks/{bank}/entries", headers=self.staff, json={"hashes": [{"value": value}]}
        )
        assert made.status_code == 201, made.text
        if bank == "protected":
            self.hashes.add(value)
        return str(made.json()["entry"]), value

    def withdraw(self, entry: str, *, bank: str = "protected") -> None:
        """Withdraw one."""
        gone = self.server.client.delete(f"/api/v1/banks/{bank}/entries/{entry}", headers=self.staff)
        self.hashes.discard(str(gone.json()["hashes"][0]["value"]))

    def think(self, entry: str, kind: str, *, bank: str) -> None:
        """Have an opinion."""
        path = f"/api/v1/banks/{bank}/entries/{entry}/opinions"
        assert self.server.client.post(path, headers=self.staff, json={"kind": kind}).status_code == 201

    def opinions(self, entry: str, *, bank: str) -> list[tuple[str, str]]:
        """What is thought of one, by whom."""
        found = self.server.client.get(f"/api/v1/banks/{bank}/entries/{entry}/opinions", headers=self.staff).json()
        return [(each["author"], each["kind"]) for each in found["opinions"]]


def _fill(app: App, clock: FakeClock) -> None:
    """Fill an installation: a shared bank, one that is not, and in the shared one what may not leave."""
    with app.store.transaction(write=True) as transaction:
        for name in ("protected", "private", "empty"):
            create_bank(transaction, name, BankPolicy(Action.BLOCK), now=clock.now())
    for number, count in enumerate(_BATCHES):
        clock.time += timedelta(days=1, milliseconds=300)
        start = sum(_BATCHES[:number])
        seeds = range(start, start + count)
        entries = [NewEntry((Hash(some_hash(seed)),), Provenance("test"), labels=("ncii",)) for seed in seeds]
        hidden = NewEntry((Hash(some_hash(-1 - start)),), Provenance("test"), sharing=Sharing.WITHHELD)
        with app.store.transaction(write=True) as transaction:
            register(transaction, "protected", [*entries, hidden], now=clock.now())
            register(transaction, "private", [*entries[:2], hidden], now=clock.now())


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all clients."""
    folder, clock = tmp_path_factory.mktemp("hub"), FakeClock()
    app = App(Config(data=folder), opened("", folder), clock=clock)
    _fill(app, clock)
    server = Server(folder)
    yield Hub(server, app, server.key("staff", "banks,checks"))
    server.stop()
    app.close()


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


def _stopncii(hub: Hub, keys: PartnerKeys) -> StopNCIISignalExchangeAPI:
    said = f"{keys.token},{keys.subscription},{hub.url('stopncii/v1')}"
    config = CollaborationConfigBase(name="C", api="stop_ncii", enabled=True)
    return StopNCIISignalExchangeAPI.for_collab(config, StopNCIICredentials._from_str(said))


def _ncmec(hub: Hub, keys: PartnerKeys) -> NCMECSignalExchangeAPI:
    # The client takes its addresses from an enumeration alone; it reads nothing but the value.
    environment: Any = SimpleNamespace(value=hub.url("ncmec"))
    config = NCMECCollabConfig(name="C", enabled=True, environment=environment)
    return NCMECSignalExchangeAPI(config, "any", keys.token)


def _meta(hub: Hub, keys: PartnerKeys) -> FBThreatExchangeSignalExchangeAPI:
    client = ThreatExchangeAPI(f"12345678|{keys.token}", endpoint_override=hub.url("threatexchange"))
    config = FBThreatExchangeCollabConfig(name="C", enabled=True, privacy_group=1)
    return FBThreatExchangeSignalExchangeAPI(client, config)


def _hashes(client: Any, state: dict[Any, Any]) -> set[str]:
    return set(client.naive_convert_to_signal_type([PdqSignal], client.collab, state).get(PdqSignal, {}))


def _later(checkpoint: Any) -> Any:
    """A minute later a client asks for what came since; instead of waiting, go back that minute."""
    return (
        NCMECCheckpoint(checkpoint.get_entries_max_ts - 60) if isinstance(checkpoint, NCMECCheckpoint) else checkpoint
    )


def _assert_same(hub: Hub, partner: Partner, found: Iterable[str]) -> None:
    """The client has what the hub has, and besides canaries, its own alone."""
    extra = set(found) - hub.hashes
    assert hub.hashes <= set(found)
    assert extra <= hub.canaries(partner)
    assert len(extra) > 50


@pytest.mark.parametrize("make", [_stopncii, _ncmec, _meta])
def test_an_abandoned_fetch_is_resumed_and_ends_with_the_hubs_set(hub: Hub, make: Make) -> None:
    """10,000 hashes over several pages, abandoned midway, resumed by a new client: the hub's set, then its changes."""
    partner, keys = hub.partner(f"client{make.__name__}")
    state: dict[Any, Any] = {}
    checkpoint, _ = _collected(make(hub, keys), state, None, most=_COUNT // 3)
    assert _COUNT // 4 < len(_hashes(make(hub, keys), state)) < _COUNT
    checkpoint, count = _collected(make(hub, keys), state, checkpoint)
    assert count > 2
    client = make(hub, keys)
    _assert_same(hub, partner, _hashes(client, state))
    entry, value = hub.add(make.__name__)
    checkpoint, _ = _collected(client, state, _later(checkpoint))
    _assert_same(hub, partner, _hashes(client, state))
    hub.withdraw(entry)
    _collected(client, state, _later(checkpoint))
    found = _hashes(client, state)
    if make is _stopncii:
        # This client keeps what is withdrawn; it was told, as a test below shows.
        found.remove(value)
    _assert_same(hub, partner, found)


def _records(hub: Hub, keys: PartnerKeys, *, start: int = 10) -> dict[str, str]:
    """Fetch with StopNCII's client itself and return the status of each hash."""
    found = _stopncii(hub, keys).api.fetch_hashes_iter(start)
    return {record.hashValue: record.hashStatus.value for page in found for record in page.hashRecords}


def _small(hub: Hub, name: str) -> str:
    """Make a bank of its own for a test."""
    with hub.app.store.transaction(write=True) as transaction:
        create_bank(transaction, name, BankPolicy(Action.BLOCK), now=hub.app.clock.now())
    return name


def _status(record: Any) -> tuple[str, bool]:
    return record["indicator"], record["should_delete"]


def _updates(hub: Hub, keys: PartnerKeys, **query: Any) -> Any:
    asked = {"access_token": f"12345678|{keys.token}", **query}
    found = hub.server.client.get("/exchange/threatexchange/1/threat_updates/", params=asked)
    assert found.status_code == 200, found.text
    return found.json()


def test_a_withdrawal_is_told_to_whom_can_have_it_and_to_nobody_else(hub: Hub) -> None:
    """Who fetched before is told the status; to who fetches for the first time the hash is never named."""
    bank = _small(hub, "told")
    _, early = hub.partner("early", bank)
    entry, value = hub.add("told", bank=bank)
    hub.add("stays", bank=bank)
    pages = list(_stopncii(hub, early).api.fetch_hashes_iter())
    assert {record.hashStatus.value for page in pages for record in page.hashRecords} == {"Active"}
    hub.withdraw(entry, bank=bank)
    assert _records(hub, early, start=pages[-1].nextSetTimestamp)[value] == "Withdrawn"
    _, late = hub.partner("late", bank)
    assert value not in _records(hub, late)
    assert value not in {update["indicator"] for update in _updates(hub, late)["data"]}


def test_a_withdrawal_during_a_fetch_reaches_who_had_the_hash_on_an_earlier_page(hub: Hub) -> None:
    """A page given before the withdrawal is corrected by a later page of the same fetch."""
    bank = _small(hub, "during")
    _, keys = hub.partner("during", bank)
    entry, value = hub.add("during 0", bank=bank)
    hub.add("during 1", bank=bank)
    client = _stopncii(hub, keys).api
    first = client.fetch_hashes(page_size=1)
    assert value in {record.hashValue for record in first.hashRecords}
    hub.withdraw(entry, bank=bank)
    rest = []
    page = first
    while page.hasMoreRecords:
        page = client.fetch_hashes(page_size=1, next_page=page.nextPageToken or "")
        rest += page.hashRecords
    assert [record.hashStatus.value for record in rest if record.hashValue == value] == ["Withdrawn"]


def test_a_hash_that_two_entries_hold_is_dropped_with_the_last(hub: Hub) -> None:
    """Protocols that know hashes alone go on having it while another shared entry stands for it."""
    bank = _small(hub, "twice")
    _, keys = hub.partner("twice", bank)
    (one, value), (other, _) = hub.add("twice", bank=bank), hub.add("twice", bank=bank)
    start = max(update["last_updated"] for update in _updates(hub, keys)["data"])
    for entry, status in ((one, "Active"), (other, "Withdrawn")):
        hub.withdraw(entry, bank=bank)
        assert _records(hub, keys, start=start)[value] == status
        deleted = dict(map(_status, _updates(hub, keys, start_time=start)["data"]))
        assert deleted[value] == (status == "Withdrawn")


def test_opinions_come_in_by_each_client(hub: Hub) -> None:
    """Each client's own feedback becomes the partner's opinion; the same again changes nothing, nor does an unknown."""
    bank = _small(hub, "judged")
    partner, keys = hub.partner("judge", bank)
    entry, value = hub.add("judged", bank=bank)
    stop = _stopncii(hub, keys).api
    stop._function_keys[stopncii.StopNCIIEndpoint.SubmitFeedback] = keys.token
    kind, feedback = stopncii.StopNCIISignalType.ImagePDQ, stopncii.StopNCIICSPFeedbackValue
    for _ in range(2):
        stop.submit_feedback(kind, value, feedback.NotBlocked, {"meme"})
    stop.submit_feedback(kind, value, feedback.PendingReview)
    stop.submit_feedback(kind, hashlib.sha256(b"unknown").hexdigest(), feedback.Blocked)
    ncmec: Any = _ncmec(hub, keys)
    client = ncmec.get_client(ncmec.collab.environment)
    [update] = [
        u
        for page in client.get_entries_iter(start_timestamp=hub.now() - 3600)
        for u in page.updates
        if u.fingerprints.get("pdq") == value
    ]
    assert client.status().esp_name == "judge"
    assert [member.esp_name for member in client.members()] == ["Noli", "judge"]
    client.submit_feedback(update.member_id, update.id, FingerprintType.pdq, FeedbackType.upvote)
    reasons = client.feedback_reasons(FingerprintType.pdq)
    for guid in reasons:
        client.submit_feedback(update.member_id, update.id, FingerprintType.pdq, FeedbackType.downvote, guid)
    meta: Any = _meta(hub, keys).client
    [descriptor] = [u["descriptors"]["data"][0]["id"] for u in _updates(hub, keys)["data"] if u["indicator"] == value]
    [shown] = meta.get_threat_descriptors([descriptor])
    assert (shown["raw_indicator"], shown["tags"]) == (value, [])
    for reaction in ("SAW_THIS_TOO", "HELPFUL"):
        assert meta.react_to_threat_descriptor(descriptor, reaction)[2] == {"success": True}
    assert meta.react_to_threat_descriptor("12345", "HELPFUL")[2] == {"success": True}
    assert "message" in meta.react_to_threat_descriptor(descriptor, "LIKE")[2]["error"]
    said = ["false_positive", "true_positive", "false_positive", "disputed", "true_positive"]
    assert hub.opinions(entry, bank=bank) == [(f"partner:{partner.name}", each) for each in said]


def test_our_opinions_go_out_in_each_protocol(hub: Hub) -> None:
    """What people here think is told as feedback, votes and status."""
    bank = _small(hub, "ours")
    _, keys = hub.partner("reader", bank)
    entry, value = hub.add("ours", bank=bank)
    expected = {
        "true_positive": ("Blocked", ["upvote"], "MALICIOUS"),
        "false_positive": ("NotBlocked", ["downvote"], "NON_MALICIOUS"),
        "disputed": ("PendingReview", ["downvote"], "UNKNOWN"),
    }
    for kind, (feedback, votes, status) in expected.items():
        hub.think(entry, kind, bank=bank)
        records = [r for page in _stopncii(hub, keys).api.fetch_hashes_iter() for r in page.hashRecords]
        [ours] = [record for record in records if record.hashValue == value]
        assert [f.feedbackValue.value for f in ours.CSPFeedbacks] == [feedback]
        ncmec: Any = _ncmec(hub, keys)
        pages = ncmec.get_client(ncmec.collab.environment).get_entries_iter(start_timestamp=hub.now() - 3600)
        [update] = [u for page in pages for u in page.updates if u.fingerprints.get("pdq") == value]
        assert [vote.feedback_type.value for vote in update.feedback["PDQ"]] == votes
        [told] = [u for u in _updates(hub, keys)["data"] if u["indicator"] == value]
        assert told["descriptors"]["data"][0]["status"] == status


def test_a_group_without_updates_does_not_break_the_client(hub: Hub) -> None:
    """The ThreatExchange client fails on an empty list; it is given the deletion of a hash that no picture has."""
    _, keys = hub.partner("nothing", "empty")
    state: dict[Any, Any] = {}
    _collected(_meta(hub, keys), state, None)
    assert _hashes(_meta(hub, keys), state) == set()
    assert _records(hub, keys) == {}


@pytest.mark.parametrize("hours", [-5, 0, 9])
def test_clients_that_write_local_time_miss_nothing(hub: Hub, hours: int) -> None:
    """West of UTC an NCMEC client lags, east of it is ahead; each gets all that came since its last window."""
    bank = _small(hub, f"zone{hours}")
    _, keys = hub.partner(f"zone{hours}", bank)
    entry, value = hub.add(f"zone {hours}", bank=bank)
    now = hub.now()

    def asked(since: int, until: int) -> str:
        written = [
            datetime.fromtimestamp(max(0, each + hours * 3600), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for each in (since, until)
        ]
        found = hub.server.client.get(
            "/exchange/ncmec/v2/entries",
            params={"from": written[0], "to": written[1]},
            auth=("any", keys.token),
        )
        assert found.status_code == 200, found.text
        return found.text

    assert value in asked(now - 86_400, now - 5)
    hub.withdraw(entry, bank=bank)
    assert f"<id>{entry}.0</id>" in asked(now - 5, now - 4)
    assert "deletedImage" in asked(now - 5, now - 4)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "stopncii/v1/FetchHashes", {}, 401),
        ("GET", "stopncii/v1/FetchHashes", {"headers": {"x-functions-key": "KEY"}}, 401),
        ("GET", "stopncii/v1/FetchHashes", {"both": True, "params": {"nextPageToken": "1.2"}}, 400),
        ("GET", "stopncii/v1/FetchHashes", {"both": True, "params": {"startTimestamp": 1 << 40}}, 400),
        ("GET", "stopncii/v1/FetchHashes", {"both": True, "params": {"startTimestamp": 9_999_999_999}}, 400),
        (
            "GET",
            "threatexchange/1/threat_updates/",
            {"params": {"access_token": "12345678|KEY", "start_time": 9_999_999_999}},
            400,
        ),
        ("GET", "ncmec/v2/status", {}, 401),
        ("GET", "ncmec/v2/nothing", {"headers": {"Accept": "text/html"}}, 404),
        ("GET", "stopncii/v1/Nothing", {}, 404),
        ("GET", "threatexchange/1/2/3/4", {}, 404),
        ("GET", "ncmec/v2/status", {"headers": {"Authorization": "Basic !"}}, 401),
        ("GET", "ncmec/v2/feedback/MD5/reasons", {"auth": True}, 404),
        ("GET", "ncmec/v2/entries", {"auth": True, "params": {"from": "yesterday"}}, 400),
        ("PUT", "ncmec/v2/entries/1/0/PDQ/feedback", {"auth": True, "xml": "<a/>"}, 404),
        ("PUT", "ncmec/v2/entries/10000000/0/PDQ/feedback", {"auth": True, "xml": "<a/>"}, 404),
        ("PUT", "ncmec/v2/entries/10000000/0000000000000/PDQ/feedback", {"auth": True, "xml": "<a/>"}, 400),
        ("PUT", "ncmec/v2/entries/10000000/0000000000000/PDQ/feedback", {"auth": True, "xml": "<a"}, 400),
        (
            "PUT",
            "ncmec/v2/entries/10000000/0000000000000/PDQ/feedback",
            {"auth": True, "xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'},
            400,
        ),
        ("GET", "threatexchange/1/threat_updates/", {}, 401),
        ("GET", "threatexchange/1/threat_updates/", {"params": {"access_token": "12345678|KEY", "limit": 0}}, 400),
        ("POST", "threatexchange/me/", {"params": {"access_token": "12345678|KEY"}}, 404),
    ],
)
def test_refusals_have_the_shape_of_the_protocol(
    hub: Hub, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    """Without key, with half of one, with what cannot be read: refused, in the protocol's own words, and no 500."""
    name = "refused"
    if name not in {partner.name for partner in hub.app.partners.all()}:
        hub.refused = hub.partner(name, "empty")[1]
    keys = hub.refused
    assert keys is not None
    headers = {key: value.replace("KEY", keys.token) for key, value in sent.get("headers", {}).items()}
    if sent.get("both"):
        headers = {"x-functions-key": keys.token, "Ocp-Apim-Subscription-Key": keys.subscription}
    if "xml" in sent:
        headers["Content-Type"] = "application/xml; charset=utf-8"
    answer = hub.server.client.request(
        method,
        f"/exchange/{path}",
        headers=headers,
        params={key: str(value).replace("KEY", keys.token) for key, value in sent.get("params", {}).items()},
        auth=("any", keys.token) if sent.get("auth") else None,
        content=sent.get("xml"),
        json=sent.get("json"),
    )
    assert answer.status_code == status, answer.text
    shapes = {"stopncii": '"statusCode":', "ncmec": "<errorMessage>", "threatexchange": '{"error":'}
    protocol = path.partition("/")[0]
    assert shapes[protocol] in answer.text
    if not sent and status == 401:
        shown = {"stopncii": "x-functions-key", "ncmec": "HTTP Basic", "threatexchange": "access_token"}
        assert shown[protocol] in answer.text


def test_a_suspended_partner_gets_nothing(hub: Hub) -> None:
    """Once suspended by hand it is refused, and served again when resumed."""
    _, keys = hub.partner("paused", "empty")
    assert _records(hub, keys) == {}
    hub.app.partners.set_state("paused", PartnerState.SUSPENDED)
    headers = {"x-functions-key": keys.token, "Ocp-Apim-Subscription-Key": keys.subscription}
    assert hub.server.client.get("/exchange/stopncii/v1/FetchHashes", headers=headers).status_code == 403
    hub.app.partners.set_state("paused", PartnerState.ACTIVE)
    assert _records(hub, keys) == {}


def test_hashes_come_in_by_each_client_and_are_taken_back(hub: Hub) -> None:
    """They go into the agreed bank, ask for review though it blocks, match at once, and stop when taken back."""
    bank = _small(hub, "inbound")
    _, keys = hub.app.partners.add(NewPartner("sender", shares=("empty",), imports=(Import("", bank),)))
    stop, feedback = _stopncii(hub, keys).api, stopncii.StopNCIICSPFeedbackValue
    stop._function_keys |= dict.fromkeys(stopncii.StopNCIIEndpoint, keys.token)
    first, second = (hashlib.sha256(name).hexdigest() for name in (b"sent 1", b"sent 2"))
    kinds = stopncii.StopNCIISignalType
    stop.submit_hash(kinds.ImagePDQ, first, {"ncii"})
    assert hub.matches(first) == [(bank, "review")]
    meta: Any = _meta(hub, keys).client
    said = dict.fromkeys(("description", "share_level", "status", "privacy_type"), "X")
    made = meta.upload_threat_descriptor({"indicator": second, "type": "HASH_PDQ", **said}, False, False)[2]  # noqa: FBT003 - the client's own
    assert (made["success"], hub.matches(second)) == (True, [(bank, "review")])
    stop.submit_feedback(kinds.ImagePDQ, first, feedback.Withdrawn)
    meta.delete_threat_descriptor(made["id"], False, False)  # noqa: FBT003 - the client's own
    assert (hub.matches(first), hub.matches(second)) == ([], [])


def test_what_cannot_be_used_is_refused_alone(hub: Hub) -> None:
    """Zeros, other types and nonsense are refused and counted; the rest is taken, in either spelling."""
    bank = _small(hub, "mixed")
    _, keys = hub.app.partners.add(NewPartner("mixed", shares=("empty",), imports=(Import("", bank),)))
    good = [hashlib.sha256(name).hexdigest() for name in (b"mixed 1", b"mixed 2")]
    sent = [
        ("ImagePDQ", good[0]),
        ("StopNCIISignalType.ImagePDQ", good[1]),
        ("VideoMD5", "00" * 16),
        ("ImagePDQ", "00" * 32),
        ("ImagePDQ", "nonsense"),
    ]
    headers = {"x-functions-key": keys.token, "Ocp-Apim-Subscription-Key": keys.subscription}
    records = [{"lastModtimestamp": 1, "signalType": kind, "hashValue": value} for kind, value in sent]
    body = {"count": len(records), "hashRecords": records}
    answer = hub.server.client.post("/exchange/stopncii/v1/SubmitHashes", headers=headers, json=body)
    assert (answer.status_code, answer.json()) == (200, {"count": 5, "refused": 3})
    assert [hub.matches(value) for value in good] == [[(bank, "review")]] * 2
    token = {"access_token": f"12345678|{keys.token}"}
    for method, path, asked, status in (
        ("POST", "threat_descriptors/", {"indicator": good[0], "type": "HASH_MD5"}, 400),
        ("POST", "threat_descriptors/", {"indicator": "nonsense", "type": "HASH_PDQ"}, 400),
        ("DELETE", "12345", {}, 404),
    ):
        answer = hub.server.client.request(method, f"/exchange/threatexchange/{path}", params=token | asked)
        assert (answer.status_code, "message" in answer.json()["error"]) == (status, True)
    sent_records = [
        {"signalType": "ImagePDQ"},
        {"hashValue": good[0]},
        {"signalType": "x" * 300, "hashValue": "y" * 300},
    ]
    answer = hub.server.client.post(
        "/exchange/stopncii/v1/SubmitHashes", headers=headers, json={"hashRecords": sent_records}
    )
    assert (answer.status_code, answer.json()) == (200, {"count": 3, "refused": 3})


def test_feedback_that_cannot_be_used_is_refused_alone(hub: Hub) -> None:
    """An opinion on something that is no PDQ hash is kept aside and counted; those sent with it are believed."""
    bank = _small(hub, "feedback")
    partner, keys = hub.partner("feedback", bank)
    entry, value = hub.add("judged", bank=bank)
    headers = {"x-functions-key": keys.token, "Ocp-Apim-Subscription-Key": keys.subscription}
    words = [("notahash", "Blocked"), (value, "NotBlocked"), ("00" * 16, "Withdrawn")]
    sent = [{"hashValue": hash_, "feedbackValue": word} for hash_, word in words]
    answer = hub.server.client.post(
        "/exchange/stopncii/v1/SubmitFeedback", headers=headers, json={"hashFeedbacks": sent}
    )
    assert (answer.status_code, answer.json()) == (200, {"count": 3, "refused": 2})
    assert hub.opinions(entry, bank=bank) == [(f"partner:{partner.name}", "false_positive")]
    assert {each.reference for each in hub.app.partner_status.of(partner.name).refused} == {"notahash", "00" * 16}


def test_updates_are_given_up_to_a_time_and_of_the_types_asked_for(hub: Hub) -> None:
    """``stop_time`` ends a fetch with its second, on every page; other types alone are answered with nothing."""
    partner, keys = hub.partner("bounded")
    whole = _updates(hub, keys, limit=1000)["data"]
    stop = whole[0]["last_updated"]
    found: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        page = _updates(hub, keys, limit=1000, stop_time=stop, types="HASH_MD5,HASH_PDQ", **cursor)
        found |= {each["indicator"] for each in page["data"]}
        if "paging" not in page:
            break
        cursor = {"cursor": dict(parse_qsl(urlsplit(page["paging"]["next"]).query))["cursor"]}
    assert {some_hash(seed).hex() for seed in range(_BATCHES[0])} == found - hub.canaries(partner) - {"00" * 32}
    [nothing] = _updates(hub, keys, types='["HASH_MD5"]')["data"]
    assert (nothing["indicator"], nothing["should_delete"]) == ("00" * 32, True)
