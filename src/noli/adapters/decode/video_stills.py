# SPDX-License-Identifier: Apache-2.0
"""One still picture out of a video, small, to look at. Runs in the confined child only; sound is never decoded.

The key frame before the moment is found by the container's own index, and from there frames are decoded until the
moment, or until the time for it is over: then what was reached by then is shown.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Final

import av
from av.error import FFmpegError
from PIL import Image

from noli.adapters.decode.video_frames import upright
from noli.adapters.decode.wire import Preview
from noli.hashing.containers import HEAD_BYTES, container_of
from noli.hashing.model import MAX_TIME_MS, Outcome

#: Seconds after which no further frame is decoded on the way to a moment.
_DECODING_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Which still picture is wanted.

    Attributes:
        share: How far into the video, in thousandths.
        side: Longest side, in pixels.
        grey: Whether colours are left out.
    """

    share: int
    side: int
    grey: bool


def still(file: BinaryIO, wanted: Moment, *, max_pixels: int) -> Preview | Outcome:
    """Draw what a video shows at one moment, or say why there is nothing.

    Args:
        file: Seekable; its first bytes are those of a video.
        wanted: What of it.
        max_pixels: Width times height of the largest frame decoded.
    """
    try:
        return _drawn(file, wanted, max_pixels)
    except (MemoryError, av.error.MemoryError):
        return Outcome.TOO_LARGE
    except Exception:  # noqa: BLE001 - damaged files raise whatever the parser hits, as in read_video
        return Outcome.CORRUPT


def _drawn(file: BinaryIO, wanted: Moment, max_pixels: int) -> Preview | Outcome:
    file.seek(0)
    name = container_of(file.read(HEAD_BYTES))
    file.seek(0)
    with closing(av.open(file, "r", format=name, metadata_errors="replace")) as container:
        covers = av.stream.Disposition.attached_pic
        stream = next((each for each in container.streams.video if not each.disposition & covers), None)
        if stream is None:
            return Outcome.UNSUPPORTED
        stream.codec_context.thread_count = 1
        if stream.codec_context.width * stream.codec_context.height > max_pixels:
            return Outcome.TOO_LARGE
        start_ms = (container.start_time or 0) * 1000 // av.time_base
        duration_ms = max(0, min(MAX_TIME_MS, (container.duration or 0) * 1000 // av.time_base))
        moment_ms = duration_ms * wanted.share // 1000
        shown, until = None, time.monotonic() + _DECODING_S
        # A file without an index may be sought past its last key frame, so that nothing comes.
        for sought_ms in sorted({moment_ms, moment_ms // 2, 0}, reverse=True):
            container.seek((start_ms + sought_ms) * av.time_base // 1000)
            for frame in _frames(container, stream):
                if frame.width * frame.height > max_pixels:
                    return Outcome.TOO_LARGE
                at_ms = max(0, min(MAX_TIME_MS, round((frame.time or 0) * 1000) - start_ms))
                shown = frame, at_ms
                if at_ms >= moment_ms or time.monotonic() > until:
                    break
            if shown is not None:
                break
        return Outcome.CORRUPT if shown is None else _small(*shown, wanted, duration_ms)


def _frames(container: "av.container.InputContainer", stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Decode frame by frame; what cannot be decoded is passed over, as players do."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except FFmpegError as error:
            if isinstance(error, av.error.MemoryError):
                raise


def _small(frame: av.VideoFrame, at_ms: int, wanted: Moment, duration_ms: int) -> Preview:
    picture = upright(frame).convert("L" if wanted.grey else "RGB")
    picture.thumbnail((wanted.side, wanted.side), Image.Resampling.BOX)
    return Preview(*picture.size, wanted.grey, picture.tobytes(), at_ms, duration_ms)
