# SPDX-License-Identifier: Apache-2.0
"""Where requests come from: other sites, proxies, plain http."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from noli.access.model import SessionKind
from noli.base.config import Config
from noli.base.errors import Forbidden
from noli.web.api.forms import Fields
from noli.web.api.operation import Call, Operation
from noli.web.html import visits

_OPERATION = Operation(method="POST", path="/x", handler=lambda _: None, summary="")


class _Sessions:
    def check_csrf(self, token: str, given: str) -> None:
        if (token, given) != ("token", "secret"):
            msg = "no"
            raise Forbidden(msg)


def _call(
    headers: Mapping[str, str] | None = None, *, address: str = "192.0.2.1", config: Config | None = None
) -> Call:
    callers = SimpleNamespace(caller=lambda text: text.encode())
    app: Any = SimpleNamespace(config=config or Config(), callers=callers, sessions=_Sessions())
    named = {name.encode(): value.encode("latin-1") for name, value in (headers or {}).items()}
    return Call(app, _OPERATION, headers={b"host": b"notes.example", **named}, address=address)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://notes.example"},
        {"origin": "null"},
        {},
        {"sec-fetch-site": "same-origin", "origin": "null"},
    ],
)
def test_our_own_forms_pass(headers: dict[str, str]) -> None:
    """Forms of our pages pass in new browsers and old ones."""
    visits.check_origin(_call(headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "https://notes.example.evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "https://notes.example"},
    ],
)
def test_other_sites_do_not(headers: dict[str, str]) -> None:
    """What another site makes a browser send is refused, also from a neighbour under the same domain."""
    with pytest.raises(Forbidden):
        visits.check_origin(_call(headers))


def test_the_public_address_decides_where_it_is_set() -> None:
    """Behind a proxy that changes the host, the set address says what is ours."""
    config = Config(public_url="https://public.example")
    visits.check_origin(_call({"origin": "https://public.example"}, config=config))
    with pytest.raises(Forbidden):
        visits.check_origin(_call({"origin": "https://notes.example"}, config=config))


def test_a_form_needs_the_secret_of_its_session() -> None:
    """A form without the session's secret is refused, wherever it came from."""
    call = _call({"sec-fetch-site": "same-origin", "cookie": "__Host-n=token"})
    call.given = Fields({"csrf": ["secret"]})
    visits.check_form(call, SessionKind.PERSON)
    call.given = Fields({"csrf": ["other"]})
    with pytest.raises(Forbidden):
        visits.check_form(call, SessionKind.PERSON)
    call.given = SimpleNamespace(csrf="secret")
    visits.check_form(call, SessionKind.PERSON)


@pytest.mark.parametrize(
    ("host", "public", "secure"),
    [
        ("notes.example", "", True),
        ("localhost:8000", "", False),
        ("127.0.0.1:8000", "", False),
        ("[::1]:8000", "", False),
        ("127.0.0.1:8000", "https://notes.example", True),
        ("notes.example", "http://notes.example", False),
        ("", "", True),
    ],
)
def test_cookies_are_for_https_alone(host: str, public: str, secure: bool) -> None:  # noqa: FBT001 - a parameter
    """But for a browser on this machine, a session's cookie is Secure, by a name that no other host can set."""
    call = _call({"host": host}, config=Config(public_url=public))
    name, cookie = visits.session_cookie(call, SessionKind.PERSON, "token")
    assert name == b"set-cookie"
    assert (b"; Secure" in cookie) is secure
    assert cookie.startswith(b"__Host-n=token; Path=/; HttpOnly; SameSite=Strict" if secure else b"n=token; Path=/")
    assert b"Max-Age=0" in visits.no_session_cookie(call, SessionKind.PERSON)[1]


def test_persons_and_staff_have_cookies_of_their_own() -> None:
    """A caseworker's cookie is not taken for a person's, and what is no cookie is none."""
    call = _call({"cookie": "__Host-k=staff; other=x"})
    assert visits.session_token(call, SessionKind.STAFF) == "staff"
    assert visits.session_token(call, SessionKind.PERSON) == ""
    assert visits.session_token(_call({"cookie": "__Host-n\x01=;;=,"}), SessionKind.PERSON) == ""


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "caller"),
    [
        ("192.0.2.1", "203.0.113.9", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1", "203.0.113.9"),
        ("192.0.2.1", "198.51.100.7, 203.0.113.9", "192.0.2.0/24", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9, 192.0.2.2", "192.0.2.0/24, 2001:db8::/32", "203.0.113.9"),
        ("192.0.2.1", "", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.2", "192.0.2.0/24", "192.0.2.2"),
        ("", "203.0.113.9", "192.0.2.1", ""),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: str, proxies: str, caller: str) -> None:
    """The caller is whom our outermost proxy saw; what a caller wrote in front of it counts for nothing."""
    call = _call({"x-forwarded-for": forwarded}, address=peer, config=Config(trusted_proxies=proxies))
    assert visits.caller(call) == caller.encode()
