# SPDX-License-Identifier: Apache-2.0
"""The checker: search, confirm, decide, record, answer."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from noli.access.model import ApiKey, Scope
from noli.bank.model import Action, BankPolicy
from noli.base.clock import SystemClock
from noli.base.errors import InputError, Throttled, Unavailable
from noli.hashing.model import Frame, Hash, Outcome, Reading, SignalType
from noli.matching.index import BankIndexes
from noli.matching.model import MatchType, Verdict
from noli.matching.probing import ProbingGuard
from noli.matching.service import PROBING_REASON, Checker, Upload
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex
from tests.unit.matching.memory import MemoryBanks, MemoryChecks

KEY = ApiKey("platform", frozenset({Scope.CHECKS}), datetime(2026, 1, 1, tzinfo=UTC))
BANKED = some_hash(1)


class House:
    """A checker with one blocking bank that holds one entry."""

    def __init__(self, checks: MemoryChecks | None = None) -> None:
        self.store, self.checks = MemoryBanks(), checks or MemoryChecks()
        self.store.put_bank(1)
        self.store.put(1, 7, BANKED)
        self.indexes = BankIndexes(BruteForceIndex)
        self.indexes.load(self.store)
        numbers = count()
        self.checker = Checker(
            indexes=self.indexes,
            store=self.store,
            checks=self.checks,
            guard=ProbingGuard(2, SystemClock(), new_index=BruteForceIndex),
            clock=SystemClock(),
            new_id=lambda: f"check-{next(numbers)}",
            max_neighbours=100,
            new_index=BruteForceIndex,
        )

    def verdict(self, *values: bytes) -> Verdict:
        """Check hashes of good quality."""
        return self.checker.check(Upload(tuple(Hash(v, 90) for v in values)), key=KEY).decision.verdict

    def reason(self, value: bytes) -> str:
        """Check a hash, and return why it was decided so."""
        return self.checker.check(Upload((Hash(value, 90),)), key=KEY).decision.matches[0].reason


@pytest.fixture
def house() -> House:
    """A fresh house."""
    return House()


def test_a_copy_is_blocked_and_recorded(house: House) -> None:
    """What matched can be read back, with who asked and about what."""
    check = house.checker.check(Upload((Hash(flipped(BANKED, 4), 90),), "post/1"), key=KEY)
    assert check.decision.verdict is Verdict.BLOCK
    assert house.checks.get(check.id) == check
    assert (check.key, check.content_ref, check.outcome) == ("platform", "post/1", Outcome.HASHED)
    assert [check.type_of(match) for match in check.decision.matches] == [MatchType.PDQ]


def test_an_unrelated_picture_is_allowed_and_leaves_no_trace(house: House) -> None:
    """No record, and not even a question to the database."""
    assert house.verdict(some_hash(2)) is Verdict.ALLOW
    assert (house.checks.writes, house.store.reads) == (0, 0)


def test_an_entry_that_the_store_does_not_know_is_believed_to_match(house: House) -> None:
    """What the index holds counts where the store says nothing of it."""
    del house.store.held[7]
    assert house.verdict(BANKED) is Verdict.BLOCK


def test_a_withdrawn_entry_does_not_match_even_before_the_index_follows(house: House) -> None:
    """The store's word counts over the index's."""
    house.store.withdraw_entry(7)
    assert house.verdict(BANKED) is Verdict.ALLOW


def test_a_disputed_entry_asks_for_review(house: House) -> None:
    """A dispute takes effect at once."""
    house.store.wrong.add(7)
    assert house.verdict(BANKED) is Verdict.REVIEW


def test_what_nobody_here_confirmed_asks_for_no_more_than_agreed(house: House) -> None:
    """A partner's entry in a blocking bank asks for review."""
    house.store.at_most[7] = Action.REVIEW
    assert house.verdict(BANKED) is Verdict.REVIEW


def test_a_key_with_banks_sees_no_others(house: House) -> None:
    """Neither by one check nor by many, and of its own banks only what may leave."""
    house.store.put_bank(2)
    house.store.put(2, 8, BANKED)
    house.indexes.catch_up(house.store)
    upload = Upload((Hash(BANKED, 90),))

    def seen(*banks: str) -> list[int]:
        key = replace(KEY, banks=frozenset(banks))
        found = [house.checker.check(upload, key=key), *house.checker.check_many([upload], key=key)]
        assert found[0].decision == found[1].decision
        return sorted(match.neighbour.entry for match in found[0].decision.matches)

    assert (seen("bank1", "bank2"), seen("bank2"), seen()) == ([7, 8], [8], [])
    house.store.withheld.add(8)
    assert (seen("bank1", "bank2"), seen("bank2")) == ([7], [])
    assert [m.neighbour.entry for m in house.checker.check(upload, key=KEY).decision.matches] == [7, 8]


