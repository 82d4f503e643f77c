# SPDX-License-Identifier: Apache-2.0
"""Where two videos show the same: from frames that are near each other to segments of both.

Single frames of two videos that are near say little: other takes of one scene have such frames, too. What a copy has
and another take has not is *order*: its frames follow the original's, at one offset and one speed. So each near pair
of frames votes for offset and speed; the line through most of them is taken, and what lies on it without a long gap is
a segment. What remains votes again, so that a video that was cut and put together anew is found in its parts.

Pure functions over times in milliseconds; where the pairs come from is for ``videos`` to say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

#: Speeds of a copy that are tried, the original's first; between them the line is fitted.
SPEEDS = (1.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0)

#: Offsets are counted in steps of this many milliseconds.
BIN_MS = 500

#: How far from the line a pair may lie, in milliseconds: less than the second between frames.
TOLERANCE_MS = 750

#: Longest time without a pair inside one segment, in milliseconds.
GAP_MS = 5_000

#: Longest time between two pairs that counts as seen, in milliseconds: two seconds between frames, and some slack.
SEEN_MS = 2_500

#: Segments of two videos at most, and frames that one of them has at least.
MAX_SEGMENTS = 8
MIN_FRAMES = 3

#: Lines that are fitted before the best is taken, and banked frames that one frame of the upload may vote for.
_TRIED = 12
_VOTES = 16

#: Distance from which a pair says hardly anything, in bits.
_FAR_BITS = 48

#: Votes by which another speed has to beat the original's, to be tried and when fitted, and how far from it a fitted
#: line counts as the original's.
_FAVOUR = 1.1
_SLIGHT_FAVOUR = 1.03
_OWN_SPEED = 0.05

#: Pairs from which a speed is fitted, and its limits.
_FITTED = 6
_SLOWEST, _FASTEST = 0.45, 2.2


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of an upload and a frame of a banked video that are near each other.

    Attributes:
        at_ms: Time in the upload.
        banked_ms: Time in the banked video.
        distance_bits: Between their hashes.
    """

    at_ms: int
    banked_ms: int
    distance_bits: int


@dataclass(frozen=True, slots=True)
class Run:
    """Pairs on one line: a part that both videos show.

    Attributes:
        pairs: In the order of the upload; each frame of it is in one.
        speed: Seconds of the banked video that pass in one of the upload.
    """

    pairs: tuple[Pair, ...]
    speed: float


def runs(pairs: Iterable[Pair]) -> list[Run]:
    """Find the parts that two videos share.

    Args:
        pairs: Frames that are near each other, in any order.

    Returns:
        The parts, the one with most frames first, ``MIN_FRAMES`` in each; none where no line has as many.
    """
    left = _nearest(pairs)
    found: list[Run] = []
    while len(found) < MAX_SEGMENTS:
        best = _best(left)
        if best is None:
            break
        found.append(best)
        taken = {pair.at_ms for pair in best.pairs}
        left = [pair for pair in left if pair.at_ms not in taken]
    return sorted(found, key=lambda run: -len(run.pairs))


def lengthened(run: Run, pairs: Iterable[Pair]) -> Run:
    """Add to a run what lies on its line, without a long gap, of pairs that say too little to make one."""
    offset_ms = median(pair.banked_ms - run.speed * pair.at_ms for pair in run.pairs)
    taken = {pair.at_ms for pair in run.pairs}
    more = [pair for pair in _on_line(list(pairs), run.speed, offset_ms) if pair.at_ms not in taken]
    ordered = sorted([*run.pairs, *more], key=lambda pair: pair.at_ms)
    stretches = _stretches(ordered)
    return Run(next(tuple(stretch) for stretch in stretches if run.pairs[0] in stretch), run.speed)


def seen_ms(times_ms: Iterable[int], *, step_ms: float) -> float:
    """Add up how much of a video frames at these times stand for.

    Args:
        times_ms: When frames were matched.
        step_ms: What one frame stands for by itself.
    """
    ordered = sorted(set(times_ms))
    between = sum(gap if (gap := after - before) <= SEEN_MS else step_ms for before, after in pairwise(ordered))
    return between + step_ms if ordered else 0.0


def step_of(times_ms: Sequence[int]) -> float:
    """Tell how far apart frames usually lie, in milliseconds; a second where there is one frame alone."""
    ordered = sorted(set(times_ms))
    return (
        min(float(SEEN_MS), median(after - before for before, after in pairwise(ordered)))
        if len(ordered) > 1
        else 1000.0
    )


