# SPDX-License-Identifier: Apache-2.0
"""What a route declares, and what its handler is given: the two ends of one HTTP exchange."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import msgspec

from noli.access.model import ApiKey, Scope
from noli.app import App
from noli.base.errors import NotFound, Unauthenticated
from noli.web.api.forms import Fields, Form
from noli.web.api.problems import Problem


class Kind(StrEnum):
    """Media types in which a body may come."""

    JSON = "application/json"
    FORM = "multipart/form-data"
    #: What a page's form sends.
    FIELDS = "application/x-www-form-urlencoded"
    FILE = "application/octet-stream"
    #: What a partner's protocol has instead of JSON; its handler reads the body.
    XML = "application/xml"


class Part(StrEnum):
    """What an installation may serve; the setting ``parts`` says which are on."""

    #: The depicted person's pages.
    INTAKE = "intake"
    #: What platforms call.
    API = "api"
    #: The pages of staff.
    CONSOLE = "console"
    #: What partners' software calls.
    EXCHANGE = "exchange"
    #: The public form for notices.
    NOTICE = "notice"


#: Bytes of a page's form, unless its operation says otherwise.
MAX_FIELDS_BYTES = 64 * 1024

_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Reply:
    """A body that is written already.

    Attributes:
        body: The body.
        media_type: Its media type.
        status: Status where it is not the operation's.
        headers: Further headers; they replace the edge's of the same name, but for ``set-cookie``.
    """

    body: bytes
    media_type: str = Kind.JSON
    status: int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of(cls, body: Any, *, status: int | None = None) -> Self:  # noqa: ANN401 - whatever can be written as JSON
        """Write a JSON body."""
        return cls(msgspec.json.encode(body), status=status)


def bearer(headers: Mapping[bytes, bytes], _query: bytes) -> bytes:
    """Take the ``Authorization`` header as it is."""
    return headers.get(b"authorization", b"")


@dataclass(slots=True)
class Call:
    """One request, parsed and authorised.

    Attributes:
        app: The composed application.
        operation: The route that was called.
        path: Path parameters.
        query: The operation's query struct, or None.
        raw_query: The query string as it came.
        given: The JSON body's struct, the form, its fields, the file's bytes, or None; by what was sent.
        body: The body as it came, for digests.
        caller: The key, or None on routes that ask for none.
        idempotency_key: The header, or empty.
        headers: The request's headers by lower-case name.
        address: Network address of the peer; for ``App.callers`` alone, never logged or stored.
    """

    app: App
    operation: "Operation"
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    raw_query: bytes = field(default=b"", repr=False)
    given: Any = None
    body: bytes = field(default=b"", repr=False)
    caller: ApiKey | None = None
    idempotency_key: str = ""
    headers: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    address: str = field(default="", repr=False)

    @property
    def fields(self) -> Fields:
        """The fields of a page's form; none where none was sent."""
        return self.given if isinstance(self.given, Fields) else Fields()

    def number(self, name: str, of: str = "") -> int:
        """Return a number in the path; ``of`` says what has it, where its name does not. Raises NotFound for others."""
        text = self.path[name]
        if not _NUMBER.fullmatch(text):
            msg = f"There is no such {of or name}."
            raise NotFound(msg)
        return int(text)

    @property
    def key(self) -> ApiKey:
        """The caller's key, on routes that ask for one."""
        if self.caller is None:
            msg = "This route asks for a key."
            raise Unauthenticated(msg)
        return self.caller

    @property
    def file(self) -> bytes | None:
        """The picture file, where one was sent."""
        return self.given.file if isinstance(self.given, Form) else self.given if type(self.given) is bytes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route: from it both the router and the OpenAPI document are made.

    Attributes:
        method: HTTP method.
        path: Template, ``/api/v1/banks/{bank}``.
        handler: Takes a Call; a plain function runs in a thread, a coroutine on the event loop.
        summary: One sentence for the document.
        scope: What a key must have; None where no key is asked for.
        status: Status of success.
        answer: Struct of the success body; None for a Reply of another media type.
        media_type: Media type of success.
        body: Struct of the JSON body, by media type its form or a marker for the raw file.
        query: Struct of the query parameters.
        problems: Codes of errors beyond those that every route has.
        idempotent: Whether an ``Idempotency-Key`` is honoured.
        part: What it belongs to; None for what is always served.
        also: Further parts that cannot do without it.
        page: Whether people open it in a browser: errors are then pages, too.
        max_body_bytes: Largest JSON body or page form; None for the usual limits.
        file_parts: Names of a form's part that is the file.
        optional_body: Whether a request without any body is passed on, too.
        credential: Finds the caller's key in headers and query string, as an ``Authorization: Bearer`` header has it.
        complain: Writes an error as callers of another protocol expect it; None for a problem document.
        how: How a key is shown, for whoever shows none.
    """

    method: str
    path: str
    handler: Callable[[Call], Any]
    summary: str
    scope: Scope | None = None
    status: int = 200
    answer: type[msgspec.Struct] | None = None
    media_type: str = Kind.JSON
    body: Mapping[Kind, type[Any]] = field(default_factory=dict)
    query: type[msgspec.Struct] | None = None
    problems: tuple[str, ...] = ()
    idempotent: bool = False
    part: Part | None = None
    also: tuple[Part, ...] = ()
    page: bool = False
    max_body_bytes: int | None = None
    file_parts: tuple[str, ...] = ("file",)
    optional_body: bool = False
    credential: Callable[[Mapping[bytes, bytes], bytes], bytes] = bearer
    complain: Callable[[Problem], Reply] | None = None
    how: str = "Send a key as 'Authorization: Bearer …'; 'noli key create' makes one."

    def serves(self, part: Part) -> bool:
        """Tell whether it belongs to a part, or the part cannot do without it."""
        return part in {self.part, *self.also}
