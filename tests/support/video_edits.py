# SPDX-License-Identifier: Apache-2.0
"""What people and apps do to videos, done with ffmpeg's libraries: each edit says where the original is in the copy."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter, ImageOps

#: A picture and when it is shown, in seconds.
Shown = tuple[float, Image.Image]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of the original is in a copy, in seconds."""

    start: float
    end: float
    original_start: float
    original_end: float


@dataclass(frozen=True, slots=True)
class Clip:
    """A decoded video."""

    frames: Sequence[Shown]
    duration: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.frames[0][1].size

    @property
    def whole(self) -> tuple[Place, ...]:
        """The place of a copy that shows all of it at its own speed."""
        return (Place(0, self.duration, 0, self.duration),)


def load(path: Path, *, rate: float = 10, longest: float = 30, start: float = 0, side: int = 640) -> Clip:
    """Decode a video at so many frames a second, with even sides."""
    frames: list[Shown] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            at = (frame.time or 0) - start
            if at >= longest:
                break
            if at >= len(frames) / rate - 1e-6:
                picture = frame.to_image()  # type: ignore[no-untyped-call]
                picture.thumbnail((side, side))
                even = picture.width // 2 * 2, picture.height // 2 * 2
                frames.append((len(frames) / rate, picture.crop((0, 0, *even))))
    return Clip(frames, len(frames) / rate)


