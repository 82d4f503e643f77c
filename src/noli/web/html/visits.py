# SPDX-License-Identifier: Apache-2.0
"""Who opens a page: where a request comes from, its session's cookie, and whether its form is one of ours.

Cookies are strictly our own: ``SameSite=Strict``, ``HttpOnly``, and under https ``__Host-`` and ``Secure``. Without
https only a browser on the same machine gets a cookie at all.
"""

from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from noli.access.model import SessionKind, Site
from noli.base.errors import Forbidden
from noli.web.api.operation import Call

# Names that say nothing to whoever looks over a shoulder.
_NAMES = {SessionKind.PERSON: "n", SessionKind.STAFF: "k"}

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_origin(call: Call) -> None:
    """Refuse what another site made a browser send.

    1. ``Sec-Fetch-Site``, which browsers send over https and to localhost, must say that it was one of our pages.
    2. Without it ``Origin`` must be ours where it is named. Our own forms send "null", because pages are sent with
       ``Referrer-Policy: no-referrer``; what follows a log-in also needs the session's secret in the form.

    Raises:
        Forbidden: It came from somewhere else.
    """
    site = call.headers.get(b"sec-fetch-site")
    if site is not None:
        ours = site in {b"same-origin", b"none"}
    else:
        origin = call.headers.get(b"origin", b"null").decode("latin-1")
        ours = origin == "null" or urlsplit(origin).netloc == _host(call)
    if not ours:
        msg = "This was not sent by one of our pages."
        raise Forbidden(msg)


def check_form(call: Call, kind: SessionKind) -> None:
    """Refuse a form that no page of this session sent: ``check_origin``, and the field ``csrf``. Raises Forbidden."""
    check_origin(call)
    given = call.fields.one("csrf") or str(getattr(call.given, "csrf", ""))
    call.app.sessions.check_csrf(session_token(call, kind), given)


def caller(call: Call) -> bytes:
    """Return who calls, for delays and quotas; the address itself goes no further."""
    return call.app.callers.caller(_address(call))


def session_token(call: Call, kind: SessionKind) -> str:
    """Return the token in the session's cookie, empty where there is none."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(call.headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    found = cookies.get(_name(call, kind))
    return found.value if found is not None else ""


def session_cookie(call: Call, kind: SessionKind, token: str) -> tuple[bytes, bytes]:
    """Return the header that sets a session's cookie; it ends with the browser."""
    return b"set-cookie", _cookie(call, kind, token)


def no_session_cookie(call: Call, kind: SessionKind) -> tuple[bytes, bytes]:
    """Return the header that takes the cookie back."""
    return b"set-cookie", _cookie(call, kind, "") + b"; Max-Age=0"


def site(call: Call) -> Site:
    """Return where passkeys are good for: the host under which people reach the console."""
    scheme = "https" if is_secure(call) else "http"
    return Site(urlsplit(f"//{_host(call)}").hostname or "", f"{scheme}://{_host(call)}")


def is_secure(call: Call) -> bool:
    """Say whether cookies are to be sent over https alone: always, but for a browser on this machine."""
    stated = call.app.config.public_url
    if stated:
        return stated.startswith("https:")
    return (urlsplit(f"//{_host(call)}").hostname or "") not in _LOOPBACK


def _cookie(call: Call, kind: SessionKind, token: str) -> bytes:
    secure = "; Secure" if is_secure(call) else ""
    return f"{_name(call, kind)}={token}; Path=/; HttpOnly; SameSite=Strict{secure}".encode("ascii")


def _name(call: Call, kind: SessionKind) -> str:
    return f"__Host-{_NAMES[kind]}" if is_secure(call) else _NAMES[kind]


def _host(call: Call) -> str:
    stated = urlsplit(call.app.config.public_url).netloc
    return stated or call.headers.get(b"host", b"").decode("latin-1")


def _address(call: Call) -> str:
    """Return the address that the outermost proxy we trust saw; without proxies the peer's.

    Whoever calls can write ``X-Forwarded-For``, but only in front of what our proxies add: it is read from its end.
    """
    trusted = [ip_network(each.strip()) for each in call.app.config.trusted_proxies.split(",") if each.strip()]
    forwarded = call.headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    address = call.address
    while forwarded and _is_in(address, trusted):
        address = forwarded.pop().strip() or address
    return address


def _is_in(address: str, networks: list) -> bool:  # type: ignore[type-arg] # of both versions
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
