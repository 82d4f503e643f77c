# SPDX-License-Identifier: Apache-2.0
"""What hashing needs from outside: something that turns a file's bytes into a reading."""

from collections.abc import Callable, Sequence
from typing import BinaryIO, Protocol

from noli.hashing.model import Pipeline, Reading

#: A place in a video, from and to in milliseconds.
Span = tuple[int, int]

#: Told what a glance at a video has found, says which places of it are worth a closer look.
Closer = Callable[[Reading], Sequence[Span]]


class MediaHasher(Protocol):
    """Decodes untrusted media far from this process and hashes it there."""

    def read(
        self,
        data: bytes,
        *,
        pipeline: Pipeline = Pipeline.FULL,
        crops: bool = False,
        regions: bool = False,
        looks: bool = False,
        closer: Closer | None = None,
    ) -> Reading:
        """Hash one file.

        Args:
            data: The whole file, a picture or a video.
            pipeline: What to do to the pixels first; videos know only ``FULL``.
            crops: Whether to hash all that registering takes: of a picture the usual crops of its first frame and the
                regions that are kept, too (there are none after ``Pipeline.NEAREST_512``), of a video all moments.
            regions: Whether to find the regions that are looked for in a picture, as for checking; likewise.
            looks: Whether to take a second look at a picture, as for checking; likewise. Not together with ``crops``.
            closer: Asked which places of a video are worth more than a glance; without it every second is.

        Returns:
            What became of it; bad media is an outcome, never an exception.

        Raises:
            Unavailable: The decoder cannot be started at all.
        """
        ...

    def read_video(
        self,
        file: BinaryIO,
        *,
        thorough: bool = False,
        regions: bool = False,
        every_ms: int | None = None,
        closer: Closer | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Reading:
        """Hash one video of any length.

        Args:
            file: Open, with a descriptor.
            thorough: Whether to hash all that registering takes.
            regions: Whether to find the regions that are looked for, as for checking.
            every_ms: Milliseconds between moments, 0 for every single frame; None for the usual distance.
            closer: Asked which places are worth more than a glance, as for checking; without it every second is.
            on_progress: Told the share that is done, 0-1, now and then.

        Returns:
            What became of it; frames that were read before a fault or the end of its time are kept.

        Raises:
            Unavailable: The decoder cannot be started at all.
        """
        ...

    def close(self) -> None:
        """End the child processes; safe to call twice."""
        ...
