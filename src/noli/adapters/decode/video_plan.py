# SPDX-License-Identifier: Apache-2.0
"""What of a video is worth decoding, from what its packets say undecoded: pure rules over times and sizes.

A key frame is decoded by itself; every other frame takes all since the key frame before it. So the price of a frame is
where it lies. Two rules follow. A *glance* looks at key frames alone, at no more of them than it takes to see every two
seconds, and between key frames that lie far apart at the first frame of each new shot: who puts a video together cuts
it, and a cut is a frame that takes many bytes. A *closer look* takes every second of the places that are worth it.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Final, Literal, Self

from noli.hashing.model import MAX_TIME_MS

#: Key frames this close together stand for the seconds between them, in milliseconds.
DENSE_MS: Final = 1250

#: The same in a glance: of parts that last longer, at least one frame is seen where key frames lie so close.
GLANCE_MS: Final = 2000

#: Key frames farther apart than this do not tell what is between: 250 frames, x264's widest gap, at twenty a second.
LONG_MS: Final = 12_500

#: Key frames that are kept lie so far apart at least: a file of nothing else has too many.
_KEPT_MS: Final = 240

#: Shots shorter than this are not looked at for themselves.
_SHOT_MS: Final = 1000

#: A frame begins a new shot where it has at least this share of its key frame's bytes, and so many times those of each
#: of the frames before it.
_CUT_SHARE: Final = 0.25
_CUT_TIMES: Final = 2
_BEFORE: Final = 15

_ALL: Final = MAX_TIME_MS + 1

#: Frames that a decoder leaves out, as ffmpeg calls them.
Skipped = Literal["DEFAULT", "BIDIR", "NONKEY"]


class Shape:
    """What a walk through the packets finds out.

    Attributes:
        duration_ms: How long the video is.
        keys: Times of its key frames, those left out that follow another at once.
        cuts: Times of the frames between them that begin a new shot.
        timed: Whether every packet says when it is shown; else nothing can be left out.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.duration_ms = 0
        self.keys = array("q")
        self.cuts = array("q")
        self.timed = True
        self._key_bytes = 0
        self._before: deque[int] = deque(maxlen=_BEFORE)

    def note(self, at_ms: int, length_ms: int, size: int, *, is_key: bool) -> None:
        """Note one packet, in the order of the file.

        Args:
            at_ms: When it is shown.
            length_ms: For how long.
            size: Bytes.
            is_key: Whether it is a key frame.
        """
        self.duration_ms = min(MAX_TIME_MS, max(self.duration_ms, at_ms + length_ms))
        if is_key:
            if not self.keys or at_ms - self.keys[-1] >= _KEPT_MS:
                self.keys.append(at_ms)
                self._key_bytes = size
            return
        enough = max(_CUT_SHARE * self._key_bytes, _CUT_TIMES * max(self._before, default=0))
        if len(self._before) == _BEFORE and size >= enough and (not self.cuts or at_ms - self.cuts[-1] >= _SHOT_MS):
            self.cuts.append(at_ms)
        self._before.append(size)


class Plan:
    """What to hand the decoder, and which of the frames it makes are wanted. Follows the packets in their order."""

    def __init__(self, keys: Sequence[int], until: Sequence[int], picks: frozenset[int]) -> None:
        """Keep a plan.

        Args:
            keys: Times of key frames; none where everything is decoded.
            until: How far to decode from each: before its own time not at all, to it the key frame by itself.
            picks: Times of frames that are wanted though what is around them is not decoded.
        """
        self._keys, self._until, self._picks = keys, until, picks
        self._at = 0

    @classmethod
    def everything(cls) -> Self:
        """Decode all there is."""
        return cls((), (), frozenset())

    @property
    def is_partial(self) -> bool:
        """Whether anything may be left out."""
        return bool(self._keys)

    def skipped(self, at_ms: int | None, decoded_ms: int | None, *, is_key: bool) -> Skipped | None:
        """Tell what the decoder may leave out from a packet on; None where it is not to have the packet.

        Args:
            at_ms: When the packet is shown.
            decoded_ms: When it is decoded, never later than that.
            is_key: Whether it is a key frame.
        """
        if not self.is_partial:
            return "DEFAULT"
        if is_key and at_ms is not None:
            self._at = max(0, bisect_right(self._keys, at_ms) - 1)
        key, until = self._keys[self._at], self._until[self._at]
        if until >= _ALL:
            return "DEFAULT"
        if until <= key:
            return "NONKEY" if until == key == at_ms and is_key else None
        return "BIDIR" if decoded_ms is None or decoded_ms <= until else None

    def wants(self, at_ms: int) -> bool:
        """Tell whether the frame of this time is wanted at all."""
        if not self.is_partial or at_ms in self._picks:
            return True
        return self._until[max(0, bisect_right(self._keys, at_ms) - 1)] >= _ALL

    def alone(self, at_ms: int) -> bool:
        """Tell whether the frame of this time is wanted whatever moment it stands for."""
        return at_ms in self._picks


def plan_of(shape: Shape, *, glance: bool = False, spans: Sequence[tuple[int, int]] = ()) -> Plan:
    """Plan how a video is read.

    Args:
        shape: What its packets say.
        glance: Whether to look only for where a closer look is worth it.
        spans: The places to look at, from and to in milliseconds; none for all of it.
    """
    if not shape.timed:
        return Plan.everything()
    reach_ms, widest_ms = (GLANCE_MS, LONG_MS) if glance else (DENSE_MS, DENSE_MS)
    until, picks, last_ms = array("q"), set[int](), -_ALL
    for number, key in enumerate(shape.keys):
        end = shape.keys[number + 1] if number + 1 < len(shape.keys) else shape.duration_ms
        if spans and not any(start < end and key <= stop for start, stop in spans):
            until.append(key - 1)
        elif end - key > widest_ms:
            until.append(_ALL)
            last_ms = end
        elif end - last_ms > reach_ms:
            shots = _shots(shape, key, end) if glance else []
            picks.update((key, *shots))
            last_ms = shots[-1] if shots else key
            until.append(last_ms)
        else:
            until.append(key - 1)
    return Plan(shape.keys, until, frozenset(picks))


def _shots(shape: Shape, key: int, end: int) -> list[int]:
    """List where new shots begin between two key frames, where they lie far apart."""
    if end - key <= GLANCE_MS:
        return []
    first, last = bisect_right(shape.cuts, key), bisect_left(shape.cuts, end - _SHOT_MS)
    return list(shape.cuts[first:last])
