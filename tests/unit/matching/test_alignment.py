# SPDX-License-Identifier: Apache-2.0
"""Lines through pairs of near frames."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.matching.alignment import MIN_FRAMES, Pair, lengthened, runs, seen_ms, step_of


def line(count: int, *, speed: float = 1.0, start_ms: int = 0, banked_ms: int = 0, step_ms: int = 1000) -> list[Pair]:
    """Pairs of a copy, exactly in order."""
    return [Pair(start_ms + n * step_ms, banked_ms + round(n * step_ms * speed), 6) for n in range(count)]


def chance(count: int, *, seed: int = 1, length_ms: int = 600_000) -> list[Pair]:
    """Pairs without order."""
    lot = random.Random(seed)
    return [Pair(lot.randrange(length_ms), lot.randrange(length_ms), lot.randrange(10, 46)) for _ in range(count)]


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 1.15, 1.25, 2.0])
def test_a_copy_is_found_among_accidents(speed: float) -> None:
    """At any speed from half to double, offset and speed of twenty seconds in ten minutes are found."""
    copy = line(20, speed=speed, start_ms=200_000, banked_ms=30_000)
    found = runs([*copy, *chance(40)])[0]
    assert {pair.at_ms for pair in copy} <= {pair.at_ms for pair in found.pairs}
    assert found.speed == pytest.approx(speed, abs=0.04)


@given(st.integers(0, 2**32), st.integers(0, 12))
def test_accidents_make_no_long_run(seed: int, count: int) -> None:
    """A dozen pairs without order in ten minutes hardly ever lie on a line, and never long."""
    assert all(len(run.pairs) < MIN_FRAMES + 3 for run in runs(chance(count, seed=seed)))


def test_two_pairs_are_no_run() -> None:
    """Nor is one frame that stands still, nor nothing."""
    assert runs([]) == []
    assert runs(line(2)) == []
    assert runs([Pair(1000 * n, 5000, 3) for n in range(10)]) == []
    assert runs([Pair(100 * n, 5000, 3) for n in range(10)]) == []


def test_a_pair_seen_twice_counts_once_and_stragglers_drop_out() -> None:
    """The nearer of two distances is kept; a pair far from the middle of its line is not on it."""
    twice = [*line(3), *(Pair(pair.at_ms, pair.banked_ms, 40) for pair in line(3))]
    assert [pair.distance_bits for pair in runs(twice)[0].pairs] == [6, 6, 6]
    assert len(runs([Pair(0, 0, 6), Pair(1000, 1100, 6), Pair(2000, 2950, 6)])) <= 1


def test_no_more_parts_than_anybody_reads() -> None:
    """A video that was cut in a dozen pieces and shuffled gives the eight longest."""
    pieces = [line(4, start_ms=20_000 * n, banked_ms=20_000 * (11 - n)) for n in range(12)]
    assert len(runs([pair for piece in pieces for pair in piece])) == 8


def test_parts_put_together_anew_are_found_each() -> None:
    """A video cut in three with the last third first gives three runs, the longest first."""
    parts = [
        *line(10, start_ms=0, banked_ms=20_000),
        *line(12, start_ms=10_000, banked_ms=8000),
        *line(8, start_ms=22_000, banked_ms=0),
    ]
    found = runs(parts)
    assert [len(run.pairs) for run in found] == sorted((len(run.pairs) for run in found), reverse=True)
    assert sum(len(run.pairs) for run in found) == 30
    assert len(found) == 3


def test_a_gap_ends_a_run() -> None:
    """What comes a minute later at the same offset is a part of its own."""
    found = runs([*line(6), *line(5, start_ms=60_000, banked_ms=60_000)])
    assert [len(run.pairs) for run in found] == [6, 5]


def test_a_run_is_lengthened_along_its_line() -> None:
    """Pairs that make no run by themselves carry one on, up to a gap; those beside the line and taken frames do not."""
    [run] = runs(line(4, start_ms=4000, banked_ms=9000))
    more = [*line(3, start_ms=1000, banked_ms=6000), Pair(5000, 10_100, 40), Pair(9000, 20_000, 40)]
    later = line(3, start_ms=40_000, banked_ms=45_000)
    longer = lengthened(run, [*more, *later])
    assert [pair.at_ms for pair in longer.pairs] == [1000, 2000, 3000, 4000, 5000, 6000, 7000]
    assert {pair.banked_ms - pair.at_ms for pair in longer.pairs} == {5000}
    assert (longer.speed, lengthened(run, [])) == (run.speed, run)


def test_where_nothing_moves_the_distance_tells() -> None:
    """In a scene that stands still all frames are near one another; the nearest ones give the place."""
    still = [Pair(1000 * a, 1000 * b, 2 if b == a + 3 else 9) for a in range(8) for b in range(14)]
    (first, *_) = runs(still)
    assert {pair.banked_ms - pair.at_ms for pair in first.pairs} == {3000}


def test_what_frames_stand_for() -> None:
    """Seconds between frames count where they are few; a frame alone stands for its step."""
    assert seen_ms([], step_ms=1000) == 0
    assert seen_ms([4000], step_ms=1000) == 1000
    assert seen_ms([0, 1000, 2000, 2000], step_ms=1000) == 3000
    assert seen_ms([0, 60_000], step_ms=1000) == 2000
    assert (step_of([5]), step_of([0, 250, 500]), step_of([0, 9000])) == (1000, 250, 2500)
