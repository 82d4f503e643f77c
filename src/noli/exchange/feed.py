# SPDX-License-Identifier: Apache-2.0
"""Serves Noli's own feed: signed pages of what a partner may see; ``messages`` says how they are believed.

A partner comes back with its checkpoint and the digest of the page that led there. Both are known here from when that
page was given: whoever shows another is ahead of us or of another history, because one of the two was set back, and is
told so instead of being given numbers that mean something else. What it shows is also its receipt: it has that page.
Where it signs that, the signature is kept, so that it can be held to it.
"""

from dataclasses import dataclass, field

from noli.base.clock import Clock
from noli.base.errors import Conflict
from noli.exchange.messages import (
    FORM,
    MAX_ITEMS,
    FeedPage,
    KeyChange,
    Signer,
    Verifier,
    digest_of,
    item_of,
    key_change,
    read_receipt,
    receipt_text,
    write_page,
)
from noli.exchange.model import FeedIdentity, Partner, PartnerReceipt
from noli.exchange.outgoing import Outgoing
from noli.exchange.ports import ExchangeStore, SigningKeys


@dataclass(frozen=True, slots=True)
class SignedPage:
    """A page as it is sent; ``empty`` where there is nothing new, so that it may be waited for."""

    body: bytes = field(repr=False)
    signature: str
    empty: bool


class Feed:
    """Makes pages; safe to call from many threads and processes."""

    def __init__(
        self, store: ExchangeStore, outgoing: Outgoing, keys: SigningKeys, verifier: Verifier, clock: Clock
    ) -> None:
        """Keep the collaborators."""
        self._store, self._outgoing, self._keys = store, outgoing, keys
        self._verifier, self._clock = verifier, clock

    def identity(self) -> FeedIdentity:
        """Return who we are; made at the first call."""
        with self._store.transaction() as transaction:
            found = transaction.feed_identity()
        if found is None:
            with self._store.transaction(write=True) as transaction:
                found = transaction.feed_identity(make=True)
                assert found is not None  # noqa: S101 - it was just made
        return found

    @property
    def public_key(self) -> str:
        """What partners must know to believe us."""
        return self.signer().public_key

    def signer(self) -> Signer:
        """Return who signs for us now."""
        return self._signer(self.identity())

    def rotate(self) -> str:
        """Sign with a new key from now on; partners who know the one before follow by themselves.

        Returns:
            The new public key.
        """
        self.identity()
        with self._store.transaction(write=True) as transaction:
            changed = transaction.renew_feed(key=True)
        return self._signer(changed).public_key

    def begin_epoch(self) -> None:
        """Say that our history was set back: every partner has to begin anew, and a person there to agree."""
        self.identity()
        with self._store.transaction(write=True) as transaction:
            transaction.renew_feed(epoch=True)

    def page(
        self, partner: Partner, *, after: int, previous: str, nonce: str, limit: int, receipt: str = ""
    ) -> SignedPage:
        """Make one page.

        Args:
            partner: Who asks.
            after: Its checkpoint.
            previous: Digest of the page that led there; empty with checkpoint 0.
            nonce: What it asks with.
            limit: Entries at most.
            receipt: What it signs of that: key and signature, or empty.

        Raises:
            Conflict: We never gave that checkpoint: one of us was set back.
        """
        identity = self.identity()
        with self._store.transaction() as transaction:
            came_back = transaction.came_back(partner.id, after, previous)
        if came_back is None and (after or previous):
            msg = "This checkpoint was never given here; one of the two installations was set back. Begin anew."
            raise Conflict(msg)
        page = self._outgoing.page(partner, after=after, limit=min(limit, MAX_ITEMS))
        # Where there is nothing new, who asks stays where it is, and nothing has to be kept.
        empty = not page.items and not page.more
        written = FeedPage(
            noli=FORM,
            installation=identity.installation,
            epoch=identity.epoch,
            to=partner.name,
            nonce=nonce,
            after=after,
            previous=previous,
            next=after if empty else page.next,
            more=page.more,
            items=[item_of(each) for each in page.items],
            keys=self._succession(identity),
        )
        body, signature = write_page(written, self._signer(identity))
        if came_back is False or not empty:
            with self._store.transaction(write=True) as transaction:
                transaction.confirm_head(partner.id, after, previous)
                if came_back is False:
                    text = receipt_text(identity.installation, identity.epoch, partner.name, after, previous)
                    signed = read_receipt(receipt, text, self._verifier)
                    kept = PartnerReceipt(self._clock.now(), after, identity.epoch, previous, *signed)
                    transaction.add_receipt(partner.id, kept)
                if not empty:
                    transaction.keep_head(partner.id, page.next, digest_of(body), done=after)
        return SignedPage(body, signature, empty)

    def _signer(self, identity: FeedIdentity) -> Signer:
        return self._keys.signer(identity.generation)

    def _succession(self, identity: FeedIdentity) -> list[KeyChange]:
        return [
            key_change(identity.installation, self._keys.signer(number + 1).public_key, self._keys.signer(number))
            for number in range(identity.generation)
        ]