def _nearest(pairs: Iterable[Pair]) -> list[Pair]:
    """Keep the nearest pair of each two frames, and of each frame of the upload the nearest few."""
    kept: dict[int, dict[int, Pair]] = defaultdict(dict)
    for pair in pairs:
        known = kept[pair.at_ms].get(pair.banked_ms)
        if known is None or pair.distance_bits < known.distance_bits:
            kept[pair.at_ms][pair.banked_ms] = pair
    return [
        pair
        for _, near in sorted(kept.items())
        for pair in sorted(near.values(), key=lambda pair: (pair.distance_bits, pair.banked_ms))[:_VOTES]
    ]


def _best(pairs: Sequence[Pair]) -> Run | None:
    """Return the run that most and nearest pairs speak for, None where none is long enough."""
    candidates = [run for speed, offset_ms in _lines(pairs) if (run := _run(pairs, speed, offset_ms)) is not None]
    return max(candidates, key=_votes, default=None)


def _votes(run: Run) -> float:
    return sum(map(_weight, run.pairs)) * (_SLIGHT_FAVOUR if abs(run.speed - SPEEDS[0]) <= _OWN_SPEED else 1.0)


def _weight(pair: Pair) -> int:
    """Say how much a pair speaks for its line: in a scene that stands still, only the distance tells times apart."""
    return max(1, _FAR_BITS - pair.distance_bits)


def _lines(pairs: Sequence[Pair]) -> Iterator[tuple[float, float]]:
    """Yield speed and offset of the lines with most votes; a frame of the upload has one vote a line."""
    voters: dict[tuple[float, int], dict[int, int]] = defaultdict(dict)
    for pair in pairs:
        weight = _weight(pair)
        for speed in SPEEDS:
            some = voters[speed, int((pair.banked_ms - speed * pair.at_ms) // BIN_MS)]
            some[pair.at_ms] = max(weight, some.get(pair.at_ms, 0))
    counted = []
    for (speed, step), some in voters.items():
        following = voters.get((speed, step + 1), {})
        if len(some.keys() | following.keys()) >= MIN_FRAMES:
            more = sum(weight for at_ms, weight in following.items() if at_ms not in some)
            votes = sum(some.values()) + more
            counted.append((votes * (_FAVOUR if speed == SPEEDS[0] else 1.0), speed, step))
    counted.sort(key=lambda each: (-each[0], abs(each[1] - 1), each[2]))
    for _, speed, step in counted[:_TRIED]:
        yield speed, (step + 1) * BIN_MS


def _run(pairs: Sequence[Pair], speed: float, offset_ms: float) -> Run | None:
    """Collect the pairs on a line, fit it, and keep the longest stretch without a gap."""
    on_line = _on_line(pairs, speed, offset_ms)
    for _ in range(2):
        if len(on_line) < MIN_FRAMES:
            return None
        speed, offset_ms = _fitted(on_line, speed)
        on_line = _on_line(pairs, speed, offset_ms)
    longest = max(_stretches(on_line), key=len, default=[])
    if len(longest) < MIN_FRAMES or len({pair.banked_ms for pair in longest}) < MIN_FRAMES:
        return None
    return Run(tuple(longest), speed)


def _stretches(ordered: Iterable[Pair]) -> list[list[Pair]]:
    """Cut at each long gap."""
    cut: list[list[Pair]] = []
    last: Pair | None = None
    for pair in ordered:
        if last is None or pair.at_ms - last.at_ms > GAP_MS or abs(pair.banked_ms - last.banked_ms) > GAP_MS:
            cut.append([])
        cut[-1].append(pair)
        last = pair
    return cut


def _on_line(pairs: Sequence[Pair], speed: float, offset_ms: float) -> list[Pair]:
    """Return of each frame of the upload the pair that is nearest to the line, where one is near enough."""
    nearest: dict[int, tuple[float, Pair]] = {}
    for pair in pairs:
        off = abs(pair.banked_ms - speed * pair.at_ms - offset_ms)
        known = nearest.get(pair.at_ms)
        if off <= TOLERANCE_MS and (known is None or off < known[0]):
            nearest[pair.at_ms] = off, pair
    return [pair for _, pair in nearest.values()]


def _fitted(pairs: Sequence[Pair], speed: float) -> tuple[float, float]:
    """Lay the line through the middle of the pairs; where there are many, turn it, too."""
    if len(pairs) >= _FITTED:
        mid_at, mid_banked = fmean(p.at_ms for p in pairs), fmean(p.banked_ms for p in pairs)
        spread = sum((p.at_ms - mid_at) ** 2 for p in pairs)
        turned = sum((p.at_ms - mid_at) * (p.banked_ms - mid_banked) for p in pairs) / spread
        speed = min(_FASTEST, max(_SLOWEST, turned))
    return speed, median(p.banked_ms - speed * p.at_ms for p in pairs)
