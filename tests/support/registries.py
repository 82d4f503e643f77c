# SPDX-License-Identifier: Apache-2.0
"""A name server and a registry of the tests' own, on loopback: what they say is made up."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL = 300


@dataclass
class NameServer:
    """Answers from ``records``: texts by name and type. ``asked`` are the names in order; it may be told to be mute."""

    records: dict[tuple[str, str], list[str]]
    port: int = 0
    mute: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        while (alias := self.records.get((name, "CNAME"))) is not None:
            answer.answer.append(dns.rrset.from_text(name, _TTL, "IN", "CNAME", *alias))
            name = alias[0].lower()
        if (found := self.records.get((name, kind))) is not None:
            answer.answer.append(dns.rrset.from_text(name, _TTL, "IN", kind, *found))
        elif not answer.answer and not any(known.endswith(name) for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@contextmanager
def name_server(records: Mapping[tuple[str, str], list[str]]) -> Iterator[NameServer]:
    """Run a name server."""
    server = NameServer(dict(records))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        server.port = listening.getsockname()[1]

        def serve() -> None:
            with suppress(OSError):
                while True:
                    wire, who = listening.recvfrom(4096)
                    if not wire:
                        return
                    if not server.mute:
                        listening.sendto(server.answer(wire), who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", listening.getsockname())
        thread.join()


@dataclass
class Registry:
    """Answers from ``pages``: a body, a status, or a text to be redirected to, by path."""

    pages: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def registry() -> Iterator[Registry]:
    """Run a registry."""
    kept = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            page = kept.pages.get(self.path, 404)
            self.send_response(page if isinstance(page, int) else 302 if isinstance(page, str) else 200)
            if isinstance(page, str):
                self.send_header("Location", page)
            body = (
                b"" if isinstance(page, int | str) else page if isinstance(page, bytes) else json.dumps(page).encode()
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kept
        server.shutdown()


def entity(
    role: str, *, name: str = "", mail: str = "", number: str = "", inner: tuple[Any, ...] = ()
) -> dict[str, Any]:
    """Return somebody in an answer of a registry."""
    lines: list[list[Any]] = [["version", {}, "text", "4.0"]]
    lines += [["fn", {}, "text", name]] if name else []
    lines += [["email", {}, "text", mail]] if mail else []
    return {
        "roles": [role],
        "vcardArray": ["vcard", lines],
        "publicIds": [{"type": "IANA Registrar ID", "identifier": number}] if number else [],
        "entities": list(inner),
    }


#: What the name server says of a made-up site that stands under a name of its host.
RECORDS: Mapping[tuple[str, str], list[str]] = {
    ("copies.example.", "SOA"): ["ns1.copies.example. admin.copies.example. 1 2 3 4 5"],
    ("copies.example.", "NS"): ["ns1.copies.example."],
    ("copies.example.", "MX"): ["20 mx2.copies.example.", "10 mx1.copies.example."],
    ("www.copies.example.", "CNAME"): ["web.racks.example."],
    ("web.racks.example.", "A"): ["93.184.216.34"],
    ("web.racks.example.", "AAAA"): ["2606:2800:220:1::1"],
    ("34.216.184.93.origin.asn.example.", "TXT"): ['"64500 | 93.184.216.0/24 | DE | ripencc | 2008-06-02"'],
}


def fill(kept: Registry) -> None:
    """Let a registry know that site, its addresses and its network."""
    abuse = entity("abuse", name="Abuse desk", mail="abuse@racks.example")
    kept.pages |= {
        "/lists/dns.json": {"services": [[["com"], ["https://elsewhere.example/"]], [["example"], [f"{kept.url}/r/"]]]},
        "/lists/ipv4.json": {
            "services": [[["0.0.0.0/0"], ["https://else.example/"]], [["93.0.0.0/8"], [f"{kept.url}/r"]]]
        },
        "/lists/ipv6.json": {"services": [[["2606::/16"], [f"{kept.url}/r"]]]},
        "/lists/asn.json": {"services": [[["64496-64511"], [f"{kept.url}/r"]]]},
        "/r/domain/copies.example": {
            "entities": [
                entity(
                    "registrar", name="Names Ltd", number="9999", inner=(entity("abuse", mail="abuse@names.example"),)
                )
            ]
        },
        "/r/ip/93.184.216.34": f"{kept.url}/moved/ip/93.184.216.34",
        "/moved/ip/93.184.216.34": {
            "name": "RACKS-NET",
            "country": "de",
            "entities": [entity("registrant", name="Racks GmbH", inner=(abuse,))],
        },
        "/r/ip/2606:2800:220:1::1": {"name": "RACKS-6", "entities": []},
        "/r/autnum/64500": {"name": "RACKS-AS", "entities": [entity("abuse", mail="noc@racks.example")]},
    }
