# SPDX-License-Identifier: Apache-2.0
"""Fetching from a ThreatExchange server, in the shapes of its Graph API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from noli.bank.model import OpinionKind
from noli.exchange.model import Protocol, Source, SyncStatus
from noli.exchange.ports import HttpAnswer
from tests.support.exchange import Hub, hub, made_up


def update(seed: int, at: int, *, status: str = "MALICIOUS", **more: object) -> dict[str, object]:
    """Write an update as the server does."""
    descriptor = {"id": f"9{seed}", "owner": {"id": "1"}, "status": status, "tags": [], "added_on": "2026"}
    return {
        "id": str(seed),
        "indicator": made_up(seed).hex(),
        "type": "HASH_PDQ",
        "last_updated": at,
        "should_delete": False,
        "descriptors": {"data": [descriptor]},
        **more,
    }


class ThreatExchange:
    """A server with two updates a page."""

    def __init__(self) -> None:
        self.updates: list[dict[str, object]] = []
        self.reactions: dict[str, str] = {}
        self.stuck = False
        self.asked: list[dict[str, str]] = []

    def __call__(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> HttpAnswer:
        del headers, body
        assert query["access_token"] == "secret"
        if method == "POST":
            self.reactions[path.rstrip("/").rpartition("/")[2]] = query["reactions"]
            return HttpAnswer(200, {}, b"{}")
        assert path == "/graph/group%201/threat_updates/"
        self.asked.append(query)
        at = int(query.get("cursor", "0"))
        found = [each for each in self.updates if int(str(each["last_updated"])) >= int(query["start_time"])]
        answer: dict[str, object] = {"data": found[at : at + 2]}
        if at + 2 < len(found):
            cursor = at if self.stuck and at else at + 2
            answer["paging"] = {"next": f"https://elsewhere/x?start_time={query['start_time']}&cursor={cursor}"}
        return HttpAnswer(200, {}, json.dumps(answer).encode())


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation that fetches from a ThreatExchange server."""
    with hub(tmp_path) as made:
        source = Source("https://them/graph", user="group 1")
        made.take_from("them", Protocol.THREATEXCHANGE, source, secret="secret")
        yield made


@pytest.fixture
def them(one: Hub) -> ThreatExchange:
    """The server."""
    server = ThreatExchange()
    one.wire.servers["them"] = server
    return server


def run(one: Hub) -> SyncStatus:
    """Fetch once."""
    return one.syncer.run("them").status


def test_updates_and_deletions_are_followed(one: Hub, them: ThreatExchange) -> None:
    """Pages are read at our own base address; what is deleted, or described by nobody any more, is dropped."""
    them.updates = [update(seed, 100 + seed) for seed in range(5)]
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(seed) for seed in range(5)}
    them.updates += [
        update(0, 200, should_delete=True),
        update(1, 201, descriptors={"data": []}),
        {"id": "2", "indicator": made_up(2).hex(), "type": "HASH_PDQ", "last_updated": 202},
    ]
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(3), made_up(4)}
    assert them.asked[-1]["start_time"] == "104"


def test_what_cannot_be_used_is_kept_aside(one: Hub, them: ThreatExchange) -> None:
    """Broken hashes and updates; other types are passed over."""
    them.updates = [
        update(1, 100, indicator="x"),
        update(2, 101, type="HASH_MD5"),
        {"id": 3, "last_updated": 102},
        update(4, 103),
    ]
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(4)}
    assert len(one.quarantined("them")) == 2
    assert one.state("them").counts.skipped == 1


def test_a_server_that_leads_nowhere_is_left(one: Hub, them: ThreatExchange) -> None:
    """A next page that is the same page again ends the fetch, and the status says why."""
    them.updates, them.stuck = [update(seed, 100 + seed) for seed in range(9)], True
    assert run(one) is SyncStatus.UNREACHABLE
    assert "but not where" in one.state("them").reason


def test_opinions_travel_both_ways(one: Hub, them: ThreatExchange) -> None:
    """Disagreement there disputes an entry here; our opinion is a reaction to its descriptor."""
    reactions = [{"key": "DISAGREE_WITH_TAGS", "value": "5"}]
    doubted = {"data": [{"id": "92", "status": "MALICIOUS", "reactions": reactions}]}
    them.updates = [
        update(1, 100, status="NON_MALICIOUS"),
        update(2, 101, descriptors=doubted),
        update(3, 102),
        update(4, 103, descriptors={"data": [{"status": "UNKNOWN"}]}),
    ]
    run(one)
    with one.exchange.transaction() as t:
        entries = {each.provenance.reference: each for each in t.banks.entries("received")}
    assert {reference for reference, each in entries.items() if each.disputed} == {"1", "2"}
    one.say(entries["3"].id, OpinionKind.TRUE_POSITIVE, bank="received")
    one.say(entries["4"].id, OpinionKind.FALSE_POSITIVE, bank="received")
    assert run(one) is SyncStatus.OK
    assert them.reactions == {"93": "HELPFUL", "4": "DISAGREE_WITH_TAGS"}
