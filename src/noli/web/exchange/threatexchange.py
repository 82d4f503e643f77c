# SPDX-License-Identifier: Apache-2.0
"""Meta's ThreatExchange, as much of its Graph API as its clients need: updates, descriptors, reactions.

The common client fails on an empty list of updates, so that one that would be empty holds the deletion of a hash that
nobody can have. Its token has a number and a key with a bar between; only the key counts. The group in the path
changes nothing: what a partner may see follows from its key.
"""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from msgspec import Meta, Struct

from noli.bank.model import EntryId, OpinionKind
from noli.base.errors import HashFormatError, InputError, NotFound
from noli.exchange.feedback import EntryFeedback
from noli.exchange.holders import may_see
from noli.exchange.model import Told, Visible
from noli.exchange.timed import Cursor, moment, whole_seconds
from noli.hashing.model import PDQ_BYTES, Hash, SignalType
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import Problem
from noli.web.exchange.partners import OUR_NAME, OURSELVES, calling, pdq_of, take, version_now

#: Updates on a page at most.
MAX_PAGE = 1000

#: How a key is shown.
HOW = "Send the key as 'access_token=NUMBER|KEY', with any number; 'noli partner add' prints it."

_PDQ = "HASH_PDQ"
_PREFIX = "/exchange/threatexchange"

# What stands for a deletion of nothing: no picture has this hash.
_NOTHING = "00" * PDQ_BYTES

# One of the names in a list of types, however that is written.
_NAME = re.compile(r"\w+")

# Descriptors that one request may ask for.
_MAX_IDS = 100

# Reactions that say something about an entry; the others say that it was seen.
_REACTIONS = {
    "HELPFUL": OpinionKind.TRUE_POSITIVE,
    "NOT_HELPFUL": OpinionKind.FALSE_POSITIVE,
    "DISAGREE_WITH_TAGS": OpinionKind.FALSE_POSITIVE,
}
_MEANT = {"MALICIOUS": OpinionKind.TRUE_POSITIVE, "NON_MALICIOUS": OpinionKind.FALSE_POSITIVE}
_SEEN = frozenset({"SAW_THIS_TOO", "INGESTED", "IN_REVIEW"})


class UpdatesQuery(Struct):
    """Query of ``threat_updates``."""

    start_time: int = 0
    #: The last second that is asked for; 0 for all.
    stop_time: int = 0
    #: Names of the types that are asked for, with commas between them or as a JSON list; empty for all.
    types: Annotated[str, Meta(max_length=2000)] = ""
    limit: Annotated[int, Meta(ge=1)] = 100
    cursor: str = ""


class IdsQuery(Struct):
    """Query of descriptors."""

    ids: str = ""


class DescriptorQuery(Struct):
    """Query of a new descriptor; further fields of the protocol are read over."""

    indicator: Annotated[str, Meta(max_length=200)] = ""
    type: Annotated[str, Meta(max_length=200)] = ""
    status: str = ""
    tags: Annotated[str, Meta(max_length=2000)] = ""


class ReactionQuery(Struct):
    """Query of a reaction."""

    reactions: str = ""
    reactions_to_remove: str = ""


def credential(_headers: Mapping[bytes, bytes], query: bytes) -> bytes:
    """Find the key in the access token."""
    token = dict(parse_qsl(query.decode("latin-1"))).get("access_token", "")
    return b"Bearer " + token.rpartition("|")[2].encode("latin-1", "replace") if token else b""


def complain(problem: Problem) -> Reply:
    """Write an error as the Graph API does."""
    message = problem.detail or problem.title
    return Reply.of({"error": {"message": message, "type": "OAuthException", "code": problem.status}})


def updates(call: Call) -> Reply:
    """Give a page of what happened in this second or later."""
    partner, query, feed = calling(call), call.query, call.app.timed
    if query.types and _PDQ not in _NAME.findall(query.types):
        return Reply.of({"data": [_deletion("0", _NOTHING, query.start_time)]})
    cursor = Cursor.parse(query.cursor) if query.cursor else feed.begin(query.start_time)
    if not query.cursor:
        feed.came_back(partner, cursor)
    until = call.app.outgoing.checkpoint_at(moment(query.stop_time + 1)) if query.stop_time > 0 else None
    page = feed.page(partner, cursor, limit=min(query.limit, MAX_PAGE), until=until)
    held = call.app.holders.still_held(partner, page.items)
    data = [_update(item, at, one, held) for item in page.items for at, one in pdq_of(item)]
    if page.cursor is not None:
        return Reply.of({"data": data, "paging": {"next": _next(call, page.cursor)}})
    if data:
        data[-1]["last_updated"] = page.seconds
    return Reply.of({"data": data or [_deletion("0", _NOTHING, page.seconds)]})


