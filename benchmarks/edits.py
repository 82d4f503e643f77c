# SPDX-License-Identifier: Apache-2.0
"""What people and apps do to a picture before they upload it again.

Each edit draws its amounts from a range with the generator it is given, so that nobody can tune to them: the seeds of
the published table are not those that Noli was designed with. Every result is saved once more as a JPEG.
"""

import io
from collections.abc import Callable
from math import cos, pi, radians, sin

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Picture = Image.Image
Edit = Callable[[Picture, Generator, Picture], Picture]

_BILINEAR = Image.Resampling.BILINEAR
_BICUBIC = Image.Resampling.BICUBIC


def jpeg(picture: Picture, quality: int) -> bytes:
    """Encode as a JPEG file."""
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


def _recode(picture: Picture, quality: int) -> Picture:
    return Image.open(io.BytesIO(jpeg(picture, quality))).convert("RGB")


def _within(rng: Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _scaled(picture: Picture, by: float) -> Picture:
    size = (max(1, round(picture.width * by)), max(1, round(picture.height * by)))
    return picture.resize(size, _BICUBIC)


def _cropped(picture: Picture, left: float, top: float, right: float, bottom: float) -> Picture:
    """Keep what lies between these shares of the sides."""
    w, h = picture.size
    return picture.crop((round(left * w), round(top * h), round(right * w), round(bottom * h)))


def _inset(picture: Picture, share: float) -> Picture:
    """Cut the same share off each side."""
    return _cropped(picture, share, share, 1 - share, 1 - share)


def _kept(picture: Picture, rng: Generator, area: float) -> Picture:
    """Cut out a random rectangle of this share of the area, of nearly the picture's shape."""
    shape = _within(rng, 0.9, 1.1)
    w, h = min(1.0, area**0.5 * shape), min(1.0, area**0.5 / shape)
    left, top = _within(rng, 0, 1 - w), _within(rng, 0, 1 - h)
    return _cropped(picture, left, top, left + w, top + h)


def _turned(picture: Picture, degrees: float, *, cut: bool) -> Picture:
    """Turn by a few degrees; the corners are filled, or cut away."""
    turned = picture.rotate(degrees, _BICUBIC, fillcolor=(20, 20, 20))
    if not cut:
        return turned
    a, (w, h) = abs(radians(degrees)), picture.size
    keep = 1 / (cos(a) + max(w / h, h / w) * sin(a))
    edge = (1 - keep) / 2
    return _cropped(turned, edge, edge, 1 - edge, 1 - edge)


def _signed(rng: Generator, low: float, high: float) -> float:
    return _within(rng, low, high) * (1 if rng.random() < 0.5 else -1)


def _colour(rng: Generator) -> tuple[int, int, int]:
    r, g, b = (int(v) for v in rng.integers(0, 256, 3))
    return r, g, b


def _bordered(picture: Picture, share_x: float, share_y: float, colour: tuple[int, int, int]) -> Picture:
    across, down = round(share_x * picture.width), round(share_y * picture.height)
    framed = Image.new("RGB", (picture.width + 2 * across, picture.height + 2 * down), colour)
    framed.paste(picture, (across, down))
    return framed


def _framed(picture: Picture, share: float, colour: tuple[int, int, int]) -> Picture:
    """Put a frame around it."""
    return _bordered(picture, share, share, colour)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))


def _bars(picture: Picture, rng: Generator, *, above: float, below: float, ground: tuple[int, int, int]) -> Picture:
    """Put a screen's bars with words and symbols above and below."""
    w, h = picture.size
    up, down = round(above * h), round(below * h)
    screen = Image.new("RGB", (w, h + up + down), ground)
    screen.paste(picture, (0, up))
    draw = ImageDraw.Draw(screen)
    ink = tuple(255 - each for each in ground)
    draw.text((w * 0.04, up * 0.25), "12:4" + str(rng.integers(10)) + "   someone_2", fill=ink, font=_font(up * 0.3))
    for at in np.arange(0.1, 0.9, 0.2):
        draw.ellipse([w * at, h + up + down * 0.2, w * at + down * 0.3, h + up + down * 0.5], outline=ink, width=3)
    draw.text((w * 0.04, h + up + down * 0.6), "nice one, see more", fill=ink, font=_font(down * 0.2))
    return screen


