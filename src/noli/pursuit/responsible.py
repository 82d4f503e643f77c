# SPDX-License-Identifier: Apache-2.0
"""From what name servers and registries say to who is responsible. Pure: asking is ``ports.Tracer``'s.

1. The site is who the book says, else the domain itself, at its conventional address where it takes mail.
2. A name that stands for one of a CDN's, or an address in a network of one, is delivered by that CDN. Such an address
   says nothing about the host.
3. Every other address is at a host: who the book says, else who holds the address, else who announces it.
4. The registrar is who the registry says.
5. Who has no address is left out where the same network leads to somebody who has one: the same organisation, named
   differently for another range of addresses.
6. Search engines are everybody's: all that the book has. Payment providers only staff can name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from noli.base.marking import N_
from noli.pursuit.model import (
    LADDER,
    Addressee,
    Book,
    Channel,
    ChannelKind,
    FoundBy,
    Names,
    Network,
    Registration,
    Responsible,
    Rung,
    Traces,
)

#: Where a domain takes complaints unless it says otherwise. Source: RFC 2142, section 2.
_CONVENTIONAL = "abuse"

# What was seen; see ``Responsible.why``.
_OWN_NAME = N_("{host} is a name of {name}.")
_TAKES_MAIL = N_("{host} takes mail.")
_TAKES_NO_MAIL = N_("{host} does not take mail.")
_DELIVERED = N_("{host} is delivered under a name of {name}.")
_ANNOUNCED = N_("{address} is in a network of {name} (AS{asn}).")
_HELD = N_("{address} is in a network of {name}.")
_REGISTERED = N_("{host} is registered there.")
_FOUND_THROUGH = N_("People find copies through it.")

#: Staff named somebody.
NAMED = N_("Named by staff.")


def responsible(traces: Traces, book: Book) -> tuple[Responsible, ...]:
    """Say who is responsible for a host, from the bottom of the ladder up; each once."""
    names = traces.names
    fronts = [each for each in book.values() if Rung.CDN in each.rungs and _under(names.aliases, each.dns)]
    found = [
        _site(names, book),
        *(_of_book(each, Rung.CDN, why=_DELIVERED, seen={"host": names.host, "name": each.name}) for each in fronts),
        *_hosts(traces.networks, book, fronts),
        *_registrar(traces.registration, book),
        *(_of_book(each, Rung.SEARCH, why=_FOUND_THROUGH) for each in _asked_as(Rung.SEARCH, book)),
    ]
    first = {party.key: party for party in reversed(found)}
    return tuple(sorted(first.values(), key=lambda party: (LADDER.index(party.rung), not party.channels, party.name)))


def of_book(entry: Addressee, rung: Rung) -> Responsible:
    """Return an entry of the book as a party; for staff who pick one."""
    return replace(_of_book(entry, rung, why=NAMED), found_by=FoundBy.STAFF)


def _of_book(entry: Addressee, rung: Rung, *, why: str, seen: Mapping[str, str] | None = None) -> Responsible:
    return Responsible(
        rung=rung,
        name=entry.name,
        channels=entry.channels,
        addressee=entry.id,
        found_by=FoundBy.BOOK,
        why=why,
        seen=seen or {},
        jurisdictions=entry.jurisdictions,
        verified=entry.source.verified,
    )


def _site(names: Names, book: Book) -> Responsible:
    for entry in _asked_as(Rung.SITE, book):
        if _under([names.host], entry.domains):
            return _of_book(entry, Rung.SITE, why=_OWN_NAME, seen={"host": names.host, "name": entry.name})
    address = f"{_CONVENTIONAL}@{names.zone}"
    return Responsible(
        rung=Rung.SITE,
        name=names.zone,
        channels=(Channel(ChannelKind.MAIL, address),) if names.mail else (),
        found_by=FoundBy.CONVENTION,
        why=_TAKES_MAIL if names.mail else _TAKES_NO_MAIL,
        seen={"host": names.zone},
    )


def _hosts(networks: Iterable[Network], book: Book, fronts: Iterable[Addressee]) -> list[Responsible]:
    found = [(each.asn, party) for each in networks if (party := _host(each, book, fronts)) is not None]
    reached = {asn for asn, party in found if asn is not None and party.channels}
    return [party for asn, party in found if party.channels or asn not in reached]


def _host(network: Network, book: Book, fronts: Iterable[Addressee]) -> Responsible | None:
    seen = {"address": network.address, "asn": str(network.asn)}
    for entry in book.values():
        if network.asn in entry.asns:
            if entry in fronts:
                return None
            rung = Rung.HOST if Rung.HOST in entry.rungs else Rung.CDN
            return _of_book(entry, rung, why=_ANNOUNCED, seen=seen | {"name": entry.name})
    name = network.name or network.announced_by
    if not name:
        return None
    return Responsible(
        rung=Rung.HOST,
        name=name,
        channels=_mail(network.abuse or network.upstream_abuse),
        found_by=FoundBy.RDAP,
        why=_ANNOUNCED if network.asn else _HELD,
        seen=seen | {"name": name},
        jurisdictions=frozenset({network.country} - {""}),
        verified=True,
    )


def _registrar(registration: Registration | None, book: Book) -> Iterator[Responsible]:
    if registration is None:
        return
    seen = {"host": registration.domain}
    known = [each for each in book.values() if registration.registrar_id in each.registrars]
    if known:
        yield _of_book(known[0], Rung.REGISTRAR, why=_REGISTERED, seen=seen)
    elif registration.registrar:
        yield Responsible(
            rung=Rung.REGISTRAR,
            name=registration.registrar,
            channels=_mail(registration.abuse),
            found_by=FoundBy.RDAP,
            why=_REGISTERED,
            seen=seen,
            verified=True,
        )


def _mail(addresses: Iterable[str]) -> tuple[Channel, ...]:
    return tuple(Channel(ChannelKind.MAIL, address) for address in addresses)


def _asked_as(rung: Rung, book: Book) -> list[Addressee]:
    return [each for each in book.values() if rung in each.rungs]


def _under(names: Iterable[str], ends: Iterable[str]) -> bool:
    return any(name == end or name.endswith(f".{end}") for name in names for end in ends)
