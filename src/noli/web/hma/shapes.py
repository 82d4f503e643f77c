# SPDX-License-Identifier: Apache-2.0
"""HMA's bodies, queries and errors, and how a caller of HMA may carry its key."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from noli.bank.model import EntryId, parse_entry
from noli.hashing.model import SignalType
from noli.web.api.operation import Reply
from noli.web.api.problems import Problem
from noli.web.api.schemas import MAX_REF, Ref

#: The kinds of content that are served; a form's part bears such a name.
PHOTO, VIDEO = "photo", "video"

#: The signal types that are served.
PDQ, VPDQ = str(SignalType.PDQ), str(SignalType.VPDQ)

#: HMA's longest note.
MAX_NOTE = 255

# Largest id that an entry can have, and the digits that it takes.
_MAX_ID = (1 << 63) - 1
_MAX_DIGITS = len(str(_MAX_ID))

#: How a key is shown.
HOW = (
    "Send a key as 'Authorization: Bearer …', as 'X-API-Key: …' or as the password of HTTP Basic;"
    " 'noli key create' makes one."
)

Note = Annotated[str, Meta(max_length=MAX_NOTE, pattern=r"^[^\x00]*$")]
Ratio = float | str | bool


class HashQuery(Struct):
    """Query of ``/h/hash``."""

    url: str = ""
    content_type: str = ""
    types: str = ""


class LookupQuery(HashQuery):
    """Query of the lookups."""

    signal: str = ""
    signal_type: str = ""
    banks: str = ""
    #: The caller's id of the content; HMA draws its coin by it, here it is kept with a match.
    seed: Ref = ""
    include_distance: bool = False


class IndexQuery(Struct):
    """Query of the state of the index."""

    signal_type: str = ""


class ContentQuery(Struct):
    """Query of one banked content."""

    include_signals: bool = False


class CompareIn(Struct, forbid_unknown_fields=True):
    """Two signals to compare."""

    pdq: tuple[str, str]


class FileForm(Struct):
    """A file under the name of its content type."""

    photo: Annotated[str, Meta(extra_json_schema={"format": "binary"})] = ""
    video: Annotated[str, Meta(extra_json_schema={"format": "binary"})] = ""


class BankIn(Struct):
    """A bank to create."""

    name: str
    enabled: bool | str | None = None
    enabled_ratio: Ratio | None = None


class BankChange(Struct):
    """What to change of a bank."""

    name: str | None = None
    enabled: bool | str | None = None
    enabled_ratio: Ratio | None = None


class NewSignal(Struct, forbid_unknown_fields=True):
    """A signal to bank, of one type."""

    pdq: str = ""
    vpdq: str = ""
    note: Note = ""


class BankOut(Struct):
    """A bank."""

    name: str
    matching_enabled_ratio: float


class Metadata(Struct):
    """What a caller says of a content."""

    content_id: Ref = ""
    content_uri: Annotated[str, Meta(max_length=MAX_REF)] = ""


def complain(problem: Problem) -> Reply:
    """Write an error as HMA does: one message. A bank that exists already is 403 there."""
    status = 403 if problem.code == "conflict" else problem.status
    return Reply.of({"message": problem.detail or problem.title, "code": problem.code}, status=status)


def credential(headers: Mapping[bytes, bytes], _query: bytes) -> bytes:
    """Find the key in ``Authorization`` (Bearer, or Basic with the key as password) or in ``X-API-Key``."""
    authorization = headers.get(b"authorization", b"")
    scheme, _, rest = authorization.partition(b" ")
    if scheme.lower() == b"basic":
        try:
            _, _, password = base64.b64decode(rest.strip(), validate=True).partition(b":")
        except binascii.Error:
            return b""
        return b"Bearer " + password
    key = headers.get(b"x-api-key", b"")
    return b"Bearer " + key if key and not authorization else authorization


def content_id(text: str) -> EntryId | None:
    """Read HMA's integer id of a content, or Noli's own spelling of it; None where it can be neither."""
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) <= _MAX_ID:
        return EntryId(int(text))
    return parse_entry(text)
