# SPDX-License-Identifier: Apache-2.0
"""Canaries: always the same for one partner, never the same for two, and like the entries beside them."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from noli.adapters.secrets import DrawnSecrets
from noli.bank.model import EntryId
from noli.base.secrecy import Purpose
from noli.exchange.canaries import EVERY, Canaries, dihedral, half_set
from noli.exchange.model import PartnerId, Visible
from noli.hashing import _native
from noli.hashing.model import DIHEDRAL, Hash, SignalType, Variant
from tests.support.bits import some_hash
from tests.support.media import drawn
from tests.support.secrecy import MemoryKeyring

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ONE, OTHER = PartnerId(1), PartnerId(2)


@pytest.fixture
def canaries() -> Canaries:
    """Canaries of one installation."""
    return Canaries(DrawnSecrets(MemoryKeyring(), Purpose.CANARY))


def stream(count: int, *, withdrawn: bool = False) -> list[Visible]:
    """Make entries with an original, its forms and a crop."""
    variants = (*DIHEDRAL, Variant.INSET_5)
    return [
        Visible(
            n,
            NOW,
            EntryId(n),
            "bank",
            NOW,
            withdrawn,
            tuple(Hash(some_hash(n), 80 + n % 20, variant=each) for each in variants),
            disputed=True,
            personal=True,
        )
        for n in range(1, count + 1)
    ]


def added(canaries: Canaries, partner: PartnerId, items: list[Visible], *, first: bool = True) -> list[Visible]:
    """Return the canaries alone."""
    real = {item.entry for item in items}
    return [item for item in canaries.mixed(partner, items, first=first) if item.entry not in real]


def test_each_partner_has_its_own(canaries: Canaries) -> None:
    """Read again, a stream holds the same canaries; another partner's holds none of them."""
    items = stream(1000)
    mine = added(canaries, ONE, items)
    assert mine == added(canaries, ONE, items)
    values = {one.value for item in mine for one in item.hashes}
    assert values.isdisjoint({one.value for item in added(canaries, OTHER, items) for one in item.hashes})
    assert 1000 / EVERY / 2 < len(mine) < 1000 / EVERY * 2


def test_a_leaked_list_is_traced(canaries: Canaries) -> None:
    """Every canary that was given is among those that tracing knows; other partners' are not."""
    items = stream(1000)
    given = {item.hashes[0].value for item in added(canaries, ONE, items)}
    assert given <= set(canaries.values(ONE, until=1000))
    assert given.isdisjoint(canaries.values(OTHER, until=1000))


def test_a_canary_looks_like_its_neighbour(canaries: Canaries) -> None:
    """It has as many hashes, variants and qualities, half of its bits set, and nothing that a person said."""
    items = stream(1000)
    by_place = {item.sequence: item for item in items}
    for canary in added(canaries, ONE, items):
        beside = by_place[canary.sequence]
        assert [(h.variant, h.quality) for h in canary.hashes] == [(h.variant, h.quality) for h in beside.hashes]
        assert all(int.from_bytes(h.value).bit_count() == 128 for h in canary.hashes if h.variant is Variant.ORIGINAL)
        assert len({h.value for h in canary.hashes}) == len(canary.hashes)
        assert (canary.disputed, canary.personal, canary.opinions) == (False, False, ())
        assert 0 <= canary.entry < 1 << 63


def test_nothing_is_added_to_withdrawals(canaries: Canaries) -> None:
    """A list of what is gone needs no canary, and a later page begins without the first one."""
    assert added(canaries, ONE, stream(500, withdrawn=True)) == []
    assert len(added(canaries, ONE, stream(500))) == len(added(canaries, ONE, stream(500), first=False)) + 1


@pytest.mark.parametrize("seed", range(20))
def test_half_of_the_bits_are_set(seed: int) -> None:
    """Whatever is drawn becomes a hash with 128 bits set."""
    for random_bytes in (random.Random(seed).randbytes(32), bytes(32), b"\xff" * 32):
        assert int.from_bytes(half_set(random_bytes)).bit_count() == 128


def test_forms_belong_together_as_real_ones_do() -> None:
    """Turning the hash of a drawn picture gives what hashing the turned picture gives, within a few bits."""
    picture = drawn().convert("RGB")
    forms, _ = _native.pdq(picture.tobytes(), picture.height, picture.width, 3)
    values = [forms[at : at + 32] for at in range(0, len(forms), 32)]
    for variant, real in zip(DIHEDRAL, values, strict=True):
        made = dihedral(values[0], variant)
        assert (int.from_bytes(made) ^ int.from_bytes(real)).bit_count() <= 12


def test_the_frames_of_a_made_up_video_look_like_frames(canaries: Canaries) -> None:
    """They keep times and qualities, change little within a scene and much between two, and can be traced."""
    frames = tuple(Hash(some_hash(1), 80, SignalType.VPDQ, at_ms=1000 * n) for n in range(20))
    video = replace(stream(1)[0], hashes=frames)
    [canary] = added(canaries, ONE, [video])
    values = [int.from_bytes(one.value) for one in canary.hashes]
    assert [(one.type, one.quality, one.at_ms) for one in canary.hashes] == [
        (one.type, one.quality, one.at_ms) for one in frames
    ]
    assert len(set(values)) == 20
    assert {value.bit_count() for value in values} == {128}
    assert all((one ^ values[0]).bit_count() <= 24 for one in values[:8])
    assert all((one ^ values[0]).bit_count() > 60 for one in values[8:])
    assert canary.hashes[0].value in set(canaries.values(ONE, until=1))
