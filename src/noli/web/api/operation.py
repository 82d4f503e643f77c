# SPDX-License-Identifier: Apache-2.0
"""What a route declares, and what its handler is given: the two ends of one HTTP exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from noli.access.model import ApiKey, Scope
from noli.app import App
from noli.base.errors import Unauthenticated
from noli.web.api.forms import Form


class Kind(StrEnum):
    """Media types in which a body may come."""

    JSON = "application/json"
    FORM = "multipart/form-data"
    FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Reply:
    """A body that is written already, with its media type."""

    body: bytes
    media_type: str = Kind.JSON


@dataclass(slots=True)
class Call:
    """One request, parsed and authorised.

    Attributes:
        app: The composed application.
        operation: The route that was called.
        path: Path parameters.
        query: The operation's query struct, or None.
        given: The JSON body's struct, the form, the file's bytes, or None; by what was sent.
        body: The body as it came, for digests.
        caller: The key, or None on routes that ask for none.
        idempotency_key: The header, or empty.
    """

    app: App
    operation: "Operation"
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    given: Any = None
    body: bytes = field(default=b"", repr=False)
    caller: ApiKey | None = None
    idempotency_key: str = ""

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
