# SPDX-License-Identifier: Apache-2.0
"""Matching by regions: found, followed, forgotten, and never more than the bank lets them ask for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from noli.access.model import ApiKey, Scope
from noli.bank.model import Action, Bank, BankId, BankPolicy, EntryId, RegionUse
from noli.bank.regions import RegionSecrets
from noli.base.clock import SystemClock
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import Frame, Hash, Outcome, Reading, Regions, SignalType
from noli.matching.index import BankIndexes
from noli.matching.model import Agreement, Closeness, MatchType, Neighbour, Verdict
from noli.matching.probing import ProbingGuard
from noli.matching.regions import RegionIndex
from noli.matching.rules import agrees, judge, strong
from noli.matching.service import Checker, Found, Upload
from tests.support.bits import some_hash
from tests.support.index import BruteForceIndex
from tests.support.regions import Grey, found, scene, size_of
from tests.support.secrecy import MemoryKeyring
from tests.unit.matching.memory import NOW, MemoryBanks, MemoryChecks

SECRETS = RegionSecrets(MemoryKeyring)
KEY = ApiKey("platform", frozenset({Scope.CHECKS}), NOW)
WEAK, STRONG = Agreement(4, 450, 700), Agreement(20, 700, 900)


def regions_of(picture: Grey, most: int) -> Regions:
    """Find the regions of a picture."""
    places, coefs = found(picture, most)
    return Regions(size_of(picture), places.tobytes(), coefs.tobytes())


SCENE = regions_of(scene(3), 60)
COPY = regions_of(scene(3)[40:, 60:430], 120)
OTHER = regions_of(scene(4), 120)


def put(store: MemoryBanks, bank: int, entry: int, regions: Regions = SCENE) -> None:
    """Register an entry with regions."""
    store.put_regions(entry, SECRETS.keyed(store.all[bank], regions))
    store.put(bank, entry, some_hash(entry))


def entries(indexes: BankIndexes, regions: Regions = COPY, banks: set[str] | None = None) -> set[int]:
    """Search."""
    return {n.entry for n in indexes.neighbours_by_regions(regions, max_neighbours=100, banks=banks)}


def house(*policies: BankPolicy) -> tuple[MemoryBanks, BankIndexes]:
    """Banks that hold the scene each, as entry 10 times their number, and a loaded index."""
    store = MemoryBanks()
    for number, policy in enumerate(policies, 1):
        store.put_bank(number, policy)
        put(store, number, 10 * number)
    indexes = BankIndexes(HammingIndex, SECRETS)
    indexes.load(store)
    return store, indexes


def checks(store: MemoryBanks, indexes: BankIndexes) -> Checker:
    """Check against these banks."""
    return Checker(
        indexes=indexes,
        store=store,
        checks=MemoryChecks(),
        guard=ProbingGuard(100, SystemClock(), new_index=BruteForceIndex),
        clock=SystemClock(),
        new_id=lambda: "check",
        max_neighbours=100,
        new_index=BruteForceIndex,
    )


def test_a_check_says_that_regions_made_the_match() -> None:
    """An upload with regions is looked for by them as well; the match is called after what found it."""
    checker = checks(*house(BankPolicy(Action.BLOCK, 20)))
    check = checker.check(Upload((Hash(some_hash(99), 90),), regions=(COPY,)), key=KEY)
    assert [check.type_of(match) for match in check.decision.matches] == [MatchType.REGION]
    assert not checker.check(Upload((Hash(some_hash(99), 90),), regions=(None,)), key=KEY).decision.matches


def filmed(*seen: list[Agreement], hints: Sequence[tuple[int, Agreement]] = ()) -> Found:
    """Two seconds between frames of an upload; each shows pictures of a banked video."""
    bank = Bank(BankId(1), "bank1", BankPolicy(Action.BLOCK), NOW)
    hashes = [Hash(some_hash(200 + n), 90, SignalType.VPDQ, at_ms=2000 * n) for n in range(len(seen))]
    near = tuple([Neighbour(bank, EntryId(8), 31, agreement=each) for each in some] for some in seen)
    weak = tuple((at, EntryId(8), each) for at, each in hints)
    return Found(Upload(tuple(hashes), regions=(COPY,) * len(seen)), near, hints=weak)


@pytest.mark.parametrize("frames", [2, 5])
def test_regions_tell_which_part_of_a_video_is_shown(frames: int) -> None:
    """From three frames in order on there is one match with a segment; of frames alike the likeliest counts."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.put_video(1, 8, [(1000 * n, some_hash(300 + n)) for n in range(30)])
    seen = [[Agreement(12 + n, 700, 900, banked_ms=4000 + 2000 * n), Agreement(5, 500, 900, banked_ms=4000)]
            for n in range(frames)]  # fmt: skip
    check = checks(store, indexes).conclude(filmed(*seen), key=KEY)
    [match] = check.decision.matches
    segment = match.neighbour.segment
    assert match.verdict is Verdict.REVIEW
    if frames == 2:
        assert segment is None
    else:
        assert segment is not None
        assert (segment.start_ms, segment.end_ms) == (0, 9000)
        assert (segment.banked_start_ms, segment.banked_end_ms, segment.speed) == (3000, 13000, 1.0)
        assert (match.query, segment.firm) == (4, False)


