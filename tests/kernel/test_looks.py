# SPDX-License-Identifier: Apache-2.0
"""The windows of a second look: what a picture may have been is among them, and every machine makes the same."""

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from noli.hashing import kernel
from noli.hashing.model import LOOKS_MOST, LOOKS_SIDE, PDQ_BYTES
from tests.support.regions import scene

SCENE = Image.fromarray(scene(12))
OTHER = Image.fromarray(scene(13))
NEAR_BITS = 28


def looks(picture: Image.Image) -> NDArray[np.uint8]:
    """Look again at a picture: (windows, 256) bits."""
    square = picture.resize((LOOKS_SIDE, LOOKS_SIDE), Image.Resampling.BOX)
    return bits(kernel.looks(square.tobytes(), picture.width, picture.height))


def bits(hashes: bytes) -> NDArray[np.uint8]:
    """Write hashes as rows of bits."""
    return np.unpackbits(np.frombuffer(hashes, np.uint8).reshape(-1, PDQ_BYTES), axis=1)


def nearest(picture: Image.Image, banked: Image.Image) -> int:
    """Bits between a banked picture and the nearest window."""
    joined, _ = kernel.pdq(banked.tobytes(), banked.height, banked.width, 1)
    return int((looks(picture) != bits(joined)[0]).sum(axis=1).min())


def beside(*pictures: Image.Image) -> Image.Image:
    """Put pictures of one size side by side."""
    width, height = pictures[0].size
    sheet = Image.new("L", (width * len(pictures), height))
    for at, each in enumerate(pictures):
        sheet.paste(each, (at * width, 0))
    return sheet


def inside(picture: Image.Image) -> Image.Image:
    """Set a picture small into another one."""
    sheet = OTHER.resize((700, 500))
    sheet.paste(picture.resize((360, 270)), (250, 90))
    return sheet


@pytest.mark.parametrize(
    "copy",
    [
        SCENE,
        SCENE.rotate(5.3),
        ImageOps.expand(SCENE, 33, fill=200),
        SCENE.crop((18, 0, 480, 360)),
        SCENE.crop((9, 5, 470, 352)),
        beside(OTHER, SCENE),
        inside(SCENE),
    ],
    ids=["as it is", "turned", "framed", "cut at one side", "cut all around", "collaged", "pasted"],
)
def test_what_a_copy_was_is_among_its_windows(copy: Image.Image) -> None:
    """One of them is near the hash of the whole; none is near that of another picture."""
    assert nearest(copy, SCENE) <= NEAR_BITS
    assert nearest(copy, Image.fromarray(scene(14))) > 2 * NEAR_BITS


def test_a_picture_of_nothing_has_no_windows() -> None:
    """Nothing is left of a plain colour to be looked for."""
    assert kernel.looks(bytes([99]) * LOOKS_SIDE**2, 4, 3) == b""


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1), (1 << 24, 1 << 24)])
def test_any_shape_is_looked_at(size: tuple[int, int]) -> None:
    """However long or thin a picture is, there are windows, and not more than a reading may hold."""
    coarse = np.random.default_rng(4).integers(0, 256, (9, 9), np.uint8)
    smooth = Image.fromarray(coarse).resize((LOOKS_SIDE, LOOKS_SIDE))
    count = len(kernel.looks(smooth.tobytes(), *size)) // PDQ_BYTES
    assert 100 < count <= LOOKS_MOST


def test_every_machine_makes_the_same_windows() -> None:
    """The windows of a drawn picture are these, bit for bit: on every compiler and processor."""
    y, x = np.mgrid[0:LOOKS_SIDE, 0:LOOKS_SIDE]
    drawn = ((x * x + 3 * y * y + 7 * x * y) // 211 % 256 // 2 + ((x // 30) + (y // 25)) % 2 * 90).astype(np.uint8)
    assert (
        hashlib.sha256(kernel.looks(drawn.tobytes(), 4, 3)).hexdigest()
        == "ce2799a93e16314872c6e4582267054950e03179cd7dfea706d777630bbb5fe0"
    )


def test_bad_arguments_are_named() -> None:
    """A wrong length or a picture without sides is an error, not a guess."""
    with pytest.raises(ValueError, match="128 x 128"):
        kernel.looks(bytes(100), 4, 3)
    for size in ((0, 3), (4, 0), (4, (1 << 24) + 1)):
        with pytest.raises(ValueError, match="is none"):
            kernel.looks(bytes(LOOKS_SIDE**2), *size)
