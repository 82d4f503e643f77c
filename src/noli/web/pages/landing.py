# SPDX-License-Identifier: Apache-2.0
"""The landing page and a readable list of the API's routes. No counts, no names of banks, no secrets."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jinja2

import noli
from noli.web.api.operation import Call, Operation, Reply

HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"

_HERE = Path(__file__).parent.parent


@cache
def _templates() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(_HERE / "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)


def landing(_call: Call) -> Reply:
    """Show what this is and where to go."""
    return _page("landing.html", {"version": noli.__version__})


def reference(operations: Sequence[Operation]) -> Reply:
    """List these routes for people."""
    return _page("reference.html", {"version": noli.__version__, "operations": operations})


def style(_call: Call) -> Reply:
    """Send the one style sheet."""
    return Reply((_HERE / "static" / "noli.css").read_bytes(), CSS)


def _page(name: str, context: dict[str, object]) -> Reply:
    return Reply(_templates().get_template(name).render(context).encode(), HTML)
