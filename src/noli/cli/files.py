# SPDX-License-Identifier: Apache-2.0
"""Reads and hashes the files named on a command line, several at a time, results in the order given.

Files are only read here; what is in them is parsed by the media hasher's children.
"""

import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from noli.hashing.model import DIHEDRAL, Hash, Outcome, Pipeline, Reading
from noli.hashing.ports import MediaHasher

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
        return {
            "file": str(self.path),
            "outcome": str(self.outcome),
            "hashes": [] if self.reading is None else hashes_json(self.reading, variants=variants),
            "reason": self.reason,
        }


def hashes_json(reading: Reading, *, variants: bool = False) -> list[dict[str, object]]:
    """Write the hashes of a reading, with ``frame`` where there are several and ``variant`` where all are asked for."""
    written = []
    for frame in reading.frames:
        forms = zip(DIHEDRAL if variants else DIHEDRAL[:1], frame.dihedral, strict=False)
        shown = [Hash(value, frame.quality, variant=variant) for variant, value in forms]
        shown += frame.crops if variants else ()
        for each in shown:
            one: dict[str, object] = {"type": str(each.type), "value": each.hex, "quality": each.quality}
            if reading.pipeline is not Pipeline.FULL:
                one["pipeline"] = str(reading.pipeline)
            if len(reading.frames) > 1:
                one["frame"] = frame.number
            if variants:
                one["variant"] = str(each.variant)
            written.append(one)
    return written


def read_files(
    paths: Sequence[Path],
    hasher: MediaHasher,
    *,
    max_bytes: int,
    workers: int,
    pipeline: Pipeline = Pipeline.FULL,
    crops: bool = False,
    regions: bool = False,
) -> Iterator[FileResult]:
    """Hash files.

    Args:
        paths: What to read.
        hasher: Turns bytes into readings, from several threads at once.
        max_bytes: Larger files are ``too_large`` without being read.
        workers: Files in work at one time.
        pipeline: What to do to the pixels first.
        crops: Whether to hash all that is registered.
        regions: Whether to find the regions that are looked for.

    Yields:
        One result a path, in their order; at most twice ``workers`` files are in memory.

    Raises:
        Unavailable: The hasher cannot be started at all.
    """

    def one(path: Path) -> FileResult:
        return _read(path, hasher, max_bytes=max_bytes, pipeline=pipeline, crops=crops, regions=regions)

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
    path: Path, hasher: MediaHasher, *, max_bytes: int, pipeline: Pipeline, crops: bool, regions: bool
) -> FileResult:
    try:
        data = _content(path, max_bytes=max_bytes)
    except OSError as error:
        return FileResult(path, None, f"{error.strerror or error}.")
    if data is None:
        reason = f"The file has more than {max_bytes} bytes (setting max_upload_bytes)."
        return FileResult(path, Reading(Outcome.TOO_LARGE, reason=reason, pipeline=pipeline))
    return FileResult(path, hasher.read(data, pipeline=pipeline, crops=crops, regions=regions))


def _content(path: Path, *, max_bytes: int) -> bytes | None:
    """Return the file's bytes, or None where there are more than allowed. Raises OSError."""
    status = os.stat(path)  # noqa: PTH116 - Path.stat says the same; this one is named like the flags below
    if stat.S_ISDIR(status.st_mode):
        msg = "This is a folder; name the files in it"
        raise OSError(None, msg)
    if not stat.S_ISREG(status.st_mode):
        msg = "This is no ordinary file"
        raise OSError(None, msg)
    if status.st_size > max_bytes:
        return None
    with path.open("rb") as file:
        # One more than allowed: the file may have grown since.
        data = file.read(max_bytes + 1)
    return data if len(data) <= max_bytes else None
