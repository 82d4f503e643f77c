# SPDX-License-Identifier: Apache-2.0
"""Noli's own feed: signed pages by long polling, and opinions on what is in them.

Who asks with ``wait`` is answered as soon as there is something new, at the latest after so many seconds; meanwhile no
thread and no transaction is held. What wakes it is this process's own index, which follows the change sequence anyway.
"""

import asyncio
import time
from typing import Annotated

from msgspec import Meta, Struct

from noli.access.model import Scope
from noli.bank.model import OpinionKind, parse_entry
from noli.exchange.feed import SignedPage
from noli.exchange.feedback import EntryFeedback
from noli.exchange.messages import MAX_ITEMS
from noli.exchange.model import Partner
from noli.web.api.operation import Call, Kind, Operation, Part, Reply

#: Seconds for which an answer is held back at most; proxies hang up after a minute.
MAX_WAIT_S = 30

# Seconds between looks at this process's index while an answer is held back.
_LOOK_S = 0.05

# Seconds after which one look is taken whatever the index says: it may not be loaded.
_LOOK_ANYWAY_S = 2.0

_PREFIX = "/exchange/noli/v1"


class ChangesQuery(Struct):
    """Query of a page."""

    nonce: Annotated[str, Meta(min_length=16, max_length=64, pattern="^[0-9a-f]+$")]
    after: Annotated[int, Meta(ge=0)] = 0
    previous: Annotated[str, Meta(max_length=64, pattern="^[0-9a-f]*$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MAX_ITEMS)] = 500
    wait: Annotated[int, Meta(ge=0)] = 0


class OpinionOnEntry(Struct):
    """What a partner thinks of an entry."""

    entry: str
    kind: OpinionKind
    note: Annotated[str, Meta(max_length=1000)] = ""


class OpinionsIn(Struct):
    """What a partner thinks of entries."""

    opinions: Annotated[list[OpinionOnEntry], Meta(max_length=1000)]


class Kept(Struct):
    """Everything was kept."""

    kept: bool = True


class Identity(Struct):
    """Who we are."""

    installation: str
    epoch: str
    public_key: str


def identity(call: Call) -> Identity:
    """Say who we are; a partner compares the key with the one it was told on another way."""
    call.app.partners.of_key(call.key.name)
    found = call.app.feed.identity()
    return Identity(found.installation, found.epoch, call.app.feed.public_key)


async def changes(call: Call) -> Reply:
    """Give a page, or wait for something to give."""
    partner = await asyncio.to_thread(call.app.partners.of_key, call.key.name)
    until = time.monotonic() + min(call.query.wait, MAX_WAIT_S)
    while True:
        seen = call.app.indexes.sequence
        page = await asyncio.to_thread(_page, call, partner)
        if not page.empty or time.monotonic() >= until:
            return Reply(page.body, headers=((b"noli-signature", page.signature.encode("ascii")),))
        again = min(until, time.monotonic() + _LOOK_ANYWAY_S)
        while call.app.indexes.sequence == seen and time.monotonic() < again:  # noqa: ASYNC110 - a thread moves it
            await asyncio.sleep(_LOOK_S)


def opinions(call: Call) -> Kept:
    """Keep what a partner thinks; what it was never given is passed over without a word."""
    partner = call.app.partners.of_key(call.key.name)
    known = [(parse_entry(each.entry), each) for each in call.given.opinions]
    call.app.feedback.on_entries(
        partner, [EntryFeedback(entry, each.kind, each.note) for entry, each in known if entry is not None]
    )
    return Kept()


def _page(call: Call, partner: Partner) -> SignedPage:
    asked = call.query
    return call.app.feed.page(
        partner,
        after=asked.after,
        previous=asked.previous,
        nonce=asked.nonce,
        limit=asked.limit,
        receipt=call.headers.get(b"noli-receipt", b"").decode("latin-1"),
    )


NOLI: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path=f"{_PREFIX}/identity",
        handler=identity,
        summary="Noli: who this installation is on its feed.",
        scope=Scope.EXCHANGE,
        answer=Identity,
        part=Part.EXCHANGE,
    ),
    Operation(
        method="GET",
        path=f"{_PREFIX}/changes",
        handler=changes,
        summary="Noli: a signed page of the feed, as soon as there is one.",
        scope=Scope.EXCHANGE,
        query=ChangesQuery,
        problems=("conflict",),
        part=Part.EXCHANGE,
    ),
    Operation(
        method="POST",
        path=f"{_PREFIX}/opinions",
        handler=opinions,
        summary="Noli: take opinions on entries of the feed.",
        scope=Scope.EXCHANGE,
        body={Kind.JSON: OpinionsIn},
        answer=Kept,
        part=Part.EXCHANGE,
    ),
)
