# SPDX-License-Identifier: Apache-2.0
"""A pool of confined child processes that decode and hash pictures; implements ``hashing.ports.MediaHasher``.

Any number of threads may call ``read``; each waits for a free child. A child that dies or hangs is replaced and its
file gets an outcome; the next file meets a fresh child. This process looks at the first 16 bytes of a file and parses
nothing else of it.
"""

import json
import os
import queue
import threading
from types import TracebackType
from typing import Self

from noli.adapters.decode.formats import READ_FORMATS, formats_of
from noli.adapters.decode.process import Child, ChildDied, ChildTimedOut
from noli.adapters.decode.wire import ASK_FOR, LOOK, MAX_SIDE, Ask, Preview, preview_from_json, reading_from_json
from noli.base.errors import Unavailable
from noli.hashing.model import Outcome, Pipeline, Reading

#: Files a child decodes before a fresh one takes its place: what a file may have left behind does not stay. A start
#: costs 0.3 s, a ten-thousandth of the work at this number.
FILES_PER_CHILD = 1000

#: Share of the time a file has after which no further frame of an animation is begun, so that the frames hashed so far
#: are not lost.
_FRAMES_SHARE = 0.6

#: Seconds a child has to try its escapes.
_ESCAPE_TIMEOUT_S = 10.0


