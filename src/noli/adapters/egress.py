# SPDX-License-Identifier: Apache-2.0
"""Calls to addresses that somebody else chose: ``outbox.ports.Poster``, guarded against being led inside.

1. The scheme is ``https``, the port 443, 80 or one from 1024 on.
2. A name is resolved once, at the moment of connecting. If one of its addresses is not a public one (loopback, private,
   link-local, metadata services, multicast, or an IPv6 form that holds such an IPv4 address) nothing is connected to.
3. The connection goes to the address that was looked at, and the certificate must be the name's: an answer of the name
   server that changes between looking and connecting changes nothing.
4. Redirects are not followed, proxies of the environment not used, cookies not kept.
5. From the first look-up to the last byte there is one bound on time, and one on bytes.

Hosts that the operator names (setting ``private_hosts``) are excepted from 1 and 2.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore
import httpx

from noli.base.errors import Forbidden, Unavailable
from noli.base.marking import N_

#: Seconds that one call may take in all.
TOTAL_S = 10.0

#: Bytes that are read of one answer, its headers included, besides the body that was asked for.
MAX_BYTES = 64 * 1024

# Ports below this belong to services that no webhook is.
_FIRST_FREE_PORT = 1024
_WEB_PORTS = frozenset({80, 443})

# The prefix under which NAT64 hides IPv4 addresses. Source: RFC 6052, section 2.1.
_NAT64 = IPv6Network("64:ff9b::/96")

_AGENT = "Noli"

_INSIDE = "This address leads inside; the operator can name hosts inside in the setting private_hosts."

Resolve = Callable[[str, int], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered.

    Attributes:
        status: HTTP status.
        body: As much as was asked for.
        headers: By lower-case name.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class AnswerTooLarge(Unavailable):
    """The answer has more bytes than are taken."""

    code = "answer-too-large"


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Tell whether an address is one that anybody can reach, and not a way into this machine or its network."""
    found = _inner(ip_address(address.partition("%")[0]))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


class Egress:
    """Calls outside; safe to call from many threads."""

    def __init__(
        self,
        *,
        private_hosts: Iterable[str] = (),
        total_s: float = TOTAL_S,
        resolve: Resolve = resolved,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Keep the rules.

        Args:
            private_hosts: Hosts that may be called whatever their addresses are.
            total_s: Seconds that one call may take in all.
            resolve: Returns the addresses of a host.
            context: Whose certificates are believed; the system's and certifi's if None.
        """
        self._private = frozenset(host.lower() for host in private_hosts)
        self._total_s, self._resolve = total_s, resolve
        self._context = context or httpx.create_ssl_context(trust_env=False)

    def check(self, url: str) -> None:
        """Refuse what is never called, before a name is looked up. Raises Forbidden."""
        self._admit(url)

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> int:
        """Post, and return the HTTP status; the body is not read. Raises Unavailable, Forbidden."""
        return self.send(url, content, headers).status

    def send(self, url: str, content: bytes, headers: Mapping[str, str], *, max_bytes: int = 0) -> Answer:
        """Post, and return the answer with at most ``max_bytes`` of its body. Raises as ``call``."""
        return self.call("POST", url, content, headers, max_bytes=max_bytes)

    def call(
        self,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        *,
        max_bytes: int = 0,
        longer_s: float = 0,
    ) -> Answer:
        """Call, and return the answer.

        Args:
            method: HTTP method.
            url: Where.
            content: Body.
            headers: What is sent with it.
            max_bytes: Bytes that the answer's body may have; 0 where it is not read.
            longer_s: Seconds that this call may take more than the usual ones.

        Raises:
            Unavailable: There was no answer, or it is too large; says why.
            Forbidden: The address is none that may be called.
        """
        target, private = self._admit(url)
        total_s = self._total_s + longer_s
        guard = _Guard(self._resolve, time.monotonic() + total_s, MAX_BYTES + max_bytes, private=private)
        transport = _Transport(guard, self._context)
        try:
            with (
                httpx.Client(transport=transport, timeout=total_s, trust_env=False) as client,
                client.stream(method, target, content=content, headers={"User-Agent": _AGENT, **headers}) as answer,
            ):
                return Answer(answer.status_code, _read(answer, max_bytes), dict(answer.headers))
        except httpx.TimeoutException as error:
            msg = N_("The receiver did not answer in time.")
            raise Unavailable(msg, detail=type(error).__name__) from error
        except (httpx.HTTPError, OSError, UnicodeError) as error:
            msg = N_(
                "The receiver cannot be reached, or what answers is no web server with a certificate for its name."
            )
            raise Unavailable(msg, detail=type(error).__name__) from error

    def _admit(self, url: str) -> tuple[httpx.URL, bool]:
        """Return an address, and whether its host was named by the operator."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError) as error:
            msg = N_("This is no web address.")
            raise Forbidden(msg) from error
        private = target.host.lower() in self._private
        if not private:
            _check(target)
        return target, private


def _check(url: httpx.URL) -> None:
    port = url.port or 443
    if url.scheme != "https":
        msg = "Only https:// is called; the operator can name hosts inside in the setting private_hosts."
        raise Forbidden(msg)
    if port not in _WEB_PORTS and port < _FIRST_FREE_PORT:
        msg = "This port is not called: 443, 80 and those from 1024 on are."
        raise Forbidden(msg)
    if url.host.lower() == "localhost" or (_is_address(url.host) and not is_public(url.host)):
        raise Forbidden(_INSIDE)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _read(answer: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    if max_bytes:
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > max_bytes:
                msg = N_("The answer is too large.")
                raise AnswerTooLarge(msg)
    return bytes(body)


class _Transport(httpx.HTTPTransport):
    """httpx's own transport over connections that are made by a guard."""

    def __init__(self, guard: "_Guard", context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        # httpx has no argument for it; tests/contract/test_egress.py fails where a version of it keeps another pool.
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=guard)


class _Guard(httpcore.NetworkBackend):
    """Resolves once, looks at every address, and connects to one that it has looked at."""

    def __init__(self, resolve: Resolve, deadline: float, max_bytes: int, *, private: bool) -> None:
        self._resolve, self._deadline, self._max_bytes, self._private = resolve, deadline, max_bytes, private
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the host's addresses, if all of them may be called."""
        del timeout, local_address
        addresses = list(self._resolve(host, port))
        if not self._private and not all(is_public(address) for address in addresses):
            raise Forbidden(_INSIDE)
        failed: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                left = _left(self._deadline, httpcore.ConnectTimeout)
                stream = self._inner.connect_tcp(address, port, timeout=left, socket_options=socket_options)
                return _Bounded(stream, self._deadline, self._max_bytes)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


class _Bounded(httpcore.NetworkStream):
    """A connection that ends with its time or its bytes, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float, max_bytes: int) -> None:
        self._inner, self._deadline, self._left = inner, deadline, max_bytes

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        del timeout
        got = self._inner.read(max_bytes, timeout=_left(self._deadline, httpcore.ReadTimeout))
        self._left -= len(got)
        if self._left < 0:
            msg = "too many bytes"
            raise httpcore.ReadError(msg)
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all."""
        del timeout
        self._inner.write(buffer, timeout=_left(self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on under TLS, with a certificate for the name and not for the address."""
        del timeout
        left = _left(self._deadline, httpcore.ConnectTimeout)
        return _Bounded(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline, self._left)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own type
        """Tell about the connection."""
        return self._inner.get_extra_info(info)


def _left(deadline: float, over: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise over
    return left
