# SPDX-License-Identifier: Apache-2.0
"""Roots are signed over what was checked, time-stamped once, and prove entries."""

from dataclasses import replace

import pytest

from noli.base.errors import InputError, IntegrityError, NotFound, Unavailable
from noli.evidence import proofs
from noli.evidence.model import Fact
from noli.evidence.notes import key_id, parse_notes, signed_text
from noli.evidence.rules import following
from noli.evidence.service import LedgerService
from noli.evidence.signing import RootService
from noli.jobs.model import Lane
from noli.jobs.ports import LeaseLost
from noli.jobs.service import Runner
from tests.support.cases import MemoryCases
from tests.support.casework import FakeClock
from tests.support.jobs import MemoryJobs
from tests.support.signing import FakeAuthority, FakeNotes, FakeSigner, is_signed


class World:
    """A ledger with all that signs it."""

    def __init__(self, *, stamped: bool = True) -> None:
        self.clock, self.memory = FakeClock(), MemoryCases()
        self.signer, self.notes, self.authority = FakeSigner(), FakeNotes(), FakeAuthority()
        authority = self.authority if stamped else None
        self.service = RootService(
            self.memory, self.memory, self.clock, signer=self.signer, notes=self.notes, authority=authority
        )

    def grow(self, count: int) -> None:
        # Not through a transaction: it copies the world each time.
        ledger = self.memory.world.ledger
        for number in range(count):
            fact = Fact("case.viewed", f"case-{number}", "staff:1")
            ledger.append(following(ledger[-1] if ledger else None, fact, now=self.clock.now()))

    def verifier(self) -> LedgerService:
        return LedgerService(self.memory, check=is_signed, keys=self.signer.publics, authority=self.authority)


def test_an_empty_ledger_is_not_signed() -> None:
    """Where nothing happened there is no root, nothing to stamp and nothing to prove."""
    world = World()
    assert world.service.sign() is None
    assert world.service.stamp() is None
    assert world.service.roots() == []
    world.grow(1)
    with pytest.raises(InputError, match="noli ledger sign"):
        world.service.prove(1)


