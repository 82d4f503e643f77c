# SPDX-License-Identifier: Apache-2.0
"""Who stands behind a host, asked of a name server and a registry of our own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from noli.adapters import addressees
from noli.adapters.egress import Egress
from noli.adapters.names import Resolver
from noli.adapters.registries import PER_HOUR, Registries
from noli.adapters.tracing import NetworkTracer
from noli.pursuit.model import Network, Registration, Rung
from noli.pursuit.responsible import responsible
from tests.support.casework import FakeClock
from tests.support.registries import RECORDS, NameServer, Registry, entity, fill, name_server, registry


@dataclass
class World:
    """The tracer with what it asks."""

    names: NameServer
    registry: Registry
    clock: FakeClock
    tracer: NetworkTracer


@pytest.fixture
def world() -> Iterator[World]:
    """Everything that is asked runs here."""
    with name_server(RECORDS) as names, registry() as kept:
        fill(kept)
        clock = FakeClock()
        resolver = Resolver(f"127.0.0.1:{names.port}", asn_zone="asn.example")
        calls = Egress(private_hosts=["127.0.0.1"])
        tracer = NetworkTracer(resolver, Registries(calls, clock, lists=f"{kept.url}/lists"))
        yield World(names, kept, clock, tracer)


def test_a_host_is_traced_to_everybody_behind_it(world: World) -> None:
    """Alias, addresses, mail, registrar, holder, announcing network: each from who knows it, redirects followed."""
    traces = world.tracer.trace("www.copies.example")
    names = traces.names
    assert (names.zone, names.aliases) == ("copies.example", ("web.racks.example",))
    assert names.addresses == ("93.184.216.34", "2606:2800:220:1::1")
    assert names.mail == ("mx1.copies.example", "mx2.copies.example")
    assert names.nameservers == ("ns1.copies.example",)
    assert traces.registration == Registration("copies.example", "Names Ltd", "9999", ("abuse@names.example",))
    first, second = traces.networks
    assert first == Network(
        "93.184.216.34", "Racks GmbH", "DE", ("abuse@racks.example",), 64500, "RACKS-AS", ("noc@racks.example",)
    )
    assert (second.name, second.asn, second.abuse) == ("RACKS-6", None, ())
    assert traces.problems == ()
    found = {party.rung: party for party in reversed(responsible(traces, addressees.book()))}
    assert [found[rung].channels[0].address for rung in (Rung.SITE, Rung.HOST, Rung.REGISTRAR)] == [
        "abuse@copies.example", "abuse@racks.example", "abuse@names.example",
    ]  # fmt: skip


def test_what_was_answered_is_not_asked_again(world: World) -> None:
    """Within a day the registry and the name server are left alone; after it the registry is asked anew."""
    world.tracer.trace("www.copies.example")
    registry_asked, names_asked = len(world.registry.asked), len(world.names.asked)
    world.tracer.trace("www.copies.example")
    assert len(world.registry.asked) == registry_asked
    assert [name for name in world.names.asked[names_asked:] if "asn" not in name[0]] == []
    world.clock.move(hours=25)
    world.tracer.trace("www.copies.example")
    assert len(world.registry.asked) == 2 * registry_asked


def test_a_registry_is_not_asked_too_often(world: World) -> None:
    """Beyond a number an hour the look-up says so, and asks again later."""
    for number in range(PER_HOUR):
        world.registry.pages[f"/r/domain/x{number}.example"] = {}
    registries = world.tracer._registries
    assert registries is not None
    for number in range(PER_HOUR - 1):
        registries._fetch(f"{world.registry.url}/r/domain/x{number}.example")
    traces = world.tracer.trace("www.copies.example")
    assert traces.registration is None
    assert any("copies.example" in problem for problem in traces.problems)


def test_nobody_is_led_inside() -> None:
    """A registry's list that names an address inside is not followed, nor is an address inside looked up."""
    with name_server({**RECORDS, ("web.racks.example.", "A"): ["10.0.0.1"]}) as names, registry() as kept:
        fill(kept)
        kept.pages["/lists/dns.json"] = {"services": [[["example"], ["http://localhost:1/"]]]}
        resolver = Resolver(f"127.0.0.1:{names.port}")
        registries = Registries(Egress(private_hosts=["127.0.0.1"]), FakeClock(), lists=f"{kept.url}/lists")
        traces = NetworkTracer(resolver, registries).trace("www.copies.example")
    assert traces.registration is None
    assert any("https" in problem for problem in traces.problems)
    assert any(problem == "10.0.0.1: This address is not on the internet." for problem in traces.problems)


def test_what_cannot_be_learned_is_said(world: World) -> None:
    """Unknown names, silent servers, refusals, loops and nonsense are problems in words, never an end."""
    assert "does not exist" in world.tracer.trace("gone.elsewhere.test").problems[0]
    for wrong in (500, b"<html>", f"{world.registry.url}/r/domain/copies.example"):
        world.registry.pages["/r/domain/copies.example"] = wrong
        world.clock.move(hours=25)
        traces = world.tracer.trace("www.copies.example")
        assert traces.registration is None
        assert traces.problems
    world.registry.pages["/lists/dns.json"] = {"services": [["example"], [["com"], []], "nonsense"]}
    world.clock.move(hours=25)
    assert any("No registry is known" in problem for problem in world.tracer.trace("www.copies.example").problems)


def test_an_answer_of_nonsense_says_nothing(world: World) -> None:
    """A registry that answers with other shapes than the standard's is read as far as it makes sense."""
    world.registry.pages["/r/domain/copies.example"] = {"entities": ["x", {"roles": "registrar"}, {"roles": [1]}]}
    world.registry.pages["/moved/ip/93.184.216.34"] = {
        "name": ["x"], "country": "deutschland",
        "entities": [entity("abuse", mail="no address"), {"roles": ["abuse"], "vcardArray": ["vcard", [["email"], 7]]}],
    }  # fmt: skip
    traces = world.tracer.trace("www.copies.example")
    assert traces.registration == Registration("copies.example")
    assert (traces.networks[0].name, traces.networks[0].country, traces.networks[0].abuse) == ("", "", ())


def test_a_domain_that_a_registry_does_not_know_is_looked_for_above(world: World) -> None:
    """Zones may lie below what can be registered: the next name up is asked for."""
    world.names.records[("deep.copies.example.", "SOA")] = ["ns1.copies.example. admin.copies.example. 1 2 3 4 5"]
    world.names.records[("www.deep.copies.example.", "A")] = ["93.184.216.34"]
    traces = world.tracer.trace("www.deep.copies.example")
    assert traces.registration is not None
    assert traces.registration.domain == "copies.example"
    world.registry.pages["/r/domain/copies.example"] = 404
    world.clock.move(hours=25)
    assert world.tracer.trace("www.deep.copies.example").registration is None


def test_an_address_in_place_of_a_name_is_traced(world: World) -> None:
    """A link to a bare address has a holder and no registrar."""
    traces = world.tracer.trace("93.184.216.34")
    assert traces.registration is None
    assert traces.networks[0].name == "Racks GmbH"


def test_without_registries_name_servers_alone_are_asked(world: World) -> None:
    """An operator may ask no registry: aliases and networks are still known."""
    resolver = Resolver(f"127.0.0.1:{world.names.port}", asn_zone="asn.example")
    traces = NetworkTracer(resolver, None).trace("www.copies.example")
    assert (traces.registration, traces.networks[0].asn, traces.networks[0].name) == (None, 64500, "")
    assert world.registry.asked == []
