# SPDX-License-Identifier: Apache-2.0
"""Serving our own feed: who we are, and what a partner may come back with."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from noli.adapters.signing import Ed25519Signer, Ed25519Verifier
from noli.base.errors import Conflict, InputError
from noli.exchange.messages import Position, ReadPage, read_page, receipt_text, write_receipt
from noli.exchange.timed import TimedFeed, moment, whole_seconds
from tests.support.exchange import Hub, hub

NONCE = "00" * 8


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation."""
    with hub(tmp_path) as made:
        yield made


def read(one: Hub, *, after: int = 0, digest: str = "", limit: int = 2) -> ReadPage:
    """Ask as the partner ``us``, and believe."""
    page = one.feed.page(one.partners.get("us"), after=after, previous=digest, nonce=NONCE, limit=limit)
    place = Position("", "", after, digest, one.feed.public_key)
    return read_page(page.body, page.signature, before=place, nonce=NONCE, verifier=Ed25519Verifier())


def test_we_stay_who_we_are(one: Hub) -> None:
    """The installation keeps its name; key and epoch change when they are told to."""
    before, key = one.feed.identity(), one.feed.public_key
    assert one.feed.identity() == before
    assert one.feed.rotate() == one.feed.public_key != key
    one.feed.begin_epoch()
    after = one.feed.identity()
    assert after.installation == before.installation
    assert after.epoch != before.epoch


def test_a_partner_may_ask_again_and_again(one: Hub) -> None:
    """The page it has is known for as long as it comes back with it, however often; older ones are not."""
    one.put(*range(1, 9))
    one.partner("us")
    first = read(one)
    pages = [read(one, after=first.position.after, digest=first.position.digest) for _ in range(20)]
    second = pages[-1]
    assert second.position.after > first.position.after
    third = read(one, after=second.position.after, digest=second.position.digest)
    assert third.told
    with pytest.raises(Conflict, match="set back"):
        read(one, after=first.position.after, digest=first.position.digest)
    for after, digest in ((second.position.after, "00" * 32), (second.position.after, "no hex"), (1, ""), (0, "00")):
        with pytest.raises(Conflict):
            read(one, after=after, digest=digest)


def test_nothing_new_changes_nothing(one: Hub) -> None:
    """Who has all gets an empty page, which leads nowhere else, and may come back as before."""
    one.put(1)
    one.partner("us")
    place = read(one).position
    for _ in range(3):
        page = one.feed.page(one.partners.get("us"), after=place.after, previous=place.digest, nonce=NONCE, limit=5)
        assert page.empty
        assert msgspec.json.decode(page.body)["next"] == place.after
    one.put(2)
    assert read(one, after=place.after, digest=place.digest).told


def ask(one: Hub, place: Position, *, receipt: str = "") -> Position:
    """Come back as the partner ``us`` with a place, and perhaps a receipt for it; return where the answer leads."""
    page = one.feed.page(
        one.partners.get("us"), after=place.after, previous=place.digest, nonce=NONCE, limit=2, receipt=receipt
    )
    before = replace(place, key=one.feed.public_key)
    return read_page(page.body, page.signature, before=before, nonce=NONCE, verifier=Ed25519Verifier()).position


def test_receipts_are_kept_and_can_be_shown(one: Hub) -> None:
    """Each page that a partner came back with, once, with its signature where that is good; the newest first."""
    entries = one.put(*range(1, 9))
    partner, signer = one.partner("us"), Ed25519Signer(bytes(32))
    first = ask(one, Position("", "", 0, "", ""))
    signed = write_receipt(first, signer)
    ask(one, first, receipt=signed)
    second = ask(one, first, receipt=signed)
    third = ask(one, second, receipt=signed)
    ask(one, third, receipt="no receipt")
    with one.exchange.transaction() as t:
        kept = t.receipts(partner.id)
        [one_of_it] = t.receipts(partner.id, entry=entries[3])
        assert t.receipts(partner.id, entry=entries[7]) == []
        assert t.receipts(partner.id, before=kept[1].number, limit=5) == kept[2:]
    assert [each.position for each in kept] == [third.after, second.after, first.after]
    assert [each.key for each in kept] == ["", "", signer.public_key]
    assert one_of_it == kept[1]
    text = receipt_text(first.installation, first.epoch, "us", first.after, first.digest)
    assert Ed25519Verifier().verify(kept[2].key, bytes.fromhex(kept[2].signature), text)


