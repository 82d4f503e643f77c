# SPDX-License-Identifier: Apache-2.0
"""Turns a decoded picture of any mode into what a person sees: grey or RGB, 8 bits, upright, nothing transparent.

PDQ of palette numbers or of inverted inks has nothing to do with the picture: two uploads of one photograph would be
38 to 254 bits apart. Colour profiles are not applied, as in every other PDQ implementation.
"""

from collections.abc import Iterator
from typing import Final, cast

from PIL import Image

#: EXIF tag 0x0112, "Orientation", and what brings a stored picture upright (EXIF 2.32, 4.6.4.A).
_ORIENTATION_TAG: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: From here on, width and height change places.
_FIRST_ON_ITS_SIDE: Final = 5

_GREY: Final = frozenset({"1", "L", "LA", "La"})
_WITH_ALPHA: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_OPAQUE: Final = 255
#: What transparent places show: pages are white, or black in dark mode.
_WHITE, _BLACK = 255, 0


def orientation_of(picture: Image.Image) -> int:
    """Read the EXIF orientation, 1-8; 1 (upright) where there is none or it cannot be read."""
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF data raises whatever it hits; the picture itself may be sound
        return 1
    return value if value in _UPRIGHT else 1


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Turn a stored picture as its EXIF orientation says; the same object where nothing is to be done."""
    method = _UPRIGHT.get(orientation)
    return picture if method is None else picture.transpose(method)


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height after ``upright``."""
    return (size[1], size[0]) if orientation >= _FIRST_ON_ITS_SIDE else size


def renderings(picture: Image.Image) -> Iterator[Image.Image]:
    """Show a picture as a viewer does.

    Args:
        picture: Decoded, of any mode.

    Yields:
        Pictures of mode ``L`` or ``RGB``: one, or for a picture that is transparent somewhere two, over white and
        over black, because what it shows may lie in the transparency alone.
    """
    if not _may_be_transparent(picture):
        yield _opaque(picture)
        return
    see_through = picture.convert("LA" if picture.mode in _GREY else "RGBA")
    lowest_alpha = see_through.getchannel("A").getextrema()[0]
    flat_mode = "L" if see_through.mode == "LA" else "RGB"
    if lowest_alpha == _OPAQUE:
        yield see_through.convert(flat_mode)
        return
    for shade in (_WHITE, _BLACK):
        flat = Image.new(flat_mode, see_through.size, shade if flat_mode == "L" else (shade, shade, shade))
        flat.paste(see_through, mask=see_through)
        yield flat


def _may_be_transparent(picture: Image.Image) -> bool:
    """Whether there is an alpha channel or a transparent colour."""
    if picture.mode in _WITH_ALPHA:
        return True
    return "transparency" in picture.info and picture.mode in {"1", "L", "P", "RGB"}


def _opaque(picture: Image.Image) -> Image.Image:
    """Bring a picture without transparency to ``L`` or ``RGB``."""
    mode = picture.mode
    if mode in {"L", "RGB"}:
        return picture
    if mode == "1":
        return picture.convert("L")
    if mode == "LAB":
        return picture.getchannel("L")
    if mode == "F" or mode.startswith("I"):
        return _scaled_to_8_bits(picture)
    return picture.convert("RGB")


def _scaled_to_8_bits(picture: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and floating-point grey to 8 bits; ``convert`` alone would clip at 255.

    The scale is the power of two that the highest value needs, so 10-, 12- and 16-bit data come out alike.
    """
    lowest, highest = cast("tuple[float, float]", picture.getextrema())
    if picture.mode != "F" and lowest >= 0:
        scale, offset = 2.0 ** (8 - max(8, int(highest).bit_length())), 0.0
    else:
        span = highest - lowest
        scale = 255.0 / span if span > 0 else 0.0
        offset = -lowest * scale
    return picture.point(lambda value: value * scale + offset).convert("L")
