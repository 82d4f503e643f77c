# SPDX-License-Identifier: Apache-2.0
"""What exchange needs from outside. ``tests/contract/test_exchange_store.py`` holds the stores to this page."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from noli.bank.ports import BankTransaction
from noli.exchange.model import NewPartner, Partner, PartnerId, Visible


class ExchangeTransaction(Protocol):
    """Reads and writes of one transaction, banks included."""

    @property
    def banks(self) -> BankTransaction:
        """The banks, in the same transaction."""
        ...

    def add_partner(self, partner: NewPartner, *, honours_withdrawal: bool, now: datetime) -> Partner:
        """Keep a partner. Raises Conflict where the name is taken, NotFound for a bank."""
        ...

    def change_partner(self, partner: Partner, *, secret: str | None = None, now: datetime) -> Partner:
        """Keep what changed of a partner: all but name, id and time. ``secret`` None stays. Raises NotFound.

        What is no longer shared goes into the change sequence anew, so that the partner is told to drop it; so does
        what is shared from now on.
        """
        ...

    def partner(self, name: str) -> Partner:
        """Read one partner. Raises NotFound."""
        ...

    def partners(self) -> list[Partner]:
        """List partners by name."""
        ...

    def secret(self, partner: PartnerId) -> str:
        """Return what we show the partner's server; empty where there is none."""
        ...

    def add_key(self, partner: PartnerId, key: str) -> None:
        """Note whose key it is, by the key's name."""
        ...

    def partner_of(self, key: str) -> Partner | None:
        """Return whose key it is, by the key's name."""
        ...

    def keys_of(self, partner: PartnerId) -> list[str]:
        """List the names of a partner's keys."""
        ...

    def visible(
        self, partner: PartnerId, *, after: int, until: int, known: int, limit: int
    ) -> tuple[list[Visible], int]:
        """Read what a partner may see of the change sequence, in order, each entry as it is now.

        Args:
            partner: Whose view.
            after: Sequence numbers up to this are passed over.
            until: Sequence numbers above this are not looked at.
            known: The partner has what came up to here: only what it can have is it told to drop.
            limit: Steps at most.

        Returns:
            The steps, and the sequence number up to which these are all.
        """
        ...

    def sequence_at(self, at: datetime) -> int:
        """Return the largest sequence number of what happened before a time; 0 where there is none."""
        ...


class ExchangeStore(Protocol):
    """Opens transactions; as ``bank.ports.BankStore``."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[ExchangeTransaction]:
        """Open one transaction; with ``write`` it commits at the end or rolls back on error. Raises StoreBusy."""
        ...


class Secrets(Protocol):
    """Draws what nobody else can draw, from the installation's own secret."""

    def draw(self, *parts: str | int) -> bytes:
        """Return 32 bytes that follow from the parts and look random to everybody else."""
        ...


class CommonPictures(Protocol):
    """Knows pictures that are everywhere: those of the negative banks."""

    def near(self, hashes: Sequence[bytes]) -> list[bool]:
        """Tell of each hash whether it is near one. Raises Unavailable."""
        ...