def test_who_has_nothing_signs_nothing(one: Hub) -> None:
    """The first question is no receipt."""
    partner = one.partner("us")
    ask(one, Position("", "", 0, "", ""), receipt="x")
    with one.exchange.transaction() as t:
        assert t.receipts(partner.id) == []


def test_other_protocols_give_receipts_without_signatures(one: Hub) -> None:
    """Who comes back has what came before; less than that, or the same again, is no news."""
    one.put(1, 2, 3)
    partner = one.partner("us")
    one.outgoing.deliver(partner, after=0, position=3)
    for position in (0, 2, 2, 1, 3):
        one.outgoing.confirm(partner, position)
    one.feed.identity()
    one.outgoing.confirm(partner, 3)
    with one.exchange.transaction() as t:
        assert [(each.position, each.signature) for each in t.receipts(partner.id)] == [(3, ""), (3, ""), (2, "")]


def test_a_claim_to_have_more_than_was_given_is_no_receipt(one: Hub) -> None:
    """Kept is what was really given, from the beginning and without a gap, whatever time a partner asks from."""
    one.put(*range(10))
    partner, timed = one.partner("us"), TimedFeed(one.outgoing, one.clock)
    one.clock.move(hours=1)

    def came_back(seconds: int) -> list[int]:
        timed.came_back(partner, timed.begin(seconds))
        with one.exchange.transaction() as t:
            return [each.position for each in t.receipts(partner.id)]

    now = whole_seconds(one.clock.now())
    assert came_back(now) == []
    late = timed.page(partner, timed.begin(now), limit=100)
    assert (late.items, late.seconds, came_back(now)) == ((), now, [])
    first = timed.page(partner, timed.begin(0), limit=4)
    assert first.cursor is not None
    assert came_back(now) == [first.cursor.after]
    last = timed.page(partner, first.cursor, limit=100)
    assert last.cursor is None
    assert came_back(last.seconds) == [one.outgoing.last(), first.cursor.after]


def test_a_page_may_end_at_a_step(one: Hub) -> None:
    """What lies beyond is neither given nor taken for given."""
    entries = one.put(*range(6))
    partner, timed = one.partner("us"), TimedFeed(one.outgoing, one.clock)
    with one.exchange.transaction() as t:
        steps = {item.entry: item.sequence for item in one.outgoing.page(partner, after=0, limit=9).items}
        until = steps[entries[2]]
    page = timed.page(partner, timed.begin(0), limit=2, until=until)
    assert page.cursor is not None
    page = timed.page(partner, page.cursor, limit=9, until=until)
    assert (page.items[-1].entry, page.cursor) == (entries[2], None)
    assert not timed.page(partner, replace(timed.begin(0), after=until + 1), limit=9, until=until).items
    with one.exchange.transaction() as t:
        assert t.delivered(partner.id) == until


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=100_000)])
def test_a_time_that_is_yet_to_come_is_no_checkpoint(one: Hub, ahead: timedelta) -> None:
    """It is refused, for who keeps it would be given nothing until then; a clock that is a little ahead is now."""
    timed, now = TimedFeed(one.outgoing, one.clock), whole_seconds(one.clock.now())
    assert timed.begin(now + 3600).seconds == now
    for seconds in (-1, now + int(ahead.total_seconds())):
        with pytest.raises(InputError, match="not yet to come"):
            timed.begin(seconds)
    assert moment(1 << 50) == moment(1 << 40)
