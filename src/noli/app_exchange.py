# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that wires exchange with partners. Wiring only; made when first asked for."""

from functools import cached_property

from noli.access.service import AccessService
from noli.adapters.partners import PartnerFetchers
from noli.adapters.partners.http import PartnerHttp
from noli.adapters.secrets import DrawnSecrets
from noli.adapters.signing import Ed25519Verifier, FeedKeys
from noli.adapters.sql.exchange import SqlExchange
from noli.app_cases import CaseParts
from noli.base.secrecy import Purpose
from noli.exchange.canaries import Canaries
from noli.exchange.common import NegativeIndex
from noli.exchange.feed import Feed
from noli.exchange.feedback import FeedbackService
from noli.exchange.holders import Holders
from noli.exchange.incoming import Incoming
from noli.exchange.outgoing import Outgoing
from noli.exchange.partners import PartnerService
from noli.exchange.status import StatusService
from noli.exchange.sync import Syncer
from noli.exchange.timed import TimedFeed
from noli.hashing.kernel import HammingIndex
from noli.jobs.model import Task
from noli.matching.index import BankIndexes


class ExchangeParts(CaseParts):
    """What an App has for exchange."""

    access: AccessService
    indexes: BankIndexes

    @cached_property
    def exchange(self) -> SqlExchange:
        """Keeps partners and what is exchanged with them."""
        return SqlExchange(self.database.engine, self.keyring)

    @cached_property
    def partners(self) -> PartnerService:
        """Adds partners and knows them by their keys."""
        return PartnerService(self.exchange, self.access, self.clock)

    @cached_property
    def canaries(self) -> Canaries:
        """Makes what tells a leaked list's source."""
        return Canaries(DrawnSecrets(self.keyring, Purpose.CANARY))

    @cached_property
    def timed(self) -> TimedFeed:
        """The same, for protocols that ask by whole seconds."""
        return TimedFeed(self.outgoing, self.clock)

    @cached_property
    def holders(self) -> Holders:
        """Finds entries by hash for protocols that know hashes alone."""
        return Holders(self.exchange, self.indexes)

    @cached_property
    def feedback(self) -> FeedbackService:
        """Keeps what partners think of what we shared."""
        return FeedbackService(self.exchange, self.holders, self.clock)

    @cached_property
    def outgoing(self) -> Outgoing:
        """Streams what partners may see."""
        return Outgoing(self.exchange, self.canaries, self.clock)

    @cached_property
    def feed(self) -> Feed:
        """Serves Noli's own feed."""
        return Feed(self.exchange, self.outgoing, FeedKeys(self.keyring), Ed25519Verifier(), self.clock)

    @cached_property
    def incoming(self) -> Incoming:
        """Takes what partners tell."""
        return Incoming(self.exchange, NegativeIndex(self.database.banks, HammingIndex), self.clock)

    @cached_property
    def syncer(self) -> Syncer:
        """Fetches from partners."""
        fetchers = PartnerFetchers(PartnerHttp(self.egress), Ed25519Verifier(), self.feed.signer, self.clock)
        return Syncer(self.exchange, self.incoming, fetchers, self.clock, on_change=self.catch_up)

    @cached_property
    def partner_status(self) -> StatusService:
        """Says how it goes with partners."""
        return StatusService(self.exchange, self.canaries)

    @cached_property
    def tasks(self) -> list[Task]:
        """Everything that happens by itself: what cases need, and fetching from partners."""
        return [*super().tasks, self.syncer.task]
