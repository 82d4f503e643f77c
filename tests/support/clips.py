# SPDX-License-Identifier: Apache-2.0
"""Short videos drawn by code, and what another decoder (ffmpeg's, through PyAV) sees in a video."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from PIL import Image

from noli.hashing import kernel
from noli.hashing.model import PDQ_BYTES
from tests.support.media import drawn

#: Frames a second of the clips.
RATE = 10


def scenes(*, seconds: int, width: int = 640, height: int = 360, rate: int = RATE) -> Iterator[Image.Image]:
    """A new drawing each second, moving a little within it."""
    for second in range(seconds):
        wide = drawn(seed=20 + second, width=width + 2 * rate, height=height)
        for step in range(rate):
            yield wide.crop((2 * step, 0, 2 * step + width, height))


def shades(*, seconds: int, width: int = 320, height: int = 180) -> Iterator[Image.Image]:
    """Another even grey each second (``shade_at``), so that one pixel tells which second it is."""
    for second in range(seconds):
        for _ in range(RATE):
            yield Image.new("RGB", (width, height), (shade_at(second),) * 3)


def shade_at(second: int) -> int:
    """The grey of a second of ``shades``, of five at most."""
    return 40 * second + 40


def flat(*, seconds: int, width: int = 640, height: int = 360) -> Iterator[Image.Image]:
    """Nothing to see."""
    for _ in range(seconds * RATE):
        yield Image.new("RGB", (width, height), "black")


def encoded(
    path: Path, frames: Iterable[Image.Image], *, codec: str = "libvpx", rate: int = RATE, key_every: int = RATE
) -> Path:
    """Write a video with a key frame every so many frames; its name's suffix says in which container."""
    with av.open(str(path), "w") as container:
        stream = None
        for frame in frames:
            if stream is None:
                # Key frames where they are asked for, and not at every change of scene.
                options = {"x264-params": "scenecut=0", "preset": "veryfast"} if codec == "libx264" else {}
                stream = cast("av.VideoStream", container.add_stream(codec, rate=Fraction(rate), options=options))
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
                stream.gop_size = key_every
                stream.bit_rate = 4_000_000
            picture = av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
        if stream is not None:
            container.mux(stream.encode())
    return path


def repeated(piece: Path, target: Path, times: int) -> Path:
    """Put a video so many times one behind the other, as it is encoded: a long one costs next to nothing."""
    with av.open(str(piece)) as source, av.open(str(target), "w") as made:
        template = source.streams.video[0]
        stream = made.add_stream_from_template(template)
        packets = [packet for packet in source.demux(template) if packet.size]
        length = sum(packet.duration or 0 for packet in packets)
        for again in range(times):
            for packet in packets:
                same = av.Packet(bytes(packet))
                same.pts, same.dts = (packet.pts or 0) + again * length, (packet.dts or 0) + again * length
                same.duration, same.time_base, same.stream = packet.duration, packet.time_base, stream
                same.is_keyframe = packet.is_keyframe
                made.mux(same)
    return target


def seen_at(path: Path, moments_ms: Sequence[int]) -> dict[int, str]:
    """Hash the frames at these times with ffmpeg's decoder, from RGB as vPDQ does; times without one are left out."""
    found: dict[int, str] = {}
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            shown_ms = round((frame.time or 0) * 1000)
            for moment in moments_ms:
                if abs(shown_ms - moment) <= 1 and moment not in found:
                    pixels = frame.to_ndarray(format="rgb24")
                    joined, _ = kernel.pdq(pixels.tobytes(), frame.height, frame.width, 3)
                    found[moment] = joined[:PDQ_BYTES].hex()
    return found
