# SPDX-License-Identifier: Apache-2.0
"""Fetching from a StopNCII server, in the shapes that its documentation and common client agree on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noli.bank.model import OpinionKind
from noli.exchange.model import Protocol, Source, SyncStatus
from noli.exchange.ports import HttpAnswer
from tests.support.exchange import Hub, hub, made_up


def record(seed: int, at: int, status: str = "Active", **more: object) -> dict[str, object]:
    """Write a record as the server does."""
    return {
        "lastModtimestamp": at,
        "signalType": "ImagePDQ",
        "hashValue": made_up(seed).hex().upper(),
        "hashStatus": status,
        "caseNumbers": {"case": status},
        **more,
    }


class StopNcii:
    """A server with records in order, two a page."""

    def __init__(self) -> None:
        self.records: list[dict[str, object]] = []
        self.asked: list[dict[str, str]] = []
        self.feedback: list[dict[str, object]] = []
        self.bend: dict[str, Any] = {}
        self.status = 200

    def __call__(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> HttpAnswer:
        assert (headers["x-functions-key"], headers["ocp-apim-subscription-key"]) == ("function", "subscription")
        if path.endswith("/SubmitFeedback"):
            assert method == "POST"
            self.feedback += json.loads(body)["hashFeedbacks"]
            return HttpAnswer(200, {}, b"{}")
        self.asked.append(query)
        start, at = int(query["startTimestamp"]), int(query.get("nextPageToken", "0"))
        new = [each for each in self.records if int(str(each.get("lastModtimestamp", start))) >= start]
        page = {
            "count": len(new[at : at + 2]),
            "nextPageToken": str(at + 2),
            "nextSetTimestamp": max((int(str(each["lastModtimestamp"])) for each in self.records), default=0),
            "hasMoreRecords": at + 2 < len(new),
            "hashRecords": new[at : at + 2],
        }
        return HttpAnswer(self.status, {}, json.dumps(page | self.bend).encode())


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation that fetches from a StopNCII server."""
    with hub(tmp_path) as made:
        made.take_from("them", Protocol.STOPNCII, Source("https://them/v1/"), secret="function,subscription")
        yield made


@pytest.fixture
def them(one: Hub) -> StopNcii:
    """The server."""
    server = StopNcii()
    one.wire.servers["them"] = server
    return server


def run(one: Hub) -> SyncStatus:
    """Fetch once."""
    return one.syncer.run("them").status


def test_withdrawn_and_deleted_hashes_are_dropped(one: Hub, them: StopNcii) -> None:
    """The status of a record counts: what was active and is withdrawn or deleted now stops matching."""
    them.records = [record(seed, 100 + seed) for seed in range(5)]
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(seed) for seed in range(5)}
    them.records += [record(0, 200, "Withdrawn"), record(1, 201, "Deleted"), record(9, 202, "Withdrawn")]
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(seed) for seed in (2, 3, 4)}


def test_fetching_goes_on_where_it_was_interrupted(one: Hub, them: StopNcii) -> None:
    """The checkpoint is kept page by page, and begins including the last time, so nothing is skipped."""
    them.records = [record(seed, 100 + seed) for seed in range(6)]
    one.wire.bend = _cut_after(one, 2)
    assert run(one) is SyncStatus.UNREACHABLE
    assert len(one.matched()) == 4
    one.wire.cut, one.wire.bend = False, lambda answer: answer
    assert run(one) is SyncStatus.OK
    assert them.asked[-1]["nextPageToken"] == "4"
    assert len(one.matched()) == 6
    them.records.append(record(7, 105))
    assert run(one) is SyncStatus.OK
    assert them.asked[-1]["startTimestamp"] == "105"
    assert made_up(7) in one.matched()


def _cut_after(one: Hub, pages: int) -> Any:
    def bend(answer: HttpAnswer) -> HttpAnswer:
        one.wire.cut = len(one.wire.asked) >= pages
        return answer

    return bend


def test_bad_records_cost_nothing_else(one: Hub, them: StopNcii) -> None:
    """Unknown states, broken hashes and records without their fields are kept aside; other types are passed over."""
    them.records = [
        record(1, 101),
        record(2, 102, "Brandnew"),
        record(3, 103, hashValue="0"),
        record(4, 104, hashValue="00" * 32),
        {"lastModtimestamp": 105},
        record(5, 106, signalType="VideoMD5"),
        record(6, 107, "Received"),
    ]
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(1), made_up(6)}
    assert len(one.quarantined("them")) == 4
    assert one.state("them").counts.skipped == 1


def test_what_services_there_think_is_read(one: Hub, them: StopNcii) -> None:
    """Not blocked is a false positive, blocked a true one; both, from two of them, a dispute; other words are none."""

    def said(*words: str | None) -> list[dict[str, object]]:
        return [{"source": f"service {n}", "feedbackValue": word, "tags": []} for n, word in enumerate(words)]

    them.records = [
        record(1, 101, CSPFeedbacks=said("NotBlocked", "PendingReview")),
        record(2, 102, CSPFeedbacks=said("Blocked")),
        record(3, 103, CSPFeedbacks=said("Blocked", "NotBlocked")),
        record(4, 104, CSPFeedbacks=said("None", None)),
        record(5, 105, CSPFeedbacks=None),
    ]
    assert run(one) is SyncStatus.OK
    with one.exchange.transaction() as t:
        kinds = {
            each.provenance.reference: [opinion.kind for opinion in t.banks.opinions("received", each.id)]
            for each in t.banks.entries("received")
        }
    expected: list[list[OpinionKind]] = [
        [OpinionKind.FALSE_POSITIVE],
        [OpinionKind.TRUE_POSITIVE],
        [OpinionKind.DISPUTED],
        [],
        [],
    ]
    assert kinds == {made_up(seed).hex(): kind for seed, kind in enumerate(expected, start=1)}


@pytest.mark.parametrize(
    ("bend", "status", "why"),
    [
        ({}, 401, "does not accept the key"),
        ({}, 429, "less often"),
        ({}, 500, "status 500"),
        ({"hashRecords": None}, 200, "not what its protocol says"),
        ({"hasMoreRecords": True, "nextPageToken": None}, 200, "but not where"),
    ],
)
def test_trouble_is_named(one: Hub, them: StopNcii, bend: dict[str, Any], status: int, why: str) -> None:
    """What the server's answer means is in the partner's status."""
    them.bend, them.status = bend, status
    assert run(one) is SyncStatus.UNREACHABLE
    assert why in one.state("them").reason


def test_opinions_go_back_as_feedback(one: Hub, them: StopNcii) -> None:
    """Each opinion has its word there; the hash says of what."""
    them.records = [record(seed, 100 + seed) for seed in range(3)]
    run(one)
    with one.exchange.transaction() as t:
        entries = {each.provenance.reference: each.id for each in t.banks.entries("received")}
    kinds = (OpinionKind.TRUE_POSITIVE, OpinionKind.FALSE_POSITIVE, OpinionKind.DISPUTED)
    for seed, kind in enumerate(kinds):
        one.say(entries[made_up(seed).hex()], kind, bank="received")
    assert run(one) is SyncStatus.OK
    said = {each["hashValue"]: each["feedbackValue"] for each in them.feedback}
    assert said == {made_up(0).hex(): "Blocked", made_up(1).hex(): "NotBlocked", made_up(2).hex(): "PendingReview"}