def test_a_negative_bank_clears(house: House) -> None:
    """False-positive relief works from end to end."""
    house.store.put_bank(2, BankPolicy(Action.LOG, negative=True))
    house.store.put(2, 8, BANKED)
    house.indexes.catch_up(house.store)
    assert house.verdict(BANKED) is Verdict.ALLOW


def test_matching_goes_on_without_the_database(house: House) -> None:
    """A silent database neither lifts a block nor fails the check; both omissions are counted."""
    house.store.busy = house.checks.busy = True
    assert house.verdict(BANKED) is Verdict.BLOCK
    assert (house.checker.unrecorded, house.checker.unconfirmed) == (1, 1)


def test_without_the_database_nothing_blocks_more_than_it_may(house: House) -> None:
    """What was disputed, and whatever is in a bank with unconfirmed entries, asks for no more than was agreed."""
    house.store.put_bank(2)
    house.store.at_most |= {8: Action.REVIEW, 9: Action.LOG}
    house.store.put(2, 8, flipped(BANKED, 100))
    house.store.say(7)
    house.indexes.catch_up(house.store)
    house.store.busy = True
    assert [house.verdict(BANKED), house.verdict(flipped(BANKED, 100))] == [Verdict.REVIEW, Verdict.REVIEW]
    assert "cannot be asked now" in house.reason(flipped(BANKED, 100))
    house.store.busy = False
    house.store.say(7)
    house.store.put(2, 9, some_hash(90))
    house.indexes.catch_up(house.store)
    house.store.busy = True
    assert [house.verdict(BANKED), house.verdict(flipped(BANKED, 100))] == [Verdict.BLOCK, Verdict.ALLOW]
    house.store.busy = False
    house.store.say(7)
    house.indexes.load(house.store)
    house.store.busy = True
    assert [house.verdict(BANKED), house.verdict(flipped(BANKED, 100))] == [Verdict.REVIEW, Verdict.ALLOW]


def test_without_loaded_banks_nothing_is_answered(house: House) -> None:
    """Not ready is an error, never "no match"."""
    house.checker._indexes = BankIndexes(BruteForceIndex)
    with pytest.raises(Unavailable):
        house.verdict(BANKED)


def test_flat_pictures_are_not_searched(house: House) -> None:
    """Below quality 50 a hash matches nothing, and the outcome says why."""
    check = house.checker.check(Upload((Hash(BANKED, 49),)), key=KEY)
    assert (check.outcome, check.decision.verdict) == (Outcome.LOW_QUALITY, Verdict.ALLOW)


def test_one_good_frame_is_enough(house: House) -> None:
    """A flat first frame does not hide the banked second one."""
    check = house.checker.check(Upload((Hash(some_hash(3), 10), Hash(BANKED, 90))), key=KEY)
    assert check.decision.verdict is Verdict.BLOCK
    assert check.decision.matches[0].query == 1


def test_the_mirrored_form_is_looked_for_under_the_name_of_its_frame(house: House) -> None:
    """A copy of a crop that was mirrored too is found; the record names the frame, and no form that was not sent."""
    frames = (Hash(some_hash(3), 10), Hash(some_hash(4), 90))
    check = house.checker.check(Upload(frames, copies=((some_hash(5),), (flipped(BANKED, 6),))), key=KEY)
    assert (check.decision.verdict, check.decision.matches[0].query, check.hashes) == (Verdict.BLOCK, 1, frames)
    flat = Upload(frames[:1], copies=((BANKED,),))
    assert house.checker.check(flat, key=KEY).decision.verdict is Verdict.ALLOW


def test_a_damaged_file_goes_to_review(house: House) -> None:
    """There is nothing to search, yet it is not waved through."""
    assert house.checker.check(Upload((), outcome=Outcome.CORRUPT), key=KEY).decision.verdict is Verdict.REVIEW


def test_hashed_without_hashes_is_refused(house: House) -> None:
    """The caller forgot something."""
    with pytest.raises(InputError, match="at least one"):
        house.checker.check(Upload(()), key=KEY)


def test_a_batch_decides_each_by_itself_with_one_read_and_one_write(house: House) -> None:
    """Batches stay cheap however many match."""
    uploads = [
        Upload((Hash(BANKED, 90),), f"post/{n}") if n % 2 else Upload((Hash(some_hash(50 + n)),)) for n in range(8)
    ]
    made = house.checker.check_many(uploads, key=KEY)
    assert [c.decision.verdict for c in made] == [Verdict.ALLOW, Verdict.BLOCK] * 4
    assert (house.store.reads, house.checks.writes, len(house.checks.kept)) == (1, 1, 4)