def descriptors(call: Call) -> Reply:
    """Give descriptors by their ids; those that the partner may not see are left out."""
    partner = calling(call)
    ids = [_entry(text) for text in call.query.ids.split(",") if text][:_MAX_IDS]
    found = {}
    with call.app.exchange.transaction() as transaction:
        for entry in transaction.banks.entries_by_id(ids).values():
            if not may_see(partner, entry):
                continue
            whole = transaction.banks.entry(entry.bank, entry.id)
            pictures = [one.hex for one in whole.hashes if one.type is SignalType.PDQ]
            if not pictures:
                continue
            found[str(entry.id)] = {
                "id": str(entry.id),
                "raw_indicator": pictures[0],
                "type": _PDQ,
                "owner": {"id": str(OURSELVES), "name": OUR_NAME},
                "added_on": entry.created_at.isoformat(),
                "status": "UNKNOWN",
                "tags": _tags(entry.labels),
            }
    return Reply.of(found)


def react(call: Call) -> Reply:
    """Take a reaction; taking one back changes nothing, the newest opinion counts."""
    partner, entry = calling(call), _entry(call.path["descriptor"])
    for name in (part.strip() for part in call.query.reactions.split(",") if part.strip()):
        if name in _REACTIONS:
            call.app.feedback.on_entries(partner, [EntryFeedback(entry, _REACTIONS[name])])
        elif name not in _SEEN:
            msg = f"The reaction is none of {', '.join([*_REACTIONS, *sorted(_SEEN)])}."
            raise InputError(msg)
    return Reply.of({"success": True})


def submit(call: Call) -> Reply:
    """Take a hash into the bank that was agreed on; its id is the hash."""
    partner, query = calling(call), call.query
    if query.type != _PDQ:
        msg = f"Only the type {_PDQ} is taken here."
        raise InputError(msg)
    one = Hash.from_hex(query.indicator.strip())
    labels = tuple(tag.strip() for tag in query.tags.split(",") if tag.strip())
    opinion = _MEANT.get(query.status)
    told = Told(one.hex, version_now(call), withdrawn=False, hashes=(one,), opinion=opinion, labels=labels)
    counts = take(call, partner, [told])
    return Reply.of({"success": not counts.refused, "id": one.hex})


def delete(call: Call) -> Reply:
    """Take back what the partner sent itself, by its id."""
    partner, text = calling(call), call.path["descriptor"]
    try:
        one = Hash.from_hex(text)
    except HashFormatError as error:
        msg = "There is no descriptor of yours with this id."
        raise NotFound(msg) from error
    take(call, partner, [Told(one.hex, version_now(call), withdrawn=True)])
    return Reply.of({"success": True})


def _next(call: Call, cursor: Cursor) -> str:
    """Write the address of the next page, with all that was asked for: clients use it as it is."""
    asked = dict(parse_qsl(call.raw_query.decode("latin-1"))) | {"cursor": str(cursor)}
    base = call.app.config.public_url or f"http://{call.headers.get(b'host', b'').decode('latin-1')}"
    return f"{base.rstrip('/')}{_PREFIX}/{call.path['group']}/threat_updates/?{urlencode(asked)}"


def _update(item: Visible, at: int, one: Hash, held: frozenset[bytes]) -> dict[str, object]:
    number, updated = f"{item.entry}{at:04d}", whole_seconds(item.at)
    if item.withdrawn and one.value not in held:
        return _deletion(number, one.hex, updated)
    return {
        "id": number,
        "indicator": one.hex,
        "type": _PDQ,
        "last_updated": updated,
        "should_delete": False,
        "descriptors": {"data": [_descriptor(item)]},
    }


def _descriptor(item: Visible) -> dict[str, object]:
    return {
        "id": str(item.entry),
        "owner": {"id": str(OURSELVES)},
        "status": _status(item),
        "tags": _tags(item.labels),
        "reactions": [],
        "added_on": item.created_at.isoformat(),
    }


def _status(item: Visible) -> str:
    """Say what we think: harmful, harmless, or that a person asked for protection."""
    if OpinionKind.FALSE_POSITIVE in item.opinions:
        return "NON_MALICIOUS"
    return "MALICIOUS" if OpinionKind.TRUE_POSITIVE in item.opinions and not item.disputed else "UNKNOWN"


def _deletion(number: str, indicator: str, updated: int) -> dict[str, object]:
    return {"id": number, "indicator": indicator, "type": _PDQ, "last_updated": updated, "should_delete": True}


def _tags(labels: tuple[str, ...]) -> dict[str, object]:
    return {"data": [{"id": str(at), "text": label} for at, label in enumerate(labels)]}


def _entry(text: str) -> EntryId:
    if not text.isascii() or not text.isdigit() or int(text[:20]) >= 1 << 63:
        msg = "There is no such descriptor."
        raise NotFound(msg)
    return EntryId(int(text))
