# SPDX-License-Identifier: Apache-2.0
"""Policy: from neighbours to a decision."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.bank.model import Action, Bank, BankId, BankPolicy, EntryId, entry_text
from noli.hashing.model import Outcome
from noli.matching.model import Closeness, Neighbour, Segment, Verdict
from noli.matching.rules import MAX_MATCHES, closeness, judge

STRENGTH = [Verdict.ALLOW, Verdict.REVIEW, Verdict.BLOCK]


def bank(name: str, action: Action = Action.BLOCK, *, negative: bool = False, enabled: bool = True) -> Bank:
    policy = BankPolicy(action, negative=negative, enabled=enabled)
    return Bank(BankId(1), name, policy, datetime(2026, 1, 1, tzinfo=UTC))


BANKS = [
    bank("ncii"),
    bank("ask", Action.REVIEW),
    bank("log", Action.LOG),
    bank("harmless", negative=True),
    bank("off", enabled=False),
    bank("off-harmless", negative=True, enabled=False),
]
BY_NAME = {b.name: b for b in BANKS}
near = st.builds(
    Neighbour,
    st.sampled_from(BANKS),
    st.integers(0, 2**63 - 1).map(EntryId),
    st.integers(0, 31),
    disputed=st.booleans(),
    at_most=st.none() | st.sampled_from(Action),
)
founds = st.lists(st.lists(near, max_size=4), min_size=1, max_size=3)
outcomes = st.sampled_from(list(Outcome))


def one(
    name: str, distance: int = 12, *, entry: int = 10, disputed: bool = False, at_most: Action | None = None
) -> Neighbour:
    return Neighbour(BY_NAME[name], EntryId(entry), distance, disputed, at_most)


@pytest.mark.parametrize(
    ("distance", "threshold", "expected"),
    [(0, 31, "same"), (8, 31, "same"), (9, 31, "near"), (23, 31, "near"), (24, 31, "edge"), (31, 31, "edge"),
     (0, 0, "same"), (8, 8, "same"), (9, 10, "edge"), (55, 63, "near"), (56, 63, "edge")],
)  # fmt: skip
def test_distances_have_coarse_names(distance: int, threshold: int, expected: str) -> None:
    """Same up to 8 bits, edge in the last 8 below the threshold, near between."""
    assert closeness(distance, threshold) is Closeness(expected)


@pytest.mark.parametrize(("distance", "threshold"), [(32, 31), (-1, 31), (1, 0)])
def test_a_distance_beyond_the_threshold_has_no_name(distance: int, threshold: int) -> None:
    """Naming what is no match is a mistake of the caller."""
    with pytest.raises(ValueError, match="no match"):
        closeness(distance, threshold)


def test_a_blocking_bank_blocks_and_says_why() -> None:
    """The reason names entry, bank and closeness, and what the bank does."""
    decision = judge([[one("ncii")]], outcome=Outcome.HASHED)
    assert decision.verdict is Verdict.BLOCK
    assert decision.reason == f"entry {entry_text(EntryId(10))} of bank ncii, near; ncii blocks up to 31 bits"


def test_the_exact_distance_is_in_no_reason() -> None:
    """All distances of one closeness give the same text."""
    reasons = {judge([[one("ncii", d)]], outcome=Outcome.HASHED).reason for d in range(9, 24)}
    assert len(reasons) == 1


def test_a_logging_bank_allows_but_is_listed() -> None:
    """A log-only match can be seen in the answer."""
    decision = judge([[one("log")]], outcome=Outcome.HASHED)
    assert (decision.verdict, len(decision.matches)) == (Verdict.ALLOW, 1)


def test_a_negative_bank_clears_the_match_and_both_are_listed() -> None:
    """A veto allows the content and tells which entry cleared which."""
    decision = judge([[one("ncii"), one("harmless", entry=11)]], outcome=Outcome.HASHED)
    assert decision.verdict is Verdict.ALLOW
    assert {m.neighbour.entry for m in decision.matches} == {10, 11}
    assert any("cleared by entry" in m.reason for m in decision.matches)


def test_a_disputed_veto_only_weakens_to_review() -> None:
    """What clears must itself be beyond doubt."""
    found = [[one("ncii"), one("harmless", entry=11, disputed=True)]]
    assert judge(found, outcome=Outcome.HASHED).verdict is Verdict.REVIEW


def test_a_veto_holds_for_its_own_frame_only() -> None:
    """An animation with one harmless frame and one banked frame is blocked."""
    found = [[one("ncii"), one("harmless", entry=11)], [one("ncii", entry=12)]]
    assert judge(found, outcome=Outcome.HASHED).verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [(Outcome.HASHED, "allow"), (Outcome.LOW_QUALITY, "allow"), (Outcome.UNSUPPORTED, "allow"),
     (Outcome.CORRUPT, "review"), (Outcome.TOO_LARGE, "review"), (Outcome.TIMED_OUT, "review")],
)  # fmt: skip
def test_without_a_match_the_outcome_decides(outcome: Outcome, verdict: str) -> None:
    """What a viewer might still show goes to a person; each outcome says why."""
    decision = judge([], outcome=outcome)
    assert decision.verdict is Verdict(verdict)
    assert decision.reason


def test_long_lists_are_cut_but_keep_the_strongest() -> None:
    """A decision lists at most 100 matches, says so, and the block is among them."""
    many = [one("log", 1, entry=n) for n in range(MAX_MATCHES + 1)]
    decision = judge([[*many, one("ncii", 31, entry=999)]], outcome=Outcome.HASHED)
    assert (len(decision.matches), decision.capped, decision.verdict) == (MAX_MATCHES, True, Verdict.BLOCK)
    assert decision.matches[0].neighbour.entry == 999


@given(founds, outcomes, near, st.data())
def test_a_negative_neighbour_never_strengthens(
    found: list[list[Neighbour]], outcome: Outcome, extra: Neighbour, data: st.DataObject
) -> None:
    """More false-positive relief never leads to a stricter verdict."""
    veto = Neighbour(BY_NAME["harmless"], extra.entry, extra.distance_bits, extra.disputed)
    at = data.draw(st.integers(0, len(found) - 1))
    more = [[*near, veto] if n == at else near for n, near in enumerate(found)]
    before, after = judge(found, outcome=outcome), judge(more, outcome=outcome)
    assert STRENGTH.index(after.verdict) <= STRENGTH.index(before.verdict)


@given(founds, outcomes, near, st.sampled_from(["ncii", "ask", "log"]), st.data())
def test_a_positive_neighbour_never_weakens(
    found: list[list[Neighbour]], outcome: Outcome, extra: Neighbour, name: str, data: st.DataObject
) -> None:
    """One more entry in a bank never leads to a milder verdict."""
    match = Neighbour(BY_NAME[name], extra.entry, extra.distance_bits, extra.disputed)
    at = data.draw(st.integers(0, len(found) - 1))
    more = [[*near, match] if n == at else near for n, near in enumerate(found)]
    before, after = judge(found, outcome=outcome), judge(more, outcome=outcome)
    assert STRENGTH.index(after.verdict) >= STRENGTH.index(before.verdict)


@given(founds, outcomes)
def test_disputed_entries_never_block(found: list[list[Neighbour]], outcome: Outcome) -> None:
    """A disputed entry asks for a person at most."""
    disputed = [[Neighbour(n.bank, n.entry, n.distance_bits, disputed=True) for n in near] for near in found]
    assert judge(disputed, outcome=outcome).verdict is not Verdict.BLOCK


@given(founds, outcomes, st.randoms(use_true_random=False))
def test_the_order_of_neighbours_does_not_matter(
    found: list[list[Neighbour]], outcome: Outcome, shuffler: random.Random
) -> None:
    """Verdict and reason are the same however the index lists its hits."""
    # One neighbour an entry, as the index gives them.
    found = [list({n.entry: n for n in near}.values()) for near in found]
    shuffled = [shuffler.sample(near, len(near)) for near in found]
    assert judge(shuffled, outcome=outcome) == judge(found, outcome=outcome)


@pytest.mark.parametrize(
    ("bank_name", "at_most", "verdict"),
    [
        ("ncii", Action.REVIEW, Verdict.REVIEW),
        ("ncii", Action.LOG, Verdict.ALLOW),
        ("ncii", Action.BLOCK, Verdict.BLOCK),
        ("ask", Action.BLOCK, Verdict.REVIEW),
        ("log", Action.REVIEW, Verdict.ALLOW),
    ],
)
def test_what_nobody_here_confirmed_asks_for_no_more_than_agreed(
    bank_name: str, at_most: Action, verdict: Verdict
) -> None:
    """A partner's entry is capped by what was agreed, and never asks for more than its bank does."""
    decision = judge([[one(bank_name, at_most=at_most)]], outcome=Outcome.HASHED)
    assert decision.verdict is verdict
    assert ("confirmed" in decision.reason) is (bank_name == "ncii" and at_most is not Action.BLOCK)


@pytest.mark.parametrize(
    ("seconds", "share", "firm", "verdict"),
    [
        (3.0, 0.01, True, Verdict.BLOCK),
        (1.0, 0.5, True, Verdict.BLOCK),
        (2.9, 0.49, True, Verdict.REVIEW),
        (60.0, 1.0, False, Verdict.REVIEW),
    ],
)
def test_enough_of_a_video_blocks(seconds: float, share: float, firm: bool, verdict: Verdict) -> None:  # noqa: FBT001
    """So many seconds or such a share of the banked video, by frames that are near enough; else a person decides."""
    segment = Segment(
        start_ms=61_000, end_ms=64_000, banked_start_ms=0, banked_end_ms=3000, speed=1.0, seconds=seconds, share=share,
        firm=firm,
    )  # fmt: skip
    found = Neighbour(BY_NAME["ncii"], EntryId(1), 4, segment=segment)
    decision = judge([[found]], outcome=Outcome.HASHED)
    assert decision.verdict is verdict
    assert "from 1:01 on it shows" in decision.reason
    logged = judge([[Neighbour(BY_NAME["log"], EntryId(1), 4, segment=segment)]], outcome=Outcome.HASHED)
    assert logged.verdict is Verdict.ALLOW
