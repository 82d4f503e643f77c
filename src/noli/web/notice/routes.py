# SPDX-License-Identifier: Apache-2.0
"""The routes of the public notice form. Nothing personal is ever in an address: what is followed up is posted."""

from collections.abc import Callable
from typing import Any

from noli.web.api.forms import Fields
from noli.web.api.operation import Call, Kind, Operation, Part
from noli.web.html import render
from noli.web.notice import following, sending
from noli.web.pages.start import PageQuery


def _page(path: str, handler: Callable[[Call], Any], summary: str) -> Operation:
    return Operation(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        query=PageQuery,
        media_type=render.HTML,
        page=True,
        part=Part.NOTICE,
    )


def _form(path: str, handler: Callable[[Call], Any], summary: str) -> Operation:
    return Operation(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        body={Kind.FIELDS: Fields},
        media_type=render.HTML,
        page=True,
        part=Part.NOTICE,
    )


NOTICE: tuple[Operation, ...] = (
    _page("/notice", sending.first, "Ask for the age, then for the notice."),
    _form("/notice", sending.send, "Take a notice from the public form."),
    _page("/notice/status", following.ask, "Ask for number and code."),
    _form("/notice/status", following.show, "Show a notice to who sent it."),
    _form("/notice/more", following.give, "Take what was missing."),
    _form("/notice/complaint", following.complain, "Take a complaint."),
    _form("/notice/end", following.withdraw, "Take a notice back."),
)
