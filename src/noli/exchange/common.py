# SPDX-License-Identifier: Apache-2.0
"""Knows common pictures: an index of the negative banks alone, so that a fetch needs no index of everything.

It is made anew when one of these banks has changed. A picture that becomes known as common later is cleared by matching
itself; this look only keeps it from being taken as if nothing were the matter.
"""

import threading
from collections.abc import Callable, Sequence

from noli.bank.model import Bank
from noli.bank.ports import BankStore
from noli.matching.ports import HammingIndex

_BANKS_A_PAGE = 1000

# One neighbour is enough to know that there is one.
_ONE = 1


class NegativeIndex:
    """Looks into the negative banks: ``exchange.ports.CommonPictures``. Safe to call from many threads."""

    def __init__(self, store: BankStore, new_index: Callable[[], HammingIndex]) -> None:
        """Keep the collaborators; nothing is loaded yet."""
        self._store, self._new_index = store, new_index
        self._loaded: dict[Bank, HammingIndex] = {}
        self._lock = threading.Lock()

    def near(self, hashes: Sequence[bytes]) -> list[bool]:
        """Tell of each hash whether it is near a negative bank's entry. Raises Unavailable."""
        near = [False] * len(hashes)
        if not hashes:
            return near
        joined = b"".join(hashes)
        for bank, index in self._current().items():
            positions = index.search_batch(joined, bank.policy.threshold_bits, _ONE)[0]
            for position in memoryview(positions).cast("I"):
                near[position] = True
        return near

    def _current(self) -> dict[Bank, HammingIndex]:
        with self._lock, self._store.transaction() as transaction:
            banks: list[Bank] = []
            while page := transaction.banks(after=banks[-1].name if banks else "", limit=_BANKS_A_PAGE):
                banks += page
            fresh = {}
            for bank in banks:
                if not (bank.policy.negative and bank.policy.enabled):
                    continue
                index = self._loaded.get(bank)
                if index is None:
                    index = self._new_index()
                    for values, ids in transaction.active_hashes(bank.id):
                        index.append(values, ids)
                fresh[bank] = index
            self._loaded = fresh
            return fresh
