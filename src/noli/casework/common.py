# SPDX-License-Identifier: Apache-2.0
"""A look at common pictures: the negative banks, in memory. It says yes or no to the service, never to a visitor."""

from collections.abc import Sequence

from noli.hashing.model import Hash
from noli.matching.index import BankIndexes

# One neighbour of a bank is enough to know that it has one; asking for no more keeps the time the same for all.
_ONE = 1


class NegativeBanks:
    """Looks into all banks at once and keeps what negative ones say: ``casework.ports.CommonPictures``."""

    def __init__(self, indexes: BankIndexes) -> None:
        """Keep the index."""
        self._indexes = indexes

    def near(self, hashes: Sequence[Hash]) -> bool:
        """Tell whether one of these is near a negative bank's entry. Raises Unavailable."""
        answers = self._indexes.neighbours_batch([one.value for one in hashes], max_neighbours=_ONE)
        return sum(near.bank.policy.negative for found, _ in answers for near in found) > 0
