# SPDX-License-Identifier: Apache-2.0
"""NCMEC's hash-sharing API, version 2: status, members, entries and feedback, as XML.

An entry is a picture there and has one PDQ hash, so that each form of ours is an entry of its own.

Clients ask for windows of time. One that sees a page with a successor begins to guess smaller windows, so a window is
given whole where it fits into one answer. One outside UTC writes its local time as if it were UTC: to the west of it it
lags, so the little that happened since is given with a window; to the east it is ahead of our clock, and is given as
much more of what came before.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from msgspec import Struct

from noli.bank.model import OpinionKind, entry_text, parse_entry
from noli.base.errors import InputError, NotFound
from noli.exchange.feedback import EntryFeedback
from noli.exchange.model import Partner, Visible
from noli.exchange.timed import Cursor, moment, whole_seconds
from noli.hashing.model import Hash
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import Problem
from noli.web.exchange import xml
from noli.web.exchange.partners import OUR_NAME, OURSELVES, calling, number_of, pdq_of

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
MEDIA_TYPE = "application/xml; charset=utf-8"

#: Steps of the change sequence up to which a window is given in one answer.
WHOLE = 5000

#: Steps between the end of a window and this moment that are given with it.
RECENT = 500

#: Pictures on a page of a larger window.
PAGE = 1000

#: What our entries are, in the place of NCMEC's own classes.
CLASSIFICATION = "NCII"

# Reasons of a negative opinion; the identifiers are ours and never change.
_REASONS: Mapping[str, tuple[str, OpinionKind]] = {
    "5a0d6a3e-5b0f-4f0e-9a53-2f1f6f6d3a01": ("False positive", OpinionKind.FALSE_POSITIVE),
    "5a0d6a3e-5b0f-4f0e-9a53-2f1f6f6d3a02": ("Disputed", OpinionKind.DISPUTED),
}

#: How a key is shown.
HOW = "Send the key as the password of HTTP Basic, with any user name; 'noli partner add' prints it."

_PDQ = "PDQ"
_DATE = "%Y-%m-%dT%H:%M:%SZ"

# Seconds after 1970 up to which a window is somebody's first, in whatever time they write.
_FIRST_S = 86_400

# Seconds by which a window that is moved back begins earlier still.
_SLACK_S = 60


class EntriesQuery(Struct, rename={"from_": "from"}):
    """Query of ``entries``."""

    from_: str = "1970-01-01T00:00:00Z"
    to: str = ""
    cursor: str = ""


def credential(headers: Mapping[bytes, bytes], _query: bytes) -> bytes:
    """Find the key in the password of HTTP Basic."""
    scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
    try:
        _, _, password = base64.b64decode(rest.strip(), validate=True).partition(b":")
    except binascii.Error:
        return b""
    return b"Bearer " + password if scheme.lower() == b"basic" else b""


def complain(problem: Problem) -> Reply:
    """Write an error."""
    parts = (xml.text("errorCode", problem.code), xml.text("errorMessage", problem.detail or problem.title))
    return Reply(xml.document(NAMESPACE, "error", parts), MEDIA_TYPE)


def status(call: Call) -> Reply:
    """Say who calls."""
    partner = calling(call)
    return _reply("status", [xml.text("member", partner.name, id=number_of(partner))])


def members(call: Call) -> Reply:
    """List whose entries there are: ours, and feedback of who calls."""
    partner = calling(call)
    ours = xml.text("member", OUR_NAME, id=OURSELVES)
    return _reply("members", [ours, xml.text("member", partner.name, id=number_of(partner))])


def reasons(call: Call) -> Reply:
    """List reasons of negative feedback; inside and as the root, for clients look in either place."""
    _check_type(call)
    listed = [xml.element("reason", guid=guid, name=name) for guid, (name, _) in _REASONS.items()]
    return _reply("availableFeedbackReasons", [xml.element("availableFeedbackReasons", *listed, type=_PDQ)], type=_PDQ)


def entries(call: Call) -> Reply:
    """Give what happened in a window of time."""
    partner, query = calling(call), call.query
    now = whole_seconds(call.app.clock.now())
    start, end = _seconds(query.from_), _seconds(query.to) if query.to else now
    if query.cursor:
        return _page(call, partner, Cursor.parse(query.cursor), start=start, end=end)
    if end > now:
        start = max(0, start - (end - now) - _SLACK_S)
    cursor = _begin(call, start)
    call.app.timed.came_back(partner, cursor)
    until = _until(call, cursor, end)
    if until - cursor.after > WHOLE:
        return _page(call, partner, cursor, start=start, end=end)
    if cursor.began - until <= RECENT:
        until = cursor.began
    found: list[Visible] = []
    following: Cursor | None = cursor
    while following is not None and following.after < until:
        page = call.app.timed.page(partner, following, limit=PAGE, until=until)
        found += page.items
        following = page.cursor
    return _answer(found)


def feedback(call: Call) -> Reply:
    """Take an opinion on an entry."""
    partner = calling(call)
    _check_type(call)
    if call.path["member"] != str(OURSELVES):
        msg = f"The only entries here are those of member {OURSELVES}."
        raise NotFound(msg)
    entry = parse_entry(call.path["entry"].partition(".")[0])
    if entry is None:
        msg = "There is no such entry."
        raise NotFound(msg)
    call.app.feedback.on_entries(partner, [EntryFeedback(entry, _opinion(call.body))])
    return _reply("feedbackSubmission", [])


def _begin(call: Call, start: int) -> Cursor:
    """Begin a window; who asks for one after the first may have had anything, for answers go beyond their window."""
    cursor = call.app.timed.begin(start)
    return cursor if start < _FIRST_S else replace(cursor, known=cursor.began)


def _until(call: Call, cursor: Cursor, end: int) -> int:
    """Return the last step of a window."""
    return min(call.app.outgoing.checkpoint_at(moment(end)), cursor.began)


def _page(call: Call, partner: Partner, cursor: Cursor, *, start: int, end: int) -> Reply:
    """Give one page of a window."""
    until = _until(call, cursor, end)
    page = call.app.timed.page(partner, cursor, limit=PAGE, until=until)
    if page.cursor is None:
        return _answer(page.items)
    asked = {"from": _date(start), "to": _date(end), "start": page.cursor.after, "size": PAGE, "max": until}
    return _answer(page.items, following=f"/v2/entries?{urlencode({**asked, 'cursor': str(page.cursor)})}")


def _answer(items: Sequence[Visible], *, following: str = "") -> Reply:
    images = [_image(item, at, one) for item in items for at, one in pdq_of(item)]
    latest = {"maxTimestamp": _date(max(whole_seconds(item.at) for item in items))} if images else {}
    paging = [xml.element("paging", xml.text("next", following))] if following else []
    return _reply(
        "queryResult",
        [
            xml.element("images", *images, count=len(images), **latest),
            xml.element("videos", count=0),
            *paging,
        ],
    )


def _image(item: Visible, at: int, one: Hash) -> str:
    head = (
        xml.text("member", OUR_NAME, id=OURSELVES),
        xml.text("timestamp", _date(whole_seconds(item.at))),
        xml.text("id", f"{entry_text(item.entry)}.{at}"),
    )
    if item.withdrawn:
        return xml.element("deletedImage", *head)
    return xml.element(
        "image",
        *head,
        xml.text("classification", CLASSIFICATION),
        xml.element("fingerprints", xml.text("pdq", one.hex)),
        *_feedback(item),
    )


def _feedback(item: Visible) -> list[str]:
    """Tell our own opinions."""
    ours = xml.element("members", xml.text("member", OUR_NAME, id=OURSELVES))
    said = []
    if OpinionKind.TRUE_POSITIVE in item.opinions:
        said.append(xml.element("affirmativeFeedback", ours, type=_PDQ))
    against = [
        part
        for guid, (name, kind) in _REASONS.items()
        if kind in item.opinions
        for part in (xml.element("reason", guid=guid, name=name), ours)
    ]
    if against:
        said.append(xml.element("negativeFeedback", xml.element("reasons", *against), type=_PDQ))
    return [xml.element("feedback", *said)] if said else []


def _opinion(body: bytes) -> OpinionKind:
    root = xml.parse(body)
    if root.find("affirmative") is not None:
        return OpinionKind.TRUE_POSITIVE
    given = [each.text or "" for each in root.iterfind("negative/reasonIds/guid")]
    known = [_REASONS[guid.strip().lower()][1] for guid in given if guid.strip().lower() in _REASONS]
    if not known:
        msg = f"Send <affirmative/>, or <negative> with one of the reasons at /v2/feedback/{_PDQ}/reasons."
        raise InputError(msg)
    return known[0]


def _check_type(call: Call) -> None:
    if call.path["type"] != _PDQ:
        msg = f"Only {_PDQ} fingerprints are shared here."
        raise NotFound(msg)


def _reply(tag: str, parts: Sequence[str], **attributes: str) -> Reply:
    return Reply(xml.document(NAMESPACE, tag, parts, **attributes), MEDIA_TYPE)


def _date(seconds: int) -> str:
    return moment(seconds).strftime(_DATE)


def _seconds(text: str) -> int:
    try:
        return max(0, int(datetime.strptime(text, _DATE).replace(tzinfo=UTC).timestamp()))
    except ValueError as error:
        msg = "A time is written as 2026-01-31T12:00:00Z."
        raise InputError(msg) from error
