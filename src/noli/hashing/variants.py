# SPDX-License-Identifier: Apache-2.0
"""The usual crops of a picture that are registered beside it, and how to hash them.

PDQ stands up to re-encoding and resizing but not to a cut of five per cent, so whoever protects a picture registers
hashes of what people and apps usually cut away, too: a frame, a strip at one side, the shapes of stories, posts and
profile pictures. They are labelled derived hashes of one entry and are withdrawn with it. Unrelated hashes are so far
apart that these cost memory, not false matches.

The list is data. The page that hashes in the browser reads the same one (``web/static/hash/crops.js``, written by
``docs/generate.py`` and compared by a test). Which crops are worth their cost: ``python -m benchmarks.crops``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from noli.hashing import kernel
from noli.hashing.model import MIN_QUALITY, PDQ_BYTES, Hash, Variant

#: A crop that leaves more than this share of the area is the picture itself to PDQ, and is not made.
SAME_PICTURE = 0.985


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """One usual crop: what is cut from each side, or the shape that is cut from the middle.

    Attributes:
        variant: The label of its hash.
        left: Share of the width cut from the left, 0-1; likewise the next three.
        top: Share of the height cut from the top.
        right: Share of the width cut from the right.
        bottom: Share of the height cut from the bottom.
        shape: Width and height of the shape that is cut from the middle; (0, 0) for none.
    """

    variant: Variant
    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    shape: tuple[int, int] = (0, 0)

    def rectangle(self, width: int, height: int) -> tuple[int, int, int, int] | None:
        """Return left, top, right and bottom in pixels of an upright picture.

        ``crops.js`` computes the same; both round halves up.

        Args:
            width: Pixels of the picture.
            height: Pixels of the picture.

        Returns:
            The first column and row inside and the first outside; None where hardly anything would be cut away.
        """
        left, top = floor(self.left * width + 0.5), floor(self.top * height + 0.5)
        right, bottom = width - floor(self.right * width + 0.5), height - floor(self.bottom * height + 0.5)
        across, down = self.shape
        if across and width * down > height * across:
            kept = floor(height * across / down + 0.5)
            left = (width - kept) // 2
            right = left + kept
        elif across:
            kept = floor(width * down / across + 0.5)
            top = (height - kept) // 2
            bottom = top + kept
        kept_area = max(0, right - left) * max(0, bottom - top)
        if kept_area == 0 or kept_area > SAME_PICTURE * width * height:
            return None
        return left, top, right, bottom


#: What is registered beside a picture, in this order.
CROPS: tuple[Crop, ...] = (
    Crop(variant=Variant.INSET_2, left=0.02, top=0.02, right=0.02, bottom=0.02),
    Crop(variant=Variant.INSET_5, left=0.05, top=0.05, right=0.05, bottom=0.05),
    Crop(variant=Variant.INSET_10, left=0.1, top=0.1, right=0.1, bottom=0.1),
    Crop(variant=Variant.WITHOUT_LEFT_5, left=0.05),
    Crop(variant=Variant.WITHOUT_RIGHT_5, right=0.05),
    Crop(variant=Variant.WITHOUT_TOP_5, top=0.05),
    Crop(variant=Variant.WITHOUT_BOTTOM_5, bottom=0.05),
    Crop(variant=Variant.WITHOUT_LEFT_10, left=0.1),
    Crop(variant=Variant.WITHOUT_RIGHT_10, right=0.1),
    Crop(variant=Variant.WITHOUT_TOP_10, top=0.1),
    Crop(variant=Variant.WITHOUT_BOTTOM_10, bottom=0.1),
    Crop(variant=Variant.WITHOUT_TOP_20, top=0.2),
    Crop(variant=Variant.WITHOUT_BOTTOM_20, bottom=0.2),
    Crop(variant=Variant.UPPER_HALF, bottom=0.5),
    Crop(variant=Variant.LOWER_HALF, top=0.5),
    Crop(variant=Variant.ASPECT_9_16, shape=(9, 16)),
    Crop(variant=Variant.ASPECT_3_4, shape=(3, 4)),
    Crop(variant=Variant.ASPECT_4_5, shape=(4, 5)),
    Crop(variant=Variant.ASPECT_1_1, shape=(1, 1)),
    Crop(variant=Variant.ASPECT_4_3, shape=(4, 3)),
    Crop(variant=Variant.ASPECT_16_9, shape=(16, 9)),
)


def crop_hashes(plane: bytes, size: tuple[int, int], original_size: tuple[int, int]) -> Iterator[Hash]:
    """Hash the usual crops of a picture from its grey plane.

    Args:
        plane: Brightness, a byte a value, upright: as ``kernel.pdq_shrink`` makes it of pixels, or as libjpeg decodes
            it at 1/1, 1/2, 1/4 or 1/8.
        size: Width and height of the plane.
        original_size: Width and height of the upright picture.

    Yields:
        Hashes labelled with their crop, in the order of ``CROPS``; none of too little quality.
    """
    width, height = original_size
    for crop in CROPS:
        part = crop.rectangle(width, height)
        if part is None:
            continue
        joined, quality = kernel.pdq_crop(plane, size[1], size[0], height, width, part)
        if quality >= MIN_QUALITY:
            yield Hash(joined[:PDQ_BYTES], quality, variant=crop.variant)
