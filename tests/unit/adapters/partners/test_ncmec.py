# SPDX-License-Identifier: Apache-2.0
"""Fetching from a server that speaks NCMEC's hash-sharing v2."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noli.bank.model import OpinionKind
from noli.exchange.model import Protocol, Source, SyncStatus
from noli.exchange.ports import HttpAnswer
from tests.support.exchange import Hub, hub, made_up

_NS = 'xmlns="https://report.cybertip.org/hashsharing/v2"'


def image(seed: int, at: str = "2026-02-01T00:00:00Z", *, pdq: str | None = None, more: str = "") -> str:
    """Write an entry as the server does."""
    value = made_up(seed).hex() if pdq is None else pdq
    prints = f"<fingerprints><md5>00</md5>{f'<pdq>{value}</pdq>' if value else ''}</fingerprints>"
    return f'<image><member id="42">M</member><timestamp>{at}</timestamp><id>{seed}</id>{prints}{more}</image>'


def deleted(seed: int, at: str) -> str:
    """Write a tombstone."""
    return f'<deletedImage><member id="42">M</member><id>{seed}</id><timestamp>{at}</timestamp></deletedImage>'


class Ncmec:
    """A server that answers with pages prepared by the test."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.asked: list[str] = []
        self.put: dict[str, str] = {}
        self.raw: bytes | None = None
        self.reasons = '<reason guid="g-1" name="A False Positive"/><reason guid="g-2" name="Disputed"/>'

    def __call__(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> HttpAnswer:
        assert headers["authorization"].startswith("Basic ")
        if method == "PUT":
            self.put[path] = body.decode()
            return HttpAnswer(200, {}, b"")
        if path.endswith("/reasons"):
            text = f'<availableFeedbackReasons {_NS} type="PDQ">{self.reasons}</availableFeedbackReasons>'
            return HttpAnswer(200, {}, text.encode())
        self.asked.append(f"{query['from']} {query['to']} {query.get('start', '')}".strip())
        content, further = self.pages.get(query.get("start", ""), ("", ""))
        images = f'<images count="1" maxTimestamp="2026-02-01T00:00:00Z">{content}</images>'
        xml = f"<queryResult {_NS}>{images}<paging><next>{further}</next></paging></queryResult>"
        return HttpAnswer(200, {}, self.raw or xml.encode())


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation that fetches from an NCMEC server."""
    with hub(tmp_path) as made:
        made.take_from("them", Protocol.NCMEC, Source("https://them/hashsharing", user="us"), secret="secret")
        yield made


@pytest.fixture
def them(one: Hub) -> Ncmec:
    """The server."""
    server = Ncmec()
    one.wire.servers["them"] = server
    return server


def run(one: Hub) -> SyncStatus:
    """Fetch once."""
    return one.syncer.run("them").status


def test_a_window_is_read_to_its_end(one: Hub, them: Ncmec) -> None:
    """All pages, in whatever order entries are; tombstones drop them; the next window begins where this one ended."""
    them.pages = {
        "": (image(1) + image(2), "/v2/entries?from=a&amp;to=b&amp;start=2"),
        "2": (deleted(1, "2026-02-02T00:00:00Z") + image(3), ""),
    }
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(2), made_up(3)}
    them.pages = {"": (image(4), "")}
    one.clock.move(hours=1)
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(2), made_up(3), made_up(4)}
    assert them.asked[-1] == "2026-03-01T11:59:00Z 2026-03-01T12:59:00Z"


def test_nothing_is_asked_where_no_time_has_passed(one: Hub, them: Ncmec) -> None:
    """A window without an extent is not fetched."""
    run(one)
    asked = len(them.asked)
    assert run(one) is SyncStatus.OK
    assert len(them.asked) == asked


def test_an_old_entry_does_not_come_back(one: Hub, them: Ncmec) -> None:
    """A tombstone that is newer than the entry counts, whichever is read first."""
    them.pages = {"": (deleted(1, "2026-02-02T00:00:00Z") + image(1, "2026-02-01T00:00:00Z"), "")}
    assert run(one) is SyncStatus.OK
    assert one.matched() == set()


def test_what_cannot_be_used_is_kept_aside(one: Hub, them: Ncmec) -> None:
    """Entries without time, id or a good hash; those without a PDQ are passed over."""
    nobody = "<image><timestamp>2026-02-01T00:00:00</timestamp><id>9</id></image>"
    them.pages = {"": (image(1, "yesterday") + nobody + image(3, pdq="zz") + image(4, pdq="") + image(5), "")}
    assert run(one) is SyncStatus.OK
    assert one.matched() == {made_up(5)}
    assert len(one.quarantined("them")) == 3
    assert one.state("them").counts.skipped == 1


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"no xml", "not what its protocol says"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><queryResult/>', "document type"),
        (b"<queryResult><paging><next>https://elsewhere/</next></paging></queryResult>", "but not where"),
    ],
)
def test_trouble_is_named(one: Hub, them: Ncmec, raw: bytes, why: str) -> None:
    """What is no answer of the protocol, or leads elsewhere, is refused."""
    them.raw = raw
    assert run(one) is SyncStatus.UNREACHABLE
    assert why in one.state("them").reason


def test_opinions_travel_both_ways(one: Hub, them: Ncmec) -> None:
    """Negative feedback there disputes an entry here; ours goes there as affirmative, or negative with a reason."""
    said = '<negativeFeedback><member id="7">N</member></negativeFeedback>'
    negative = f"<feedback><pdqFeedback>{said}</pdqFeedback></feedback>"
    empty = "<feedback><pdqFeedback><negativeFeedback/></pdqFeedback></feedback>"
    them.pages = {"": (image(1, more=negative) + image(2, more=empty) + image(3) + image(4), "")}
    run(one)
    with one.exchange.transaction() as t:
        entries = {each.provenance.reference: each for each in t.banks.entries("received")}
    assert {reference for reference, each in entries.items() if each.disputed} == {"42-1"}
    one.say(entries["42-2"].id, OpinionKind.TRUE_POSITIVE, bank="received")
    one.clock.move(hours=1)
    run(one)
    one.say(entries["42-3"].id, OpinionKind.DISPUTED, bank="received")
    one.say(entries["42-4"].id, OpinionKind.FALSE_POSITIVE, bank="received")
    one.clock.move(hours=1)
    assert run(one) is SyncStatus.OK
    place = "/hashsharing/v2/entries/42/{}/PDQ/feedback"
    assert "<affirmative" in them.put[place.format(2)]
    assert "<guid>g-2</guid>" in them.put[place.format(3)]
    assert "<guid>g-1</guid>" in them.put[place.format(4)]


def test_an_opinion_without_a_fitting_reason_is_kept_aside(one: Hub, them: Ncmec) -> None:
    """Rather nothing than something else; the status says what was not sent, and what reasons there are."""
    them.reasons = '<reason guid="g-1" name="False positive"/>'
    them.pages = {"": (image(1) + image(2), "")}
    run(one)
    with one.exchange.transaction() as t:
        entries = {each.provenance.reference: each.id for each in t.banks.entries("received")}
    one.say(entries["42-1"], OpinionKind.DISPUTED, bank="received")
    one.say(entries["42-2"], OpinionKind.FALSE_POSITIVE, bank="received")
    one.clock.move(hours=1)
    assert run(one) is SyncStatus.OK
    assert list(them.put) == ["/hashsharing/v2/entries/42/2/PDQ/feedback"]
    assert one.quarantined("them") == ["Not sent that it is disputed: no reason there says so (False positive)."]
