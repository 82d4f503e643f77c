# SPDX-License-Identifier: Apache-2.0
"""Reads and hashes the files named on a command line, several at a time, results in the order given.

Files are only read here; what is in them is parsed by the media hasher's children.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from noli.hashing.containers import HEAD_BYTES, container_of
from noli.hashing.model import DIHEDRAL, Frame, Hash, Outcome, Pipeline, Reading
from noli.hashing.ports import Closer, MediaHasher

#: Outcome of a name behind which there was no file to read; the only one that ``Outcome`` does not have.
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        path: As it was given.
        reading: What the hasher said; None where the file could not be read at all.
        problem: Why it could not be read.
    """

    path: Path
    reading: Reading | None
    problem: str = ""

    @property
    def outcome(self) -> str:
        """The reading's outcome, or ``unreadable``."""
        return UNREADABLE if self.reading is None else self.reading.outcome

    @property
    def reason(self) -> str:
        """One sentence for a person, empty where the file was hashed."""
        return self.problem if self.reading is None else self.reading.reason

    def as_json(self, *, variants: bool = False) -> dict[str, object]:
        """Write file, outcome, hashes and reason; with ``variants`` every form and crop of each frame."""
        reading = self.reading
        written: dict[str, object] = {
            "file": str(self.path),
            "outcome": str(self.outcome),
            "hashes": [] if reading is None else hashes_json(reading, variants=variants),
            "reason": self.reason,
        }
        if reading is not None and reading.duration_ms is not None:
            written["duration_ms"] = reading.duration_ms
        return written


def hashes_json(reading: Reading, *, variants: bool = False) -> list[dict[str, object]]:
    """Write the hashes of a reading.

    They have ``frame`` where there are several frames, ``at_ms`` in a video, and ``variant`` where all are asked for.
    """
    written = []
    for frame in reading.frames:
        for each in _shown(frame, variants=variants):
            one: dict[str, object] = {"type": str(each.type), "value": each.hex, "quality": each.quality}
            if reading.pipeline is not Pipeline.FULL:
                one["pipeline"] = str(reading.pipeline)
            if len(reading.frames) > 1 or each.at_ms is not None:
                one["frame"] = frame.number
            if each.at_ms is not None:
                one["at_ms"] = each.at_ms
            if variants:
                one["variant"] = str(each.variant)
            written.append(one)
    return written


def _shown(frame: Frame, *, variants: bool) -> list[Hash]:
    if frame.at_ms is not None and variants:
        return frame.variants(Pipeline.FULL)
    forms = zip(DIHEDRAL if variants else DIHEDRAL[:1], frame.dihedral, strict=False)
    shown = [Hash(value, frame.quality, frame.type, variant=variant, at_ms=frame.at_ms) for variant, value in forms]
    return [*shown, *(frame.crops if variants else ())]


def read_files(  # noqa: PLR0913 - what may be asked of a hasher, by name
    paths: Sequence[Path],
    hasher: MediaHasher,
    *,
    max_bytes: int,
    workers: int,
    pipeline: Pipeline = Pipeline.FULL,
    crops: bool = False,
    every_ms: int | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
    regions: bool = False,
    looks: bool = False,
    closer: Closer | None = None,
) -> Iterator[FileResult]:
    """Hash files.

    Args:
        paths: What to read.
        hasher: Turns files into readings, from several threads at once.
        max_bytes: Larger pictures are ``too_large`` without being read; videos may be of any size.
        workers: Files in work at one time.
        pipeline: What to do to the pixels first.
        crops: Whether to hash all that registering takes.
        regions: Whether to find the regions that are looked for.
        looks: Whether to take a second look at pictures.
        closer: Asked which places of a video are worth more than a glance; without it every second is.
        every_ms: Milliseconds between moments of a video, 0 for every single frame; None for the usual distance.
        on_progress: Told how much has been done since it was told last, 1 a file; from several threads.

    Yields:
        One result a path, in their order; at most twice ``workers`` pictures are in memory.

    Raises:
        Unavailable: The hasher cannot be started at all.
    """

    def one(path: Path) -> FileResult:
        told = 0.0

        def tell(share: float) -> None:
            nonlocal told
            on_progress(share - told)
            told = share

        def video(file: BinaryIO) -> Reading:
            return hasher.read_video(
                file, thorough=crops, regions=regions, every_ms=every_ms, closer=closer, on_progress=tell
            )

        def picture(data: bytes) -> Reading:
            return hasher.read(data, pipeline=pipeline, crops=crops, regions=regions, looks=looks)

        result = _read(path, video, picture, max_bytes=max_bytes)
        tell(1.0)
        return result

    waiting: deque[Future[FileResult]] = deque()
    with ThreadPoolExecutor(workers) as threads:
        try:
            for path in paths:
                waiting.append(threads.submit(one, path))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _read(
    path: Path, video: Callable[[BinaryIO], Reading], picture: Callable[[bytes], Reading], *, max_bytes: int
) -> FileResult:
    try:
        _check_ordinary(path)
        with path.open("rb") as file:
            if container_of(file.read(HEAD_BYTES)):
                return FileResult(path, video(file))
            file.seek(0)
            # One more than allowed tells that there is more.
            data = file.read(max_bytes + 1)
    except OSError as error:
        return FileResult(path, None, f"{error.strerror or error}.")
    if len(data) > max_bytes:
        reason = f"The file has more than {max_bytes} bytes (setting max_upload_bytes)."
        return FileResult(path, Reading(Outcome.TOO_LARGE, reason=reason))
    return FileResult(path, picture(data))


def _check_ordinary(path: Path) -> None:
    """See that there is a file to read. Raises OSError."""
    status = os.stat(path)  # noqa: PTH116 - Path.stat says the same; this one is named like the flags below
    if stat.S_ISDIR(status.st_mode):
        msg = "This is a folder; name the files in it"
        raise OSError(None, msg)
    if not stat.S_ISREG(status.st_mode):
        msg = "This is no ordinary file"
        raise OSError(None, msg)
