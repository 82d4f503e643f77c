# SPDX-License-Identifier: Apache-2.0
"""The first page, the page on traces, and the way out."""

import msgspec

from noli.access.model import SessionKind
from noli.web.api.operation import Call, Reply
from noli.web.html import render, visits
from noli.web.html.places import police
from noli.web.html.policy import CLEAR, PAGE_HEADERS


class PageQuery(msgspec.Struct, frozen=True):
    """What the address of a page may say: the chosen language, and that something was saved."""

    l: str = ""  # noqa: E741 - short and neutral in addresses
    s: str = ""


def start(call: Call) -> Reply:
    """Say what happens, how long it takes, what cannot be done, who sees what, and how to undo it."""
    return render.page(call, "person/start.html", police=police())


def traces(call: Call) -> Reply:
    """Say what stays behind on a device and what does not."""
    return render.page(call, "person/safe.html")


def check(call: Call) -> Reply:
    """Say how anybody can check that pictures stay on the device."""
    return render.page(call, "person/check.html")


def leave(call: Call) -> Reply:
    """End the session, make the browser forget this site, and send it to a neutral one.

    A GET that changes something, on purpose: it must work as a plain link. The cookie is ``SameSite=Strict``, so no
    other site can log anybody out with it.
    """
    token = visits.session_token(call, SessionKind.PERSON)
    if token:
        call.app.sessions.close(token)
    away = (b"location", call.app.config.exit_url.encode("ascii"))
    gone = visits.no_session_cookie(call, SessionKind.PERSON)
    return Reply(b"", render.HTML, 303, (*PAGE_HEADERS, *CLEAR, gone, away))
