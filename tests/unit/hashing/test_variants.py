# SPDX-License-Identifier: Apache-2.0
"""The usual crops: where they lie, and what is registered of a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.hashing import kernel
from noli.hashing.model import DIHEDRAL, MIN_QUALITY, Variant
from noli.hashing.variants import CROPS, Crop, crop_hashes
from tests.support.pictures import flat, photo_like

SIDES = st.integers(1, 20_000)


def crop(variant: Variant) -> Crop:
    """The crop of this label."""
    return next(each for each in CROPS if each.variant is variant)


def test_every_variant_is_a_turned_form_or_a_crop() -> None:
    """Each label of a derived hash is one of the eight forms, one crop, or a video's picture without its bars."""
    assert (*DIHEDRAL, *(each.variant for each in CROPS), Variant.WITHOUT_BARS) == tuple(Variant)


@pytest.mark.parametrize(
    ("variant", "rectangle"),
    [
        (Variant.INSET_5, (60, 40, 1140, 760)),
        (Variant.WITHOUT_TOP_20, (0, 160, 1200, 800)),
        (Variant.WITHOUT_RIGHT_10, (0, 0, 1080, 800)),
        (Variant.UPPER_HALF, (0, 0, 1200, 400)),
        (Variant.ASPECT_1_1, (200, 0, 1000, 800)),
        (Variant.ASPECT_9_16, (375, 0, 825, 800)),
        (Variant.ASPECT_16_9, (0, 62, 1200, 737)),
    ],
)
def test_rectangles_of_a_landscape(variant: Variant, rectangle: tuple[int, int, int, int]) -> None:
    """In a picture of 1200 x 800 pixels each crop lies where a person would put it."""
    assert crop(variant).rectangle(1200, 800) == rectangle


def test_a_shape_that_the_picture_has_is_not_cut() -> None:
    """A square picture has no square crop, nor has one that is square but for a pixel."""
    assert crop(Variant.ASPECT_1_1).rectangle(800, 800) is None
    assert crop(Variant.ASPECT_1_1).rectangle(801, 800) is None


@given(SIDES, SIDES)
def test_rectangles_lie_inside(width: int, height: int) -> None:
    """Whatever the sides, a crop is not empty, lies in the picture and cuts something away."""
    for each in CROPS:
        part = each.rectangle(width, height)
        if part is not None:
            left, top, right, bottom = part
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            assert (right - left, bottom - top) != (width, height)


def test_a_crop_is_found_by_its_hash() -> None:
    """Who cuts a picture as one of the crops does gets that crop's hash, but for a few bits."""
    picture = photo_like(1200, 1600, seed=3)
    plane, height, width = kernel.pdq_shrink(picture.tobytes(), 1200, 1600, 3)
    hashes = {each.variant: each for each in crop_hashes(plane, (width, height), (1600, 1200))}
    assert len(hashes) >= len(CROPS) - 1  # 4:3 it is already
    for each in CROPS:
        part = each.rectangle(1600, 1200)
        if part is not None:
            left, top, right, bottom = part
            cut = picture[top:bottom, left:right].tobytes()
            joined, _ = kernel.pdq(cut, bottom - top, right - left, 3)
            apart = int.from_bytes(joined[:32]) ^ int.from_bytes(hashes[each.variant].value)
            assert apart.bit_count() <= 12, each


def test_crops_of_little_detail_are_left_out() -> None:
    """A crop that shows nothing is not registered."""
    plane, height, width = kernel.pdq_shrink(flat(300, 400).tobytes(), 300, 400, 3)
    assert list(crop_hashes(plane, (width, height), (400, 300))) == []
    assert MIN_QUALITY > 0
