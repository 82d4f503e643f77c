# SPDX-License-Identifier: Apache-2.0
"""Which frames of a video are hashed, when they are shown, and what they show."""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from PIL import Image, ImageOps

from noli.adapters.decode.video_wire import Ended
from noli.adapters.decode.videos import VideoBudget, Wanted, read_video
from noli.hashing import kernel
from noli.hashing.model import PDQ_BYTES, Frame, Outcome, Reading
from tests.support import clips
from tests.support.media import drawn

#: Bits that encoding a video may move the hash of a frame.
SAME_FRAME_BITS = 10

BUDGET = VideoBudget(max_pixels=4_000_000, seconds=60)


def read(path: Path, *, thorough: bool = False, every_ms: int | None = None, budget: VideoBudget = BUDGET) -> Reading:
    """Hash a file in this process."""
    with path.open("rb") as file:
        made = list(read_video(file, Wanted(thorough=thorough, every_ms=every_ms), budget))
    ended = made[-1]
    assert isinstance(ended, Ended)
    frames = tuple(each for each in made if isinstance(each, Frame))
    return Reading(
        ended.outcome, frames, ended.reason, width=ended.width, height=ended.height, duration_ms=ended.duration_ms
    )


def pdq(picture: Image.Image) -> bytes:
    """The hash of a picture."""
    pixels = picture.convert("RGB")
    return kernel.pdq(pixels.tobytes(), pixels.height, pixels.width, 3)[0][:PDQ_BYTES]


def apart(one: bytes, other: bytes) -> int:
    """Hamming distance in bits."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def times(frames: Sequence[Frame]) -> list[int | None]:
    """When the frames are shown."""
    return [frame.at_ms for frame in frames]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, another drawing each."""
    return clips.encoded(tmp_path_factory.mktemp("clip") / "clip.mp4", clips.scenes(seconds=6), codec="libx264")


def test_a_short_clip_is_hashed_four_times_a_second(clip: Path) -> None:
    """What is shown at each quarter of a second is hashed, with its time, and the last frame."""
    reading = read(clip)
    assert (reading.outcome, reading.duration_ms) == (Outcome.HASHED, 6000)
    assert (reading.width, reading.height) == (640, 360)
    assert times(reading.frames) == [*(1000 * s + at for s in range(6) for at in (0, 200, 500, 700)), 5900]
    shown = clips.seen_at(clip, [at for at in times(reading.frames) if at is not None])
    assert all(apart(f.dihedral[0], bytes.fromhex(shown[f.at_ms or 0])) <= SAME_FRAME_BITS for f in reading.frames)


def test_a_long_video_is_hashed_once_a_second(tmp_path: Path) -> None:
    """Where key frames lie close, they alone are decoded; else what is shown each second; registering takes both."""
    drawings = [drawn(seed=n, width=160, height=96) for n in range(35)]
    frames = [drawing for drawing in drawings for _ in range(5)]
    dense = clips.encoded(tmp_path / "dense.mp4", frames, codec="libx264", rate=5, key_every=6)
    sparse = clips.encoded(tmp_path / "sparse.mp4", frames, codec="libx264", rate=5, key_every=12)
    assert [(frame.number, frame.at_ms) for frame in read(dense).frames] == [(6 * n, 1200 * n) for n in range(30)]
    moments = {*range(0, 35_000, 1000), 34_800}
    assert times(read(sparse).frames) == sorted(moments)
    both = {*moments, *range(0, 35_000, 1200)}
    assert times(read(dense, thorough=True).frames) == sorted(both)


def test_regions_are_found_twice_a_second_in_a_short_clip_and_less_often_in_a_long_one(
    clip: Path, tmp_path: Path
) -> None:
    """So that a part of a few seconds has several frames in order; without being asked for there are none."""

    def looked_at(path: Path) -> list[int]:
        with path.open("rb") as file:
            made = list(read_video(file, Wanted(regions=True), BUDGET))
        return [each.at_ms or 0 for each in made if isinstance(each, Frame) and each.regions is not None]

    assert looked_at(clip) == [1000 * second + at for second in range(6) for at in (0, 500)]
    still = drawn(width=160, height=96)
    long = clips.encoded(tmp_path / "long.mp4", [still] * 40, codec="libx264", rate=1, key_every=1)
    assert looked_at(long) == list(range(0, 40_000, 1000))
    assert all(frame.regions is None for frame in read(clip).frames)


