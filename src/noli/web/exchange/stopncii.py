# SPDX-License-Identifier: Apache-2.0
"""StopNCII's API, version 1, as its client in ``threatexchange`` calls it.

The common client spells signal types in two ways and keeps what is withdrawn (it looks for the status in the wrong
field), so that a withdrawal is only ever told to whom can have the hash: to anybody else it would be a new one.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from noli.bank.model import OpinionKind, entry_text
from noli.base.errors import HashFormatError
from noli.exchange.feedback import HashFeedback
from noli.exchange.model import Bad, Partner, Told, Visible
from noli.exchange.timed import Cursor, whole_seconds
from noli.hashing.model import Hash
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import Problem
from noli.web.api.schemas import MAX_HASHES
from noli.web.exchange.partners import OUR_NAME, calling, pdq_of, take, version_now

#: Pictures on a page at most; each has as many records as forms.
MAX_PAGE = 1000

#: How a key is shown.
HOW = (
    "Send the key as 'x-functions-key' and its second key as 'Ocp-Apim-Subscription-Key';"
    " 'noli partner add' prints both."
)

_PDQ = "ImagePDQ"

# Our opinions in their words, and the other way round; their other words say nothing about the entry.
_SAID = {
    OpinionKind.TRUE_POSITIVE: "Blocked",
    OpinionKind.FALSE_POSITIVE: "NotBlocked",
    OpinionKind.DISPUTED: "PendingReview",
}
_MEANT = {"Blocked": OpinionKind.TRUE_POSITIVE, "NotBlocked": OpinionKind.FALSE_POSITIVE}

# What a partner says of a hash that it sent itself, to take it back.
_TAKEN_BACK = frozenset({"Withdrawn", "Deleted"})

_Text = Annotated[str, Meta(max_length=200)]


class FetchQuery(Struct, rename="camel"):
    """Query of ``FetchHashes``."""

    start_timestamp: int = 10
    page_size: Annotated[int, Meta(ge=1)] = 800
    next_page_token: str = ""


class FeedbackIn(Struct, rename={"value": "feedbackValue"}):
    """What a partner thinks."""

    value: _Text = "None"
    tags: Annotated[list[_Text], Meta(max_length=100)] = []


class HashFeedbackIn(FeedbackIn, rename={"value": "feedbackValue", "hash": "hashValue"}, kw_only=True):
    """What a partner thinks of one hash."""

    hash: str = ""


class HashRecordIn(Struct, rename={"type": "signalType", "hash": "hashValue", "feedbacks": "CSPFeedbacks"}):
    """A hash that a partner sends."""

    type: str = ""
    hash: str = ""
    feedbacks: Annotated[list[FeedbackIn], Meta(max_length=100)] = []


class SubmitHashesIn(Struct, rename={"records": "hashRecords"}):
    """Body of ``SubmitHashes``."""

    records: Annotated[list[HashRecordIn], Meta(max_length=MAX_HASHES)]
    count: int = 0


class SubmitFeedbackIn(Struct, rename={"feedbacks": "hashFeedbacks"}):
    """Body of ``SubmitFeedback``."""

    feedbacks: Annotated[list[HashFeedbackIn], Meta(max_length=MAX_HASHES)]
    count: int = 0


def credential(headers: Mapping[bytes, bytes], _query: bytes) -> bytes:
    """Find the key in the function key's header."""
    key = headers.get(b"x-functions-key", b"")
    return b"Bearer " + key if key else b""


def complain(problem: Problem) -> Reply:
    """Write an error as the API gateway of StopNCII does."""
    return Reply.of({"statusCode": problem.status, "message": problem.detail or problem.title})


def fetch(call: Call) -> Reply:
    """Give a page of hashes."""
    partner, query, feed = _calling(call), call.query, call.app.timed
    token = query.next_page_token
    cursor = Cursor.parse(token) if token else feed.begin(query.start_timestamp)
    if not token:
        feed.came_back(partner, cursor)
    page = feed.page(partner, cursor, limit=min(query.page_size, MAX_PAGE))
    held = call.app.holders.still_held(partner, page.items)
    records = [_record(item, one, held) for item in page.items for _, one in pdq_of(item)]
    return Reply.of(
        {
            "count": len(records),
            "nextPageToken": None if page.cursor is None else str(page.cursor),
            "nextSetTimestamp": page.seconds,
            "hasMoreRecords": page.cursor is not None,
            "hashRecords": records,
        }
    )


def submit_hashes(call: Call) -> Reply:
    """Take hashes into the bank that was agreed on; what cannot be used is refused alone."""
    partner, version = _calling(call), version_now(call)
    told: list[Told] = []
    bad: list[Bad] = []
    for each in call.given.records:
        found = _told(each, version)
        if isinstance(found, Bad):
            bad.append(found)
        else:
            told.append(found)
    counts = take(call, partner, told, bad)
    return Reply.of({"count": len(call.given.records), "refused": counts.refused})


def submit_feedback(call: Call) -> Reply:
    """Take opinions on hashes; a hash alone says which. What the partner sent itself it takes back the same way.

    What cannot be used is refused alone, as the common client sends videos' hashes without their type and never again.
    """
    partner, version = _calling(call), version_now(call)
    given: list[HashFeedback] = []
    gone: list[Told] = []
    bad: list[Bad] = []
    for each in call.given.feedbacks:
        try:
            one = Hash.from_hex(each.hash.strip())
        except HashFormatError as error:
            bad.append(Bad(each.hash, f"Feedback on no PDQ hash: {error.public}"))
            continue
        if each.value in _TAKEN_BACK:
            gone.append(Told(one.hex, version, withdrawn=True))
        elif each.value in _MEANT:
            given.append(HashFeedback(one.value, _MEANT[each.value], ", ".join(each.tags)))
    call.app.feedback.on_hashes(partner, given)
    if gone or bad:
        take(call, partner, gone, bad)
    return Reply.of({"count": len(call.given.feedbacks), "refused": len(bad)})


def _calling(call: Call) -> Partner:
    """Return the partner, whose second key must belong to the first."""
    token = call.headers.get(b"x-functions-key", b"").decode("latin-1")
    subscription = call.headers.get(b"ocp-apim-subscription-key", b"").decode("latin-1")
    call.app.partners.of_token(token, subscription=subscription)
    return calling(call)


def _told(record: HashRecordIn, version: int) -> Told | Bad:
    """Read a record; clients write the type as ``ImagePDQ`` or with the name of its list before it."""
    if record.type.rpartition(".")[2] != _PDQ:
        return Bad(record.hash, f"Its type is not taken here; {_PDQ} is.")
    try:
        one = Hash.from_hex(record.hash.strip())
    except HashFormatError as error:
        return Bad(record.hash, error.public)
    opinions = [_MEANT[each.value] for each in record.feedbacks if each.value in _MEANT]
    labels = tuple(tag for each in record.feedbacks for tag in each.tags)
    opinion = opinions[-1] if opinions else None
    return Told(one.hex, version, withdrawn=False, hashes=(one,), opinion=opinion, labels=labels)


def _record(item: Visible, one: Hash, held: frozenset[bytes]) -> dict[str, object]:
    status = "Withdrawn" if item.withdrawn and one.value not in held else "Active"
    return {
        "lastModtimestamp": whole_seconds(item.at),
        "signalType": _PDQ,
        "hashValue": one.hex,
        "hashStatus": status,
        "caseNumbers": {entry_text(item.entry): status},
        "CSPFeedbacks": [
            {"source": OUR_NAME, "feedbackValue": _SAID[kind], "tags": list(item.labels)} for kind in item.opinions
        ],
    }
