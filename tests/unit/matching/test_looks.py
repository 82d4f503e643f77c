# SPDX-License-Identifier: Apache-2.0
"""Second looks: searched where nothing else is found and where there are no regions, for review at most."""

from dataclasses import replace

import pytest

from noli.access.model import ApiKey, Scope
from noli.bank.model import Action, BankPolicy, RegionUse
from noli.bank.regions import RegionSecrets
from noli.base.clock import SystemClock
from noli.hashing.model import Hash, Regions
from noli.matching.index import BankIndexes
from noli.matching.looks import LOOK_BITS
from noli.matching.model import Check, Closeness, MatchType, Verdict
from noli.matching.probing import ProbingGuard
from noli.matching.service import Checker, Upload
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex
from tests.support.regions import found, scene, size_of
from tests.support.secrecy import MemoryKeyring
from tests.unit.matching.memory import NOW, MemoryBanks, MemoryChecks

KEY = ApiKey("platform", frozenset({Scope.CHECKS}), NOW)
BANKED, STRANGE = some_hash(1), some_hash(2)
SECRETS = RegionSecrets(MemoryKeyring)


def house(*policies: BankPolicy) -> tuple[MemoryBanks, BankIndexes]:
    """Banks that hold the same hash each, as entry 10 times their number, and a loaded index."""
    store = MemoryBanks()
    for number, policy in enumerate(policies, 1):
        store.put_bank(number, policy)
        store.put(number, 10 * number, BANKED)
    indexes = BankIndexes(BruteForceIndex, SECRETS)
    indexes.load(store)
    return store, indexes


def check(
    store: MemoryBanks, indexes: BankIndexes, *uploads: Upload, budget: int = 100, key: ApiKey = KEY
) -> list[Check]:
    """Check uploads one after the other."""
    checker = Checker(
        indexes=indexes,
        store=store,
        checks=MemoryChecks(),
        guard=ProbingGuard(budget, SystemClock(), new_index=BruteForceIndex),
        clock=SystemClock(),
        new_id=lambda: "check",
        max_neighbours=100,
        new_index=BruteForceIndex,
    )
    return [checker.check(upload, key=key) for upload in uploads]


def upload(*looks: bytes, value: bytes = STRANGE) -> Upload:
    """A picture whose second look has these windows."""
    return Upload((Hash(value, 90),), looks=(b"".join(looks),))


@pytest.mark.parametrize(
    ("action", "verdict", "said"),
    [
        (Action.BLOCK, Verdict.REVIEW, "only a second look"),
        (Action.REVIEW, Verdict.REVIEW, "asks for review"),
        (Action.LOG, Verdict.ALLOW, "only logs"),
    ],
)
def test_a_second_look_asks_for_review_at_most(action: Action, verdict: Verdict, said: str) -> None:
    """The match is called after what found it, is at the edge, and lists each entry once."""
    [made] = check(*house(BankPolicy(action)), upload(STRANGE, flipped(BANKED, 20), flipped(BANKED, 6)))
    [match] = made.decision.matches
    assert (made.decision.verdict, made.type_of(match)) == (verdict, MatchType.SECOND_LOOK)
    assert (match.closeness, match.neighbour.distance_bits) == (Closeness.EDGE, 31)
    assert said in made.decision.reason


def test_it_is_taken_only_where_nothing_is_near() -> None:
    """What the hash of the whole finds decides; an upload without windows finds nothing more."""
    by_hash, nothing, empty = check(
        *house(BankPolicy(Action.BLOCK)),
        upload(BANKED, value=flipped(BANKED, 4)),
        upload(),
        upload(STRANGE),
    )
    assert (by_hash.decision.verdict, len(by_hash.decision.matches)) == (Verdict.BLOCK, 1)
    assert not nothing.decision.matches
    assert not empty.decision.matches


@pytest.mark.parametrize(("threshold", "bits", "is_found"), [(31, LOOK_BITS, True), (31, LOOK_BITS + 2, False),
                                                             (10, 10, True), (10, 12, False)])  # fmt: skip
def test_it_reaches_less_far_than_a_hash(threshold: int, bits: int, *, is_found: bool) -> None:
    """Hundreds of windows come nearer by chance than one hash; a bank's own threshold holds as well."""
    [made] = check(*house(BankPolicy(Action.BLOCK, threshold)), upload(flipped(BANKED, bits)))
    assert bool(made.decision.matches) is is_found


def test_only_banks_that_have_nothing_but_hashes_are_searched() -> None:
    """Where regions are kept they find more; negative and disabled banks neither match nor clear."""
    store, indexes = house(
        BankPolicy(Action.BLOCK),
        BankPolicy(Action.BLOCK, regions=RegionUse.OFF),
        BankPolicy(Action.BLOCK, negative=True),
        BankPolicy(Action.BLOCK, enabled=False),
        BankPolicy(Action.BLOCK),
    )
    places, coefs = found(scene(3), 60)
    regions = Regions(size_of(scene(3)), places.tobytes(), coefs.tobytes())
    store.put_regions(51, SECRETS.keyed(store.all[5], regions))
    store.put(5, 51, some_hash(5))
    indexes.catch_up(store)
    assert {one.entry for one in indexes.neighbours_by_looks(BANKED)} == {10, 20}
    assert {one.entry for one in indexes.neighbours_by_looks(BANKED, banks={"bank2"})} == {20}
    assert indexes.without_regions == 2


def test_a_key_that_may_see_some_banks_finds_nothing_in_others() -> None:
    """A second look goes no further than a first."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    elsewhere = replace(KEY, banks=frozenset({"bank7"}))
    [made] = check(store, indexes, upload(BANKED), key=elsewhere)
    assert not made.decision.matches


def test_nothing_loaded_has_nothing_to_look_for() -> None:
    """Before the first load no upload gets a second look."""
    assert BankIndexes(BruteForceIndex).without_regions == 0


def test_what_was_withdrawn_is_not_found_again() -> None:
    """An entry that the store knows to be withdrawn does not match, though this process has not heard of it yet."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.withdraw_entry(10)
    [made] = check(store, indexes, upload(BANKED))
    assert not made.decision.matches


def test_it_tells_a_prober_nothing() -> None:
    """Answers of second looks are no steps towards a banked hash, so they cost no key its budget."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    uploads = [upload(flipped(BANKED, n), value=flipped(STRANGE, n)) for n in (0, 1, 2, 40)]
    made = check(store, indexes, *uploads, budget=1)
    assert [bool(each.decision.matches) for each in made] == [True, True, True, False]