def test_frames_of_uneven_times_keep_them(tmp_path: Path) -> None:
    """In a video whose frames come when something happens, a moment shows the frame that has stood since before."""
    at_ms = [0, 90, 1700, 1730, 4000, 4200]
    path = tmp_path / "uneven.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(1000))
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number, at in enumerate(at_ms):
            frame = av.VideoFrame.from_ndarray(np.asarray(drawn(seed=number, width=320, height=240)), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert times(read(path).frames) == [0, 90, 1730, 4000, 4200]
    assert times(read(path, every_ms=0).frames) == at_ms


def test_a_phone_held_upright_is_hashed_upright(tmp_path: Path) -> None:
    """Frames are stored lying; the file says how they are shown."""
    picture = drawn(width=240, height=320)
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(4))
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.set_display_rotation(90)
        lying = picture.transpose(Image.Transpose.ROTATE_270)
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(lying), format="rgb24")))
        container.mux(stream.encode())
    reading = read(path)
    assert (reading.width, reading.height) == picture.size
    assert apart(reading.frames[0].dihedral[0], pdq(picture)) <= SAME_FRAME_BITS


def test_black_bars_are_cut(tmp_path: Path) -> None:
    """A letterboxed frame has a hash with its bars and one without; that one is the hash of the picture inside."""
    picture = drawn(width=640, height=360)
    boxed = ImageOps.expand(picture, (0, 100), "black")
    reading = read(clips.encoded(tmp_path / "boxed.mp4", [boxed] * 10, codec="libx264"))
    frame = reading.frames[0]
    assert apart(frame.dihedral[0], pdq(boxed)) <= SAME_FRAME_BITS
    assert apart(frame.inner[0], pdq(picture)) <= SAME_FRAME_BITS
    assert {str(each.variant) for each in reading.variants} == {"original", "without-bars"}


def test_flat_frames_are_dropped(tmp_path: Path) -> None:
    """Black seconds are left out; a video of nothing else is of low quality."""
    frames = itertools.chain(clips.flat(seconds=2), clips.scenes(seconds=1))
    mixed = read(clips.encoded(tmp_path / "mixed.webm", frames))
    assert times(mixed.frames) == [2000, 2200, 2500, 2700, 2900]
    black = read(clips.encoded(tmp_path / "black.webm", clips.flat(seconds=1)))
    assert (black.outcome, black.frames) == (Outcome.LOW_QUALITY, ())


@pytest.mark.parametrize("form", ["yuv420p10le", "yuv444p", "yuvj420p", "gray", "gbrp"])
def test_one_picture_has_one_hash_in_every_form_of_pixels(tmp_path: Path, form: str) -> None:
    """Ten bits, full range, grey and RGB inside the file move the hash no more than encoding does."""
    picture = drawn(width=320, height=240)
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        codec = "libx264rgb" if form == "gbrp" else "libx264"
        stream = cast("av.VideoStream", container.add_stream(codec, rate=Fraction(4)))
        stream.width, stream.height, stream.pix_fmt = 320, 240, "rgb24" if form == "gbrp" else form
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode())
    assert apart(read(path).frames[0].dihedral[0], pdq(picture)) <= SAME_FRAME_BITS


def test_what_cannot_be_read_has_an_outcome(clip: Path, tmp_path: Path) -> None:
    """Too large, without the time, or damaged; what was read before is kept."""
    large = read(clip, budget=VideoBudget(max_pixels=1000, seconds=60))
    assert (large.outcome, large.frames) == (Outcome.TOO_LARGE, ())
    late = read(clip, budget=VideoBudget(max_pixels=4_000_000, seconds=0))
    assert late.outcome is Outcome.TIMED_OUT
    assert late.reason
    (tmp_path / "head.mp4").write_bytes(clip.read_bytes()[:2000])
    assert read(tmp_path / "head.mp4").outcome is Outcome.CORRUPT
