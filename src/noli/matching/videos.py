# SPDX-License-Identifier: Apache-2.0
"""What an upload shows of one banked video: from near frames to a segment, or to nothing.

A bank's index says which videos have frames near the upload's. Each of them is then looked at by itself, frame by frame
and farther out than the bank's threshold: what is farther only lengthens a segment, it decides nothing.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from statistics import fmean

from noli.hashing.ports import Span
from noli.matching.alignment import MIN_FRAMES, Pair, Run, lengthened, runs, seen_ms, step_of
from noli.matching.model import Segment
from noli.matching.ports import HammingIndex

#: Bits beyond a bank's threshold up to which frames of one video may lengthen a segment, and the largest distance.
BEYOND_BITS = 14
_FARTHEST_BITS = 63

#: Banked frames near one query that are looked at.
_MOST_NEAR = 200

#: A segment counts for the bank's action where its frames are, on average, within this share of the threshold. Other
#: takes of one scene, by one person in one room, come to nine tenths of it at best; copies mostly to a half and less.
FIRM_SHARE = 0.75

#: Frames farther out than that count for a person only where they follow the banked ones at their own speed, as far as
#: this: a line through frames of another take can be tilted to meet some of them, and those that meet most are.
OWN_SPEED = 0.1

#: A frame without a segment counts, for a person to look at, where it is within this share of the threshold. Other
#: takes have frames at a third of it (a person who stands still before she begins).
ALIKE_SHARE = 0.25

# Agreeing regions from which on more say nothing about the time, and how many frames must have on average whose line is
# not at the original's speed: those of a room that stands still lie on some line.
_MOST_VOTES = 45
_MANY_VOTES = 16

# From this length on a banked video has as many frames with regions as make an order.
_ORDERED_MS = 1000

#: A banked video as it is looked at: when a hash is shown, and its value.
Timed = tuple[int, bytes]

#: Frames whose regions agree: time in the upload, time in the banked video, and how many do.
Seen = tuple[int, int, int]


def places_around(times_ms: Sequence[int], near: Collection[int], *, end_ms: int) -> list[Span]:
    """Tell which places of a video are worth a closer look.

    Args:
        times_ms: Times of the frames that a glance saw, in order.
        near: Positions of those that something is near.
        end_ms: Where the video ends.

    Returns:
        From the frame before each of those to the one after it.
    """
    ends = [0, *times_ms, end_ms]
    return [(ends[at], ends[at + 2]) for at in sorted(near)]


def compared(
    upload: Sequence[tuple[int, Sequence[bytes]]],
    banked: Sequence[Timed],
    *,
    threshold_bits: int,
    new_index: Callable[[], HammingIndex],
) -> Segment | None:
    """Compare an upload with one banked video.

    Args:
        upload: Time of each frame and the forms in which it is looked for.
        banked: Times and hashes of the banked video.
        threshold_bits: The bank's.
        new_index: Makes an empty index.

    Returns:
        What it shows of the banked video; None where that is nothing.
    """
    pairs = _pairs(upload, banked, min(_FARTHEST_BITS, threshold_bits + BEYOND_BITS), new_index)
    strict = [pair for pair in pairs if pair.distance_bits <= threshold_bits]
    if not strict:
        return None
    nearest = min(strict, key=lambda pair: pair.distance_bits)
    upload_ms, banked_ms = [at for at, _ in upload], [at for at, _ in banked]
    firm_bits = FIRM_SHARE * threshold_bits
    found = [run for run in runs(pairs) if _away(run) <= firm_bits or _is_own_speed(run)]
    on_line = {p.at_ms for run in found for p in run.pairs if p.distance_bits <= threshold_bits}
    if len(on_line) >= MIN_FRAMES:
        return _segment(found, upload_ms, banked_ms, firm=_away(found[0]) <= firm_bits)
    # A video of one or two frames cannot say more than that these are there.
    few = min(len(set(upload_ms)), len(set(banked_ms))) < MIN_FRAMES
    if few or nearest.distance_bits <= ALIKE_SHARE * threshold_bits:
        alone = [Run((pair,), 1.0) for pair in ([nearest] if not few else strict)]
        return _segment(alone, upload_ms, banked_ms, firm=few)
    return None


def placed(
    upload_ms: Sequence[int], banked: Sequence[Timed], seen: Iterable[Seen], hints: Iterable[Seen]
) -> Segment | None:
    """Tell which part of a banked video an upload shows where only regions say so.

    Args:
        upload_ms: Times of the frames whose regions were looked for.
        banked: Times and hashes of the banked video.
        seen: Frames that agree.
        hints: Frames that agree less than a match takes: they lengthen a part, and make none.

    Returns:
        The part; None where too few frames lie on one line. It is never firm.
    """
    found = [run for run in runs(map(_pair, seen)) if _is_own_speed(run) or _away(run) <= _MOST_VOTES - _MANY_VOTES]
    if not found:
        return None
    longest = lengthened(found[0], map(_pair, hints))
    return _segment([longest, *found[1:]], upload_ms, [at for at, _ in banked], firm=False)


def can_be_placed(upload_ms: Sequence[int], banked: Sequence[Timed]) -> bool:
    """Tell whether so many frames were looked at, and the banked video is so long, that a copy could show an order."""
    times = [at for at, _ in banked]
    return len(upload_ms) >= MIN_FRAMES and max(times) - min(times) >= _ORDERED_MS


def _pair(seen: Seen) -> Pair:
    """Of frames that are alike, those with most regions in common are at the same time."""
    at_ms, banked_ms, votes = seen
    return Pair(at_ms, banked_ms, max(0, _MOST_VOTES - votes))


def _is_own_speed(run: Run) -> bool:
    return abs(run.speed - 1) <= OWN_SPEED


def _away(run: Run) -> float:
    return fmean(pair.distance_bits for pair in run.pairs)


def _pairs(
    upload: Sequence[tuple[int, Sequence[bytes]]],
    banked: Sequence[Timed],
    limit_bits: int,
    new_index: Callable[[], HammingIndex],
) -> list[Pair]:
    index = new_index()
    index.append(b"".join(value for _, value in banked), b"".join(at.to_bytes(8, sys.byteorder) for at, _ in banked))
    queries = [(at, value) for at, forms in upload for value in forms]
    raw = index.search_batch(b"".join(value for _, value in queries), limit_bits, _MOST_NEAR)
    positions, times = memoryview(raw[0]).cast("I"), memoryview(raw[1]).cast("Q")
    found = zip(positions, times, raw[2], strict=True)
    return [Pair(queries[position][0], at, distance) for position, at, distance in found]


def _segment(found: Sequence[Run], upload_ms: Sequence[int], banked_ms: Sequence[int], *, firm: bool) -> Segment:
    """Say what runs show; the first one's place is the segment's."""
    longest = found[0]
    start, end = longest.pairs[0].at_ms, longest.pairs[-1].at_ms
    # Elsewhere it may have been looked at less closely.
    around_it = [at for at in upload_ms if start <= at <= end]
    half = round(step_of(around_it if len(around_it) > 1 else upload_ms) / 2)
    banked_half = round(step_of(banked_ms) / 2)
    # What is shown between two moments lies, on average, half in and half out.
    around = max(half, round(banked_half / longest.speed))
    shown = [pair.banked_ms for pair in longest.pairs]
    banked_around = round(around * longest.speed)
    last = max(banked_ms) + 2 * banked_half
    length = seen_ms(banked_ms, step_ms=2 * banked_half)
    seen = min(length, seen_ms((p.banked_ms for run in found for p in run.pairs), step_ms=2 * banked_half))
    return Segment(
        start_ms=max(0, start - around),
        end_ms=min(max(upload_ms) + 2 * half, end + around),
        banked_start_ms=max(0, min(shown) - banked_around),
        banked_end_ms=min(last, max(shown) + banked_around),
        speed=round(longest.speed, 2),
        seconds=round(seen / 1000, 1),
        share=round(seen / length, 2),
        firm=firm,
    )
