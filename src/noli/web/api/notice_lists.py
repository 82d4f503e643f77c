# SPDX-License-Identifier: Apache-2.0
"""Lists of notices to be imported, as JSON lines or as CSV: what the API and ``noli notice import`` read alike.

A line of JSON is a notice as the API takes it. A line of CSV has columns named as its fields: ``url``, ``ref`` and
``uploader`` are one content's, names of fields of the form stand for themselves, several kinds are separated by commas.
A line without a ``reference`` gets one from what it says, so that importing a list twice makes no notice twice.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from noli.base.errors import InputError
from noli.notices.model import Opening
from noli.notices.ports import NoticeTransaction
from noli.notices.service import NoticeService
from noli.regimes.model import Field
from noli.web.api import notice_views
from noli.web.api.notice_schemas import MAX_IMPORTED, ImportedOut, NoticeIn, NoticeOut

_CONTENT = ("url", "ref", "uploader")
_FIELDS = tuple(str(each) for each in Field)
_PLAIN = ("age", "opening", "filer", "language", "uploader_language", "notifier", "reference")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: a notice, or what is wrong with it."""

    number: int
    notice: NoticeIn | None
    error: str = ""


def read(content: bytes) -> list[Line]:
    """Read a list; one bad line spoils no other.

    Raises:
        InputError: It is no text, or has too many lines, or columns that no notice has.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = "A list of notices is text in UTF-8: JSON lines, or CSV with a line of column names."
        raise InputError(msg) from error
    lines = list(_json(text) if text.lstrip().startswith("{") else _csv(text))
    if len(lines) > MAX_IMPORTED:
        msg = f"One import has {MAX_IMPORTED} notices at most; this one has {len(lines)}. Send it in parts."
        raise InputError(msg)
    return lines


def received(
    service: NoticeService, transaction: NoticeTransaction, given: NoticeIn, *, actor: str
) -> tuple[NoticeOut, bool]:
    """Take a notice in; say what it is now, and whether it is new. Raises InputError."""
    if given.opening is Opening.DETECTION:
        msg = "What checks find comes in by itself; open a notice as 'request', 'order' or 'policy'."
        raise InputError(msg)
    notice, created = service.receive(transaction, notice_views.notice_of(given), age=given.age, actor=actor)
    return notice_views.shown(notice, service.law), created


def imported(service: NoticeService, line: Line, *, actor: str) -> ImportedOut:
    """Take one line in, in a transaction of its own; what is wrong with it is said in the answer."""
    error = line.error
    if line.notice is not None:
        try:
            with service.writing() as transaction:
                made, created = received(service, transaction, line.notice, actor=actor)
        except InputError as refused:
            error = refused.public
        else:
            return ImportedOut(line.number, made.notice, created, made.state, "")
    return ImportedOut(line.number, None, created=False, state=None, error=error)


def _json(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield Line(number, _referenced(msgspec.json.decode(line, type=NoticeIn), line))
            except msgspec.MsgspecError as error:
                yield Line(number, None, str(error))


def _csv(text: str) -> Iterator[Line]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    unknown = set(rows.fieldnames or ()) - {*_CONTENT, *_FIELDS, *_PLAIN, "kind"}
    if unknown or not rows.fieldnames:
        known = ", ".join((*_PLAIN, "kind", *_CONTENT, *_FIELDS))
        msg = f"The list's first line names its columns; known are {known}."
        raise InputError(msg, detail=", ".join(sorted(map(str, unknown))))
    try:
        for row in rows:
            yield _row(rows.line_num, {name: value or "" for name, value in row.items() if isinstance(name, str)})
    except csv.Error as error:
        msg = f"Line {rows.line_num} is no CSV: {error}."
        raise InputError(msg) from error


def _row(number: int, row: dict[str, str]) -> Line:
    named = {name: row[name] for name in _CONTENT if row.get(name)}
    given = {
        **{name: row[name] for name in _PLAIN if row.get(name)},
        "fields": {name: row[name] for name in _FIELDS if row.get(name)},
        "contents": [named] if named else [],
        "kind": [each.strip() for each in row.get("kind", "").split(",") if each.strip()],
    }
    try:
        return Line(number, _referenced(msgspec.convert(given, NoticeIn), repr(sorted(row.items()))))
    except msgspec.MsgspecError as error:
        return Line(number, None, str(error))


def _referenced(notice: NoticeIn, line: str) -> NoticeIn:
    """Give a notice a number of its own where it has none: the digest of its line."""
    if notice.reference:
        return notice
    return msgspec.structs.replace(notice, reference=f"line:{hashlib.sha256(line.encode()).hexdigest()}")
