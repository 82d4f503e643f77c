# SPDX-License-Identifier: Apache-2.0
"""Which entries hold a hash, among what a partner may see: for protocols that know hashes and no entries.

1. Two entries may hold the same hash. A partner is told to drop it only when the last of them is gone.
2. A partner's opinion on a hash is one on every such entry.
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from noli.bank.model import Entry, EntryId, EntryState
from noli.exchange.model import Partner, Visible
from noli.exchange.ports import ExchangeStore, ExchangeTransaction


class HashIndex(Protocol):
    """Finds entries by their hashes; ``matching.index.BankIndexes`` is one."""

    def holding(self, value: bytes, *, banks: Collection[str]) -> list[EntryId]:
        """Return the entries of these banks that hold this very hash. Raises Unavailable."""
        ...


class Holders:
    """Looks hashes up for partners; safe to call from many threads."""

    def __init__(self, store: ExchangeStore, index: HashIndex) -> None:
        """Keep the collaborators."""
        self._store, self._index = store, index

    def still_held(self, partner: Partner, items: Iterable[Visible]) -> frozenset[bytes]:
        """Return those hashes of withdrawn items that another entry, which the partner may see, still holds.

        Raises:
            Unavailable: The banks are not loaded.
        """
        gone = {one.value: item.entry for item in items if item.withdrawn for one in item.hashes}
        held = {value: self._index.holding(value, banks=partner.shares) for value in gone}
        if not any(held.values()):
            return frozenset()
        with self._store.transaction() as transaction:
            shared = {
                entry.id for entry in _shared(transaction, partner, {e for found in held.values() for e in found})
            }
        return frozenset(value for value, entries in held.items() if shared.intersection(entries) - {gone[value]})

    def of(self, transaction: ExchangeTransaction, partner: Partner, value: bytes) -> list[Entry]:
        """Return the entries that the partner may see and that hold a hash. Raises Unavailable."""
        return _shared(transaction, partner, self._index.holding(value, banks=partner.shares))


def _shared(transaction: ExchangeTransaction, partner: Partner, entries: Collection[EntryId]) -> list[Entry]:
    found = transaction.banks.entries_by_id(sorted(entries))
    return [entry for entry in found.values() if may_see(partner, entry)]


def may_see(partner: Partner, entry: Entry) -> bool:
    """Say whether a partner may have an entry now."""
    return entry.bank in partner.shares and entry.sharing.leaves and entry.state is EntryState.ACTIVE
