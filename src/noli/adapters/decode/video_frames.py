# SPDX-License-Identifier: Apache-2.0
"""From a decoded frame of a video to its hashes. Runs in the confined child only.

PDQ looks at brightness, and a video stores brightness: the plane is hashed as it is stored, without a way through RGB.
The page does the same (``web/static/hash/frames.js``).
"""

from typing import Final, cast

import av
from PIL import Image

from noli.adapters.decode.pictures import regions_of_plane
from noli.adapters.decode.wire import dihedral_hashes
from noli.hashing import kernel
from noli.hashing.model import MIN_QUALITY, Frame

#: Formats whose first plane is brightness, eight bits a value.
_WITH_LUMA: Final = frozenset(
    {f"yuv{j}{kind}p" for j in ("", "j") for kind in ("420", "422", "444", "440", "411", "410")}
    | {"yuva420p", "yuva422p", "yuva444p", "nv12", "nv21", "nv16", "nv24", "gray"}
)
_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG

#: Brightness of studio range, 16-235, on 0-255. Source: ITU-R BT.601-7, 2.5.3.
_STRETCHED: Final = bytes(min(255, max(0, round((y - 16) * 255 / 219))) for y in range(256))

#: What turns a stored frame as its display matrix says: degrees counter-clockwise.
_TURNS: Final = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    -180: Image.Transpose.ROTATE_180,
    -90: Image.Transpose.ROTATE_270,
    270: Image.Transpose.ROTATE_270,
}

#: Brightness up to which a value may belong to a black bar, bars thinner than this share of a side are left alone, and
#: what is inside has at least this share of the area: a dark scene is not a picture with bars.
_BAR_LEVEL: Final = 24
_MIN_BAR: Final = 0.02
_MIN_INSIDE: Final = 0.2

_IS_BRIGHT: Final = bytes(255 if y > _BAR_LEVEL else 0 for y in range(256))


def hashed(frame: av.VideoFrame, *, number: int, at_ms: int, regions: int = 0) -> Frame:
    """Hash a frame upright, and what lies inside black bars where it has some.

    Args:
        frame: As it was decoded.
        number: Position in the video.
        at_ms: Its time.
        regions: How many regions to find in it, at most.

    Returns:
        Its hashes; where only the part inside the bars says enough, that part's stand for it.
    """
    plane = brightness(frame)
    values, quality = _hash(plane, (0, 0, plane.width, plane.height))
    box = inside_bars(plane)
    inner, inner_quality = ((), 0) if box is None else _hash(plane, box)
    if inner_quality < MIN_QUALITY:
        inner, inner_quality = (), 0
    elif quality < MIN_QUALITY:
        values, quality, inner, inner_quality = inner, inner_quality, (), 0
    found = None
    if regions:
        shown = plane if box is None else plane.crop(box)
        found = regions_of_plane(*kernel.pdq_shrink(shown.tobytes(), shown.height, shown.width, 1), regions)
    return Frame(values, quality, number, regions=found, at_ms=at_ms, inner=inner, inner_quality=inner_quality)


def brightness(frame: av.VideoFrame) -> Image.Image:
    """Take a frame's brightness, 0-255, upright."""
    if frame.format.name in _WITH_LUMA:
        plane = _luma(frame)
    elif frame.format.is_rgb or frame.format.has_palette:
        plane = _rgb(frame).convert("L")
    else:
        plane = _luma(frame.reformat(format="yuv420p"))
    return _turned(plane, frame)


def upright(frame: av.VideoFrame) -> Image.Image:
    """Take a frame's picture in colours, upright."""
    return _turned(_rgb(frame), frame)


def inside_bars(plane: Image.Image) -> tuple[int, int, int, int] | None:
    """Find what lies inside black bars.

    Returns:
        Left, top, right and bottom; None where there are no bars, or what lies inside is too small to be a picture.
    """
    width, height = plane.size
    across, down = max(1, round(_MIN_BAR * width)), max(1, round(_MIN_BAR * height))
    edges = (
        (0, 0, width, down),
        (0, height - down, width, height),
        (0, 0, across, height),
        (width - across, 0, width, height),
    )
    if all(_brightest(plane.crop(edge)) > _BAR_LEVEL for edge in edges):
        return None
    box = plane.point(_IS_BRIGHT).getbbox()
    if box is None or (box[2] - box[0]) * (box[3] - box[1]) < _MIN_INSIDE * width * height:
        return None
    return box


def _turned(picture: Image.Image, frame: av.VideoFrame) -> Image.Image:
    turn = _TURNS.get(frame.rotation)
    return picture if turn is None else picture.transpose(turn)


def _brightest(part: Image.Image) -> float:
    return cast("tuple[float, float]", part.getextrema())[1]


def _hash(plane: Image.Image, box: tuple[int, int, int, int]) -> tuple[tuple[bytes, ...], int]:
    part = plane if box == (0, 0, plane.width, plane.height) else plane.crop(box)
    joined, quality = kernel.pdq_folded(part.tobytes(), part.height, part.width, part.height, part.width)
    return dihedral_hashes(joined), quality


def _luma(frame: av.VideoFrame) -> Image.Image:
    rows = _packed(frame, 1)
    full = frame.color_range == _FULL_RANGE or frame.format.name.startswith(("yuvj", "gray"))
    return _image("L", frame, rows if full else rows.translate(_STRETCHED))


def _rgb(frame: av.VideoFrame) -> Image.Image:
    shown = frame.reformat(format="rgb24")
    return _image("RGB", shown, _packed(shown, 3))


def _image(mode: str, frame: av.VideoFrame, pixels: bytes) -> Image.Image:
    return Image.frombuffer(mode, (frame.width, frame.height), pixels, "raw", mode, 0, 1)


def _packed(frame: av.VideoFrame, channels: int) -> bytes:
    """Copy the rows of the first plane without their padding."""
    plane = frame.planes[0]
    memory, stride, wide = memoryview(plane), plane.line_size, frame.width * channels
    if stride == wide:
        return bytes(memory[: wide * frame.height])
    return b"".join([memory[row * stride : row * stride + wide] for row in range(frame.height)])
