# SPDX-License-Identifier: Apache-2.0
"""Decoding of pictures and videos behind one face; implements ``hashing.ports.MediaHasher``."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self

from noli.adapters.decode.pool import DecoderPool
from noli.adapters.decode.video_pool import VideoPool
from noli.adapters.decode.video_process import in_memory
from noli.adapters.decode.wire import Preview
from noli.hashing.containers import container_of
from noli.hashing.model import Outcome, Pipeline, Reading
from noli.hashing.ports import Closer

# Largest video that a process working alone takes from memory.
_ALONE_BYTES = 1 << 30

_TOO_LARGE = "The video has more than the {limit:,} bytes that are read here."


class MediaDecoder:
    """Hashes untrusted files in child processes: pictures in warm ones, each video in one of its own."""

    def __init__(self, pictures: DecoderPool, videos: VideoPool, *, max_video_bytes: int) -> None:
        """Keep both pools.

        Args:
            pictures: For pictures.
            videos: For videos.
            max_video_bytes: Largest video that is taken from memory; files are read whatever their size.
        """
        self.pictures, self.videos = pictures, videos
        self._max_video_bytes = max_video_bytes

    @classmethod
    def alone(cls) -> Self:
        """Open one for a process that works alone: a child for pictures, one for videos, the usual limits."""
        return cls(DecoderPool(workers=1), VideoPool(workers=1), max_video_bytes=_ALONE_BYTES)

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
        """Hash one file; see the port."""
        if not container_of(data):
            return self.pictures.read(data, pipeline=pipeline, crops=crops, regions=regions, looks=looks)
        if len(data) > self._max_video_bytes:
            return Reading(Outcome.TOO_LARGE, reason=_TOO_LARGE.format(limit=self._max_video_bytes))
        with os.fdopen(in_memory(data), "rb") as file:
            return self.videos.read(file, thorough=crops, regions=regions, closer=closer)

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
        """Hash one video; see the port."""
        return self.videos.read(
            file, thorough=thorough, regions=regions, every_ms=every_ms, closer=closer, on_progress=on_progress
        )

    def preview(self, data: bytes, *, share: int, side: int, grey: bool) -> Preview | Outcome:
        """Make a small picture of a file, or of a video so many thousandths into it, or say why there is none.

        Raises:
            Unavailable: The decoder is closed or cannot be started at all.
        """
        if not container_of(data):
            return self.pictures.preview(data, side=side, grey=grey)
        with os.fdopen(in_memory(data), "rb") as file:
            return self.videos.preview(file, share=share, side=side, grey=grey)

    def close(self) -> None:
        """End the child processes; safe to call twice."""
        self.pictures.close()
        self.videos.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