def _face(size: int, rng: Generator) -> Picture:
    """Draw an emoji-like face."""
    face = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(face)
    draw.ellipse([0, 0, size - 1, size - 1], fill=(255, int(rng.integers(180, 230)), 40, 255))
    for x in (0.3, 0.62):
        draw.ellipse([size * x, size * 0.3, size * (x + 0.1), size * 0.45], fill=(60, 40, 20, 255))
    draw.arc([size * 0.25, size * 0.35, size * 0.75, size * 0.8], 20, 160, fill=(60, 40, 20, 255), width=size // 14 + 1)
    return face


def _stuck(picture: Picture, rng: Generator, *, count: int, size: float) -> Picture:
    """Stick faces on random places."""
    out, short = picture.copy(), min(picture.size)
    for _ in range(count):
        face = _face(round(size * short), rng)
        at = (int(rng.integers(0, out.width - face.width)), int(rng.integers(0, out.height - face.height)))
        out.paste(face, at, face)
    return out


def _swapped(picture: Picture, rng: Generator, other: Picture, size: float) -> Picture:
    """Replace an oval, such as a face, by a part of another picture."""
    side = round(size * min(picture.size))
    piece = ImageOps.fit(other, (side, side))
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse([0, 0, side, side], fill=255)
    out = picture.copy()
    at = (int(rng.integers(0, out.width - side)), int(rng.integers(0, out.height - side)))
    out.paste(piece, at, mask.filter(ImageFilter.GaussianBlur(side / 30)))
    return out


def _written(picture: Picture, rng: Generator, *, size: float, lines: int) -> Picture:
    """Write large words over it, with an outline as memes have."""
    out = picture.copy()
    draw = ImageDraw.Draw(out)
    high = size * out.height
    for line in range(lines):
        at = (out.width * _within(rng, 0.03, 0.2), out.height * ((line + 0.2) / lines) * _within(rng, 0.8, 1.0))
        draw.text(at, "WHEN YOU SEE IT", fill="white", font=_font(high), stroke_width=3, stroke_fill="black")
    return out


def _watermarked(picture: Picture, rng: Generator) -> Picture:
    layer = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(layer)
    step = round(picture.height * _within(rng, 0.18, 0.3))
    for y in range(0, picture.height, step):
        draw.text((picture.width * _within(rng, 0, 0.3), y), "preview.example   preview.example",
                  fill=(255, 255, 255, 110), font=_font(picture.height * 0.06))  # fmt: skip
    return Image.alpha_composite(picture.convert("RGBA"), layer.rotate(_within(rng, 5, 25))).convert("RGB")


def _in_picture(picture: Picture, rng: Generator, other: Picture, share: float) -> Picture:
    """Paste it small into another picture."""
    ground = ImageOps.fit(other, picture.size)
    small = _scaled(picture, share)
    ground.paste(small, (int(rng.integers(0, ground.width - small.width)),
                         int(rng.integers(0, ground.height - small.height))))  # fmt: skip
    return ground


def _collage(picture: Picture, rng: Generator, other: Picture, across: int, down: int) -> Picture:
    """Put it into a grid of pictures."""
    w, h = picture.size
    sheet = Image.new("RGB", (w * across, h * down))
    place = int(rng.integers(0, across * down))
    for at in range(across * down):
        part = ImageOps.mirror(other) if at % 2 else other
        shown = picture if at == place else ImageOps.fit(part, (w, h), centering=(_within(rng, 0, 1), 0.5))
        sheet.paste(shown, (at % across * w, at // across * h))
    return sheet


def _reshaped(picture: Picture, rng: Generator) -> Picture:
    """Make it a square, as apps do, or wider or narrower by a tenth to a half."""
    w, h = picture.size
    if rng.random() < 0.5:
        return picture.resize((min(w, h), min(w, h)), _BICUBIC)
    by = _within(rng, 1.1, 1.5)
    return picture.resize((round(w / by), h) if rng.random() < 0.5 else (w, round(h / by)), _BICUBIC)


def _slanted(picture: Picture, rng: Generator, most: float) -> Picture:
    """Show it in perspective."""
    w, h = picture.size
    corners = [(0, 0), (w, 0), (w, h), (0, h)]
    moved = [(x + (_within(rng, 0, most) * w) * (1 if x == 0 else -1),
              y + (_within(rng, 0, most) * h) * (1 if y == 0 else -1)) for x, y in corners]  # fmt: skip
    rows, values = [], []
    for (x, y), (u, v) in zip(moved, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    weights = np.linalg.solve(np.array(rows), np.array(values))
    return picture.transform(picture.size, Image.Transform.PERSPECTIVE, list(weights), _BICUBIC, fillcolor=(30, 30, 30))


def _off_screen(picture: Picture, rng: Generator) -> Picture:
    """Photograph it off a screen: a little slanted and turned, stripes between the grids, glare, noise, soft."""
    shown = _turned(_slanted(picture, rng, 0.03), _signed(rng, 0.5, 2.5), cut=True)
    pixels = np.asarray(shown, np.float32)
    y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
    angle, length = _within(rng, 0, pi), _within(rng, 3.2, 9.0)
    stripes = 1 + 0.10 * np.sin(2 * pi * (x * cos(angle) + y * sin(angle)) / length)
    grid = 1 + 0.06 * np.sin(2 * pi * x / 2.7) * np.sin(2 * pi * y / 3.1)
    at = (_within(rng, 0, pixels.shape[1]), _within(rng, 0, pixels.shape[0]))
    glare = 60 * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * (0.2 * min(shown.size)) ** 2))
    lit = pixels * (stripes * grid)[..., None] * 0.9 + glare[..., None] + 12
    lit += rng.normal(0, 6, pixels.shape)
    soft = Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    return _recode(soft, 70)


def _story(picture: Picture, rng: Generator) -> Picture:
    """Set it into an upright story: a blurred or coloured ground, words above, a sticker below."""
    w, h = 720, 1280
    if rng.random() < 0.5:
        ground = ImageOps.fit(picture, (w, h)).filter(ImageFilter.GaussianBlur(25))
    else:
        ground = Image.new("RGB", (w, h), _colour(rng))
    shown = ImageOps.contain(picture, (round(w * _within(rng, 0.8, 0.95)), round(h * 0.6)))
    ground.paste(shown, ((w - shown.width) // 2, (h - shown.height) // 2))
    draw = ImageDraw.Draw(ground)
    draw.text((60, 90), "good times", fill="white", font=_font(64), stroke_width=2, stroke_fill="black")
    face = _face(140, rng)
    ground.paste(face, (int(rng.integers(20, w - 160)), h - 260), face)
    return ground


def _curved(picture: Picture, exponent: float) -> Picture:
    return picture.point([round(255 * (v / 255) ** exponent) for v in range(256)] * 3)


def _sepia(picture: Picture) -> Picture:
    return ImageOps.colorize(picture.convert("L"), (40, 22, 8), (255, 240, 205))


def _noisy(picture: Picture, rng: Generator, sigma: float) -> Picture:
    pixels = np.asarray(picture, np.float32)
    return Image.fromarray(np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8))


def _hue(picture: Picture, rng: Generator) -> Picture:
    h, s, v = picture.convert("HSV").split()
    by = int(rng.integers(10, 45))
    return Image.merge("HSV", (h.point([(i + by) % 256 for i in range(256)]), s, v)).convert("RGB")


def _many(picture: Picture, rng: Generator, other: Picture) -> Picture:
    """Mirror, filter, cut, write on and encode twice."""
    out = ImageEnhance.Color(ImageOps.mirror(picture)).enhance(_within(rng, 0.4, 1.8))
    out = _written(_kept(out, rng, _within(rng, 0.72, 0.88)), rng, size=0.08, lines=1)
    del other
    return _recode(_scaled(out, _within(rng, 0.5, 0.9)), 60)


def _short(picture: Picture) -> int:
    return min(picture.size)


#: Every edit by its name, in the order of the table.
EDITS: dict[str, Edit] = {
    "JPEG, strong": lambda p, r, o: _recode(p, int(r.integers(18, 40))),
    "encoded twice": lambda p, r, o: _recode(_scaled(_recode(p, int(r.integers(30, 60))), _within(r, 0.6, 0.9)), 70),
    "shrunk": lambda p, r, o: _scaled(p, _within(r, 0.22, 0.45)),
    "blurred": lambda p, r, o: p.filter(ImageFilter.GaussianBlur(_within(r, 0.003, 0.006) * _short(p))),
    "sharpened": lambda p, r, o: p.filter(ImageFilter.UnsharpMask(2, int(r.integers(150, 300)), 2)),
    "noise": lambda p, r, o: _noisy(p, r, _within(r, 15, 35)),
    "grey": lambda p, r, o: p.convert("L").convert("RGB"),
    "sepia": lambda p, r, o: _sepia(p),
    "hue": lambda p, r, o: _hue(p, r),
    "colours stronger": lambda p, r, o: ImageEnhance.Color(p).enhance(_within(r, 1.6, 2.6)),
    "contrast lower": lambda p, r, o: ImageEnhance.Contrast(p).enhance(_within(r, 0.4, 0.7)),
    "contrast higher": lambda p, r, o: ImageEnhance.Contrast(p).enhance(_within(r, 1.3, 1.8)),
    "gamma": lambda p, r, o: _curved(p, _within(r, 0.55, 0.8) if r.random() < 0.5 else _within(r, 1.3, 1.9)),
    "brighter": lambda p, r, o: ImageEnhance.Brightness(p).enhance(_within(r, 1.2, 1.5)),
    "darker": lambda p, r, o: ImageEnhance.Brightness(p).enhance(_within(r, 0.45, 0.8)),
    "posterised": lambda p, r, o: ImageOps.posterize(p, int(r.integers(2, 4))),
    "mirrored": lambda p, r, o: ImageOps.mirror(p),
    "quarter turn": lambda p, r, o: p.transpose(Image.Transpose.ROTATE_90),
    "turned 1-4°, filled": lambda p, r, o: _turned(p, _signed(r, 1, 4), cut=False),
    "turned 1-4°, cut": lambda p, r, o: _turned(p, _signed(r, 1, 4), cut=True),
    "turned 5-12°, cut": lambda p, r, o: _turned(p, _signed(r, 5, 12), cut=True),
    "squeezed": lambda p, r, o: p.resize((round(p.width * _within(r, 0.78, 0.92)), p.height), _BICUBIC),
    "stretched": lambda p, r, o: p.resize((round(p.width * _within(r, 1.08, 1.3)), p.height), _BICUBIC),
    "perspective": lambda p, r, o: _slanted(p, r, 0.08),
    "inset 1-4 %": lambda p, r, o: _inset(p, _within(r, 0.01, 0.04)),
    "one side cut 6-25 %": lambda p, r, o: _cropped(p, _within(r, 0.06, 0.25), 0, 1, 1),
    "top cut 8-30 %": lambda p, r, o: _cropped(p, 0, _within(r, 0.08, 0.3), 1, 1),
    "free crop, 80-92 % kept": lambda p, r, o: _kept(p, r, _within(r, 0.80, 0.92)),
    "free crop, 65-80 % kept": lambda p, r, o: _kept(p, r, _within(r, 0.65, 0.8)),
    "free crop, 40-55 % kept": lambda p, r, o: _kept(p, r, _within(r, 0.40, 0.55)),
    "border": lambda p, r, o: _framed(p, _within(r, 0.03, 0.14), _colour(r)),
    "letterbox": lambda p, r, o: _bordered(p, 0, _within(r, 0.08, 0.3), (0, 0, 0)),
    "screenshot of a phone": lambda p, r, o: _bars(p, r, above=_within(r, 0.1, 0.25), below=_within(r, 0.15, 0.4),
                                                   ground=(255, 255, 255) if r.random() < 0.5 else (18, 18, 18)),
    "story": lambda p, r, o: _story(p, r),
    "watermark": lambda p, r, o: _watermarked(p, r),
    "caption": lambda p, r, o: _written(p, r, size=_within(r, 0.08, 0.14), lines=2),
    "one sticker": lambda p, r, o: _stuck(p, r, count=1, size=_within(r, 0.18, 0.3)),
    "four stickers": lambda p, r, o: _stuck(p, r, count=4, size=_within(r, 0.16, 0.26)),
    "region replaced": lambda p, r, o: _swapped(p, r, o, _within(r, 0.2, 0.4)),
    "picture in picture": lambda p, r, o: _in_picture(p, r, o, _within(r, 0.45, 0.7)),
    "collage of two": lambda p, r, o: _collage(p, r, o, 2, 1),
    "collage of four": lambda p, r, o: _collage(p, r, o, 2, 2),
    "collage of two, stretched": lambda p, r, o: _collage(_reshaped(p, r), r, o, 2, 1),
    "picture in picture, stretched": lambda p, r, o: _in_picture(_reshaped(p, r), r, o, _within(r, 0.5, 0.75)),
    "stretched, 65-80 % kept": lambda p, r, o: _kept(_reshaped(p, r), r, _within(r, 0.65, 0.8)),
    "stretched, in a screenshot": lambda p, r, o: _bars(_reshaped(p, r), r, above=_within(r, 0.1, 0.25),
                                                        below=_within(r, 0.15, 0.4), ground=(255, 255, 255)),
    "photographed off a screen": lambda p, r, o: _off_screen(p, r),
    "many at once": _many,
}  # fmt: skip
