# SPDX-License-Identifier: Apache-2.0
"""An entry that blocks what cannot all be its copies asks for review, until somebody says that it is right."""

from datetime import UTC, datetime

import pytest

from noli.bank.model import (
    Action,
    BankPolicy,
    Entry,
    EntryId,
    NewEntry,
    Opinion,
    OpinionKind,
    Provenance,
)
from noli.bank.rules import DOUBTS
from noli.hashing.model import Hash, Outcome
from noli.matching.doubts import Doubts, strangers
from noli.matching.model import Check, Closeness, Decision, Match, Neighbour, Verdict
from tests.support.bits import flipped, some_hash
from tests.support.casework import FakeClock
from tests.support.store import MemoryBanks, MemoryChecks

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = EntryId(5)


class House:
    """A bank that blocks, with one entry, and what it blocked."""

    def __init__(self, *, after: int = 3) -> None:
        """Register the entry."""
        self.banks, self.checks, self.clock = MemoryBanks(), MemoryChecks(), FakeClock()
        with self.banks.transaction(write=True) as t:
            self.bank = t.add_bank("b", BankPolicy(Action.BLOCK), now=NOW)
            t.add_entries("b", [(ENTRY, NewEntry((Hash(some_hash(1)),), Provenance("test")))], now=NOW)
        self.told = 0
        self.doubts = Doubts(self.checks, self.banks, self.clock, after=after, tell=self.tell)

    def tell(self) -> None:
        """Count how often somebody is told."""
        self.told += 1

    def block(self, *values: bytes, entry: EntryId = ENTRY) -> None:
        """Let it block uploads."""
        match = Match(Neighbour(self.bank, entry, 20), Closeness.NEAR, Verdict.BLOCK, "reason")
        decision = Decision(Verdict.BLOCK, (match,), "reason")
        self.checks.add([
            Check(f"c{at}", "", "key", Outcome.HASHED, decision, (Hash(value),), self.clock.now())
            for at, value in enumerate(values)
        ])  # fmt: skip

    def entry(self) -> Entry:
        """Read the entry."""
        with self.banks.transaction() as t:
            return t.entry("b", ENTRY)

    def think(self, author: str, kind: OpinionKind) -> None:
        """Give an opinion."""
        with self.banks.transaction(write=True) as t:
            t.add_opinion("b", Opinion(ENTRY, author, kind, "", self.clock.now()))


STRANGERS = tuple(some_hash(seed) for seed in range(20, 23))


def test_uploads_near_each_other_are_one_stranger() -> None:
    """Copies of copies count once; counting stops where it is enough."""
    copies = [flipped(some_hash(2), bits) for bits in (0, 2, 31)]
    assert strangers(copies, enough=9) == 1
    assert strangers([*copies[:1], flipped(some_hash(2), 32)], enough=9) == 2
    assert strangers(STRANGERS, enough=2) == 2
    assert strangers([], enough=2) == 0


def test_who_blocks_strangers_is_doubted_once() -> None:
    """The entry is disputed in the installation's name, and somebody is told, once."""
    house = House()
    house.block(*STRANGERS)
    house.doubts.task.run(None)  # type: ignore[arg-type] # the lease is of no interest
    house.doubts.look()
    assert house.entry().disputed
    assert house.told == 1
    with house.banks.transaction() as t:
        [opinion] = t.opinions("b", ENTRY)
    assert (opinion.author, opinion.kind) == (DOUBTS, OpinionKind.DISPUTED)


@pytest.mark.parametrize("after", [0, 4])
def test_below_the_limit_nothing_happens(after: int) -> None:
    """Three strangers are fine where four are too many, or where there is no limit."""
    house = House(after=after)
    house.block(*STRANGERS)
    house.doubts.look()
    assert not house.entry().disputed


def test_copies_of_one_picture_raise_no_doubt() -> None:
    """However often one picture comes."""
    house = House()
    house.block(*(flipped(some_hash(2), 10, seed=seed) for seed in range(40)))
    house.doubts.look()
    assert not house.entry().disputed


def test_what_was_blocked_long_ago_does_not_count() -> None:
    """After a day it is forgotten."""
    house = House()
    house.block(*STRANGERS)
    house.clock.move(hours=25)
    house.doubts.look()
    assert not house.entry().disputed


def test_a_person_outweighs_the_machine_for_good() -> None:
    """Whoever says that the entry is right ends the doubt, and it does not come back."""
    house = House()
    house.block(*STRANGERS)
    house.doubts.look()
    house.think("anna", OpinionKind.TRUE_POSITIVE)
    assert not house.entry().disputed
    house.block(*(some_hash(seed) for seed in range(40, 50)))
    house.doubts.look()
    assert not house.entry().disputed


def test_what_is_gone_is_left_alone() -> None:
    """Withdrawn entries and such as the store does not know raise no doubts."""
    house = House()
    house.block(*STRANGERS)
    house.block(*STRANGERS, entry=EntryId(99))
    with house.banks.transaction(write=True) as t:
        t.withdraw("b", ENTRY, by="anna", now=NOW)
    house.doubts.look()
    assert house.told == 0
