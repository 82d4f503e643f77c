# SPDX-License-Identifier: Apache-2.0
"""The ASGI application: Starlette's router over the table of routes, inside one edge.

The edge sets the security headers of every response and turns every error into a problem document; it is
the last place that an exception can reach.
"""

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noli.app import App, describe
from noli.base.config import Config
from noli.base.errors import IntegrityError, NoliError, NotFound, Throttled, Unavailable
from noli.web.api.endpoint import Endpoint, Gate, respond
from noli.web.api.operation import Operation, Part
from noli.web.api.problems import MEDIA_TYPE, InternalError, problem
from noli.web.console import FIRST_PAGES
from noli.web.html import problem_pages, render
from noli.web.routes import COMPLAINTS, HEALTH, ROUTES

#: Sent with every response. Source: OWASP ASVS 5.0 3.4.1-3.4.8, 14.3.2. Replies of pages bring their own policy
#: (``web/html/policy.py``).
SECURITY_HEADERS: Mapping[bytes, bytes] = {
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}

# Seconds between looks whether the index is loaded.
_LOOK_S = 0.05

# Threads for handlers that wait on the database.
_THREADS = 40

# Objects made more than freed before the garbage collector looks for cycles; the interpreter's own is 700.
_COLLECT_AFTER = 20_000

_log = structlog.get_logger()


def create_asgi(app: App, *, operations: Sequence[Operation] = ROUTES, late: bool = False) -> ASGIApp:
    """Make the ASGI application of a composed App; it starts and stops with the server's lifespan.

    Args:
        app: The App.
        operations: What there is to call; what this process serves of it, its settings say.
        late: Wait with the start until the index is loaded.
    """
    gate = Gate(app)
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        if not _served(operation, app.config):
            continue
        by_path.setdefault(operation.path, []).append(operation)
    routes = [Route(path, Endpoint(gate, each)) for path, each in by_path.items()]

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "noli-handler"))
        app.start()
        if Part.CONSOLE in app.config.served:
            render.warm(*FIRST_PAGES)
        while late and not app.indexes.ready and not app.draining:  # noqa: ASYNC110 - a thread loads it
            await asyncio.sleep(_LOOK_S)
        _calm_the_collector()
        yield
        # Here and not after the server: uvicorn ends the process by the signal that it was sent.
        app.close()

    return Edge(Router(routes, redirect_slashes=False, default=_not_found, lifespan=lifespan), app)


def _served(operation: Operation, config: Config) -> bool:
    """Tell whether a process with these settings serves an operation."""
    if operation.part is None:
        return bool(config.served) or operation.path in HEALTH
    return bool({operation.part, *operation.also} & config.served)


def _calm_the_collector() -> None:
    """Keep the garbage collector from walking everything that was imported, again and again, while a batch is answered.

    A batch makes 100,000 small objects that all die with the answer; looking for cycles among them and through the
    whole program took more than half of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


class Edge:
    """The outermost layer: security headers, counters, problem documents."""

    def __init__(self, inner: ASGIApp, app: App) -> None:
        """Wrap the router."""
        self._inner, self._app = inner, app
        self._headers = list(SECURITY_HEADERS.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started = False
        status = 500

        async def guarded(message: Message) -> None:
            nonlocal started, status
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                own = {name for name, _ in message["headers"]}
                if self._app.draining:
                    message["headers"].append((b"connection", b"close"))
                message["headers"] += [line for line in self._headers if line[0] not in own]
            await send(message)

        try:
            await self._inner(scope, receive, guarded)
        except Exception as error:
            if started:
                raise
            await self._problem(error, scope, guarded)
        finally:
            metrics = self._app.metrics
            metrics.count(metrics.requests, scope.get("noli.route", "none"), str(status))

    async def _problem(self, error: Exception, scope: Scope, send: Send) -> None:
        known = self._known(error, scope)
        if isinstance(known, Throttled):
            self._app.metrics.throttled.labels(known.code).inc()
        head = scope["method"] == "HEAD"
        document, headers = problem(known)
        if problem_pages.wanted(scope):
            reply = problem_pages.page(self._app, scope, known, status=document.status)
            lines = [*headers.items(), *reply.headers]
            await respond(send, document.status, reply.body, reply.media_type, headers=lines, head=head)
            return
        if complain := scope.get("noli.complain"):
            reply = complain(document)
            lines = [*headers.items(), *reply.headers]
            status = reply.status or document.status
            await respond(send, status, reply.body, reply.media_type, headers=lines, head=head)
            return
        body = msgspec.json.encode(document)
        await respond(send, document.status, body, MEDIA_TYPE, headers=headers.items(), head=head)

    def _known(self, error: Exception, scope: Scope) -> NoliError:
        """Log what an operator must know of, and hide what a caller must not."""
        route = scope.get("noli.route", "none")
        match error:
            case IntegrityError() | Unavailable():
                _log.error("request.failed", code=error.code, route=route, **describe(error))
                return error
            case NoliError():
                return error
            case HTTPException(status_code=404):
                return NotFound("There is nothing at this address.")
        error_id = secrets.token_hex(8)
        _log.error("request.failed", error_id=error_id, route=route, **describe(error))
        return InternalError(error_id)


async def _not_found(scope: Scope, _receive: Receive, _send: Send) -> None:
    if scope["type"] == "http":
        for prefix, complain in COMPLAINTS.items():
            if scope["path"].startswith(prefix):
                scope["noli.page"], scope["noli.complain"] = False, complain
        msg = "There is nothing at this address."
        raise NotFound(msg)
