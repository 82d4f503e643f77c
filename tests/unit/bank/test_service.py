# SPDX-License-Identifier: Apache-2.0
"""What may be made into a bank, and what may be registered in one."""

from datetime import UTC, datetime

import pytest

from noli.bank import service
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance
from noli.base.errors import InputError, NotFound
from noli.hashing.model import Hash
from tests.support.bits import some_hash
from tests.support.store import MemoryBanks

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def store() -> MemoryBanks:
    """A store with one bank."""
    made = MemoryBanks()
    with made.transaction(write=True) as t:
        service.create_bank(t, "one", BankPolicy(Action.BLOCK), now=NOW)
    return made


def of(*hashes: Hash) -> NewEntry:
    """Make an entry of these hashes."""
    return NewEntry(hashes, Provenance("key"))


@pytest.mark.parametrize("threshold", [-1, 64])
def test_a_threshold_that_cannot_be_searched_is_refused(store: MemoryBanks, threshold: int) -> None:
    """When a bank is made and when its policy is changed."""
    policy = BankPolicy(Action.BLOCK, threshold)
    with store.transaction(write=True) as t:
        with pytest.raises(InputError, match="threshold"):
            service.create_bank(t, "two", policy, now=NOW)
        with pytest.raises(InputError, match="threshold"):
            service.set_policy(t, "one", policy, now=NOW)
        assert service.set_policy(t, "one", BankPolicy(Action.LOG, 63), now=NOW).policy.threshold_bits == 63


@pytest.mark.parametrize(("seconds", "share"), [(-1, 0.5), (36_001, 0.5), (3, 0), (3, 1.1)])
def test_a_video_cannot_be_asked_for_what_it_has_not(store: MemoryBanks, seconds: float, share: float) -> None:
    """Seconds below none or beyond any video, no share, or more than all of it."""
    with store.transaction(write=True) as t, pytest.raises(InputError, match="share"):
        service.set_policy(t, "one", BankPolicy(Action.BLOCK, video_seconds=seconds, video_share=share), now=NOW)


def test_a_name_that_cannot_stand_in_a_path_is_refused(store: MemoryBanks) -> None:
    """The rule for names is that of ``base.names``."""
    with store.transaction(write=True) as t, pytest.raises(InputError, match="name of a bank"):
        service.create_bank(t, "../one", BankPolicy(Action.BLOCK), now=NOW)


def test_entries_get_random_ids_in_order(store: MemoryBanks) -> None:
    """Ids cannot be guessed from one another and stay positive in 64 bits."""
    with store.transaction(write=True) as t:
        made = service.register(t, "one", [of(Hash(some_hash(n), 90)) for n in range(100)], now=NOW)
        assert [entry.hashes for _, entry in made] == [(Hash(some_hash(n), 90),) for n in range(100)]
        assert len({number for number, _ in made}) == 100
        assert all(0 <= number < 1 << 63 for number, _ in made)
        assert t.bank("one").entries == 100


@pytest.mark.parametrize(
    ("hashes", "says"),
    [
        ((), "at least one hash"),
        ((Hash(some_hash(1), 49),), "quality 49"),
        ((Hash(bytes(32), 90),), "0 of 256 bits"),
        ((Hash(b"\xff" * 32, None),), "256 of 256 bits"),
        ((Hash(b"\x01" * 32, 90),), "32 of 256 bits"),
    ],
)
def test_a_hash_that_would_match_what_nobody_meant_is_refused(
    store: MemoryBanks, hashes: tuple[Hash, ...], says: str
) -> None:
    """One bad entry refuses the whole call, and nothing is kept."""
    with store.transaction(write=True) as t:
        with pytest.raises(InputError, match=says):
            service.register(t, "one", [of(Hash(some_hash(1), 90)), of(*hashes)], now=NOW)
        assert t.bank("one").entries == 0


def test_the_bank_has_to_be_there(store: MemoryBanks) -> None:
    """Registering into nothing says so."""
    with store.transaction(write=True) as t, pytest.raises(NotFound):
        service.register(t, "none", [of(Hash(some_hash(1), None))], now=NOW)