@pytest.mark.parametrize("steps", [[1, 1, 1], [255, 1, 1], [256, 256], [300, 500, 3], [0, 513]])
def test_roots_follow_the_ledger(steps: list[int]) -> None:
    """Each root is that of all entries; signing again without a new one changes nothing; all is noted elsewhere."""
    world = World()
    for step in steps:
        world.grow(step)
        signed = world.service.sign()
        assert world.service.sign() == signed
        if signed is not None:
            assert signed.root == world.verifier().verify().root
            assert is_signed(world.signer.publics[0], signed_text(signed.root, signed.at), signed.signature)
            assert signed.key == key_id(world.signer.publics[0])
    assert parse_notes(world.notes.text) == world.service.roots()[::-1]
    first, last = world.service.roots()[-1], world.service.roots()[0]
    for sequence in {1, first.root.size, last.root.size, last.root.size // 2 + 1}:
        proof = world.service.prove(sequence)
        assert proof.entry.sequence == sequence
        at, size = sequence - 1, last.root.size
        assert proofs.is_included(proof.entry.leaf, at, size=size, proof=proof.hashes, root=last.root.root)
    shown = world.service.compare(first.root.size)
    assert (shown.first, shown.second) == (first, last)
    sizes = first.root.size, last.root.size
    assert proofs.is_consistent(*sizes, proof=shown.hashes, old=first.root.root, new=last.root.root)


def test_nothing_is_signed_over_a_changed_ledger() -> None:
    """An entry changed, removed or rewritten since the last root stops the signing, and so does a root that was."""
    for place in (2, 300, 301, 305):
        world = World()
        world.grow(300)
        world.service.sign()
        world.grow(10)
        ledger = world.memory.world.ledger
        changed = replace(ledger[place].fact, actor="nobody")
        ledger[place] = replace(ledger[place], fact=changed)
        if place >= proofs.TILE:
            with pytest.raises(IntegrityError):
                world.service.sign()
        else:
            # What was vouched for before is not read again: verifying and proving are for that.
            world.service.sign()
            with pytest.raises(IntegrityError):
                world.service.prove(place + 1)


def test_a_cut_or_forked_ledger_is_not_signed_on() -> None:
    """Fewer entries than were signed, or others, stop it; so do peaks that are not the root's."""
    world = World()
    world.grow(300)
    signed = world.service.sign()
    assert signed is not None
    whole = list(world.memory.world.ledger)
    del world.memory.world.ledger[290:]
    with pytest.raises(IntegrityError):
        world.service.sign()
    for _ in range(20):
        last = world.memory.world.ledger[-1]
        world.memory.world.ledger.append(following(last, Fact("forged", "x", "y"), now=world.clock.now()))
    with pytest.raises(IntegrityError):
        world.service.sign()
    world.memory.world.ledger[:] = whole
    world.memory.world.roots = [(replace(signed, root=replace(signed.root, root=bytes(32))), (bytes(32),) * 4)]
    with pytest.raises(IntegrityError):
        world.service.sign()


def test_proofs_are_for_signed_roots() -> None:
    """Against an older root too; what came later, is not there, or was never signed is refused with the reason."""
    world = World()
    world.grow(5)
    world.service.sign()
    world.grow(5)
    world.service.sign()
    assert world.service.prove(5, size=5).signed.root.size == 5
    with pytest.raises(InputError, match="came after"):
        world.service.prove(6, size=5)
    for call in (
        lambda: world.service.prove(11),
        lambda: world.service.prove(1, size=7),
        lambda: world.service.compare(7),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(InputError, match="smaller"):
        world.service.compare(10, 5)
    world.memory.world.ledger[0] = replace(world.memory.world.ledger[0], leaf=bytes(32))
    with pytest.raises(IntegrityError):
        world.service.compare(5, 10)
    for sequence in (1, 2):
        with pytest.raises(IntegrityError):
            world.service.prove(sequence)


def test_signing_and_stamping_are_jobs() -> None:
    """The caretaker signs every hour and has the last root stamped every day, once."""
    world = World()
    world.grow(3)
    jobs = MemoryJobs(lambda: world.memory.world.outbox.jobs)
    failed: list[Exception] = []
    runner = Runner(
        jobs, world.clock, world.service.tasks, dice=lambda: 1, report=lambda _, error: failed.append(error)
    )
    for lane in Lane:
        runner.prepare(lane)
    assert runner.step(Lane.LOCAL)
    world.authority.there = False
    assert runner.step(Lane.NETWORK)
    assert isinstance(failed[0], Unavailable)
    world.authority.there = True
    world.clock.move(seconds=5)
    assert runner.step(Lane.NETWORK)
    [token] = world.service.tokens(3)
    assert (token.authority, token.at) == (world.authority.name, world.authority.time)
    assert world.service.stamp() == token
    assert world.authority.asked == 2
    world.grow(1)
    world.clock.move(hours=1)
    assert runner.step(Lane.LOCAL)
    assert [signed.root.size for signed in world.service.roots()] == [4, 3]
    unstamped = World(stamped=False)
    assert [task.kind for task in unstamped.service.tasks] == ["ledger-sign"]
    unstamped.grow(1)
    unstamped.service.sign()
    assert unstamped.service.stamp() is None


def test_a_root_is_not_kept_under_a_lost_lease() -> None:
    """Whoever was overtaken keeps nothing and notes nothing."""
    world = World()
    world.grow(3)
    jobs = MemoryJobs(lambda: world.memory.world.outbox.jobs)
    [task, _] = world.service.tasks
    jobs.ensure(task, now=world.clock.now())
    lost = jobs.claim([task], now=world.clock.now())
    assert lost is not None
    world.clock.move(hours=2)
    assert jobs.claim([task], now=world.clock.now()) is not None
    with pytest.raises(LeaseLost):
        world.service.sign(lease=lost)
    assert world.service.roots() == []
    assert world.notes.text == ""


def test_keys_change_and_older_roots_stay_good() -> None:
    """All keys that ever signed are told, and roots are checked with theirs."""
    world = World()
    world.grow(1)
    world.service.sign()
    world.signer.publics.append(b"2" * 32)
    world.grow(1)
    world.service.sign()
    assert world.service.public_keys() == [b"1" * 32, b"2" * 32]
    assert [signed.key for signed in world.service.roots()] == [key_id(b"2" * 32), key_id(b"1" * 32)]
