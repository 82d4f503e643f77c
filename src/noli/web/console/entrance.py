# SPDX-License-Identifier: Apache-2.0
"""Getting in and out: set-up of an account, log-in, log-out.

Before there is a session a cookie of its own, for this browser, stands behind the forms: what another site makes a
browser send does not have it. Refusals tell neither what was wrong nor whether there is such an account.
"""

import hmac
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any

import segno
from markupsafe import Markup

from noli.access.model import Enrolment, OpenedSession, SessionKind
from noli.access.sessions import csrf_of
from noli.access.staff import MAX_PASSWORD, check_password
from noli.base.errors import Conflict, Forbidden, InputError, NotFound, Throttled, Unauthenticated
from noli.base.marking import N_
from noli.web.api.operation import Call, Reply
from noli.web.console.guard import LOG_IN, LanguageQuery, show
from noli.web.html import render, visits
from noli.web.html.languages import catalogue

#: Characters of a password in the console. Source: NIST SP 800-63B-4, for passwords that stand alone.
MIN_PASSWORD = 15

SET_UP = "/console/set-up"

# Where a log-in may lead: to a page of the console, and nowhere else.
_INSIDE = re.compile(r"/console(/[A-Za-z0-9_-]{1,64}){0,4}")

# Bytes of the cookie before log-in, and its name.
_BEFORE_BYTES = 24
_BEFORE = "b"

# Makes the browser forget pages that it could show with "back". Source: W3C Clear Site Data.
_FORGET = (b"clear-site-data", b'"cache"')

_NOTICES = {
    "ended": N_("You were logged out, because nothing happened for half an hour or the day was over. Log in to go on."),
    "left": N_("You are logged out."),
    "ready": N_("Your account is ready. Log in with your password and the next code that your app shows."),
}


class LogInQuery(LanguageQuery):
    """What the log-in page is asked with."""

    notice: str = ""
    then: str = ""


def log_in_page(call: Call) -> Reply:
    """Ask for name, password and code."""
    return _log_in_page(call, then=call.query.then, notice=_NOTICES.get(call.query.notice, ""))


def log_in(call: Call) -> Reply:
    """Log in, or say that it did not work."""
    then, name = call.fields.one("then"), call.fields.one("name").strip()
    if not _of_this_browser(call):
        return _log_in_page(call, then=then, name=name, error="stale", status=403)
    password, code = call.fields.one("password"), call.fields.one("code")
    try:
        opened = call.app.staff.log_in(name, password=password, code=code, caller=visits.caller(call))
    except Throttled as error:
        return _log_in_page(call, then=then, name=name, error="wait", status=429, wait=error.retry_after_s)
    except Unauthenticated:
        return _log_in_page(call, then=then, name=name, error="wrong", status=401)
    return _in(call, opened, then)


def log_in_with_passkey(call: Call) -> Reply:
    """Log in with what a device answered, or say that it did not work."""
    then, given = call.fields.one("then"), call.fields
    if not _of_this_browser(call):
        return _log_in_page(call, then=then, error="stale", status=403)
    try:
        opened = call.app.passkeys.log_in(
            visits.site(call),
            browser=_before(call),
            challenge=given.one("challenge"),
            answer=given.one("answer"),
            caller=visits.caller(call),
        )
    except Throttled as error:
        return _log_in_page(call, then=then, error="wait", status=429, wait=error.retry_after_s)
    except Unauthenticated:
        return _log_in_page(call, then=then, error="passkey", status=401)
    return _in(call, opened, then)


def _in(call: Call, opened: OpenedSession, then: str) -> Reply:
    cookies = visits.session_cookie(call, SessionKind.STAFF, opened.token), _cookie(call, "")
    return render.redirect(call, then if _INSIDE.fullmatch(then) else "/console", headers=cookies)


def log_out(call: Call) -> Reply:
    """End the session, and make the browser forget these pages. Without a session there is nothing to do."""
    visits.check_origin(call)
    token = visits.session_token(call, SessionKind.STAFF)
    if token:
        visits.check_form(call, SessionKind.STAFF)
        call.app.sessions.close(token)
    taken_back = visits.no_session_cookie(call, SessionKind.STAFF)
    return render.redirect(call, LOG_IN, headers=(taken_back, _FORGET), notice="left")


def set_up_page(call: Call) -> Reply:
    """Ask for the set-up token."""
    return _shown(call, "set_up.html", error="", token="")