def test_a_room_that_is_the_same_is_no_copy() -> None:
    """Frames of two videos whose regions agree without order are another take; a very short video can have no order."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.put_video(1, 8, [(1000 * n, some_hash(300 + n)) for n in range(30)])
    take = [[Agreement(20, 900, 900, banked_ms=at)] for at in (8000, 8000, 2000, 2000)]
    assert not checks(store, indexes).conclude(filmed(*take), key=KEY).decision.matches
    store.times.clear()
    store.put_video(1, 8, [(0, some_hash(300)), (500, some_hash(301))])
    [match] = checks(store, indexes).conclude(filmed(*take), key=KEY).decision.matches
    assert match.neighbour.segment is None


@pytest.mark.parametrize(("votes", "is_copy"), [(12, False), (20, True)])
def test_a_line_at_another_speed_needs_more_regions(votes: int, *, is_copy: bool) -> None:
    """Frames of a room that stands still lie on some line; those of a copy that was slowed down have most in common."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.put_video(1, 8, [(1000 * n, some_hash(300 + n)) for n in range(30)])
    slow = [[Agreement(votes, 700, 900, banked_ms=4000 + 1000 * n)] for n in range(5)]
    assert bool(checks(store, indexes).conclude(filmed(*slow), key=KEY).decision.matches) == is_copy


def test_frames_that_agree_a_little_lengthen_a_part() -> None:
    """At the ends of a part fewer regions agree; what lies on the line of the others belongs to it."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.put_video(1, 8, [(1000 * n, some_hash(300 + n)) for n in range(30)])
    seen = [[], *([Agreement(12, 700, 900, banked_ms=4000 + 2000 * n)] for n in (1, 2, 3)), []]
    weak = [(0, Agreement(3, 100, 900, banked_ms=4000)), (4, Agreement(3, 100, 900, banked_ms=20_000))]
    for hints, start_ms in (((), 1000), (weak, 0)):
        found = filmed(*seen, hints=hints)
        [match] = checks(store, indexes).conclude(found, key=KEY).decision.matches
        assert match.neighbour.segment is not None
        assert (match.neighbour.segment.start_ms, match.neighbour.segment.end_ms) == (start_ms, 7000)


def test_what_agrees_too_little_matches_nothing() -> None:
    """A frame of a video of which some regions agree is remembered for its neighbours, and is no match by itself."""
    store = MemoryBanks()
    store.put_bank(1, BankPolicy(Action.BLOCK))
    put(store, 1, 10)
    indexes = BankIndexes(HammingIndex, SECRETS)
    indexes.load(store)
    # The last regions of a picture are small: they lie as they lay, and cover little of what the upload shows.
    few = Regions(SCENE.size, SCENE.places[50 * 8 :], SCENE.coefs[50 * 256 :])
    video = Upload((Hash(some_hash(99), 90, SignalType.VPDQ, at_ms=0),), regions=(few,))
    still = Upload((Hash(some_hash(99), 90),), regions=(few,))
    checker = checks(store, indexes)
    assert [(at, entry) for at, entry, _ in checker.look(video, banks=None).hints] == [(0, 10)]
    assert checker.look(still, banks=None).hints == ()
    assert [checker.look(upload, banks=None).entries for upload in (video, still)] == [set(), set()]


def test_regions_that_agree_are_worth_a_closer_look() -> None:
    """Where a glance at a video finds regions of a banked one, every second around is looked at."""
    checker = checks(*house(BankPolicy(Action.BLOCK)))
    frames = [
        Frame((some_hash(90 + n),) * 8, 90, n, at_ms=5000 * n, regions=regions)
        for n, regions in enumerate((OTHER, COPY, None))
    ]
    seen = Reading(Outcome.HASHED, tuple(frames), duration_ms=40_000)
    assert checker.closer(seen, banks=None) == [(0, 10_000)]


def test_regions_of_pictures_and_of_old_videos_tell_no_part() -> None:
    """Where the banked side has no times, the match stands without a segment."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.put_video(1, 8, [(1000 * n, some_hash(300 + n)) for n in range(30)])
    timeless = [[Agreement(12, 700, 900)] for _ in range(5)]
    [match] = checks(store, indexes).conclude(filmed(*timeless), key=KEY).decision.matches
    assert match.neighbour.segment is None
    picture = [[Agreement(12, 700, 900, banked_ms=2000 * n)] for n in range(5)]
    store.times.clear()
    [match] = checks(store, indexes).conclude(filmed(*picture), key=KEY).decision.matches
    assert match.neighbour.segment is None


