# SPDX-License-Identifier: Apache-2.0
"""Who stands behind a host: ``pursuit.ports.Tracer`` over name servers and registries."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar

from noli.adapters.egress import is_public
from noli.adapters.names import Resolver
from noli.adapters.registries import Holder, Registries
from noli.base.errors import Forbidden, Throttled, Unavailable
from noli.base.marking import N_
from noli.pursuit.model import Names, Network, Registration, Traces

_NOT_PUBLIC = N_("This address is not on the internet.")

T = TypeVar("T")


class NetworkTracer:
    """Asks the network; safe to call from many threads."""

    def __init__(self, resolver: Resolver, registries: Registries | None) -> None:
        """Keep the collaborators; without registries only name servers are asked."""
        self._resolver, self._registries = resolver, registries

    def trace(self, host: str) -> Traces:
        """Find out about a host."""
        problems: list[str] = []
        if _is_address(host):
            return Traces(Names(host, host), networks=(self._network(host, problems),), problems=tuple(problems))
        names = _try(problems, host, lambda: self._resolver.names(host), Names(host, host))
        registration, registries = None, self._registries
        if registries is not None:
            nothing: Registration | None = None
            registration = _try(problems, names.zone, lambda: registries.domain(names.zone), nothing)
        networks = tuple(self._network(address, problems) for address in names.addresses)
        return Traces(names, registration, networks, tuple(dict.fromkeys(problems)))

    def _network(self, address: str, problems: list[str]) -> Network:
        if not is_public(address):
            problems.append(f"{address}: {_NOT_PUBLIC}")
            return Network(address)
        asn, registries = self._resolver.announced_by(address), self._registries
        if registries is None:
            return Network(address, asn=asn)
        nobody: Holder = ("", "", ())
        name, country, abuse = _try(problems, address, lambda: registries.address(address), nobody)
        runs, _, upstream = (
            nobody if asn is None else _try(problems, f"AS{asn}", lambda: registries.network(asn), nobody)
        )
        return Network(address, name, country, abuse, asn, runs, upstream)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _try(problems: list[str], what: str, ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except (Unavailable, Forbidden, Throttled) as error:
        problems.append(f"{what}: {error.public}")
        return otherwise
