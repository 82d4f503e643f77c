# SPDX-License-Identifier: Apache-2.0
"""Rows of the tables of routes that answer with a page."""

from collections.abc import Callable
from typing import Any

import msgspec

from noli.web.api.forms import Fields
from noli.web.api.operation import Call, Kind, Operation, Part
from noli.web.html import render


def page(
    path: str,
    handler: Callable[[Call], Any],
    summary: str,
    *,
    query: type[msgspec.Struct],
    part: Part,
    also: tuple[Part, ...] = (),
) -> Operation:
    """Describe a page that anybody may open."""
    return Operation(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        query=query,
        media_type=render.HTML,
        page=True,
        part=part,
        also=also,
    )


def form(path: str, handler: Callable[[Call], Any], summary: str, *, part: Part) -> Operation:
    """Describe where a page's form is sent."""
    return Operation(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        body={Kind.FIELDS: Fields},
        media_type=render.HTML,
        page=True,
        part=part,
    )
