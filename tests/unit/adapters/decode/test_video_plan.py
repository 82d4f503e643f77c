# SPDX-License-Identifier: Apache-2.0
"""What of a video is worth decoding."""

from collections.abc import Sequence

from noli.adapters.decode.video_plan import Plan, Shape, plan_of

#: Bytes of key frames and of the others.
KEY, OTHER = 50_000, 2_000


def shape(seconds: int, keys_ms: Sequence[int], cuts_ms: Sequence[int] = (), *, rate: int = 10) -> Shape:
    """A video of so many frames a second; frames that begin a new shot are nearly as large as key frames."""
    made = Shape()
    for at_ms in range(0, 1000 * seconds, 1000 // rate):
        size = KEY if at_ms in {*keys_ms, *cuts_ms} else OTHER
        made.note(at_ms, 1000 // rate, size, is_key=at_ms in keys_ms)
    return made


def decoded(of: Shape, plan: Plan, *, rate: int = 10) -> tuple[list[int], list[int]]:
    """Frames that the decoder gets, and those of them that are wanted, in milliseconds."""
    given, wanted = [], []
    for at_ms in range(0, of.duration_ms, 1000 // rate):
        if plan.skipped(at_ms, at_ms, is_key=at_ms in of.keys) is not None:
            given.append(at_ms)
            wanted.extend([at_ms] if plan.wants(at_ms) else [])
    return given, wanted


def test_a_glance_takes_no_more_key_frames_than_show_every_two_seconds() -> None:
    """Of dense key frames some are left out, of sparse ones none, and nothing else is decoded."""
    for keys_ms, taken in (
        (range(0, 60_000, 500), list(range(0, 60_000, 2000))),
        (range(0, 60_000, 1200), list(range(0, 60_000, 1200))),
        (range(0, 60_000, 10_000), list(range(0, 60_000, 10_000))),
    ):
        video = shape(60, keys_ms)
        plan = plan_of(video, glance=True)
        given, wanted = decoded(video, plan)
        assert given == wanted == taken
        assert all(map(plan.alone, wanted))


def test_a_glance_sees_the_first_frame_of_each_shot_between_distant_key_frames() -> None:
    """Up to a cut all is decoded, and of that only the cut is taken; near the next key frame there is no need."""
    video = shape(40, range(0, 40_000, 10_000), [13_000, 16_500, 29_500])
    given, wanted = decoded(video, plan_of(video, glance=True))
    assert wanted == [0, 10_000, 13_000, 16_500, 20_000, 30_000]
    assert given == [0, *range(10_000, 16_501, 100), 20_000, 30_000]


def test_what_moves_all_the_time_has_no_cuts() -> None:
    """A frame is a cut only where it stands out among those before it."""
    moving = Shape()
    for number in range(300):
        moving.note(100 * number, 100, KEY if number % 100 == 0 else KEY // 2, is_key=number % 100 == 0)
    assert not moving.cuts
    assert list(shape(10, [0], [5_000, 5_500]).cuts) == [5_000]


def test_a_glance_decodes_all_between_key_frames_that_lie_too_far_apart() -> None:
    """A long time without a key frame could hide anything."""
    video = shape(40, [0, 10_000, 25_000])
    given, wanted = decoded(video, plan_of(video, glance=True))
    assert given == wanted == [0, *range(10_000, 40_000, 100)]


def test_a_closer_look_takes_the_places_that_are_worth_it() -> None:
    """All between distant key frames, key frames alone where they are dense, and nothing of other places."""
    video = shape(60, [*range(0, 20_000, 1000), *range(20_000, 60_000, 10_000)])
    plan = plan_of(video, spans=[(5_000, 8_000), (20_000, 25_000)])
    given, wanted = decoded(video, plan)
    assert given == wanted == [5_000, 6_000, 7_000, 8_000, *range(20_000, 30_000, 100)]
    assert plan.alone(6_000)
    assert not plan.alone(20_000)
    everywhere, _ = decoded(video, plan_of(video))
    assert everywhere == [*range(0, 20_000, 1000), *range(20_000, 60_000, 100)]


def test_what_nothing_is_known_of_is_decoded() -> None:
    """Without key frames, or without the time of each frame, nothing can be left out."""
    untimed = shape(60, range(0, 60_000, 1000))
    untimed.timed = False
    for video in (shape(60, []), untimed):
        given, wanted = decoded(video, plan_of(video, glance=True))
        assert given == wanted == list(range(0, 60_000, 100))
