# SPDX-License-Identifier: Apache-2.0
"""What partners think of what we shared with them, as their own protocols say it.

Feedback on what a partner was never given is passed over without a word: an answer that tells known from unknown would
tell canaries from entries. The same opinion again changes nothing, so that repeating it costs nobody anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from noli.bank.model import Entry, EntryId, Opinion, OpinionKind
from noli.bank.rules import PARTNER_PREFIX
from noli.base.clock import Clock
from noli.exchange.holders import Holders, may_see
from noli.exchange.model import Partner
from noli.exchange.ports import ExchangeStore, ExchangeTransaction


@dataclass(frozen=True, slots=True)
class HashFeedback:
    """An opinion on a hash.

    Attributes:
        value: The hash.
        kind: The opinion.
        note: More about it, in the partner's words.
    """

    value: bytes = field(repr=False)
    kind: OpinionKind
    note: str = ""


class FeedbackService:
    """Keeps partners' opinions; safe to call from many threads and processes."""

    def __init__(self, store: ExchangeStore, holders: Holders, clock: Clock) -> None:
        """Keep the collaborators."""
        self._store, self._holders, self._clock = store, holders, clock

    def on_hashes(self, partner: Partner, given: Iterable[HashFeedback]) -> None:
        """Keep opinions on hashes. Raises Unavailable where the banks are not loaded."""
        with self._store.transaction(write=True) as transaction:
            for each in given:
                for entry in self._holders.of(transaction, partner, each.value):
                    self._keep(transaction, partner, entry, each.kind, each.note)

    def on_entry(self, partner: Partner, entry: EntryId, kind: OpinionKind, *, note: str = "") -> None:
        """Keep an opinion on an entry."""
        with self._store.transaction(write=True) as transaction:
            found = transaction.banks.entries_by_id([entry]).get(entry)
            if found is not None and may_see(partner, found):
                self._keep(transaction, partner, found, kind, note)

    def _keep(
        self, transaction: ExchangeTransaction, partner: Partner, entry: Entry, kind: OpinionKind, note: str
    ) -> None:
        author = f"{PARTNER_PREFIX}{partner.name}"
        before = [one.kind for one in transaction.banks.opinions(entry.bank, entry.id) if one.author == author]
        if before[-1:] != [kind]:
            transaction.banks.add_opinion(entry.bank, Opinion(entry.id, author, kind, note, self._clock.now()))
