# SPDX-License-Identifier: Apache-2.0
"""Hashes untrusted videos, each in a confined child of its own; the part of ``hashing.ports.MediaHasher`` about videos.

Any number of threads may call ``read``; so many of them work at one time as there are workers, the others wait.
Children are started ahead. Videos have children of their own so that pictures never wait for one.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from noli.adapters.decode.process import ChildDied, ChildTimedOut
from noli.adapters.decode.video_process import VideoChild, in_memory
from noli.adapters.decode.video_wire import MAX_FRAMES, SHORT_MS, Ended
from noli.adapters.decode.wire import MAX_SIDE, Preview
from noli.base.errors import Unavailable
from noli.hashing.model import Frame, Outcome, Reading
from noli.hashing.ports import Closer, Span

#: Share of the time a video has after which no further frame is decoded, so that it can still be answered in order.
_DECODING_SHARE = 0.9

#: Share of the work that a glance counts for where a closer look follows.
_GLANCE_SHARE = 0.5

#: Places of one video that are told apart at most.
_MAX_SPANS = 64

#: Seconds that a preview may take.
_PREVIEW_S = 15.0

_STOPPED = "The decoder stopped on this file ({ending})."
_OUT_OF_TIME = "The video was not read within {seconds:g} seconds."
_TOO_MANY_FRAMES = "The video has more frames than the {limit:,} that are read."


class VideoPool:
    """Hashes untrusted videos in child processes."""

    def __init__(
        self,
        *,
        workers: int = 0,
        timeout_s: float = 300.0,
        memory_mib: int = 1536,
        max_pixels: int = 100_000_000,
    ) -> None:
        """Start nothing yet; the first video starts children.

        Args:
            workers: Videos in work at one time; 0 for one a core.
            timeout_s: Seconds one video may take.
            memory_mib: Address space of one child, in MiB.
            max_pixels: Largest frame decoded, width times height.
        """
        self.workers = workers or os.cpu_count() or 1
        self._timeout_s = timeout_s
        self._settings = json.dumps(
            {"memory_mib": memory_mib, "max_pixels": max_pixels, "seconds": timeout_s * _DECODING_SHARE}
        )
        self._turn = threading.BoundedSemaphore(self.workers)
        self._one_preview = threading.Lock()
        self._lock = threading.Lock()
        self._closed = False
        self._spare: list[VideoChild] = []
        self._working: set[VideoChild] = set()

    def read(
        self,
        file: BinaryIO,
        *,
        thorough: bool = False,
        regions: bool = False,
        every_ms: int | None = None,
        closer: Closer | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Reading:
        """Hash one video.

        Args:
            file: Open, with a descriptor; it is read from its start, whatever its position.
            thorough: Hash what registering takes: all moments and key frames, and regions.
            regions: Find the regions that are looked for, as for checking.
            every_ms: Milliseconds between moments, 0 for every single frame; None for the usual distance.
            closer: Asked which places are worth more than a glance; without it every second is.
            on_progress: Told the share that is done, 0-1, now and then.

        Returns:
            What became of it; bad media is an outcome, never an exception. Frames read before a fault are kept.

        Raises:
            Unavailable: The decoder is closed or cannot be started at all.
        """
        if closer is None:
            return self._read(file, on_progress, thorough=thorough, regions=regions, every_ms=every_ms)
        seen = self._read(file, lambda done: on_progress(done * _GLANCE_SHARE), regions=regions, glance=True)
        duration_ms, places = seen.duration_ms or 0, list[Span]()
        if duration_ms >= SHORT_MS:
            # Where the glance saw nothing that says enough, the rest may.
            places.extend(closer(seen) if seen.frames else [(0, duration_ms)])
        if places:
            rest = self._read(
                file,
                lambda done: on_progress(_GLANCE_SHARE + done * (1 - _GLANCE_SHARE)),
                regions=regions,
                spans=_joined(places),
            )
            seen = _together(seen, rest)
        on_progress(1.0)
        return seen

    def _read(self, file: BinaryIO, on_progress: Callable[[float], None], **wanted: object) -> Reading:
        """Let a child read it once."""
        with self._turn, self._child() as child:
            frames: list[Frame] = []
            try:
                child.give(file.fileno(), **wanted)
                for portion in child.portions(timeout_s=self._timeout_s):
                    frames += portion.frames
                    on_progress(portion.done)
                    if portion.ended is not None:
                        return _with_frames(portion.ended, frames)
                    if len(frames) > MAX_FRAMES:
                        return _part(Outcome.TOO_LARGE, frames, _TOO_MANY_FRAMES.format(limit=MAX_FRAMES))
            except ChildTimedOut:
                return _part(Outcome.TIMED_OUT, frames, _OUT_OF_TIME.format(seconds=self._timeout_s))
            except ChildDied:
                child.signal_end()
                self._check_open()
                return _part(Outcome.CORRUPT, frames, _STOPPED.format(ending=child.ending))
        raise AssertionError  # pragma: no cover - the last portion has ended

    def preview(self, file: BinaryIO, *, share: int, side: int, grey: bool) -> Preview | Outcome:
        """Draw what a video shows at one moment, or say why there is nothing.

        Previews wait for no video that is hashed: somebody sits in front of them. They wait for one another.

        Args:
            file: Open, with a descriptor.
            share: How far into the video, in thousandths.
            side: Longest side, in pixels.
            grey: Whether colours are left out.

        Raises:
            Unavailable: The decoder is closed or cannot be started at all.
        """
        with self._one_preview, self._child() as child:
            try:
                child.give(file.fileno(), share=share, side=min(side, MAX_SIDE), grey=grey)
                return child.preview(timeout_s=_PREVIEW_S)
            except ChildTimedOut:
                return Outcome.TIMED_OUT
            except ChildDied:
                self._check_open()
                return Outcome.CORRUPT

    def protections(self) -> tuple[str, ...]:
        """Name the protections that hold in the children, for ``noli doctor``. Raises Unavailable."""
        with self._turn, self._child() as child, os.fdopen(in_memory(b""), "rb") as nothing:
            try:
                return child.give(nothing.fileno())
            except (ChildDied, ChildTimedOut) as error:
                child.signal_end()
                msg = "The decoding process for videos does not start; run 'noli doctor'."
                raise Unavailable(msg, detail=child.ending) from error

    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that run now."""
        with self._lock:
            return tuple(child.pid for child in (*self._spare, *self._working))

    def close(self) -> None:
        """End the child processes; safe to call twice. Threads that still wait for a video get ``Unavailable``."""
        with self._lock:
            self._closed = True
            spare, self._spare = self._spare, []
            for child in self._working:
                child.signal_end()
        for child in spare:
            child.kill()

    @contextmanager
    def _child(self) -> Iterator[VideoChild]:
        child = self._take()
        try:
            yield child
        finally:
            with self._lock:
                self._working.discard(child)
            child.kill()

    def _take(self) -> VideoChild:
        """Take a child that waits for a video, and see that another will wait for the next one."""
        with self._lock:
            self._check_open()
            self._spare = [child for child in self._spare if child.alive]
            try:
                while len(self._spare) < 2:  # noqa: PLR2004 - this one and the next
                    self._spare.append(VideoChild(self._settings))
            except OSError as error:
                msg = "No decoding process can be started."
                raise Unavailable(msg, detail=str(error)) from error
            child = self._spare.pop(0)
            self._working.add(child)
            return child

    def _check_open(self) -> None:
        if self._closed:
            msg = "The decoder is closed."
            raise Unavailable(msg, retry=False)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join places that touch, and the nearest of those that are too many."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    while len(joined) > _MAX_SPANS:
        at = min(range(1, len(joined)), key=lambda n: joined[n][0] - joined[n - 1][1])
        joined[at - 1 : at + 1] = [(joined[at - 1][0], joined[at][1])]
    return joined


def _together(seen: Reading, rest: Reading) -> Reading:
    """Put a glance and the closer look after it together; where one was not read to its end, neither was the whole."""
    frames = {frame.at_ms: frame for frame in (*seen.frames, *rest.frames)}
    ordered = tuple(frames[at_ms] for at_ms in sorted(frames, key=lambda at_ms: at_ms or 0))
    for each in (seen, rest):
        if each.outcome not in {Outcome.HASHED, Outcome.LOW_QUALITY}:
            return replace(seen, outcome=each.outcome, reason=each.reason, frames=ordered)
    return replace(seen if seen.outcome is Outcome.HASHED else rest, frames=ordered)


def _with_frames(ended: Ended, frames: Sequence[Frame]) -> Reading:
    return Reading(
        ended.outcome,
        tuple(frames),
        ended.reason,
        width=ended.width,
        height=ended.height,
        duration_ms=ended.duration_ms,
    )


def _part(outcome: Outcome, frames: Sequence[Frame], reason: str) -> Reading:
    """Make the reading of a video that was not read to its end."""
    last_ms = max((frame.at_ms or 0 for frame in frames), default=0)
    return Reading(outcome, tuple(frames), reason, duration_ms=last_ms)
