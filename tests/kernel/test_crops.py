# SPDX-License-Identifier: Apache-2.0
"""Hashing rectangles of a shrunk picture, against the full operator on the same pixels."""

import numpy as np
import pytest

from noli.hashing.kernel import pdq, pdq_crop, pdq_folded, pdq_shrink
from tests.support.pictures import noise, photo_like

Rectangle = tuple[int, int, int, int]


def bits(one: bytes, other: bytes) -> int:
    """Count the differing bits of two first hashes."""
    return (int.from_bytes(one[:32]) ^ int.from_bytes(other[:32])).bit_count()


@pytest.mark.parametrize(
    ("height", "width", "denominator"),
    [(4200, 4111, 8), (2048, 3000, 4), (1025, 1400, 2), (1024, 1024, 2), (1023, 4000, 1), (300, 400, 1), (5, 5, 1)],
)
def test_the_plane_is_the_mean_luma_of_blocks(height: int, width: int, denominator: int) -> None:
    """A picture is shrunk by the largest of 8, 4 and 2 that leaves 512 values; each is its block's rounded mean."""
    pixels = noise(height, width, seed=1)
    plane, down, along = pdq_shrink(pixels.tobytes(), height, width, 3)
    assert (down, along) == (-(-height // denominator), -(-width // denominator))
    shrunk = np.frombuffer(plane, np.uint8).reshape(down, along)
    luma = pixels.astype(np.int64) @ np.array([299, 587, 114])
    for y, x in ((0, 0), (down // 2, along // 3), (down - 1, along - 1)):
        block = luma[y * denominator : (y + 1) * denominator, x * denominator : (x + 1) * denominator]
        assert shrunk[y, x] == int((block.sum() + 500 * block.size) // (1000 * block.size))


def test_grey_pictures_shrink_as_their_rgb_does() -> None:
    """A grey picture and the same one in three equal channels give one plane."""
    grey = noise(1300, 1100, seed=2)[:, :, 0].copy()
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    assert pdq_shrink(grey.tobytes(), 1300, 1100, 1) == pdq_shrink(colour.tobytes(), 1300, 1100, 3)


def test_the_whole_picture_is_its_folded_hash() -> None:
    """The rectangle that leaves nothing out is hashed as the plane itself."""
    pixels = photo_like(1203, 1601, seed=4)
    plane, down, along = pdq_shrink(pixels.tobytes(), 1203, 1601, 3)
    whole = pdq_crop(plane, down, along, 1203, 1601, (0, 0, 1601, 1203))
    assert whole == pdq_folded(plane, down, along, 1203, 1601)


@pytest.mark.parametrize("size", [(2200, 2100), (1203, 1601), (700, 500), (97, 131)])
@pytest.mark.parametrize("shares", [(0.02, 0.02, 0.98, 0.98), (0.1, 0, 1, 1), (0, 0.2, 1, 1), (0.3, 0, 0.7, 1)])
def test_a_crop_is_near_the_full_hash_of_the_same_pixels(
    size: tuple[int, int], shares: tuple[float, float, float, float]
) -> None:
    """Edges are rounded to blocks and brightness to a byte: a crop's hash stays within a dozen bits."""
    height, width = size
    pixels = photo_like(height, width, seed=5)
    plane, down, along = pdq_shrink(pixels.tobytes(), height, width, 3)
    left, right = round(shares[0] * width), round(shares[2] * width)
    top, bottom = round(shares[1] * height), round(shares[3] * height)
    cut = pixels[top:bottom, left:right]
    joined, quality = pdq(cut.tobytes(), bottom - top, right - left, 3)
    hashed, near_quality = pdq_crop(plane, down, along, height, width, (left, top, right, bottom))
    assert bits(joined, hashed) <= 12
    assert abs(quality - near_quality) <= 5


@pytest.mark.parametrize("part", [(0, 0, 4, 4), (3, 3, 4, 4), (699, 499, 700, 500)])
def test_tiny_crops_have_no_hash(part: Rectangle) -> None:
    """A crop below five pixels gives zeros and quality 0, as such a picture does."""
    plane, down, along = pdq_shrink(noise(500, 700).tobytes(), 500, 700, 3)
    assert pdq_crop(plane, down, along, 500, 700, part) == (bytes(256), 0)


@pytest.mark.parametrize("part", [(0, 0, 0, 5), (5, 5, 4, 9), (-1, 0, 5, 5), (0, 0, 701, 5), (0, 0, 5, 501)])
def test_rectangles_outside_are_refused(part: Rectangle) -> None:
    """An empty rectangle, or one that leaves the picture, is refused."""
    plane, down, along = pdq_shrink(noise(500, 700).tobytes(), 500, 700, 3)
    with pytest.raises(ValueError, match="rectangle"):
        pdq_crop(plane, down, along, 500, 700, part)


def test_wrong_sizes_are_refused() -> None:
    """Sides that do not fit the bytes, planes of no known scale and bad channels are refused."""
    part = (0, 0, 10, 10)
    with pytest.raises(ValueError, match="bytes"):
        pdq_shrink(bytes(10), 10, 10, 3)
    with pytest.raises(ValueError, match="channels"):
        pdq_shrink(bytes(400), 10, 10, 4)
    with pytest.raises(ValueError, match="between 1 and"):
        pdq_shrink(b"", 0, 10, 3)
    with pytest.raises(ValueError, match="bytes"):
        pdq_crop(bytes(10), 10, 10, 10, 10, part)
    with pytest.raises(ValueError, match="is not 1/1"):
        pdq_crop(bytes(100), 10, 10, 70, 70, part)