def set_up_start(call: Call) -> Reply:
    """Show what an authenticator app needs."""
    token = "".join(call.fields.one("token").split())
    if not _of_this_browser(call):
        return _shown(call, "set_up.html", status=403, error="stale", token=token)
    try:
        enrolment = call.app.staff.enrolment(token)
    except NotFound:
        return _shown(call, "set_up.html", status=404, error="unknown", token="")
    return _enrolment_page(call, enrolment, token)


def set_up_finish(call: Call) -> Reply:
    """Set password and codes."""
    token, password = call.fields.one("token"), call.fields.one("password")
    if not _of_this_browser(call):
        return _shown(call, "set_up.html", status=403, error="stale", token=token)
    try:
        enrolment = call.app.staff.enrolment(token)
    except NotFound:
        return _shown(call, "set_up.html", status=404, error="unknown", token="")
    try:
        _check_password(password, enrolment.name)
    except InputError:
        return _enrolment_page(call, enrolment, token, error="password")
    try:
        call.app.staff.set_up(token, password=password, code=call.fields.one("code"))
    except InputError:
        return _enrolment_page(call, enrolment, token, error="code")
    except (NotFound, Conflict):
        return _shown(call, "set_up.html", status=404, error="unknown", token="")
    return render.redirect(call, LOG_IN, notice="ready")


def _check_password(password: str, name: str) -> None:
    if len(password) < MIN_PASSWORD:
        msg = "The password is too short."
        raise InputError(msg)
    check_password(password, name)


def _enrolment_page(call: Call, enrolment: Enrolment, token: str, *, error: str = "") -> Reply:
    code = segno.make(enrolment.uri, error="m", micro=False)
    drawn = code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)
    return _shown(
        call,
        "enrolment.html",
        status=400 if error else 200,
        enrolment=enrolment,
        groups=re.findall(".{1,4}", enrolment.secret),
        picture=Markup(drawn),  # noqa: S704 - drawn by us from the URI; holds no text
        token=token,
        error=error,
        least=MIN_PASSWORD,
        most=MAX_PASSWORD,
    )


def _log_in_page(
    call: Call, *, then: str, name: str = "", notice: str = "", error: str = "", status: int = 200, wait: int = 0
) -> Reply:
    text = catalogue(render.language_of(call)).gettext(notice) if notice else ""
    then = then if _INSIDE.fullmatch(then) else ""
    browser = _before(call) or secrets.token_urlsafe(_BEFORE_BYTES)
    challenge, asked = call.app.passkeys.to_log_in(visits.site(call), browser=browser)
    return _shown(
        call, "log_in.html", status=status, browser=browser, then=then, name=name[:64], notice=text, error=error,
        wait=wait, challenge=challenge, asked=asked,
    )  # fmt: skip


def _shown(
    call: Call,
    template: str,
    *,
    status: int = 200,
    browser: str = "",
    **given: Any,  # noqa: ANN401 - what the template names
) -> Reply:
    """Show a page to somebody who is not logged in, with the cookie and the secret that its form needs."""
    known = _before(call)
    token = known or browser or secrets.token_urlsafe(_BEFORE_BYTES)
    headers = () if known else (_cookie(call, token),)
    if given.get("wait"):
        headers = (*headers, (b"retry-after", b"%d" % int(str(given["wait"]))))
    return show(call, None, template, status=status, headers=headers, **(given | {"csrf": csrf_of(token)}))


def _of_this_browser(call: Call) -> bool:
    """Say whether a form was sent from a page that this browser was shown."""
    try:
        visits.check_origin(call)
    except Forbidden:
        return False
    token, given = _before(call), call.fields.one("csrf").encode("utf-8", "surrogatepass")
    return bool(token) and hmac.compare_digest(csrf_of(token).encode(), given)


def _before(call: Call) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(call.headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    found = cookies.get(_name(call))
    return found.value if found is not None else ""


def _name(call: Call) -> str:
    return f"__Host-{_BEFORE}" if visits.is_secure(call) else _BEFORE


def _cookie(call: Call, token: str) -> tuple[bytes, bytes]:
    secure = "; Secure" if visits.is_secure(call) else ""
    ends = "" if token else "; Max-Age=0"
    line = f"{_name(call)}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}"
    return b"set-cookie", line.encode("ascii")
