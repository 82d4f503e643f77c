# SPDX-License-Identifier: Apache-2.0
"""Finds who speaks a partner's protocol."""

from collections.abc import Callable

from noli.adapters.partners.files import FileFetcher
from noli.adapters.partners.ncmec import NcmecFetcher
from noli.adapters.partners.noli import NoliFetcher
from noli.adapters.partners.stopncii import StopNciiFetcher
from noli.adapters.partners.threatexchange import ThreatExchangeFetcher
from noli.base.clock import Clock
from noli.base.errors import InputError
from noli.exchange.messages import Signer, Verifier
from noli.exchange.model import Partner, Protocol
from noli.exchange.ports import Fetcher, Http


class PartnerFetchers:
    """Makes fetchers."""

    def __init__(self, http: Http, verifier: Verifier, signer: Callable[[], Signer], clock: Clock) -> None:
        """Keep what they need; ``signer`` is asked for who signs our receipts."""
        self._http, self._verifier, self._signer, self._clock = http, verifier, signer, clock

    def open(self, partner: Partner, *, secret: str) -> Fetcher:
        """Return what fetches from a partner."""
        source = partner.source
        if source is None:
            msg = f"Nothing says where to fetch from {partner.name}; 'noli partner set {partner.name} --url …' does."
            raise InputError(msg)
        match partner.protocol:
            case Protocol.NOLI:
                return NoliFetcher(self._http, self._verifier, self._signer, source, secret)
            case Protocol.STOPNCII:
                return StopNciiFetcher(self._http, source, secret)
            case Protocol.NCMEC:
                return NcmecFetcher(self._http, source, secret, self._clock)
            case Protocol.THREATEXCHANGE:
                return ThreatExchangeFetcher(self._http, source, secret)
            case Protocol.FILE:
                return FileFetcher(source)
            case _:
                msg = f"Nothing can be fetched with the protocol {partner.protocol}; 'noli partner set --protocol'."
                raise InputError(msg)
