# SPDX-License-Identifier: Apache-2.0
"""Serving our own feed: who we are, and what a partner may come back with."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from noli.adapters.signing import Ed25519Verifier
from noli.base.errors import Conflict
from noli.exchange.messages import Position, ReadPage, read_page
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
