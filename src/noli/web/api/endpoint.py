# SPDX-License-Identifier: Apache-2.0
"""From an ASGI request to a handler's call and back: authorise, limit, read, decode, call, encode.

One pure-ASGI class for all routes, without Starlette's request and middleware objects: they would cost more
than the search they carry.
"""

import asyncio
import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from noli.access.model import ApiKey
from noli.app import App
from noli.base.errors import Forbidden, InputError, NotFound
from noli.web.api import forms
from noli.web.api.auth import Authenticator
from noli.web.api.limits import FORM_OVERHEAD_BYTES, MAX_JSON_BYTES, Bodies, Buckets, wait
from noli.web.api.operation import MAX_FIELDS_BYTES, Call, Kind, Operation, Reply
from noli.web.api.problems import MethodNotAllowed, Overloaded, UnsupportedBody

# Characters of an Idempotency-Key; a UUID has 36.
_MAX_IDEMPOTENCY_KEY = 128
_VISIBLE = re.compile(rb"[!-~]{0,%d}" % _MAX_IDEMPOTENCY_KEY)

# What a name or id in a path looks like; nothing else can exist, and nothing else reaches the database.
_IN_PATH = re.compile(r"[A-Za-z0-9_.\-]{1,64}")

# Query parameters of one request; ours have two at most.
_MAX_QUERY = 16

_encoder = msgspec.json.Encoder()


class Gate:
    """What all routes share: who calls, how often, how much."""

    def __init__(self, app: App) -> None:
        """Set the limits from the configuration."""
        config = app.config
        self.app = app
        self.bodies = Bodies(max_upload_bytes=config.max_upload_bytes, max_video_bytes=config.max_video_bytes)
        self.rates = Buckets(per_s=config.rate_limit_per_s, burst=2 * config.rate_limit_per_s)
        self.authenticator = Authenticator(self._find, failed_per_min=config.failed_auth_per_min)
        self._most = config.calls_at_once
        self._calls = 0
        self.app.metrics.gauge("noli_calls", "Requests being answered.", lambda: self._calls)

    @contextmanager
    def place(self, operation: Operation) -> Iterator[None]:
        """Hold a place among the requests that are answered; what tells of the process itself needs none.

        Raises:
            Overloaded: All are taken.
        """
        if operation.part is not None and self._calls >= self._most:
            msg = "More requests than can be answered at this moment; try again."
            raise Overloaded(msg)
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    async def _find(self, token: str) -> ApiKey:
        def find() -> ApiKey:
            return self.app.partners.held_to_agreement(self.app.access.authenticate(token))

        return await asyncio.to_thread(find)

    async def admit(self, scope: Scope, operation: Operation, header: bytes) -> ApiKey | None:
        """Find the caller's key and hold it to its scope and rate.

        Raises:
            Unauthenticated: No valid key.
            Forbidden: A key without the scope.
            Throttled: Too many requests of this key, or failed attempts of this address.
        """
        if operation.scope is None:
            return None
        key = self.authenticator.remembered(header) or await self.authenticator.key(scope, header, how=operation.how)
        if operation.scope not in key.scopes:
            msg = f"This takes a key with the scope {operation.scope!s}."
            raise Forbidden(msg)
        seconds = self.rates.take(key.name)
        if seconds:
            raise wait(seconds)
        return key


class Endpoint:
    """All operations of one path."""

    def __init__(self, gate: Gate, operations: Sequence[Operation]) -> None:
        """Prepare a decoder for each operation."""
        self._gate = gate
        self._operations = {operation.method: _Prepared(gate, operation) for operation in operations}
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]
        self._allowed = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        prepared = self._operations.get(scope["method"])
        if prepared is None:
            found = [each.operation for each in self._operations.values()]
            scope["noli.page"] = any(each.page for each in found)
            scope["noli.complain"] = found[0].complain
            raise MethodNotAllowed(self._allowed)
        operation = prepared.operation
        scope["noli.route"], scope["noli.page"] = operation.path, operation.page
        scope["noli.complain"] = operation.complain
        with self._gate.place(operation):
            await prepared(scope, receive, send)


