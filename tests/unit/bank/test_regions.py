# SPDX-License-Identifier: Apache-2.0
"""Regions of entries: hashed under a secret of their bank, or not kept."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from noli.bank import service
from noli.bank.model import Action, Bank, BankId, BankPolicy, NewEntry, Provenance, RegionUse
from noli.bank.regions import RegionSecrets
from noli.hashing.model import Hash, Regions
from tests.support.bits import some_hash
from tests.support.regions import distances, found, scene, size_of
from tests.support.secrecy import MemoryKeyring
from tests.support.store import MemoryBanks

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SECRETS = RegionSecrets(MemoryKeyring)
BANK = Bank(BankId(1), "one", BankPolicy(Action.BLOCK), NOW)


@pytest.fixture(scope="module")
def regions() -> Regions:
    """The regions of a drawn scene."""
    places, coefs = found(scene(3))
    return Regions(size_of(scene(3)), places.tobytes(), coefs.tobytes())


def test_each_bank_and_epoch_has_a_secret_of_its_own(regions: Regions) -> None:
    """The same regions are as far from themselves as strangers, in another bank and after they were forgotten."""
    first = SECRETS.keyed(BANK, regions).hashes
    assert first == RegionSecrets(MemoryKeyring).keyed(BANK, regions).hashes
    for other in (replace(BANK, id=BankId(2)), replace(BANK, epoch=2)):
        apart = np.diag(distances(first, SECRETS.keyed(other, regions).hashes))
        assert apart.min() > 60
        assert apart.mean() == pytest.approx(128, abs=6)


def test_nothing_of_the_frequencies_is_kept(regions: Regions) -> None:
    """What is kept has a hash and a place a region, and does not print either."""
    kept = SECRETS.keyed(BANK, regions)
    assert (kept.size, kept.places, len(kept.hashes)) == (regions.size, regions.places, 32 * len(regions))
    assert len(kept) == len(regions)
    assert all("b'" not in repr(each) for each in (kept, regions))


@pytest.mark.parametrize(
    ("policy", "secrets", "kept"),
    [
        (BankPolicy(Action.BLOCK), SECRETS, 1),
        (BankPolicy(Action.LOG, regions=RegionUse.BLOCK), SECRETS, 1),
        (BankPolicy(Action.BLOCK, regions=RegionUse.OFF), SECRETS, 0),
        (BankPolicy(Action.BLOCK, negative=True), SECRETS, 0),
        (BankPolicy(Action.BLOCK), None, 0),
    ],
)
def test_the_bank_decides_whether_regions_are_kept(
    regions: Regions, policy: BankPolicy, secrets: RegionSecrets | None, kept: int
) -> None:
    """A bank that is told so, and one that only clears, keeps the hash of the whole alone."""
    store = MemoryBanks()
    entry = NewEntry((Hash(some_hash(1), 90),), Provenance("key"), regions=(regions,))
    plain = NewEntry((Hash(some_hash(2), 90),), Provenance("key"))
    with store.transaction(write=True) as t:
        bank = service.create_bank(t, "one", policy, now=NOW)
        service.register(t, "one", [entry, plain], now=NOW, secrets_of_regions=secrets)
        service.register(t, "one", [plain], now=NOW, secrets_of_regions=secrets)
        assert len(list(t.active_regions(bank.id))) == kept
