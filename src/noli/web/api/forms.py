# SPDX-License-Identifier: Apache-2.0
"""Reads forms from memory to memory: ``multipart/form-data`` (RFC 7578) of programs and URL-encoded ones of pages.

Starlette's own parser spools files to the disk; a picture somebody wants to protect must not lie there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from noli.base.errors import InputError
from noli.web.api.limits import FORM_OVERHEAD_BYTES

# Parts of one form; ours have five fields at most.
_MAX_PARTS = 16

# Fields of one page's form.
_MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a page's form, texts as they were typed."""

    values: Mapping[str, list[str]] = field(default_factory=dict, repr=False)

    def one(self, name: str) -> str:
        """Return a field's last value, empty where there is none; lines end as on Unix."""
        return self.values.get(name, [""])[-1].replace("\r\n", "\n")

    def all(self, name: str) -> list[str]:
        """Return all values of a field."""
        return list(self.values.get(name, ()))


def parse_fields(body: bytes) -> Fields:
    """Read an URL-encoded form. Raises InputError where it is none or has too many fields."""
    try:
        text = body.decode("ascii")
        return Fields(parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS))
    except ValueError as error:
        msg = "The form cannot be read."
        raise InputError(msg) from error


@dataclass(slots=True)
class Form:
    """The file, the name of its part, and the small text fields of one form."""

    file: bytes | None = field(default=None, repr=False)
    file_part: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def parse(content_type: str, body: bytes, *, file_parts: Collection[str] = ("file",)) -> Form:
    """Read a form.

    Args:
        content_type: The header with the boundary.
        body: The whole body.
        file_parts: Names of the part that is the file.

    Raises:
        InputError: It is no well-formed form, has two files, too many parts or a field that is too long.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        msg = "The Content-Type of a form names its boundary."
        raise InputError(msg)
    reader = _Reader(file_parts)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reader.begin,
                "on_header_field": reader.header_field,
                "on_header_value": reader.header_value,
                "on_header_end": reader.header_end,
                "on_part_data": reader.data,
                "on_part_end": reader.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        msg = "The body is not a well-formed form (multipart/form-data)."
        raise InputError(msg) from error
    return reader.form


class _Reader:
    """Receives the parser's events."""

    def __init__(self, file_parts: Collection[str]) -> None:
        self.form = Form()
        self._file_parts = file_parts
        self._parts = 0
        self._header, self._value = b"", b""
        self._disposition = b""
        self._chunks: list[bytes] = []

    def begin(self) -> None:
        self._parts += 1
        self._header, self._value, self._disposition, self._chunks = b"", b"", b"", []
        if self._parts > _MAX_PARTS:
            msg = f"A form may have {_MAX_PARTS} parts at most."
            raise InputError(msg)

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        content = b"".join(self._chunks)
        self._chunks = []
        if name in self._file_parts:
            if self.form.file is not None:
                msg = f"A form may have one {name!r} part."
                raise InputError(msg)
            self.form.file, self.form.file_part = content, name
        elif len(content) > FORM_OVERHEAD_BYTES:
            msg = f"The form field {name[:40]!r} is too long."
            raise InputError(msg)
        else:
            self.form.fields[name] = content.decode("utf-8", "replace")