class _Prepared:
    """One operation with what can be made ready before the first request."""

    def __init__(self, gate: Gate, operation: Operation) -> None:
        self.operation = operation
        self._gate = gate
        self._decoder = msgspec.json.Decoder(operation.body[Kind.JSON]) if Kind.JSON in operation.body else None
        self._is_async = inspect.iscoroutinefunction(operation.handler)
        upload = max(gate.app.config.max_upload_bytes, gate.app.config.max_video_bytes)
        self._limits = {
            Kind.JSON: operation.max_body_bytes or MAX_JSON_BYTES,
            Kind.FIELDS: operation.max_body_bytes or MAX_FIELDS_BYTES,
            Kind.FORM: upload + FORM_OVERHEAD_BYTES,
            Kind.FILE: upload,
            Kind.XML: operation.max_body_bytes or MAX_JSON_BYTES,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation, headers = self.operation, _headers(scope)
        call = Call(self._gate.app, operation, scope.get("path_params", {}), headers=headers)
        call.raw_query = scope["query_string"]
        call.address = (scope.get("client") or ("",))[0]
        call.caller = await self._gate.admit(scope, operation, operation.credential(headers, scope["query_string"]))
        if not all(_IN_PATH.fullmatch(each) for each in call.path.values()):
            msg = "There is nothing at this address."
            raise NotFound(msg)
        if operation.query is not None:
            call.query = _query(scope["query_string"], operation.query)
        if operation.idempotent:
            call.idempotency_key = _idempotency_key(headers.get(b"idempotency-key", b""))
        if operation.body and not (operation.optional_body and b"content-type" not in headers):
            await self._read(call, headers.get(b"content-type", b""), scope, receive)
        with self._gate.bodies.held(len(call.body)):
            if self._is_async:
                result = await operation.handler(call)
            else:
                result = await asyncio.to_thread(operation.handler, call)
        reply = result if isinstance(result, Reply) else Reply(_encoder.encode(result))
        status, head = reply.status or operation.status, scope["method"] == "HEAD"
        await respond(send, status, reply.body, reply.media_type, headers=reply.headers, head=head)

    async def _read(self, call: Call, content_type: bytes, scope: Scope, receive: Receive) -> None:
        kind = _kind(content_type)
        if kind is None or kind not in self.operation.body:
            msg = f"Send the body as {' or '.join(self.operation.body)}."
            raise UnsupportedBody(msg)
        body = await self._gate.bodies.read(scope, receive, limit=self._limits[kind])
        call.body = body
        if kind in {Kind.FILE, Kind.XML}:
            call.given = body
        elif kind is Kind.FORM:
            call.given = forms.parse(content_type.decode("latin-1"), body, file_parts=self.operation.file_parts)
        elif kind is Kind.FIELDS:
            call.given = forms.parse_fields(body)
        elif self._decoder is not None:
            call.given = _decode(self._decoder, body)


async def respond(
    send: Send,
    status: int,
    body: bytes,
    media_type: str | bytes,
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    head: bool = False,
) -> None:
    """Send one whole response; for HEAD only its headers."""
    kind = media_type if isinstance(media_type, bytes) else media_type.encode("ascii")
    lines = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if head else body})


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


# A picture, a video or a list: what it is, its bytes say.
_FILES = frozenset({b"application/octet-stream", b"text/csv", b"application/jsonl", b"application/x-ndjson"})


def _kind(content_type: bytes) -> Kind | None:
    media = content_type.partition(b";")[0].strip().lower()
    if media == b"application/json":
        return Kind.JSON
    if media == b"multipart/form-data":
        return Kind.FORM
    if media == b"application/x-www-form-urlencoded":
        return Kind.FIELDS
    if media in {b"application/xml", b"text/xml"}:
        return Kind.XML
    if media in _FILES or media.startswith((b"image/", b"video/")):
        return Kind.FILE
    return None


def _decode(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:  # noqa: ANN401 - the decoder's own type
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        msg = f"The body is not as described: {error}."
        raise InputError(msg) from error
    except (RecursionError, UnicodeDecodeError) as error:
        msg = "The body is not JSON, or nested too deeply."
        raise InputError(msg) from error


def _query(text: bytes, wanted: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - one of several structs
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_QUERY)
        return msgspec.convert(dict(pairs), wanted, strict=False)
    except (ValueError, msgspec.MsgspecError) as error:
        msg = f"The query is not as described: {error}."
        raise InputError(msg) from error


def _idempotency_key(header: bytes) -> str:
    if not _VISIBLE.fullmatch(header):
        msg = f"An Idempotency-Key has at most {_MAX_IDEMPOTENCY_KEY} visible ASCII characters."
        raise InputError(msg)
    return header.decode("ascii")
