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

from collections.abc import Iterable, Iterator

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


def responsible(traces: Traces, book: Book) -> tuple[Responsible, ...]:
    """Say who is responsible for a host, from the bottom of the ladder up; each once."""
    names = traces.names
    fronts = [each for each in book.values() if Rung.CDN in each.rungs and _under(names.aliases, each.dns)]
    found = [
        _site(names, book),
        *(_of_book(each, Rung.CDN, why=f"{names.host} is delivered under a name of {each.name}.") for each in fronts),
        *_hosts(traces.networks, book, fronts),
        *_registrar(traces.registration, book),
        *(_of_book(each, Rung.SEARCH, why="People find copies through it.") for each in _asked_as(Rung.SEARCH, book)),
    ]
    first = {party.key: party for party in reversed(found)}
    return tuple(sorted(first.values(), key=lambda party: (LADDER.index(party.rung), not party.channels, party.name)))


def of_book(entry: Addressee, rung: Rung, *, why: str) -> Responsible:
    """Return an entry of the book as a party; for staff who pick one."""
    return _of_book(entry, rung, why=why)


def _of_book(entry: Addressee, rung: Rung, *, why: str) -> Responsible:
    return Responsible(
        rung=rung,
        name=entry.name,
        channels=entry.channels,
        addressee=entry.id,
        found_by=FoundBy.BOOK,
        why=why,
        jurisdictions=entry.jurisdictions,
        verified=entry.source.verified,
    )


def _site(names: Names, book: Book) -> Responsible:
    for entry in _asked_as(Rung.SITE, book):
        if _under([names.host], entry.domains):
            return _of_book(entry, Rung.SITE, why=f"{names.host} is a name of {entry.name}.")
    address = f"{_CONVENTIONAL}@{names.zone}"
    return Responsible(
        rung=Rung.SITE,
        name=names.zone,
        channels=(Channel(ChannelKind.MAIL, address),) if names.mail else (),
        found_by=FoundBy.CONVENTION,
        why=f"{names.zone} {'takes' if names.mail else 'does not take'} mail.",
    )


def _hosts(networks: Iterable[Network], book: Book, fronts: Iterable[Addressee]) -> list[Responsible]:
    found = [(each.asn, party) for each in networks if (party := _host(each, book, fronts)) is not None]
    reached = {asn for asn, party in found if asn is not None and party.channels}
    return [party for asn, party in found if party.channels or asn not in reached]


def _host(network: Network, book: Book, fronts: Iterable[Addressee]) -> Responsible | None:
    where = f"{network.address} is in a network of"
    for entry in book.values():
        if network.asn in entry.asns:
            if entry in fronts:
                return None
            rung = Rung.HOST if Rung.HOST in entry.rungs else Rung.CDN
            return _of_book(entry, rung, why=f"{where} {entry.name} (AS{network.asn}).")
    name = network.name or network.announced_by
    if not name:
        return None
    return Responsible(
        rung=Rung.HOST,
        name=name,
        channels=_mail(network.abuse or network.upstream_abuse),
        found_by=FoundBy.RDAP,
        why=f"{where} {name}{f' (AS{network.asn})' if network.asn else ''}.",
        jurisdictions=frozenset({network.country} - {""}),
        verified=True,
    )


def _registrar(registration: Registration | None, book: Book) -> Iterator[Responsible]:
    if registration is None:
        return
    why = f"{registration.domain} is registered there."
    known = [each for each in book.values() if registration.registrar_id in each.registrars]
    if known:
        yield _of_book(known[0], Rung.REGISTRAR, why=why)
    elif registration.registrar:
        yield Responsible(
            rung=Rung.REGISTRAR,
            name=registration.registrar,
            channels=_mail(registration.abuse),
            found_by=FoundBy.RDAP,
            why=why,
            verified=True,
        )


def _mail(addresses: Iterable[str]) -> tuple[Channel, ...]:
    return tuple(Channel(ChannelKind.MAIL, address) for address in addresses)


def _asked_as(rung: Rung, book: Book) -> list[Addressee]:
    return [each for each in book.values() if rung in each.rungs]


def _under(names: Iterable[str], ends: Iterable[str]) -> bool:
    return any(name == end or name.endswith(f".{end}") for name in names for end in ends)
