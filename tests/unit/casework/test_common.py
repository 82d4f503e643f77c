# SPDX-License-Identifier: Apache-2.0
"""Common pictures are those near a negative bank's entries."""

import pytest

from noli.bank.model import Action, BankPolicy
from noli.base.errors import Unavailable
from noli.casework.common import NegativeBanks
from noli.hashing.model import Hash
from noli.matching.index import BankIndexes
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex
from tests.unit.matching.memory import MemoryBanks


def test_only_negative_banks_make_a_picture_common() -> None:
    """Near a negative entry is common; near an entry that somebody protects, or near none, is not."""
    store = MemoryBanks()
    store.put_bank(1, BankPolicy(Action.REVIEW, negative=True))
    store.put_bank(2, BankPolicy(Action.REVIEW))
    store.put_bank(3, BankPolicy(Action.REVIEW, negative=True, enabled=False))
    for bank in (1, 2, 3):
        store.put(bank, bank, some_hash(bank))
    indexes = BankIndexes(BruteForceIndex)
    common = NegativeBanks(indexes)
    with pytest.raises(Unavailable):
        common.near([Hash(some_hash(1))])
    indexes.load(store)
    assert common.near([Hash(some_hash(9)), Hash(flipped(some_hash(1), 31))])
    assert not common.near([Hash(flipped(some_hash(1), 40)), Hash(some_hash(2)), Hash(some_hash(3))])
