# SPDX-License-Identifier: Apache-2.0
"""Reads the mailbox that answers come to: ``pursuit.ports.Mailbox`` over IMAP. Mail is hostile until read.

1. Of each mail only some headers and one part of text are fetched, each up to a bound. Attachments may hold the very
   pictures that this is about: they are never fetched, only counted.
2. Where there is no plain text, that of the HTML part is taken: without markup, scripts, styles and addresses of links.
3. Control characters go. What cannot be read is a mail without text, not a mailbox that stops.
4. Nothing is changed in the mailbox: people go on reading it as before.
"""

import email
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from html.parser import HTMLParser
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from noli.adapters.mail_servers import MailServer
from noli.base.errors import Unavailable
from noli.pursuit.model import ReplyKind
from noli.pursuit.ports import Incoming

#: Bytes of a text and of headers that are fetched, and characters that are kept of each.
MAX_TEXT_BYTES, MAX_HEADER_BYTES, MAX_TEXT, MAX_SUBJECT = 64 * 1024, 32 * 1024, 20_000, 300

#: Message ids in a thread that are looked at.
MAX_REFERENCES = 50

# Seconds that the server may take for one step.
_TIMEOUT_S = 20.0

_HEADERS = "MESSAGE-ID IN-REPLY-TO REFERENCES FROM SUBJECT AUTO-SUBMITTED PRECEDENCE X-AUTO-RESPONSE-SUPPRESS"

# Parts within parts.
_DEPTH = 10

_ID = re.compile(r"<[^<>\s]{1,250}>")

