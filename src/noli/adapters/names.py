# SPDX-License-Identifier: Apache-2.0
"""Asks name servers, by the operator's resolver and no other: what a name stands for, and who announces an address.

A look-up asks about sites, never about persons. What was answered is kept as long as the answer itself says.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename

from noli.base.errors import Unavailable
from noli.base.marking import N_
from noli.pursuit.model import Names

# Seconds that one question may take, and answers that are kept.
_LIFETIME_S, _KEPT = 5.0, 5000

_DNS_PORT = 53

# Addresses of one name that are looked at; more say nothing more about who is responsible.
_ADDRESSES = 8


class Resolver:
    """Asks name servers; safe to call from many threads."""

    def __init__(self, servers: str = "", *, asn_zone: str = "") -> None:
        """Keep where to ask.

        Args:
            servers: Addresses of name servers, ``192.0.2.53`` or ``192.0.2.53:5353``, separated by commas; empty for
                those of the machine.
            asn_zone: Zone that tells by TXT records who announces an address; empty for none.
        """
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [_server(each.strip()) for each in servers.split(",")]
        self._resolver.lifetime = _LIFETIME_S
        self._resolver.cache = dns.resolver.LRUCache(_KEPT)
        self._asn_zone = asn_zone

    def names(self, host: str) -> Names:
        """Say what a name stands for. Raises Unavailable where name servers do not answer."""
        try:
            aliases: list[str] = []
            addresses: list[str] = []
            for kind in ("A", "AAAA"):
                answer = self._resolver.resolve(host, kind, raise_on_no_answer=False)
                chain = [
                    each.target.to_text(omit_final_dot=True) for set_ in answer.chaining_result.cnames for each in set_
                ]
                aliases += [name.lower() for name in chain if name.lower() not in aliases]
                addresses += [each.to_text() for each in answer.rrset or ()]
            zone = dns.resolver.zone_for_name(host, resolver=self._resolver).to_text(omit_final_dot=True)
            return Names(
                host=host,
                zone=zone.lower(),
                aliases=tuple(aliases),
                addresses=tuple(addresses[:_ADDRESSES]),
                nameservers=tuple(
                    sorted(each.target.to_text(omit_final_dot=True).lower() for each in self._all(zone, "NS"))
                ),
                mail=tuple(_mail_hosts(self._all(zone, "MX"))),
            )
        except dns.resolver.NXDOMAIN as error:
            msg = N_("This name does not exist any more.")
            raise Unavailable(msg, retry=False) from error
        except dns.exception.DNSException as error:
            msg = N_("The name servers did not answer; try again later.")
            raise Unavailable(msg, detail=type(error).__name__) from error

    def announced_by(self, address: str) -> int | None:
        """Return the number of the network that announces an address; None where nobody tells."""
        if not self._asn_zone:
            return None
        kind = "origin6" if ":" in address else "origin"
        where = dns.reversename.from_address(
            address,
            v4_origin=dns.name.from_text(f"{kind}.{self._asn_zone}"),
            v6_origin=dns.name.from_text(f"{kind}.{self._asn_zone}"),
        )
        try:
            for record in self._resolver.resolve(where, "TXT"):
                # AS number, prefix, country, registry, date; several numbers where several announce it.
                first = b"".join(record.strings).decode("ascii", "replace").split()[:1]
                if first and first[0].isdigit():
                    return int(first[0])
        except dns.exception.DNSException:
            return None
        return None

    def _all(self, name: str, kind: str) -> Iterable[Any]:  # each kind of record has fields of its own
        return self._resolver.resolve(name, kind, raise_on_no_answer=False).rrset or ()


def _mail_hosts(records: Iterable[Any]) -> Iterator[str]:
    """Return where mail is taken; a lone dot says that it is not (RFC 7505)."""
    for record in sorted(records, key=lambda each: each.preference):
        host = record.exchange.to_text(omit_final_dot=True).lower()
        if host not in {"", "."}:
            yield host


def _server(text: str) -> dns.nameserver.Do53Nameserver:
    host, colon, port = text.rpartition(":")
    if (colon and port.isdigit() and ":" not in host.strip("[]")) or text.startswith("["):
        return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
    return dns.nameserver.Do53Nameserver(text, _DNS_PORT)
