# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that wires exchange with partners. Wiring only; made when first asked for."""

from functools import cached_property

from noli.access.service import AccessService
from noli.adapters.secrets import DrawnSecrets
from noli.adapters.sql.exchange import SqlExchange
from noli.app_cases import CaseParts
from noli.base.secrecy import Purpose
from noli.exchange.canaries import Canaries
from noli.exchange.feedback import FeedbackService
from noli.exchange.holders import Holders
from noli.exchange.outgoing import Outgoing
from noli.exchange.partners import PartnerService
from noli.exchange.timed import TimedFeed
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
        return Outgoing(self.exchange, self.canaries)
