# SPDX-License-Identifier: Apache-2.0
"""One still picture out of a video: which moment it shows, upright, and what bad files come to."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from noli.adapters.decode.video_stills import Moment, still
from noli.adapters.decode.wire import Preview
from noli.hashing.model import Outcome
from tests.support import clips

MOST = 100_000


def _drawn(data: bytes, *, share: int = 500, grey: bool = True, max_pixels: int = MOST) -> Preview | Outcome:
    return still(io.BytesIO(data), Moment(share=share, side=80, grey=grey), max_pixels=max_pixels)


def _shade(preview: Preview | Outcome) -> int:
    assert isinstance(preview, Preview)
    return preview.pixels[len(preview.pixels) // 2]


@pytest.fixture(scope="module")
def frames() -> list[Image.Image]:
    """Four seconds, another shade of grey each."""
    return list(clips.shades(seconds=4, width=160, height=90))


# A transport stream has no index: what is found there may be the key frame after the moment.
@pytest.mark.parametrize(
    ("name", "key_every", "off_ms"),
    [("clip.mp4", 5, 0), ("clip.mp4", 1000, 0), ("clip.mkv", 7, 0), ("clip.ts", 9, 900)],
)
def test_the_moment_is_the_one_that_was_asked_for(
    tmp_path: Path, frames: list[Image.Image], name: str, key_every: int, off_ms: int
) -> None:
    """Wherever key frames lie, and in whatever container; the time that is told is that of what is shown."""
    clip = clips.encoded(tmp_path / name, frames, codec="libx264", key_every=key_every).read_bytes()
    for share, wanted_ms in ((0, 0), (300, 1200), (900, 3600)):
        preview = _drawn(clip, share=share)
        assert isinstance(preview, Preview)
        assert (preview.width, preview.height, preview.grey) == (80, 45, True)
        assert preview.at_ms is not None
        assert abs(preview.at_ms - wanted_ms) <= off_ms
        assert abs(preview.duration_ms - 4000) <= 100
        assert abs(_shade(preview) - clips.shade_at(preview.at_ms // 1000)) < 4


def test_colours_are_kept_where_they_are_wanted(tmp_path: Path) -> None:
    """Red stays red."""
    clip = clips.encoded(tmp_path / "clip.webm", [Image.new("RGB", (160, 90), "red")] * 3).read_bytes()
    preview = _drawn(clip, grey=False)
    assert isinstance(preview, Preview)
    red, green, blue = preview.pixels[:3]
    assert red > 200
    assert max(green, blue) < 60


def test_it_is_upright(tmp_path: Path, frames: list[Image.Image]) -> None:
    """A telephone films on its side and says so; the still picture stands."""
    flat = clips.encoded(tmp_path / "flat.mp4", frames[:5], codec="libx264")
    with av.open(str(flat)) as read, av.open(str(tmp_path / "turned.mp4"), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    data = (tmp_path / "turned.mp4").read_bytes()
    # The matrix of the track header, from the identity to a quarter turn (ISO/IEC 14496-12, 8.3.2).
    one, none = (1 << 16).to_bytes(4, "big"), bytes(4)
    identity = one + none * 3 + one + none * 3 + (1 << 30).to_bytes(4, "big")
    quarter = none + one + none + (-(1 << 16)).to_bytes(4, "big", signed=True) + none * 4 + (1 << 30).to_bytes(4, "big")
    track = data.index(b"tkhd")
    at = data.index(identity, track)
    preview = _drawn(data[:at] + quarter + data[at + len(quarter) :])
    assert isinstance(preview, Preview)
    assert (preview.width, preview.height) == (45, 80)


def test_bad_videos_are_outcomes(tmp_path: Path, frames: list[Image.Image]) -> None:
    """Cut short, noise behind a beginning, frames larger than allowed, nothing but sound."""
    clip = clips.encoded(tmp_path / "clip.mp4", frames, codec="libx264").read_bytes()
    assert _drawn(clip[: len(clip) // 2]) is Outcome.CORRUPT
    assert _drawn(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 80) is Outcome.CORRUPT
    assert _drawn(clip, max_pixels=160 * 90 - 1) is Outcome.TOO_LARGE
    with av.open(str(tmp_path / "sound.mka"), "w", format="matroska") as container:
        stream = container.add_stream("aac", rate=48_000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.rate = 48_000
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    assert _drawn((tmp_path / "sound.mka").read_bytes()) is Outcome.UNSUPPORTED


def test_damage_within_is_passed_over(tmp_path: Path, frames: list[Image.Image]) -> None:
    """A part that cannot be decoded does not hide the rest."""
    clip = bytearray(clips.encoded(tmp_path / "clip.mkv", frames, codec="libx264", key_every=10).read_bytes())
    middle = len(clip) // 2
    clip[middle : middle + 60] = bytes(60)
    assert isinstance(_drawn(bytes(clip), share=0), Preview)
