# SPDX-License-Identifier: Apache-2.0
"""Draws the three harmless pictures of the demo: a protected one, an edited copy of it, and an unrelated one.

Everything is drawn by code, the same each time. Pillow only draws and writes here; it opens no file.
"""

from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

#: Names of the files, in the order in which they are explained.
PROTECTED, EDITED, UNRELATED = "protected.jpg", "edited-copy.jpg", "unrelated.jpg"

# Pixels of the protected picture; the copy is made to fit a chat.
_SIZE = (1200, 900)
_COPY_SIZE = (480, 360)

# JPEG quality (Pillow's scale) of a camera and of a messenger.
_FINE = 92
_ROUGH = 45

_BRIGHTER = 1.15

# Chosen so that both pictures have the highest PDQ quality; any number draws something.
_SEED_PROTECTED = 3
_SEED_UNRELATED = 11


def draw_demo(folder: Path) -> None:
    """Write the three pictures into ``folder``."""
    protected = _scene(_SEED_PROTECTED)
    protected.save(folder / PROTECTED, quality=_FINE)
    _edited(protected).save(folder / EDITED, quality=_ROUGH)
    _scene(_SEED_UNRELATED).save(folder / UNRELATED, quality=_FINE)


def _edited(picture: Image.Image) -> Image.Image:
    """Mirror, shrink and brighten, as somebody does who wants a copy to pass."""
    small = ImageOps.mirror(picture).resize(_COPY_SIZE)
    return ImageEnhance.Brightness(small).enhance(_BRIGHTER)


def _scene(seed: int) -> Image.Image:
    """Draw coloured shapes of many sizes over a gradient."""
    chance = Random(seed)  # noqa: S311 - the same picture each time, no secret
    width, height = _SIZE
    picture = Image.linear_gradient("L").resize(_SIZE).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for number in range(90):
        size = width // (4 + number // 6)
        x, y = chance.randrange(-size // 2, width), chance.randrange(-size // 2, height)
        box = (x, y, x + size, y + chance.randrange(size // 2, size))
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        (pen.ellipse if number % 2 else pen.rectangle)(box, fill=colour)
    return picture