def probe(house: House) -> None:
    """Spend the budget of two around the banked entry, a bit at a time."""
    for bits in (0, 1, 2):
        house.verdict((int.from_bytes(BANKED) ^ bits).to_bytes(32))


def test_probing_is_refused(house: House) -> None:
    """The next distinct near-copy gets no answer, whether it would match or not."""
    probe(house)
    for distance in (20, 40):
        with pytest.raises(Throttled):
            house.verdict(flipped(BANKED, distance, seed=5))


def test_probing_through_another_process_is_refused(house: House) -> None:
    """What one answered counts before the other answers a match; the same upload again is free."""
    other = House(house.checks)
    probe(house)
    assert other.verdict(BANKED) is Verdict.BLOCK
    with pytest.raises(Throttled):
        other.verdict(flipped(BANKED, 20, seed=5))


def test_probing_in_a_batch_gets_review_without_matches(house: House) -> None:
    """Refused items look alike and do not fail the others."""
    probe(house)
    near = [flipped(BANKED, distance, seed=5) for distance in (20, 40)]
    made = house.checker.check_many([Upload((Hash(v, 90),)) for v in (*near, some_hash(9), BANKED)], key=KEY)
    assert [c.decision.verdict for c in made] == [Verdict.REVIEW, Verdict.REVIEW, Verdict.ALLOW, Verdict.BLOCK]
    assert {(c.decision.reason, c.decision.matches) for c in made[:2]} == {(PROBING_REASON, ())}


SCENES = [some_hash(100 + n) for n in range(20)]


def shown(*values: bytes, every_ms: int = 1000, start_ms: int = 0, sent: bool = False) -> Upload:
    """A video that shows these frames; read here unless it was ``sent`` as hashes."""
    frames = tuple(
        Hash(value, 90, SignalType.VPDQ, at_ms=start_ms + number * every_ms) for number, value in enumerate(values)
    )
    return Upload(frames, copies=() if sent else ((),) * len(frames))


@pytest.fixture
def cinema(house: House) -> House:
    """A house that also holds a video of 20 seconds."""
    house.store.put_video(1, 8, [(1000 * n, value) for n, value in enumerate(SCENES)])
    house.indexes.load(house.store)
    return house


def test_a_part_of_a_video_is_blocked_once_with_its_place(cinema: House) -> None:
    """Ten seconds out of the middle, after five of something else, are one match that says where."""
    upload = shown(*(some_hash(n) for n in range(50, 55)), *(flipped(v, 6) for v in SCENES[4:14]))
    check = cinema.checker.check(upload, key=KEY)
    (match,) = check.decision.matches
    segment = match.neighbour.segment
    assert segment is not None
    assert (check.decision.verdict, segment.speed, segment.share) == (Verdict.BLOCK, 1.0, 0.5)
    assert (segment.start_ms, segment.banked_start_ms) == (4500, 3500)
    assert check.hashes[match.query].at_ms in range(5000, 15_000)
    assert "from 0:04 on it shows 10 s, 50% of the banked video" in match.reason
    assert cinema.checks.get(check.id) == check


def test_too_little_of_a_video_asks_for_review(cinema: House) -> None:
    """Three seconds of twenty, where the bank asks for more, are for a person to look at; a second alone is, too."""
    cinema.store.put_bank(1, BankPolicy(Action.BLOCK, video_seconds=8))
    cinema.indexes.catch_up(cinema.store)
    short = cinema.checker.check(shown(some_hash(50), *SCENES[4:7], some_hash(51)), key=KEY)
    assert short.decision.verdict is Verdict.REVIEW
    assert "too little" in short.decision.reason
    glimpse = cinema.checker.check(shown(some_hash(50), SCENES[4], some_hash(51), some_hash(52)), key=KEY)
    assert glimpse.decision.verdict is Verdict.REVIEW


def test_frames_that_merely_resemble_are_no_match(cinema: House) -> None:
    """One frame near the threshold, or frames without order far from the banked ones, are what another take has."""
    assert (
        cinema.checker.check(
            shown(some_hash(50), flipped(SCENES[3], 28), *(some_hash(n) for n in range(60, 64))), key=KEY
        ).decision.matches
        == ()
    )
    take = shown(*(flipped(value, 29, seed=n) for n, value in enumerate(SCENES[:6])))
    assert cinema.checker.check(take, key=KEY).decision.verdict is Verdict.REVIEW


def glimpsed(*values: bytes) -> Reading:
    """What a glance at a video of a minute saw, a frame every ten seconds."""
    frames = (Frame((value,) * 8, 90, number, at_ms=10_000 * number) for number, value in enumerate(values))
    return Reading(Outcome.HASHED, tuple(frames), duration_ms=60_000)


