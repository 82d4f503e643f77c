# SPDX-License-Identifier: Apache-2.0
"""What a partner may see, as one stream from any checkpoint: what every serving protocol is made from.

1. A partner sees the banks that are shared with it, and of those what may leave: not what a person has not consented
   to share, and not what others entrusted to us (received entries are never passed on).
2. The stream is the change sequence; each step shows the entry *as it is now*, so that reading a step twice, or late,
   leads to the same. What a partner can have is withdrawn by a later step, however long it was away.
3. Canaries are mixed in.
4. Who comes back with a checkpoint has what was given up to it; of hashes that a person let leave, both are kept. A
   checkpoint is only the caller's word: of what it was never given, nothing is kept.
"""

from datetime import datetime

from noli.base.clock import Clock
from noli.exchange.canaries import Canaries
from noli.exchange.model import Page, Partner, PartnerReceipt
from noli.exchange.ports import ExchangeStore

#: Steps of the change sequence that one page looks through at most: other banks' changes cost the database time, too.
LOOKED_THROUGH = 20_000


class Outgoing:
    """Streams what partners may see; safe to call from many threads and processes."""

    def __init__(self, store: ExchangeStore, canaries: Canaries, clock: Clock) -> None:
        """Keep the collaborators."""
        self._store, self._canaries, self._clock = store, canaries, clock

    def page(self, partner: Partner, *, after: int, limit: int, known: int | None = None) -> Page:
        """Read one page.

        Args:
            partner: Who asks.
            after: The checkpoint: what it has up to here; 0 for the beginning.
            limit: Entries at most; canaries come on top, about one in ``canaries.EVERY``.
            known: The checkpoint at which its whole fetch began, where ``after`` is a page within it; only what it can
                have had then is it told to drop.

        Returns:
            The page; its ``next`` is the checkpoint once its items are stored.
        """
        with self._store.transaction() as transaction:
            last = transaction.banks.last_sequence()
            until = min(last, after + LOOKED_THROUGH)
            items, reached = transaction.visible(
                partner.id, after=after, until=until, known=after if known is None else known, limit=limit
            )
            waiting = transaction.unconfirmed(partner.id, after)
        if waiting or any(item.personal for item in items):
            with self._store.transaction(write=True) as transaction:
                transaction.share_steps(partner, items, confirmed=after, now=self._clock.now())
        mixed = tuple(self._canaries.mixed(partner.id, items, first=after == 0))
        return Page(mixed, max(reached, after), reached < last)

    def confirm(self, partner: Partner, position: int) -> None:
        """Keep that a partner came back in a protocol without signatures: it has what it was given up to a step.

        Whatever it claims, no more is kept than it was really given.
        """
        with self._store.transaction() as transaction:
            position = min(position, transaction.delivered(partner.id))
            identity = transaction.feed_identity()
            epoch = "" if identity is None else identity.epoch
            newest = transaction.receipts(partner.id, limit=1)
        if not position or (newest and newest[0].epoch == epoch and newest[0].position >= position):
            return
        with self._store.transaction(write=True) as transaction:
            transaction.add_receipt(partner.id, PartnerReceipt(self._clock.now(), position, epoch))

    def deliver(self, partner: Partner, *, after: int, position: int) -> None:
        """Keep that a partner is given what came after one step up to another."""
        with self._store.transaction() as transaction:
            known = transaction.delivered(partner.id)
        if after <= known < position:
            with self._store.transaction(write=True) as transaction:
                transaction.keep_delivered(partner.id, position, after=after)

    def last(self) -> int:
        """Return the newest checkpoint there can be."""
        with self._store.transaction() as transaction:
            return transaction.banks.last_sequence()

    def checkpoint_at(self, at: datetime) -> int:
        """Return the checkpoint of what happened before a time, for protocols that ask by time."""
        with self._store.transaction() as transaction:
            return transaction.sequence_at(at)
