# SPDX-License-Identifier: Apache-2.0
"""Draws photograph-like pictures and encodes them as files of many formats and modes; nobody is in any of them."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

#: EXIF tag "Orientation".
ORIENTATION_TAG = 0x0112

#: How a picture is stored so that a viewer who honours this EXIF orientation shows it upright.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def drawn(*, seed: int = 1, width: int = 640, height: int = 480) -> Image.Image:
    """Draw overlapping soft and hard shapes in colour, with the detail of a photograph."""
    random = np.random.default_rng(seed)
    canvas = np.full((height, width, 3), 120.0)
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    for _ in range(60):
        x, y = random.uniform(0, 1), random.uniform(0, height / max(height, width))
        across, down = random.uniform(0.02, 0.2, 2)
        inside = ((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 < 1
        canvas[inside] = 0.35 * canvas[inside] + 0.65 * random.uniform(20, 235, 3)
    canvas += 12 * np.sin(columns * 40 + rows * 23)[..., None]
    return Image.fromarray(np.clip(canvas, 8, 247).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Encode a picture with Pillow; ``kind`` is Pillow's name of the format."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def rotated_jpeg(picture: Image.Image, orientation: int) -> bytes:
    """Store a picture turned, with the EXIF orientation that turns it back."""
    method = STORED[orientation]
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    return encoded(picture if method is None else picture.transpose(method), "JPEG", quality=92, exif=exif)


def with_16_bits(picture: Image.Image) -> Image.Image:
    """The grey picture with 16 bits a pixel, using the whole range."""
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    return Image.fromarray(grey)


def with_floats(picture: Image.Image) -> Image.Image:
    """The grey picture as floating-point numbers from 0 to 1."""
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.float32) / 255)


def with_palette(picture: Image.Image) -> Image.Image:
    """The picture in 216 fixed colours, dithered."""
    return picture.convert("P", dither=Image.Dither.FLOYDSTEINBERG, palette=Image.Palette.WEB)


def in_alpha_only(picture: Image.Image) -> Image.Image:
    """A white picture whose transparency is the grey picture: over white one sees nothing."""
    white = Image.new("L", picture.size, 255)
    return Image.merge("LA", (white, picture.convert("L")))


def animation(frames: Sequence[Image.Image], kind: str) -> bytes:
    """Encode frames as an animation of 100 ms each."""
    shown = [with_palette(frame) for frame in frames] if kind == "GIF" else list(frames)
    return encoded(shown[0], kind, save_all=True, append_images=shown[1:], duration=100)


def bomb(*, side: int) -> bytes:
    """A 1-bit PNG of ``side`` x ``side`` black pixels: small to send, enormous to decode."""
    row = b"\0" * (1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
