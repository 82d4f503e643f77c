# SPDX-License-Identifier: Apache-2.0
"""Draws what people upload all day and nobody protects, and scenes to protect."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

#: Pixels of the longer side of a scene.
LONGER_SIDE = 1000


def scene(seed: int) -> Image.Image:
    """Draw a scene with parts of every size."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (LONGER_SIDE, 750), tuple(int(v) for v in rng.integers(60, 200, 3)))
    for size in np.geomspace(0.4, 0.03, 110):
        draw = ImageDraw.Draw(picture)
        x, y, r = rng.uniform(0, picture.width), rng.uniform(0, picture.height), size * picture.height
        box = [x - r, y - r * rng.uniform(0.5, 1), x + r, y + r * rng.uniform(0.5, 1)]
        colour = tuple(int(v) for v in rng.integers(10, 245, 3))
        (draw.ellipse if rng.random() < 0.6 else draw.rectangle)(box, fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(1))


def background_pictures() -> Iterator[tuple[str, Image.Image]]:
    """Yield the pictures of the background by their kind."""
    rng = np.random.default_rng(5)
    for _ in range(12):
        yield "solid colour", Image.new("RGB", (800, 600), tuple(int(v) for v in rng.integers(0, 256, 3)))
    for turn in range(6):
        yield "gradient", ImageOps.colorize(Image.linear_gradient("L").rotate(60 * turn), "navy", "gold")
    for columns in range(4, 12):
        card = Image.new("RGB", (800, 600), "grey")
        draw = ImageDraw.Draw(card)
        for at in range(columns):
            colour = f"hsl({at * 360 // columns}, 90%, 50%)"
            draw.rectangle([at * 800 // columns, 0, (at + 1) * 800 // columns, 400], fill=colour)
        draw.ellipse([250, 150, 550, 450], outline="white", width=6)
        yield "test card", card
    for kind, lines, ground in (("document", 42, "white"), ("screenshot", 14, "#f2f2f7"), ("meme", 2, "black")):
        for number in range(10):
            yield kind, _page(kind, lines, ground, number)


def _page(kind: str, lines: int, ground: str, seed: int) -> Image.Image:
    rng = np.random.default_rng([seed, lines])
    page = Image.new("RGB", (720, 1018), ground)
    draw = ImageDraw.Draw(page)
    for line in range(lines):
        y = 40 + line * 940 // lines
        if kind == "screenshot":
            left = 30 if rng.random() < 0.5 else 230
            draw.rounded_rectangle([left, y, left + 450, y + 50], 20, fill="#d0e8ff" if left > 100 else "white")
        size = {"document": 15, "screenshot": 20, "meme": 60}[kind]
        text = " ".join("".join(rng.choice(list("etaoinshrdlu"), rng.integers(2, 9))) for _ in range(900 // size // 5))
        draw.text((50, y + 10), text, fill="white" if kind == "meme" else "black", font_size=size)
    if kind == "meme":
        page.paste(scene(1000 + seed).resize((720, 540)), (0, 220))
    return page