# Control characters but tab and line feed, and those that change the direction of what follows.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_UNREADABLE = "This mail cannot be read here. Look at it in the mailbox."


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a mail that holds no others: where it stands, what it is."""

    section: str
    kind: str
    charset: str
    encoding: str
    attached: bool


class ImapMailbox:
    """Reads a mailbox."""

    def __init__(self, server: MailServer) -> None:
        """Keep where it is."""
        self._server = server

    @contextmanager
    def opened(self) -> Iterator["_Open"]:
        """Log in."""
        server = self._server
        try:
            context = ssl.create_default_context()
            with IMAPClient(
                server.host,
                server.port,
                ssl=server.tls,
                ssl_context=context if server.tls else None,
                timeout=_TIMEOUT_S,
            ) as client:
                if not server.tls and (not server.here or client.has_capability("STARTTLS")):
                    client.starttls(context)
                client.login(server.user, server.password)
                chosen = client.select_folder(server.folder, readonly=True)
                yield _Open(client, int(chosen[b"UIDVALIDITY"]))
        except (IMAPClientError, OSError, KeyError) as error:
            msg = "The mailbox cannot be reached, or does not let us in; see imap_url."
            raise Unavailable(msg, detail=type(error).__name__) from error


class _Open:
    """A mailbox that was logged in to."""

    def __init__(self, client: IMAPClient, validity: int) -> None:
        """Keep the connection; ``validity`` changes where the server numbers anew."""
        self._client, self._validity = client, validity

    @property
    def name(self) -> str:
        """What the numbering belongs to."""
        return f"mailbox:{self._validity}"

    def after(self, number: int) -> Iterator[Incoming]:
        """Read mails in order."""
        # The last one always matches N:*, whatever its number.
        found = self._client.search(["UID", f"{number + 1}:*"])
        for uid in sorted(one for one in found if one > number):
            yield self._read(uid)

    def _read(self, uid: int) -> Incoming:
        headers = f"BODY.PEEK[HEADER.FIELDS ({_HEADERS})]<0.{MAX_HEADER_BYTES}>"
        fetched = self._client.fetch([uid], ["BODYSTRUCTURE", headers]).get(uid, {})
        head = email.message_from_bytes(_found(fetched, b"BODY[HEADER"))
        try:
            parts = list(_parts(fetched[b"BODYSTRUCTURE"]))
            report = _is_report(fetched[b"BODYSTRUCTURE"])
            text, cut = self._text(uid, parts)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, LookupError, MessageError):
            parts, report, text, cut = [], False, _UNREADABLE, False
        ids = _ID.findall(_header(head, "Message-ID")) or [f"<{uid}@{self.name}>"]
        answers = [*_ID.findall(_header(head, "References")), *_ID.findall(_header(head, "In-Reply-To"))]
        return Incoming(
            number=uid,
            message_id=ids[0],
            references=tuple(dict.fromkeys(reversed(answers[-MAX_REFERENCES:]))),
            sender=_header(head, "From")[:MAX_SUBJECT],
            subject=_header(head, "Subject")[:MAX_SUBJECT],
            text=text,
            kind=_kind(head, report=report),
            attachments=sum(part.attached for part in parts),
            cut=cut,
        )

    def _text(self, uid: int, parts: list[_Part]) -> tuple[str, bool]:
        for kind in ("plain", "html"):
            for part in parts:
                if part.kind == f"text/{kind}" and not part.attached:
                    wanted = f"BODY.PEEK[{part.section}]<0.{MAX_TEXT_BYTES}>"
                    raw = _found(self._client.fetch([uid], [wanted]).get(uid, {}), b"BODY[")
                    text = _decoded(raw, part)
                    plain = _clean(_without_markup(text) if kind == "html" else text)
                    return plain[:MAX_TEXT], len(raw) >= MAX_TEXT_BYTES or len(plain) > MAX_TEXT
        return "", False


def _found(fetched: Any, start: bytes) -> bytes:  # noqa: ANN401 - the library's own type
    return next((bytes(value) for key, value in fetched.items() if key.startswith(start) and value), b"")


def _parts(structure: Any, section: str = "", depth: int = _DEPTH) -> Iterator[_Part]:  # noqa: ANN401 - as above
    """Walk a BODYSTRUCTURE (RFC 3501, section 7.4.2)."""
    if isinstance(structure[0], list):
        if depth:
            for number, inner in enumerate(structure[0], 1):
                yield from _parts(inner, f"{section}.{number}" if section else str(number), depth - 1)
        return
    kind = f"{_word(structure[0])}/{_word(structure[1])}"
    named = _pairs(structure[2])
    # As a pair by the standard; some servers write it as one text.
    extended = (_word(each[0] if isinstance(each, tuple) and each else each) for each in structure[7:])
    filed = any(each.startswith("attachment") for each in extended)
    text = kind in {"text/plain", "text/html"} and not filed and "name" not in named
    machine = kind in {"message/delivery-status", "message/disposition-notification"}
    yield _Part(section or "1", kind, named.get("charset", ""), _word(structure[5]), not text and not machine)


def _is_report(structure: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(structure[0], list) and _word(structure[1]) == "report"


def _word(value: object) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _pairs(value: object) -> dict[str, str]:
    words = [_word(each) for each in value] if isinstance(value, tuple) else []
    return dict(zip(words[::2], words[1::2], strict=False))


def _decoded(raw: bytes, part: _Part) -> str:
    message = Message()
    message["Content-Transfer-Encoding"] = part.encoding
    message.set_payload(raw.decode("latin-1"))
    payload = message.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else raw
    try:
        return content.decode(part.charset or "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _kind(head: Message, *, report: bool) -> ReplyKind:
    if report or _header(head, "From").lower().startswith(("mailer-daemon", "<mailer-daemon", "postmaster@")):
        return ReplyKind.BOUNCE
    submitted = _header(head, "Auto-Submitted").lower()
    precedence = _header(head, "Precedence").lower()
    machine = submitted not in {"", "no"} or precedence in {"bulk", "junk", "auto_reply"}
    return ReplyKind.AUTOMATIC if machine else ReplyKind.ANSWER


def _header(head: Message, name: str) -> str:
    value = str(head.get(name, ""))
    try:
        value = str(make_header(decode_header(value)))
    except (MessageError, LookupError, ValueError):
        value = value.encode("utf-8", "replace").decode("utf-8")
    return _clean(value).replace("\n", " ").strip()


def _clean(text: str) -> str:
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.encode("utf-8", "replace").decode("utf-8").strip()


class _Stripper(HTMLParser):
    """Keeps what a reader would see, line by line."""

    _UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote", "table"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in self._UNSEEN:
            self._unseen.append(tag)
        elif tag in self._BLOCKS:
            self.texts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        elif tag in self._BLOCKS:
            self.texts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.texts.append(data)


def _without_markup(html: str) -> str:
    stripper = _Stripper()
    stripper.feed(html)
    stripper.close()
    lines = (" ".join(line.split()) for line in "".join(stripper.texts).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
