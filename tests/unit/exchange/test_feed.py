# SPDX-License-Identifier: Apache-2.0
"""Serving our own feed: who we are, and what a partner may come back with."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from noli.adapters.signing import Ed25519Signer, Ed25519Verifier
from noli.base.errors import Conflict
from noli.exchange.messages import Position, ReadPage, read_page, receipt_text, write_receipt
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
    for position in (0, 2, 2, 1, 3):
        one.outgoing.confirm(partner, position)
    one.feed.identity()
    one.outgoing.confirm(partner, 3)
    with one.exchange.transaction() as t:
        assert [(each.position, each.signature) for each in t.receipts(partner.id)] == [(3, ""), (3, ""), (2, "")]
