# SPDX-License-Identifier: Apache-2.0
"""Asks registries by RDAP (RFC 9082, 9083): who registered a domain, who holds an address or network number.

Which registry to ask is in IANA's lists (RFC 9224), from the address that the operator sets. Everything goes through
the guarded ``Egress``, redirects too: each target is looked at anew. Answers are kept for a day, and no registry is
asked more often than it likes. An answer is a stranger's: of it only names, countries and mail addresses are taken,
each bounded.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from noli.access.delays import Quota
from noli.adapters.egress import Egress
from noli.base.clock import Clock
from noli.base.errors import Unavailable
from noli.base.marking import N_
from noli.pursuit.model import Registration

#: Questions an hour that one registry is asked at most.
PER_HOUR = 600

# How long answers are kept, and how many.
_KEPT_FOR, _KEPT = timedelta(hours=24), 5000

# Bytes of one answer. IANA's list of domains has 100 KB.
_MAX_BYTES = 1 << 20

_REDIRECTS = 3
_MOVED = {301, 302, 303, 307, 308}

# Mail addresses taken from one entity, and the longest name.
_ADDRESSES, _NAME = 3, 200

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

# Entities within entities.
_DEPTH = 3

Answer = Mapping[str, Any]

#: Whose something is: name, country, where they take complaints.
Holder = tuple[str, str, tuple[str, ...]]


class Registries:
    """Asks registries; safe to call from many threads."""

    def __init__(self, calls: Egress, clock: Clock, *, lists: str) -> None:
        """Keep the collaborators; ``lists`` is where IANA's lists are, without a slash at the end."""
        self._calls, self._clock, self._lists = calls, clock, lists
        self._quota = Quota(clock, per_hour=PER_HOUR)
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, Answer | None]] = {}

    def domain(self, zone: str) -> Registration | None:
        """Return what the registry says of a domain, or of the nearest one above it that it knows.

        Raises:
            Unavailable: No registry is known, or it does not answer.
        """
        labels = zone.split(".")
        for cut in range(len(labels) - 1):
            name = ".".join(labels[cut:])
            answer = self._ask("dns", labels[-1], f"domain/{quote(name)}")
            if answer is not None:
                return _registration(name, answer)
        return None

    def address(self, address: str) -> Holder:
        """Return who holds an address. Raises as ``domain``."""
        kind = "ipv6" if ":" in address else "ipv4"
        answer = self._ask(kind, address, f"ip/{address}") or {}
        return _holder(answer)

    def network(self, asn: int) -> Holder:
        """Return who runs a network. Raises as ``domain``."""
        return _holder(self._ask("asn", str(asn), f"autnum/{asn}") or {})

    def _ask(self, kind: str, what: str, path: str) -> Answer | None:
        server = _server(self._fetch(f"{self._lists}/{kind}.json") or {}, kind, what)
        if server is None:
            msg = N_("No registry is known that answers for this.")
            raise Unavailable(msg, retry=False)
        return self._fetch(f"{server.rstrip('/')}/{path}")

    def _fetch(self, url: str) -> Answer | None:
        now = self._clock.now()
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and kept[0] > now:
            return kept[1]
        answer = self._call(url)
        with self._lock:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[url] = now + _KEPT_FOR, answer
        return answer

    def _call(self, url: str) -> Answer | None:
        for _ in range(_REDIRECTS + 1):
            self._quota.take((urlsplit(url).hostname or "").encode())
            headers = {"Accept": "application/rdap+json, application/json"}
            found = self._calls.call("GET", url, b"", headers, max_bytes=_MAX_BYTES)
            if found.status == HTTPStatus.NOT_FOUND:
                return None
            if found.status == HTTPStatus.OK:
                return _parsed(found.body)
            if found.status not in _MOVED or "location" not in found.headers:
                msg = f"A registry answered with status {found.status}."
                raise Unavailable(msg)
            url = urljoin(url, found.headers["location"])
        msg = N_("A registry sent us from one to another.")
        raise Unavailable(msg)


def _parsed(body: bytes) -> Answer:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = N_("A registry's answer cannot be read.")
        raise Unavailable(msg) from error
    return content if isinstance(content, dict) else {}


def _server(lists: Answer, kind: str, what: str) -> str | None:
    """Find who answers, the most specific entry first; only over TLS where there is a choice."""
    best: tuple[int, str] | None = None
    for service in _list(lists.get("services")):
        parts = [_list(part) for part in _list(service)]
        if len(parts) != 2:  # noqa: PLR2004 - entries, and the servers that answer for them
            continue
        servers = sorted((_text(each) for each in parts[1]), key=lambda url: not url.startswith("https:"))
        for entry in parts[0]:
            fits = _fits(kind, _text(entry), what)
            if fits and servers and (best is None or fits > best[0]):
                best = fits, servers[0]
    return None if best is None else best[1]


def _fits(kind: str, entry: str, what: str) -> int:
    """Tell how closely an entry of IANA's lists fits; 0 where it does not."""
    try:
        match kind:
            case "dns":
                return int(entry.lower() == what.lower())
            case "asn":
                first, _, last = entry.partition("-")
                return int(int(first) <= int(what) <= int(last or first))
            case _:
                network = ip_network(entry, strict=False)
                return network.prefixlen + 1 if ip_address(what) in network else 0
    except (ValueError, TypeError):
        return 0


def _registration(name: str, answer: Answer) -> Registration:
    registrar = next((each for each in _entities(answer) if "registrar" in _roles(each)), {})
    ids = [_text(each.get("identifier")) for each in _list(registrar.get("publicIds")) if isinstance(each, dict)]
    return Registration(name, _vcard(registrar, "fn"), ids[0] if ids else "", _abuse(registrar))


def _holder(answer: Answer) -> Holder:
    named = _name(answer, {"registrant"}) or _text(answer.get("name"))
    return named, _country(answer), _abuse(answer)


def _abuse(answer: Answer) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entity in _entities(answer):
        if "abuse" in _roles(entity):
            for text in _vcards(entity, "email"):
                if _MAIL.fullmatch(text):
                    found[text] = None
    return tuple(found)[:_ADDRESSES]


def _name(answer: Answer, roles: set[str]) -> str:
    return next((name for each in _entities(answer) if roles & _roles(each) and (name := _vcard(each, "fn"))), "")


def _country(answer: Answer) -> str:
    country = _text(answer.get("country")).upper()
    return country if len(country) == 2 and country.isascii() and country.isalpha() else ""  # noqa: PLR2004 - ISO 3166-1


def _entities(answer: Answer, depth: int = _DEPTH) -> Iterator[Answer]:
    for each in _list(answer.get("entities")):
        if isinstance(each, dict):
            yield each
            if depth:
                yield from _entities(each, depth - 1)


def _roles(entity: Answer) -> set[str]:
    return {_text(role) for role in _list(entity.get("roles"))}


def _vcard(entity: Answer, name: str) -> str:
    return next(iter(_vcards(entity, name)), "")


def _vcards(entity: Answer, name: str) -> Iterator[str]:
    """Yield the texts of one property of a jCard (RFC 7095): [name, parameters, type, value]."""
    for line in _list(_list(entity.get("vcardArray"))[1:2] and _list(entity["vcardArray"])[1]):
        parts = _list(line)
        if len(parts) >= 4 and parts[0] == name and (text := _text(parts[3])):  # noqa: PLR2004 - as above
            yield text


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return " ".join(value.split())[:_NAME] if isinstance(value, str) else ""
