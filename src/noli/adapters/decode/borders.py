# SPDX-License-Identifier: Apache-2.0
"""What lies inside an even border, between letterbox bars, or between the bars of a screenshot.

Who uploads a framed copy or a screenshot adds even ground around the picture, sometimes with words on it. Rows and
columns that are mostly of the ground's brightness are cut away; what is left is looked for as a picture of its own.
"""

from typing import Final

from PIL import Image

#: How far a value may lie from the ground's and still belong to it, of 255. Which share of a row or column must lie
#: farther for it to belong to the picture, and how little of at least one edge may. How thin a break in the picture may
#: be, as a share of the side. Which share of the area the picture has, at least and at most.
_NEAR: Final = 16
_BUSY: Final = 0.5
_EVEN: Final = 0.02
_BREAK: Final = 0.01
_LEAST: Final = 0.15
_MOST: Final = 0.97

Box = tuple[int, int, int, int]


def inside(plane: Image.Image) -> Box | None:
    """Find a picture within a picture.

    Args:
        plane: Brightness.

    Returns:
        Left, top, right and bottom; None where there is no even ground around anything that could be a picture.
    """
    width, height = plane.size
    corners = plane.crop((0, 0, 1, 1)).tobytes() + plane.crop((width - 1, height - 1, width, height)).tobytes()
    boxes = (_between(plane, ground) for ground in corners)
    return next((box for box in boxes if box is not None), None)


def _between(plane: Image.Image, ground: int) -> Box | None:
    differing = [255 if abs(value - ground) > _NEAR else 0 for value in range(256)]
    width, height = plane.size
    edges = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    lines = (plane.crop(edge).point(differing) for edge in edges)
    if min(line.resize((1, 1), Image.Resampling.BOX).tobytes()[0] for line in lines) > _EVEN * 255:
        return None
    differs = plane.point(differing)
    rows = _longest(differs.resize((1, height), Image.Resampling.BOX).tobytes())
    if rows is None:
        return None
    strip = differs.crop((0, rows[0], width, rows[1]))
    columns = _longest(strip.resize((width, 1), Image.Resampling.BOX).tobytes())
    if columns is None:
        return None
    share = (rows[1] - rows[0]) * (columns[1] - columns[0]) / (width * height)
    return (columns[0], rows[0], columns[1], rows[1]) if _LEAST <= share <= _MOST else None


def _longest(shares: bytes) -> tuple[int, int] | None:
    """Find the longest run of busy lines, thin breaks included: its first, and the first after it."""
    best: tuple[int, int] | None = None
    start: int | None = None
    last = 0
    for at, share in enumerate(shares):
        if share < _BUSY * 255:
            continue
        if start is None or at - last > max(2, _BREAK * len(shares)):
            start = at
        last = at
        if best is None or at + 1 - start > best[1] - best[0]:
            best = (start, at + 1)
    return best
