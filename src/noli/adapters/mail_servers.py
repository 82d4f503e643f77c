# SPDX-License-Identifier: Apache-2.0
"""Where mail servers are, from the operator's settings: ``smtps://user:password@mail.example.org``.

``smtps`` and ``imaps`` speak TLS from the first byte. ``smtp`` and ``imap`` begin in the clear and go on under TLS; who
does not offer that is refused, except on this machine, where nobody listens in between.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from noli.base.errors import ConfigError

_PORTS = {"smtps": 465, "smtp": 587, "imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True)
class MailServer:
    """One mail server.

    Attributes:
        host: Its name.
        port: TCP port.
        tls: Whether it speaks TLS from the first byte.
        here: Whether it is on this machine.
        user: Who logs in; empty for nobody.
        password: With what.
        folder: Of a mailbox.
    """

    host: str
    port: int
    tls: bool
    here: bool
    user: str
    password: str = field(repr=False)
    folder: str

    @classmethod
    def parse(cls, url: str, kind: str) -> Self:
        """Read an address of a server; ``kind`` is ``smtp`` or ``imap``. Raises ConfigError, without the password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {kind, f"{kind}s"} or not parts.hostname or parts.query:
            msg = f"A mail server is written {kind}s://user:password@mail.example.org, with a port where it is unusual."
            raise ConfigError(msg)
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            tls=parts.scheme.endswith("s"),
            here=_is_here(parts.hostname),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