def test_a_cut_copy_is_found_by_its_regions_alone() -> None:
    """The neighbour says how far they agree and lies at the threshold."""
    _, indexes = house(BankPolicy(Action.BLOCK, 20))
    [neighbour] = indexes.neighbours_by_regions(COPY, max_neighbours=100)
    assert (neighbour.entry, neighbour.distance_bits) == (10, 20)
    assert neighbour.agreement is not None
    assert neighbour.agreement.votes >= 8
    assert indexes.regions == len(SCENE)
    assert entries(indexes, OTHER) == set()
    assert entries(indexes, Regions((32768, 100), b"", b"")) == set()


def test_regions_that_lie_elsewhere_do_not_agree() -> None:
    """Hashes alone prove nothing: what resembles must lie as one picture laid over the other says."""
    _, indexes = house(BankPolicy(Action.BLOCK))
    some = Regions(SCENE.size, SCENE.places[8:32] + SCENE.places[:8], SCENE.coefs[: 4 * 256])
    assert len(some) == 4
    assert entries(indexes, some) == set()
    assert entries(indexes, Regions(SCENE.size, SCENE.places[:16], SCENE.coefs[: 2 * 256])) == set()


def test_a_mirrored_copy_is_found() -> None:
    """The agreement says that it is one."""
    _, indexes = house(BankPolicy(Action.BLOCK))
    [neighbour] = indexes.neighbours_by_regions(regions_of(np.fliplr(scene(3)), 120), max_neighbours=100)
    assert neighbour.agreement is not None
    assert neighbour.agreement.mirrored


def test_banks_that_are_off_negative_or_not_asked_for_say_nothing() -> None:
    """Only banks that keep regions and are searched answer."""
    _, indexes = house(
        BankPolicy(Action.BLOCK),
        BankPolicy(Action.BLOCK, enabled=False),
        BankPolicy(Action.BLOCK, regions=RegionUse.OFF),
        BankPolicy(Action.BLOCK, negative=True),
        BankPolicy(Action.LOG),
    )
    assert entries(indexes) == {10, 50}
    assert entries(indexes, banks={"bank5"}) == {50}
    assert indexes.regions == 2 * len(SCENE)


def test_without_secrets_no_regions_are_searched() -> None:
    """An index that was given none answers by hashes alone."""
    store, _ = house(BankPolicy(Action.BLOCK))
    indexes = BankIndexes(BruteForceIndex)
    indexes.load(store)
    assert entries(indexes) == set()


