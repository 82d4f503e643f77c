# SPDX-License-Identifier: Apache-2.0
"""From what name servers and registries say to who is responsible."""

from dataclasses import replace

from noli.adapters import addressees
from noli.pursuit.model import FoundBy, Names, Network, Responsible, Rung, Traces
from noli.pursuit.responsible import of_book, responsible
from tests.support.pursuit import TRACES

BOOK = addressees.book()


def _found(traces: Traces) -> dict[Rung, list[Responsible]]:
    found: dict[Rung, list[Responsible]] = {}
    for party in responsible(traces, BOOK):
        found.setdefault(party.rung, []).append(party)
    return found


def test_an_unknown_site_is_found_through_registries() -> None:
    """Site by convention, host and registrar with the addresses that registries give, and every search engine."""
    found = _found(TRACES)
    [site] = found[Rung.SITE]
    assert (site.channels[0].address, site.found_by, site.verified) == (
        "abuse@copies.example",
        FoundBy.CONVENTION,
        False,
    )
    [host] = found[Rung.HOST]
    assert (host.name, host.channels[0].address) == ("Racks GmbH", "abuse@racks.example")
    assert host.jurisdictions == {"DE"}
    assert "AS64500" in host.found_how
    [registrar] = found[Rung.REGISTRAR]
    assert (registrar.name, registrar.channels[0].address) == ("Names Ltd", "abuse@names.example")
    assert {each.addressee for each in found[Rung.SEARCH]} == {"google-search", "bing", "yandex"}
    assert Rung.CDN not in found
    assert Rung.PAYMENT not in found


def test_a_site_that_takes_no_mail_has_no_address() -> None:
    """Nobody is written to at an address that does not exist."""
    [site] = _found(replace(TRACES, names=replace(TRACES.names, mail=())))[Rung.SITE]
    assert site.channels == ()
    assert "does not take mail" in site.found_how


def test_a_large_site_is_in_the_book() -> None:
    """Its own names lead to its entry, names that only look alike do not."""
    [known] = _found(Traces(Names("old.reddit.com", "reddit.com")))[Rung.SITE]
    assert known.addressee == "reddit"
    [alike] = _found(Traces(Names("notreddit.com", "notreddit.com")))[Rung.SITE]
    assert alike.addressee == ""


def test_a_cdn_hides_the_host() -> None:
    """An address in a CDN's network, or a name under one's, leads to the CDN and says nothing of a host."""
    by_address = Traces(TRACES.names, None, (Network("104.16.0.1", "Cloudflare", "US", asn=13335),))
    assert [each.addressee for each in _found(by_address)[Rung.CDN]] == ["cloudflare"]
    names = replace(TRACES.names, aliases=("d1.cloudfront.net",))
    by_name = Traces(names, None, (Network("18.0.0.1", "Amazon", "US", asn=16509),))
    found = _found(by_name)
    assert [each.addressee for each in found[Rung.CDN]] == ["aws"]
    assert Rung.HOST not in found
    assert [each.addressee for each in _found(replace(by_name, names=TRACES.names))[Rung.HOST]] == ["aws"]


def test_a_host_is_told_once() -> None:
    """Two addresses at one host are one host; one that nobody can name is none."""
    twice = replace(
        TRACES, networks=(*TRACES.networks, replace(TRACES.networks[0], address="192.0.2.11"), Network("::1"))
    )
    assert len(_found(twice)[Rung.HOST]) == 1


def test_a_twin_without_an_address_is_folded_away() -> None:
    """Of two names in one network the one with an address stays; alone, or in another network, nobody is left out."""
    [known] = TRACES.networks
    twin = replace(known, address="2001:db8::1", name="RACKS-V6", abuse=(), upstream_abuse=())

    def hosts(*networks: Network) -> list[str]:
        return [each.name for each in _found(replace(TRACES, networks=networks))[Rung.HOST]]

    assert hosts(known, twin) == hosts(twin, known) == ["Racks GmbH"]
    assert hosts(twin) == ["RACKS-V6"]
    assert hosts(known, replace(twin, asn=64501)) == ["Racks GmbH", "RACKS-V6"]
    assert hosts(replace(known, asn=None), replace(twin, asn=None)) == ["Racks GmbH", "RACKS-V6"]


def test_who_announces_an_address_stands_in_for_who_holds_it() -> None:
    """Where the holder gives no address or name, the network's are taken."""
    [host] = _found(replace(TRACES, networks=(replace(TRACES.networks[0], name="", abuse=(), country="", asn=None),)))[
        Rung.HOST
    ]
    assert (host.name, host.channels[0].address, host.jurisdictions) == ("Racks", "noc@racks.example", frozenset())
    assert "AS" not in host.found_how


def test_a_registrar_is_known_by_its_number() -> None:
    """IANA's number leads to the book; without a name, or without an answer, there is none."""
    assert TRACES.registration is not None
    known = replace(TRACES.registration, registrar_id="1068")
    assert _found(replace(TRACES, registration=known))[Rung.REGISTRAR][0].addressee == "namecheap"
    for nothing in (None, replace(TRACES.registration, registrar="")):
        assert Rung.REGISTRAR not in _found(replace(TRACES, registration=nothing))


def test_staff_can_pick_from_the_book() -> None:
    """An entry becomes a party with its channels, and with whether they were read."""
    picked = of_book(BOOK["mastercard"], Rung.PAYMENT)
    assert (picked.name, picked.verified, picked.key) == ("Mastercard", False, (Rung.PAYMENT, "mastercard"))
