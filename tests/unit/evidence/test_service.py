# SPDX-License-Identifier: Apache-2.0
"""Verifying and reading a ledger through the service."""

from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from noli.evidence.model import Fact, LedgerRoot, SignedRoot, TimestampToken
from noli.evidence.notes import key_id, signed_text
from noli.evidence.rules import MAX_FLAWS
from noli.evidence.service import LedgerService
from tests.support.casework import Casework
from tests.support.signing import FakeAuthority, is_signed, signature

PUBLIC = b"1" * 32


def _world(count: int) -> Casework:
    world = Casework()
    for number in range(count):
        with world.memory.transaction(write=True) as transaction:
            transaction.record(Fact("case.viewed", f"case-{number % 2}", "staff:1"), now=world.clock.now())
    return world


def test_a_ledger_is_verified_and_read() -> None:
    """What was recorded verifies, is listed newest first, and by subject."""
    service = LedgerService(_world(5).memory)
    assert service.verify().whole
    assert not service.verify(noted=[LedgerRoot(9, bytes(32))]).whole
    assert [entry.sequence for entry in service.page()] == [5, 4, 3, 2, 1]
    assert [entry.sequence for entry in service.page(subject="case-1", before=4)] == [2]


class _Beside:
    """A ledger with these roots and time-stamps beside it."""

    def __init__(self, world: Casework, roots: list[SignedRoot], stamps: list[TimestampToken]) -> None:
        self._world, self._roots, self._stamps = world, roots, stamps

    @contextmanager
    def whole(self) -> Any:
        with self._world.memory.whole() as found:
            yield replace(found, roots=self._roots, timestamps=self._stamps)


def _signed(root: LedgerRoot, world: Casework, *, public: bytes = PUBLIC) -> SignedRoot:
    now = world.clock.now()
    return SignedRoot(root, now, key_id(public), signature(public, signed_text(root, now)))


def test_roots_beside_the_ledger_are_looked_at() -> None:
    """A signed root must be the ledger's and be signed by a known key; without any key signatures are not looked at."""
    world = _world(5)
    good = _signed(LedgerService(world.memory).verify().root, world)
    forged = replace(good, signature=bytes(64))
    stranger = _signed(good.root, world, public=b"2" * 32)
    cut = _signed(LedgerRoot(6, bytes(32)), world)

    def texts(*roots: SignedRoot, keys: tuple[bytes, ...] = (PUBLIC,), notes: tuple[SignedRoot, ...] = ()) -> list[str]:
        ledger: Any = _Beside(world, list(roots), [])
        return [flaw.text for flaw in LedgerService(ledger, check=is_signed, keys=keys).verify(notes=notes).flaws]

    assert texts(good) == texts(good, notes=(good,)) == texts(forged, keys=()) == []
    assert (
        texts(forged)
        == texts(stranger)
        == texts(notes=(forged,))
        == ["The root of the first 5 entries is not signed by a key of this ledger."]
    )
    assert texts(cut) == texts(notes=(cut,)) == ["The end is cut off: 6 entries were signed or noted, 5 are here."]
    assert len(texts(*[_signed(LedgerRoot(n, bytes(32)), world, public=b"2" * 32) for n in range(500)])) == MAX_FLAWS


def test_time_stamps_are_looked_at() -> None:
    """A time-stamp must be the authority's and of a root that is there; without an authority none is looked at."""
    world, authority = _world(5), FakeAuthority()
    root = _signed(LedgerService(world.memory).verify().root, world)
    at, token = authority.stamp(signed_text(root.root, root.at))
    good = TimestampToken(5, authority.name, at, token)

    def flaws(stamp: TimestampToken, *, known: bool = True) -> int:
        ledger: Any = _Beside(world, [root], [stamp])
        return len(LedgerService(ledger, authority=authority if known else None).verify().flaws)

    assert flaws(good) == flaws(replace(good, token=b"?"), known=False) == 0
    assert flaws(replace(good, token=b"?")) == flaws(replace(good, size=4)) == 1