def test_following_adds_and_removes_regions() -> None:
    """An entry matches by its regions from its addition to its withdrawal, and compaction changes nothing."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    put(store, 1, 11, regions_of(scene(4), 60))
    store.put_regions(12, SECRETS.keyed(store.all[1], Regions((32768, 9), b"", b"")))
    store.put(1, 12, some_hash(12))
    indexes.catch_up(store)
    assert entries(indexes, OTHER) == {11}
    indexes.compact()
    assert (entries(indexes, OTHER), entries(indexes)) == ({11}, {10})
    store.withdraw_entry(10)
    store.withdraw_entry(12)
    indexes.catch_up(store)
    assert (entries(indexes, OTHER), entries(indexes)) == ({11}, set())


def test_another_epoch_starts_without_regions() -> None:
    """What was hashed under the secret before is dropped as soon as the change is followed."""
    store, indexes = house(BankPolicy(Action.BLOCK))
    store.put_bank(1, store.all[1].policy, epoch=2)
    store.regions.clear()
    indexes.catch_up(store)
    assert (entries(indexes), indexes.regions) == (set(), 0)


def neighbour(agreement: Agreement, regions: RegionUse = RegionUse.REVIEW, action: Action = Action.BLOCK) -> Neighbour:
    """Make a match by regions."""
    bank = Bank(BankId(1), "ncii", BankPolicy(action, regions=regions), datetime(2026, 1, 1, tzinfo=UTC))
    return Neighbour(bank, EntryId(7), 31, agreement=agreement)


@pytest.mark.parametrize(
    ("agreement", "regions", "action", "verdict"),
    [
        (STRONG, RegionUse.REVIEW, Action.BLOCK, Verdict.REVIEW),
        (STRONG, RegionUse.BLOCK, Action.BLOCK, Verdict.BLOCK),
        (WEAK, RegionUse.BLOCK, Action.BLOCK, Verdict.REVIEW),
        (STRONG, RegionUse.BLOCK, Action.REVIEW, Verdict.REVIEW),
        (STRONG, RegionUse.BLOCK, Action.LOG, Verdict.ALLOW),
    ],
)
def test_regions_ask_for_what_their_bank_lets_them(
    agreement: Agreement, regions: RegionUse, action: Action, verdict: Verdict
) -> None:
    """Review at most; block only where the bank says so and nearly all agrees; never more than the bank's action."""
    decision = judge([[neighbour(agreement, regions, action)]], outcome=Outcome.HASHED)
    assert decision.verdict is verdict
    assert decision.matches[0].closeness is (Closeness.NEAR if agreement is STRONG else Closeness.EDGE)
    assert ("most" in decision.reason) == (agreement is STRONG)


def test_a_disputed_entry_and_a_cleared_frame_do_not_block_by_regions() -> None:
    """The same doubts count as for hashes."""
    strong_match = neighbour(STRONG, RegionUse.BLOCK)
    disputed = judge([[replace(strong_match, disputed=True)]], outcome=Outcome.HASHED)
    assert disputed.verdict is Verdict.REVIEW
    clear = Bank(BankId(2), "harmless", BankPolicy(Action.LOG, negative=True), datetime(2026, 1, 1, tzinfo=UTC))
    cleared = judge([[strong_match, Neighbour(clear, EntryId(8), 3)]], outcome=Outcome.HASHED)
    assert cleared.verdict is Verdict.ALLOW


def test_an_entry_found_both_ways_is_told_once_by_its_hash() -> None:
    """The hash of the whole is the stronger sign."""
    by_hash = replace(neighbour(STRONG), agreement=None, distance_bits=4)
    decision = judge([[neighbour(STRONG), by_hash]], outcome=Outcome.HASHED)
    assert [match.neighbour.agreement for match in decision.matches] == [None]


@pytest.mark.parametrize(
    ("votes", "covered", "counts", "blocks"),
    [(2, 900, False, False), (3, 419, False, False), (15, 419, False, False),
     (16, 0, True, False), (3, 420, True, False), (8, 669, True, False),
     (7, 900, True, False), (8, 670, True, True)],
)  # fmt: skip
def test_votes_and_area_must_both_suffice(votes: int, covered: int, *, counts: bool, blocks: bool) -> None:
    """Some regions in a corner are another picture of the same scene, too few are chance; very many are enough."""
    agreement = Agreement(votes, covered, 1000)
    assert (agrees(agreement), strong(agreement)) == (counts, blocks)


def test_a_video_that_stands_still_crowds_no_picture_out() -> None:
    """An entry with the same regions many times over leaves room for another one, and a withdrawn one takes none."""
    index = RegionIndex(HammingIndex())
    bank = Bank(BankId(1), "b", BankPolicy(Action.BLOCK), datetime(2026, 1, 1, tzinfo=UTC))
    kept = SECRETS.keyed(bank, SCENE)
    for _ in range(12):
        index.append(EntryId(1), kept)
    index.append(EntryId(2), kept)
    hashes = (SECRETS.hashes(bank, COPY, mirrored=False), SECRETS.hashes(bank, COPY, mirrored=True))
    assert {entry for entry, _ in index.search(COPY, hashes, max_neighbours=3)} == {1, 2}
    index.remove(EntryId(1))
    assert {entry for entry, _ in index.search(COPY, hashes, max_neighbours=1)} == {2}