def write(path: Path, frames: Iterable[Shown], *, crf: int = 23, keys: int = 60, cuts: bool = True) -> Path:
    """Encode pictures with their times; a key frame after so many at most and, with ``cuts``, at each cut."""
    with av.open(str(path), "w") as container:
        stream = None
        for at, picture in frames:
            if stream is None:
                options = {"crf": str(crf), "preset": "veryfast"} | ({} if cuts else {"x264-params": "scenecut=0"})
                stream = container.add_stream("libx264", rate=Fraction(30), options=options)
                stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
                stream.gop_size = keys
                stream.codec_context.time_base = Fraction(1, 1000)
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = round(at * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return path


Edit = Callable[[Clip, Sequence[Clip]], tuple[Iterator[Shown], tuple[Place, ...]]]


def each(change: Callable[[Image.Image], Image.Image]) -> Edit:
    """Change every picture alike."""
    return lambda clip, _: (((at, change(picture)) for at, picture in clip.frames), clip.whole)


def smaller(picture: Image.Image) -> Image.Image:
    """Scale to a third of the area or less."""
    return picture.resize((picture.width * 9 // 16 // 2 * 2, picture.height * 9 // 16 // 2 * 2))


def boxed(picture: Image.Image) -> Image.Image:
    """Put black bars above and below."""
    bar = picture.height // 6 // 2 * 2
    return ImageOps.expand(picture, (0, bar), "black")


def cropped(share: float) -> Callable[[Image.Image], Image.Image]:
    """Cut this share of the sides away, half of it on each side, the left and top a bit more."""

    def cut(picture: Image.Image) -> Image.Image:
        across, down = picture.width * share, picture.height * share
        left, top = round(across * 0.6), round(down * 0.6)
        width, height = round(picture.width - across) // 2 * 2, round(picture.height - down) // 2 * 2
        return picture.crop((left, top, left + width, top + height))

    return cut


def labelled(picture: Image.Image) -> Image.Image:
    """Write a line of text over the lower part."""
    made = picture.copy()
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, made.height * 0.82, made.width, made.height * 0.92), fill=(250, 250, 250))
    draw.text((made.width * 0.1, made.height * 0.84), "follow for more", fill=(10, 10, 10), font_size=made.height // 16)
    return made


def branded(picture: Image.Image) -> Image.Image:
    """Paint a mark into the corner."""
    made = picture.copy()
    side = made.width // 7
    ImageDraw.Draw(made).ellipse((side // 4, side // 4, side * 1.25, side * 1.25), fill=(230, 30, 60))
    return made


def filmed(picture: Image.Image) -> Image.Image:
    """Film a phone's screen: perspective, a frame around it, a little blur."""
    width, height = picture.size
    room = Image.new("RGB", picture.size, (96, 88, 80))
    corners = (
        0.08 * width,
        0.1 * height,
        0.13 * width,
        0.93 * height,
        0.9 * width,
        0.88 * height,
        0.94 * width,
        0.14 * height,
    )
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).polygon([(corners[i], corners[i + 1]) for i in range(0, 8, 2)], fill=255)
    quad = (
        -0.1 * width,
        -0.13 * height,
        -0.16 * width,
        1.09 * height,
        1.12 * width,
        1.16 * height,
        1.07 * width,
        -0.18 * height,
    )
    turned = picture.transform(picture.size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)
    room.paste(turned, mask=mask)
    return room.filter(ImageFilter.GaussianBlur(1))


def faster(speed: float) -> Edit:
    """Play at another speed."""

    def edit(clip: Clip, _: Sequence[Clip]) -> tuple[Iterator[Shown], tuple[Place, ...]]:
        place = Place(0, clip.duration / speed, 0, clip.duration)
        return ((at / speed, picture) for at, picture in clip.frames), (place,)

    return edit


def part(clip: Clip, start: float, end: float) -> list[Image.Image]:
    """Take the pictures of a part."""
    return [picture for at, picture in clip.frames if start <= at < end]


def _timed(pictures: Iterable[Image.Image], clip: Clip) -> Iterator[Shown]:
    step = clip.duration / len(clip.frames)
    return ((number * step, picture) for number, picture in enumerate(pictures))


def cut(seconds: float) -> Edit:
    """Keep so many seconds out of the middle."""

    def edit(clip: Clip, _: Sequence[Clip]) -> tuple[Iterator[Shown], tuple[Place, ...]]:
        kept = min(seconds, clip.duration)
        start = round((clip.duration - kept) * 0.6, 1)
        return _timed(part(clip, start, start + kept), clip), (Place(0, kept, start, start + kept),)

    return edit


def reordered(clip: Clip, _: Sequence[Clip]) -> tuple[Iterator[Shown], tuple[Place, ...]]:
    """Cut in three and put the last third first."""
    third = clip.duration / 3
    pictures = part(clip, 2 * third, clip.duration) + part(clip, third, 2 * third) + part(clip, 0, third)
    places = (
        Place(0, third, 2 * third, clip.duration),
        Place(third, 2 * third, third, 2 * third),
        Place(2 * third, clip.duration, 0, third),
    )
    return _timed(pictures, clip), places


def compiled(clip: Clip, others: Sequence[Clip]) -> tuple[Iterator[Shown], tuple[Place, ...]]:
    """Put five seconds between parts of other videos, scaled to one size."""
    kept = min(5.0, clip.duration)
    start = round((clip.duration - kept) * 0.4, 1)
    step = clip.duration / len(clip.frames)
    before = list(itertools.chain(*(part(other, 0, 20) for other in others[::2])))
    after = list(itertools.chain(*(part(other, 0, 20) for other in others[1::2])))
    pictures = [*before, *part(clip, start, start + kept), *after]
    same = (ImageOps.pad(picture, clip.size) for picture in pictures)
    at = len(before) * step
    return _timed(same, clip), (Place(at, at + kept, start, start + kept),)


def inside(clip: Clip, others: Sequence[Clip]) -> tuple[Iterator[Shown], tuple[Place, ...]]:
    """Show it small in front of another video."""
    around = itertools.cycle(picture for _, picture in others[0].frames)

    def frames() -> Iterator[Shown]:
        for (at, picture), behind in zip(clip.frames, around, strict=False):
            room = ImageOps.fit(behind, clip.size)
            small = picture.resize((picture.width * 11 // 20, picture.height * 11 // 20))
            room.paste(small, (clip.size[0] * 2 // 5, clip.size[1] // 4))
            yield at, room

    return frames(), clip.whole


#: Edits by name; whether video matching has to find them.
EDITS: Mapping[str, tuple[Edit, bool]] = {
    "re-encoded at a low bit rate": (each(lambda picture: picture), True),
    "480p and smaller": (each(smaller), True),
    "black bars": (each(boxed), True),
    "mirrored": (each(ImageOps.mirror), True),
    "grey": (each(lambda picture: ImageOps.grayscale(picture).convert("RGB")), True),
    "mark in the corner": (each(branded), True),
    "line of text": (each(labelled), True),
    "1.25x speed": (faster(1.25), True),
    "0.8x speed": (faster(0.8), True),
    "5 s cut out": (cut(5), True),
    "cut in three, reordered": (reordered, False),
    "5 s in a compilation": (compiled, True),
    "picture in picture": (inside, True),
    "screen filmed": (each(filmed), False),
    "cropped by 10 %": (each(cropped(0.1)), True),
    "cropped by 20 %": (each(cropped(0.2)), True),
}


def crf_of(name: str) -> int:
    """Say how coarsely an edit is encoded."""
    return 36 if name.startswith("re-encoded") else 26


def made(name: str, clip: Clip, others: Sequence[Clip], path: Path) -> tuple[Place, ...]:
    """Write the copy that an edit makes of a clip; where the original is in it."""
    frames, places = EDITS[name][0](clip, others)
    write(path, frames, crf=crf_of(name))
    return places
