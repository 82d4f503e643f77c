# SPDX-License-Identifier: Apache-2.0
"""Reads lists of hashes as partners hand them over: plain lines, CSV with a header, or JSON lines.

Each line stands for itself: a bad one becomes a ``BadLine`` with its number and the reason, and reading goes on.
Neither texts nor reasons repeat what was in the line, because they may end in a log.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from noli.base.errors import HashFormatError, InputError
from noli.hashing import vpdq
from noli.hashing.model import Hash, Pipeline, Variant

#: Characters of one line; nothing that we read is longer, and a file without line breaks is no list.
MAX_LINE = 100_000

#: Names that a column or field with the hash may have, best first.
_VALUE_NAMES = ("hash", "value", "pdq")


@dataclass(frozen=True, slots=True)
class ListedHash:
    """One line that was understood.

    Attributes:
        number: Of the line, from 1.
        hash: What it says.
        note: Kept with the entry.
        entry: What the list calls the entry that this hash belongs to; empty where it is one by itself.
    """

    number: int
    hash: Hash
    note: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that was not, and why."""

    number: int
    reason: str


_Parser = Callable[[str], tuple[Hash, str, str]]


def parse_list(lines: Iterable[str]) -> Iterator[ListedHash | BadLine]:
    """Read a list of hashes.

    Args:
        lines: Its lines. The first that is neither empty nor a comment (``#``) tells the form: ``{`` begins JSON
            lines, a frame of a video is a vPDQ file, another line with a comma the header of a CSV file, anything else
            ``pdq <hex>`` or ``<hex>``.

    Yields:
        One value for each line that is neither empty, a comment, nor the header.

    Raises:
        InputError: A CSV header names no column ``hash`` or ``value``.
    """
    numbered = ((number, line.strip()) for number, line in enumerate(lines, start=1))
    content = ((number, line) for number, line in numbered if line and not line.startswith("#"))
    first = next(content, None)
    if first is None:
        return
    text = first[1].removeprefix("\ufeff")
    if vpdq.is_vpdq(text):
        yield from (_line(number, line, _from_vpdq) for number, line in chain([(first[0], text)], content))
    elif text.startswith("{"):
        yield from (_line(number, line, _from_json) for number, line in chain([(first[0], text)], content))
    elif "," in text or text.lower() in _VALUE_NAMES:
        columns = _columns(text)
        yield from (_line(number, line, lambda line: _from_csv(line, columns)) for number, line in content)
    else:
        yield from (_line(number, line, _from_plain) for number, line in chain([(first[0], text)], content))


def by_entry(lines: Iterable[ListedHash], *, limit: int) -> Iterator[list[ListedHash]]:
    """Put together what belongs to one entry: lines in a row that name the same one, at most ``limit``."""
    together: list[ListedHash] = []
    for line in lines:
        if together and not (line.entry and line.entry == together[0].entry and len(together) < limit):
            yield together
            together = []
        together.append(line)
    if together:
        yield together


def _line(number: int, line: str, parse: _Parser) -> ListedHash | BadLine:
    if len(line) > MAX_LINE:
        return BadLine(number, f"The line has more than {MAX_LINE} characters.")
    try:
        return ListedHash(number, *parse(line))
    except InputError as error:
        return BadLine(number, error.public)


def _from_plain(line: str) -> tuple[Hash, str, str]:
    words = line.split()
    if len(words) == 1:
        return Hash.from_hex(words[0]), "", ""
    if len(words) == 2:  # noqa: PLR2004 - a type and a value
        return Hash.from_hex(words[1], signal_type=words[0]), "", ""
    msg = "Expected 'pdq <64 hexadecimal digits>' or the digits alone."
    raise HashFormatError(msg)


def _from_vpdq(line: str) -> tuple[Hash, str, str]:
    # All lines are frames of one video, whatever it is called.
    return vpdq.parse(line), "", "vpdq"


def _from_csv(line: str, columns: Sequence[str]) -> tuple[Hash, str, str]:
    cells = _cells(line)
    if len(cells) != len(columns):
        msg = f"The header names {len(columns)} columns, this line has {len(cells)}."
        raise HashFormatError(msg)
    return _from_fields(dict(zip(columns, cells, strict=True)))


def _from_json(line: str) -> tuple[Hash, str, str]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        msg = "The line is not JSON."
        raise HashFormatError(msg) from error
    if not isinstance(fields, dict):
        msg = "The line is JSON, but no object."
        raise HashFormatError(msg)
    return _from_fields(fields)


def _from_fields(fields: Mapping[str, object]) -> tuple[Hash, str, str]:
    value = next((fields[name] for name in _VALUE_NAMES if name in fields), None)
    if not isinstance(value, str):
        msg = "There is no text 'hash' or 'value'."
        raise HashFormatError(msg)
    note, kind, entry = _text(fields, "note"), _text(fields, "type") or "pdq", _text(fields, "entry")
    quality, at_ms = _whole(fields, "quality"), _whole(fields, "at_ms")
    found = Hash.from_hex(value.strip(), quality=quality, signal_type=kind, at_ms=at_ms)
    try:
        pipeline = Pipeline(_text(fields, "pipeline") or Pipeline.FULL)
        variant = Variant(_text(fields, "variant") or Variant.ORIGINAL)
    except ValueError as error:
        msg = "'pipeline' or 'variant' is not known here."
        raise HashFormatError(msg) from error
    return replace(found, pipeline=pipeline, variant=variant), note, entry


def _text(fields: Mapping[str, object], name: str) -> str:
    given = fields.get(name) or ""
    if not isinstance(given, str):
        msg = f"'{name}' must be a text."
        raise HashFormatError(msg)
    return given


def _whole(fields: Mapping[str, object], name: str) -> int | None:
    given = fields.get(name)
    if given is None or given == "":
        return None
    if isinstance(given, str) and given.strip().isdecimal() and given.isascii():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool):
        msg = f"'{name}' must be a whole number."
        raise HashFormatError(msg)
    return given


def _columns(header: str) -> list[str]:
    columns = [name.strip().lower() for name in _cells(header)]
    if not set(columns) & set(_VALUE_NAMES):
        msg = "The first line has commas, but names no column 'hash' or 'value'."
        raise InputError(msg)
    return columns


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        msg = f"The line is not CSV: {error}."
        raise HashFormatError(msg) from error