def test_what_resembles_something_is_worth_a_closer_look(cinema: House) -> None:
    """Farther out than a match takes, turned or not; in the banks that may be seen, and not where it is cleared."""
    cinema.store.put_bank(2, BankPolicy(Action.LOG, negative=True))
    cinema.store.put(2, 9, some_hash(91))
    cinema.indexes.catch_up(cinema.store)
    others = [some_hash(90 + n) for n in range(6)]
    seen = glimpsed(*others[:3], flipped(BANKED, 40), *others[4:])
    assert cinema.checker.closer(seen, banks=None) == [(20_000, 40_000)]
    assert cinema.checker.closer(seen, banks={"another"}) == []
    assert cinema.checker.closer(glimpsed(*others), banks=None) == []
    assert cinema.checker.closer(Reading(Outcome.CORRUPT), banks=None) == []
    turned = Frame((some_hash(80), BANKED, *(some_hash(81),) * 6), 90, at_ms=0)
    reading = Reading(Outcome.HASHED, (turned,), duration_ms=60_000)
    assert cinema.checker.closer(reading, banks=None) == [(0, 60_000)]


def test_stills_and_photographs_match_as_pictures(cinema: House) -> None:
    """A still of the banked video is blocked; so is a video that shows the banked photograph for a moment."""
    assert cinema.verdict(flipped(SCENES[9], 5)) is Verdict.BLOCK
    check = cinema.checker.check(shown(some_hash(50), flipped(BANKED, 5), some_hash(51)), key=KEY)
    assert (check.decision.verdict, check.decision.matches[0].neighbour.segment) == (Verdict.BLOCK, None)


def test_frames_that_a_negative_bank_clears_do_not_count(cinema: House) -> None:
    """A title that many videos share is cleared; what is left of the match decides, and nothing is left of another."""
    cinema.store.put_bank(2, BankPolicy(Action.LOG, negative=True))
    for number, value in enumerate(SCENES[:10]):
        cinema.store.put(2, 20 + number, value)
    cinema.indexes.load(cinema.store)
    title = cinema.checker.check(shown(*SCENES[:10]), key=KEY)
    assert title.decision.verdict is Verdict.ALLOW
    assert title.decision.matches
    assert cinema.checker.check(shown(*SCENES), key=KEY).decision.verdict is Verdict.BLOCK


def test_more_videos_than_can_be_compared_are_capped(cinema: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with most near frames are looked at; the answer says that there are more."""
    monkeypatch.setattr("noli.matching.service.MAX_COMPARED", 1)
    cinema.store.put_video(1, 9, [(0, SCENES[0]), (1000, SCENES[1]), (2000, SCENES[2])])
    cinema.indexes.load(cinema.store)
    decision = cinema.checker.check(shown(*SCENES), key=KEY).decision
    assert decision.capped
    assert [match.neighbour.entry for match in decision.matches] == [8]


def test_a_video_is_one_question_to_the_guard(cinema: House) -> None:
    """Frames of a video that was read here resemble each other and are no probes; the same, sent as hashes, are."""
    near = [flipped(SCENES[5], 2, seed=n) for n in range(12)]
    assert cinema.checker.check(shown(*near), key=KEY).decision.matches
    probes = [shown(*(flipped(value, 1, seed=number) for value in near), sent=True) for number in range(12)]

    def probe() -> None:
        for each in probes:
            cinema.checker.check(each, key=KEY)

    with pytest.raises(Throttled):
        probe()


def test_a_video_file_is_an_upload_with_all_its_forms(cinema: House) -> None:
    """What was read of a file is looked for turned, too; places are told in seconds."""
    forms = [(*(some_hash(300 + 7 * n + m) for m in range(7)), value) for n, value in enumerate(SCENES)]
    frames = tuple(Frame(each, 90, number, at_ms=1000 * number) for number, each in enumerate(forms))
    check = cinema.checker.check(Upload.of(Reading(Outcome.HASHED, frames, duration_ms=20_000)), key=KEY)
    segment = check.decision.matches[0].neighbour.segment
    assert segment is not None
    assert (check.decision.verdict, segment.in_seconds()["banked_end"], segment.in_seconds()["speed"]) == (
        Verdict.BLOCK, 19.5, 1.0,
    )  # fmt: skip


def test_without_the_store_a_video_matches_by_its_frames(cinema: House) -> None:
    """Protection goes before book-keeping: what the index knows decides."""
    cinema.store.busy = True
    check = cinema.checker.check(shown(*SCENES), key=KEY)
    assert (check.decision.verdict, cinema.checker.unconfirmed) == (Verdict.BLOCK, 1)
