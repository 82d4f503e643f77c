# SPDX-License-Identifier: Apache-2.0
"""Mail servers of the tests' own on loopback: one that takes mail (aiosmtpd), and one that gives it (pymap)."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from imapclient import IMAPClient

USER, PASSWORD = "noli", "secret"

# The server as a program. Where it would tell systemd that it is ready, it tells us; passwords cost it nothing.
_SERVER = """
import pymap.main
import pysasl.hashing
pysasl.hashing.BuiltinHash.__init__.__kwdefaults__["rounds"] = 1
pymap.main.notify_ready = lambda: print("ready", flush=True)
pymap.main.main()
"""


@dataclass
class Sink:
    """A mail server that keeps what it is given, or refuses it with ``answer``."""

    mails: list[Envelope] = field(default_factory=list)
    answer: str = ""
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's
        del server, session
        if self.answer:
            return self.answer
        self.mails.append(envelope)
        return "250 taken"

    async def handle_RCPT(  # noqa: N802 - the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address.startswith("nobody@"):
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 known"

    @property
    def contents(self) -> list[bytes]:
        return [mail.content for mail in self.mails if isinstance(mail.content, bytes)]


@contextmanager
def sink(*, log_in: bool = False) -> Iterator[Sink]:
    """Run a mail server that takes mail; with ``log_in`` from who shows the password alone."""
    kept = Sink()

    def judge(*given: object) -> AuthResult:
        data = given[-1]
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == PASSWORD.encode(), handled=False)

    more: dict[str, Any] = {"auth_required": True, "auth_require_tls": False, "authenticator": judge} if log_in else {}
    kept.port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port, **more)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


class Box:
    """A mailbox on a server of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"imap://{USER}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def receive(self, mail: EmailMessage | bytes) -> int:
        """Let a mail come in; returns the number after which it stands."""
        with IMAPClient("127.0.0.1", self.port, ssl=False) as client:
            client.login(USER, PASSWORD)
            following = int(client.select_folder("INBOX", readonly=True)[b"UIDNEXT"])
            client.append("INBOX", mail if isinstance(mail, bytes) else mail.as_bytes())
        return following - 1


@contextmanager
def box(folder: Path) -> Iterator[Box]:
    """Run a mail server with one empty mailbox."""
    port = free_port()
    command = [
        sys.executable, "-c", _SERVER, "--host", "127.0.0.1", "--port", str(port), "--no-tls",
        "--pid-file", str(folder / "pid"), "dict", "--demo-user", USER, "--demo-password", PASSWORD,
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield Box(port)
        finally:
            server.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
