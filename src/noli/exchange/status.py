# SPDX-License-Identifier: Apache-2.0
"""How it goes with partners, for people: states, what waits for a look, what was refused, whose list leaked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from noli.bank.model import Entry, Opinion
from noli.bank.rules import PARTNER_PREFIX
from noli.exchange.canaries import Canaries
from noli.exchange.model import HeldDoubt, Partner, PartnerReceipt, Quarantined, SyncState, SyncStatus
from noli.exchange.ports import ExchangeStore, ExchangeTransaction


@dataclass(frozen=True, slots=True)
class PartnerStatus:
    """How it goes with one partner.

    Attributes:
        partner: What is agreed.
        sync: How far we are with what it tells, and how it goes.
        held: Entries of it that wait for a look.
        held_doubts: Doubts of it about entries of ours that wait for a look.
        confirmed: The step of our change sequence up to which it has what we tell, on Noli's own feed; else 0.
        behind: Steps of our change sequence after that.
        receipt: The newest that it said about having what we tell, in whichever protocol; None where it never did.
        refused: The newest records of it that could not be used.
    """

    partner: Partner
    sync: SyncState
    held: int
    held_doubts: int
    confirmed: int
    behind: int
    receipt: PartnerReceipt | None
    refused: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True)
class PartnerStory:
    """What came from one partner and went there, as far as somebody has to look at it.

    Attributes:
        status: How it goes.
        receipts: What it said that it has, newest first.
        doubts: Doubts of it that wait for a look.
        opinions: What it thinks of entries, newest first, each with the name of the bank.
    """

    status: PartnerStatus
    receipts: tuple[PartnerReceipt, ...]
    doubts: tuple[HeldDoubt, ...]
    opinions: tuple[tuple[str, Opinion], ...]


@dataclass(frozen=True, slots=True)
class PartnerCounts:
    """How many partners cannot be fetched from, and how many entries and doubts are held."""

    failing: int
    held: int
    held_doubts: int


@dataclass(frozen=True, slots=True)
class Trace:
    """How many of a partner's canaries are in a list."""

    partner: Partner
    canaries: int


class StatusService:
    """Looks at partners; changes nothing."""

    def __init__(self, store: ExchangeStore, canaries: Canaries) -> None:
        """Keep the collaborators."""
        self._store, self._canaries = store, canaries

    def of(self, name: str) -> PartnerStatus:
        """Look at one. Raises NotFound."""
        with self._store.transaction() as transaction:
            return _statuses(transaction, [transaction.partner(name)])[0]

    def story(self, name: str, *, limit: int = 20) -> PartnerStory:
        """Look closely at one; so many of each at most. Raises NotFound."""
        with self._store.transaction() as transaction:
            partner = transaction.partner(name)
            return PartnerStory(
                _statuses(transaction, [partner])[0],
                tuple(transaction.receipts(partner.id, limit=limit)),
                tuple(transaction.held_doubts(partner.id, limit=limit)),
                tuple(transaction.banks.opinions_by(f"{PARTNER_PREFIX}{partner.name}", limit=limit)),
            )

    def all(self) -> list[PartnerStatus]:
        """Look at all, by name."""
        with self._store.transaction() as transaction:
            return _statuses(transaction, transaction.partners())

    def count(self) -> PartnerCounts:
        """Count what an operator should look at."""
        found = self.all()
        troubled = {SyncStatus.UNREACHABLE, SyncStatus.DISTRUSTED, SyncStatus.FLOODED}
        return PartnerCounts(
            failing=sum(each.sync.status in troubled for each in found),
            held=sum(each.held for each in found),
            held_doubts=sum(each.held_doubts for each in found),
        )

    def disputed(self) -> list[Entry]:
        """List entries that somebody says are wrong: a person has to look."""
        with self._store.transaction() as transaction:
            return transaction.disputed()

    def trace(self, hashes: Collection[bytes]) -> list[Trace]:
        """Say whose canaries are in a list, most of them first; nobody's where it is not from here."""
        with self._store.transaction() as transaction:
            partners, until = transaction.partners(), transaction.banks.last_sequence()
        listed = set(hashes)
        found = [
            Trace(partner, sum(value in listed for value in self._canaries.values(partner.id, until=until)))
            for partner in partners
        ]
        return sorted((each for each in found if each.canaries), key=lambda each: -each.canaries)


def _statuses(transaction: ExchangeTransaction, partners: Sequence[Partner]) -> list[PartnerStatus]:
    standings = transaction.standings([each.id for each in partners])
    last = transaction.banks.last_sequence()
    return [
        PartnerStatus(
            each,
            standing.sync,
            standing.held,
            standing.held_doubts,
            standing.confirmed,
            last - standing.confirmed,
            standing.receipt,
            tuple(transaction.quarantined(each.id)) if standing.has_refused else (),
        )
        for each in partners
        for standing in [standings[each.id]]
    ]