class DecoderPool:
    """Hashes untrusted pictures in child processes."""

    def __init__(
        self,
        *,
        workers: int = 0,
        timeout_s: float = 10.0,
        memory_mib: int = 1536,
        max_pixels: int = 100_000_000,
        max_frames: int = 32,
        max_bytes: int = 64 * 1024 * 1024,
        files_per_child: int = FILES_PER_CHILD,
    ) -> None:
        """Start the children; they warm up while the server goes on starting.

        Args:
            workers: Child processes; 0 for one a core.
            timeout_s: Seconds one file may take before its child is killed.
            memory_mib: Address space of one child, in MiB.
            max_pixels: Largest picture decoded, width times height.
            max_frames: Most distinct frames hashed of one file.
            max_bytes: Largest file, in bytes.
            files_per_child: Files after which a child is replaced.

        Raises:
            Unavailable: No process can be started.
        """
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._files_per_child = files_per_child
        self._settings = json.dumps(
            {
                "memory_mib": memory_mib,
                "max_pixels": max_pixels,
                "max_frames": max_frames,
                "frames_s": timeout_s * _FRAMES_SHARE,
            }
        )
        self._lock = threading.Lock()
        self._closed = False
        self._children: set[Child] = set()
        # Last in, first out: the warmest child works, and a quiet server keeps the others asleep. None is a child that
        # could not be started yet.
        self._free: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(workers or os.cpu_count() or 1):
            self._free.put(self._start())

    def read(
        self,
        data: bytes,
        *,
        pipeline: Pipeline = Pipeline.FULL,
        crops: bool = False,
        regions: bool = False,
        looks: bool = False,
    ) -> Reading:
        """Hash one file.

        Args:
            data: The whole file.
            pipeline: What to do to the pixels first.
            crops: Whether to hash the usual crops of the first frame and to find the regions that are kept; there are
                none after ``Pipeline.NEAREST_512``.
            regions: Whether to find the regions that are looked for; likewise.
            looks: Whether to take a second look; likewise. Not together with ``crops``.

        Returns:
            What became of it; bad media is an outcome, never an exception.

        Raises:
            Unavailable: The decoder is closed or cannot be started at all.
        """
        refusal = self._refuse_unseen(data)
        if refusal is not None:
            outcome, reason = refusal
            return Reading(outcome, reason=reason, pipeline=pipeline)
        asked = Ask.READ_NEAREST_512
        if pipeline is Pipeline.FULL:
            asked = Ask.READ_WITH_CROPS if crops else ASK_FOR[regions, looks]
        child = self._take()
        try:
            # A child that served others may have been harmed by them: its death is not held against this file.
            if child.files:
                try:
                    return self._ask(child, data, asked)
                except ChildDied:
                    child = self._replace(child)
                    self._wait_ready(child)
            try:
                return self._ask(child, data, asked)
            except ChildDied:
                reason = f"The decoder stopped on this file ({self._end(child)})."
                return Reading(Outcome.CORRUPT, reason=reason, pipeline=pipeline)
        except ChildTimedOut:
            self._end(child)
            reason = f"The file was not decoded within {self._timeout_s:g} seconds."
            return Reading(Outcome.TIMED_OUT, reason=reason, pipeline=pipeline)
        finally:
            self._give_back(child)

    def preview(self, data: bytes, *, side: int, grey: bool) -> Preview | Outcome:
        """Make a small picture of a file, in a child, or say why there is none.

        Raises:
            Unavailable: The decoder is closed or cannot be started at all.
        """
        refusal = self._refuse_unseen(data)
        if refusal is not None:
            return refusal[0]
        if len(data) + LOOK.size > self._max_bytes:
            return Outcome.TOO_LARGE
        child = self._take()
        try:
            asked = LOOK.pack(min(side, MAX_SIDE), grey) + data
            return preview_from_json(child.ask(Ask.PREVIEW, asked, timeout_s=self._timeout_s))
        except (ChildDied, ChildTimedOut, ValueError) as error:
            self._end(child)
            return Outcome.TIMED_OUT if isinstance(error, ChildTimedOut) else Outcome.CORRUPT
        finally:
            self._give_back(child)

    def protections(self) -> tuple[str, ...]:
        """Name the protections that hold in the children, for ``noli doctor``.

        Returns:
            Of ``rlimits``, ``no-new-privileges``, ``not-traceable``, ``seccomp`` those that this machine offers.

        Raises:
            Unavailable: The decoder is closed or cannot be started.
        """
        child = self._take()
        try:
            return self._wait_ready(child)
        finally:
            self._give_back(child)

    def try_to_escape(self) -> dict[str, str]:
        """Have a child try what it must not be able to do.

        Returns:
            For each attempt ``refused`` or ``succeeded``.

        Raises:
            Unavailable: The decoder is closed, cannot be started, or ended in the attempt.
        """
        child = self._take()
        try:
            answer = json.loads(child.ask(Ask.TRY_TO_ESCAPE, b"", timeout_s=_ESCAPE_TIMEOUT_S))
            return {str(name): str(ending) for name, ending in answer.items()}
        except (ChildDied, ChildTimedOut) as error:
            msg = "A decoding process ended while its confinement was tried."
            raise Unavailable(msg, detail=self._end(child)) from error
        finally:
            self._give_back(child)

    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that run now."""
        with self._lock:
            return tuple(child.pid for child in self._children)

    def close(self) -> None:
        """End the child processes; safe to call twice. Threads that still wait for a file get ``Unavailable``."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.signal_end()
        # Only children that nobody holds: the thread that talks to one closes its pipes itself.
        free = []
        while not self._free.empty():
            try:
                free.append(self._free.get_nowait())
            except queue.Empty:
                break
        for idle in free:
            if idle is not None:
                self._end(idle)
            self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_unseen(self, data: bytes) -> tuple[Outcome, str] | None:
        """Judge by length and first bytes, so that junk costs no child any time."""
        if not data:
            return Outcome.UNSUPPORTED, "The file is empty."
        if len(data) > self._max_bytes:
            return Outcome.TOO_LARGE, f"The file has more than the {self._max_bytes:,} bytes that are read here."
        if not formats_of(data):
            return Outcome.UNSUPPORTED, f"The file is none of {READ_FORMATS}."
        return None

    def _ask(self, child: Child, data: bytes, asked: Ask) -> Reading:
        """Have a child read a file; an answer that is none counts as its death."""
        try:
            return reading_from_json(child.ask(asked, data, timeout_s=self._timeout_s))
        except ValueError as error:
            raise ChildDied from error

    def _take(self) -> Child:
        """Wait for a free child and see that it is ready.

        Raises:
            Unavailable: The pool is closed, or no child gets ready.
        """
        child = self._free.get()
        try:
            if child is None or not child.alive:
                child = self._replace(child)
            self._wait_ready(child)
        except BaseException:
            self._free.put(None)
            raise
        return child

    def _wait_ready(self, child: Child) -> tuple[str, ...]:
        """Wait until a child has given up its rights; the protections that hold.

        Raises:
            Unavailable: It does not get ready.
        """
        try:
            return child.wait_ready()
        except (ChildDied, ChildTimedOut) as error:
            msg = "The decoding process does not start; run 'noli doctor'."
            raise Unavailable(msg, detail=self._end(child)) from error

    def _give_back(self, child: Child) -> None:
        """Put a child back, or a fresh one in place of one that is dead or has served its time."""
        replacement: Child | None = child
        if child.files >= self._files_per_child or not child.alive:
            self._end(child)
            try:
                replacement = self._start()
            except Unavailable:
                # The next one to need it tries again and hears why.
                replacement = None
        self._free.put(replacement)

    def _start(self) -> Child:
        """Start a child, without waiting for it."""
        with self._lock:
            if self._closed:
                msg = "The decoder is closed."
                raise Unavailable(msg, retry=False)
            try:
                child = Child(self._settings, max_bytes=self._max_bytes)
            except OSError as error:
                msg = "No decoding process can be started."
                raise Unavailable(msg, detail=str(error)) from error
            self._children.add(child)
            return child

    def _replace(self, child: Child | None) -> Child:
        """End a child and start another."""
        if child is not None:
            self._end(child)
        return self._start()

    def _end(self, child: Child) -> str:
        """Kill a child if it still runs; how it ended, in words."""
        with self._lock:
            self._children.discard(child)
        child.kill()
        return child.ending
