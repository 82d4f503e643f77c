# SPDX-License-Identifier: Apache-2.0
"""What an upload shows of one banked video."""

from noli.matching.model import Segment
from noli.matching.videos import compared, places_around
from tests.support.bits import flipped, some_hash
from tests.support.index import BruteForceIndex

BANKED = [(1000 * n, some_hash(n)) for n in range(10)]


def test_far_frames_show_nothing() -> None:
    """Frames beyond the threshold lengthen a segment, but make none."""
    far = [(at, (flipped(value, 36),)) for at, value in BANKED]
    assert compared(far, BANKED, threshold_bits=31, new_index=BruteForceIndex) is None
    near = [(at, (flipped(value, 4 if n < 4 else 36),)) for n, (at, value) in enumerate(BANKED)]
    segment = compared(near, BANKED, threshold_bits=31, new_index=BruteForceIndex)
    assert segment is not None
    assert segment.share == 1


def test_frames_that_resemble_must_follow_at_their_own_speed() -> None:
    """Far frames in order are for a person at the original's speed; a tilted line through them is another take's."""

    def shown(step_ms: int) -> Segment | None:
        take = [(step_ms * n, (flipped(value, 28),)) for n, (_, value) in enumerate(BANKED)]
        return compared(take, BANKED, threshold_bits=31, new_index=BruteForceIndex)

    segment = shown(1000)
    assert segment is not None
    assert not segment.firm
    assert shown(1500) is None


def test_one_frame_counts_where_it_is_nearly_the_same() -> None:
    """A glimpse of a banked video is for a person to look at; a frame that resembles one of it is not."""
    others = [(1000 * n, (some_hash(60 + n),)) for n in range(5)]
    for bits, is_seen in ((7, True), (10, False)):
        glimpse = [*others, (5000, (flipped(BANKED[4][1], bits),))]
        segment = compared(glimpse, BANKED, threshold_bits=31, new_index=BruteForceIndex)
        assert (segment is not None) == is_seen


def test_a_video_of_one_frame_is_all_there() -> None:
    """Where a banked video has a single frame that says enough, an upload that shows it shows all of it."""
    segment = compared(
        [(0, (some_hash(50),)), (1000, (flipped(BANKED[0][1], 20),))],
        BANKED[:1],
        threshold_bits=31,
        new_index=BruteForceIndex,
    )
    assert segment is not None
    assert (segment.firm, segment.share) == (True, 1.0)


def test_a_closer_look_goes_to_the_frames_around_what_is_near() -> None:
    """A part may begin right after the frame before and end right before the frame after."""
    times_ms = [10_000, 20_000, 30_000, 40_000]
    assert places_around(times_ms, {0, 2}, end_ms=50_000) == [(0, 20_000), (20_000, 40_000)]
    assert places_around(times_ms, {3}, end_ms=50_000) == [(30_000, 50_000)]
    assert places_around(times_ms, set(), end_ms=50_000) == []


def test_a_place_is_as_exact_as_the_look_at_it() -> None:
    """Where most of an upload was glanced at, the part that was looked at closely has its place to half a second."""
    glanced = [(1000 * at, (some_hash(200 + at),)) for at in range(20, 220, 10)]
    upload = [*((2000 + at, (flipped(value, 4),)) for at, value in BANKED), *glanced]
    segment = compared(upload, BANKED, threshold_bits=31, new_index=BruteForceIndex)
    assert segment is not None
    assert (segment.start_ms, segment.end_ms) == (1500, 11_500)
