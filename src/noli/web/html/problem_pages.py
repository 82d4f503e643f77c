# SPDX-License-Identifier: Apache-2.0
"""Errors as pages: what happened and what to do, in the visitor's words; by the error's code, never its text."""

from starlette.types import Scope

from noli.app import App
from noli.base.errors import NoliError, Throttled
from noli.web.api.operation import Call, Operation, Part, Reply
from noli.web.html.render import page as render


def wanted(scope: Scope) -> bool:
    """Say whether whoever asks is a browser in front of a person."""
    headers = dict(scope["headers"])
    if headers.get(b"content-type", b"").startswith(b"application/json"):
        return False
    known = scope.get("noli.page")
    return bool(known) if known is not None else b"text/html" in headers.get(b"accept", b"")


def page(app: App, scope: Scope, error: NoliError, *, status: int) -> Reply:
    """Write the page of an error."""
    notice = str(scope["path"]).startswith("/notice")
    part = Part.NOTICE if notice else None
    operation = Operation(method="GET", path="/", handler=lambda _: None, summary="", page=True, part=part)
    call = Call(app, operation, headers=dict(scope["headers"]))
    minutes = -(-error.retry_after_s // 60) if isinstance(error, Throttled) else 0
    error_id = getattr(error, "error_id", "")
    return render(
        call,
        "problem.html",
        status=status,
        code=error.code,
        minutes=minutes,
        error_id=error_id,
        console=str(scope["path"]).startswith("/console"),
        notice=notice,
    )
