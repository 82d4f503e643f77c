# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a picture file to its PDQ hashes. Runs in the confined child only.

JPEG, most of what arrives, takes a short way: the kernel hashes the lowest frequencies of its brightness and never
makes pixels. What it refuses, progressive files and small ones among them, libjpeg decodes in grey, scaled down where
the file is large, with PDQ's weights folded onto that. Both are less than half a bit from the full decode on average.
Everything else is decoded in full, and animations frame by frame.
"""

import io
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL import Image, ImageFile

from noli.adapters.decode import borders, normalise
from noli.adapters.decode.formats import READ_FORMATS, formats_of
from noli.adapters.decode.wire import Preview, dihedral_hashes
from noli.hashing import kernel
from noli.hashing.model import (
    LOOKS_SIDE,
    MIN_QUALITY,
    REGION_FRAMES,
    REGION_UNITS,
    REGIONS_KEPT,
    REGIONS_SOUGHT,
    REGIONS_STRETCHED,
    Frame,
    Hash,
    Outcome,
    Pipeline,
    Reading,
    Regions,
    stretches_of,
)
from noli.hashing.variants import crop_hashes

#: Shortest side that scaled decoding leaves, in pixels, so that drift stays below half a bit on average. Measured on
#: 281 photographs of the same sides: 0.43 bits at 612 (0.37 without scaling) and 0.41 at 500, but up to 0.51 at 450; on
#: 127 of them 0.69 at 385 and 0.97 at 306. From 450 on, no photograph is more than 4 bits off.
_MIN_SCALED_SIDE = 480
_SCALES = (8, 4, 2)

#: The same where the plane only serves a second look, which shrinks it further.
_MIN_LOOKED_SIDE = 240

#: Longest side from which stretched forms are made, in pixels: twice what regions are found in.
_STRETCHED_SIDE = 640

#: More bytes than any file has that is decoded here.
_WHOLE_FILE = 1 << 40

#: Two frames are one picture, for hashing, up to this many bits apart: what re-encoding does.
_SAME_FRAME_BITS = 10
#: Frames of an animation that are decoded at most, and their pixels together as a multiple of the largest picture.
_MAX_FRAMES_SEEN = 1000
_MAX_PIXELS_SEEN = 2

_TOO_MANY_PIXELS = "The picture has more pixels than the {limit:,} that are read here."
_OUT_OF_MEMORY = "Decoding the picture takes more memory than is allowed."
_DAMAGED = "The file is damaged or cut short: it begins as {formats} but cannot be decoded."
_FLAT = "The picture has too little detail to tell it from others (PDQ quality below 50)."
_UNKNOWN = f"The file is none of {READ_FORMATS}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is made of a picture beside its hash: crops, so many regions, a second look."""

    crops: bool = False
    regions: int = 0
    looks: bool = False

    @property
    def checks(self) -> bool:
        """Whether it is looked for closely, so that borders are cut away."""
        return not self.crops and (self.regions > 0 or self.looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one file may take.

    Attributes:
        max_pixels: Width times height of the largest picture decoded.
        max_frames: Most distinct frames hashed.
        frames_s: Seconds after which no further frame of an animation is begun.
    """

    max_pixels: int
    max_frames: int
    frames_s: float


def prepare(budget: Budget) -> None:
    """Make Pillow strict: more pixels than allowed is an error, and nothing is printed."""
    Image.MAX_IMAGE_PIXELS = budget.max_pixels
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def read_picture(
    data: bytes,
    *,
    pipeline: Pipeline,
    budget: Budget,
    crops: bool = False,
    regions: bool = False,
    looks: bool = False,
) -> Reading:
    """Hash one picture file.

    Args:
        data: The whole file.
        pipeline: What to do to the pixels first.
        crops: Whether to hash the usual crops of its first frame and find the regions that are registered, those of its
            stretched forms, too; only with ``Pipeline.FULL``.
        regions: Whether to find the regions that are looked for instead, and to look inside borders; likewise.
        looks: Whether to take a second look at its first frame of usable quality, and to look inside borders; likewise.
        budget: What it may take; call ``prepare`` with it before.

    Returns:
        What became of it; whatever the decoder raises is an outcome.
    """
    formats = formats_of(data)
    if not formats:
        return Reading(Outcome.UNSUPPORTED, reason=_UNKNOWN, pipeline=pipeline)
    try:
        most = REGIONS_KEPT if crops else REGIONS_SOUGHT if regions else 0
        wanted = _Wanted(crops=crops, regions=most, looks=looks) if pipeline is Pipeline.FULL else _Wanted()
        return _read(data, formats, pipeline, budget, wanted)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = _TOO_MANY_PIXELS.format(limit=budget.max_pixels)
        return Reading(Outcome.TOO_LARGE, reason=reason, pipeline=pipeline)
    except MemoryError:
        return Reading(Outcome.TOO_LARGE, reason=_OUT_OF_MEMORY, pipeline=pipeline)
    except Exception:  # noqa: BLE001 - damaged files raise whatever the parser hits; this is the child's work loop
        reason = _DAMAGED.format(formats=" or ".join(formats))
        return Reading(Outcome.CORRUPT, reason=reason, pipeline=pipeline)


def small_picture(data: bytes, *, side: int, grey: bool, budget: Budget) -> Preview | Outcome:
    """Make a small picture of a file, to look at, or say why there is none.

    Args:
        data: The whole file.
        side: Longest side, in pixels.
        grey: Whether colours are left out.
        budget: What it may take; call ``prepare`` with it before.
    """
    formats = formats_of(data)
    if not formats:
        return Outcome.UNSUPPORTED
    try:
        picture = _open(data, formats)
        orientation = normalise.orientation_of(picture)
        _, first = next(_frames(picture, budget))
        shown = next(normalise.renderings(first)).convert("L" if grey else "RGB")
        shown.thumbnail((side, side))
        small = normalise.upright(shown, orientation)
        return Preview(*small.size, grey, small.tobytes())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return Outcome.TOO_LARGE
    except Exception:  # noqa: BLE001 - as in read_picture
        return Outcome.CORRUPT


def _read(data: bytes, formats: tuple[str, ...], pipeline: Pipeline, budget: Budget, wanted: _Wanted) -> Reading:
    """Hash a file whose first bytes are known; raises whatever decoding raises."""
    picture = _open(data, formats)
    orientation = normalise.orientation_of(picture)
    width, height = normalise.upright_size(picture.size, orientation)
    frames: tuple[Frame, ...]
    if pipeline is Pipeline.FULL and formats == ("JPEG",) and picture.mode in {"L", "RGB"}:
        frames = (_from_brightness(data, picture, orientation, wanted),)
    else:
        frames = _from_frames(picture, orientation, pipeline, budget, wanted)
    if frames[0].quality >= MIN_QUALITY:
        return Reading(Outcome.HASHED, frames, pipeline=pipeline, width=width, height=height)
    return Reading(Outcome.LOW_QUALITY, frames, _FLAT, pipeline, width, height)


def _open(data: bytes, formats: tuple[str, ...]) -> ImageFile.ImageFile:
    """Read the header; only the parsers of ``formats`` see the file."""
    return Image.open(io.BytesIO(data), formats=formats)


def _from_brightness(data: bytes, picture: ImageFile.ImageFile, orientation: int, wanted: _Wanted) -> Frame:
    """Hash a JPEG from its brightness alone, undecoded or from a plane that is scaled down where it is large.

    Where a JPEG holds colours that RGB cannot show, its brightness differs from that of the RGB picture: by up to 10
    bits on one photograph of 829 (a quarter of its RGB values are clipped, none of its brightness values). The plane
    does not tell, and decoding the colours of every file to find out would cost more than all the rest.
    """
    hashed = kernel.jpeg_pdq(data, orientation)
    if hashed is not None and wanted == _Wanted():
        return Frame(dihedral_hashes(hashed[0]), hashed[1])
    width, height = picture.size
    least = _MIN_LOOKED_SIDE if hashed is not None and wanted == _Wanted(looks=True) else _MIN_SCALED_SIDE
    scale = next((s for s in _SCALES if min(width, height) // s >= least), 1)
    picture.draft("L", (width // scale, height // scale))
    # All of the file at once: in pieces of 64 kB, Pillow copies what the decoder leaves of each.
    picture.decodermaxblock = _WHOLE_FILE
    picture.load()
    plane = normalise.upright(picture, orientation)
    original = normalise.upright_size((width, height), orientation)
    brightness = plane.tobytes()
    joined, quality = hashed or kernel.pdq_folded(brightness, plane.height, plane.width, original[1], original[0])
    cut = tuple(crop_hashes(brightness, plane.size, original)) if wanted.crops else ()
    found = regions_of_plane(brightness, plane.height, plane.width, wanted.regions) if wanted.regions else None
    forms = _stretched(plane) if wanted.crops else ()
    frame = Frame(dihedral_hashes(joined), quality, crops=cut, regions=found, stretched=forms)
    frame = _with_inner(frame, plane, original) if wanted.checks else frame
    return replace(frame, looks=_looks_of(plane)) if wanted.looks and frame.quality >= MIN_QUALITY else frame


def _from_frames(
    picture: Image.Image, orientation: int, pipeline: Pipeline, budget: Budget, wanted: _Wanted
) -> tuple[Frame, ...]:
    """Hash every distinct frame of usable quality; the best of the others where there is none."""
    first = picture.tell()
    kept: list[Frame] = []
    best_weak: Frame | None = None
    for number, frame in _frames(picture, budget):
        for rendering in normalise.renderings(normalise.upright(frame, orientation)):
            hashed = _hash(rendering, number, pipeline, crops=wanted.crops and number == first)
            if wanted.checks:
                hashed = _with_inner(hashed, rendering.convert("L"), rendering.size)
            if hashed.quality < MIN_QUALITY:
                best_weak = hashed if best_weak is None or hashed.quality > best_weak.quality else best_weak
            elif _is_new(hashed, kept):
                with_regions = wanted.regions and len(kept) < REGION_FRAMES
                found = _regions_of(rendering, wanted.regions) if with_regions else None
                looks = _looks_of(rendering) if wanted.looks and not kept else b""
                forms = _stretched(rendering) if wanted.crops and not kept else ()
                kept.append(replace(hashed, regions=found, looks=looks, stretched=forms))
        if len(kept) >= budget.max_frames:
            break
    if kept:
        return tuple(kept[: budget.max_frames])
    return () if best_weak is None else (best_weak,)


def _frames(picture: Image.Image, budget: Budget) -> Iterator[tuple[int, Image.Image]]:
    """Decode the first picture, then the others until they end, break or cost too much.

    Raises:
        Exception: Whatever decoding the first one raises; a later one that is damaged ends the walk.
    """
    started = time.monotonic()
    first = picture.tell()
    picture.load()
    yield first, picture
    if picture.format in {"JPEG", "MPO", "BMP"}:
        # What follows the first picture in an MPO is a second view or a brightness map, which nobody is shown.
        return
    pixels_left = _MAX_PIXELS_SEEN * budget.max_pixels - picture.width * picture.height
    for number in range(_MAX_FRAMES_SEEN):
        if number == first:
            continue
        if pixels_left <= 0 or time.monotonic() - started > budget.frames_s or not _step(picture, number, budget):
            return
        pixels_left -= picture.width * picture.height
        yield number, picture


def _step(picture: Image.Image, number: int, budget: Budget) -> bool:
    """Decode another frame; False where there is none, or none that can be decoded."""
    try:
        picture.seek(number)
        if picture.width * picture.height > budget.max_pixels:
            return False
        picture.load()
    except Exception:  # noqa: BLE001 - the end of a damaged animation raises whatever the parser hits
        return False
    return True


def _hash(rendering: Image.Image, number: int, pipeline: Pipeline, *, crops: bool) -> Frame:
    """Hash grey or RGB pixels."""
    nearest = pipeline is Pipeline.NEAREST_512
    channels = len(rendering.getbands())
    pixels = rendering.tobytes()
    joined, quality = kernel.pdq(pixels, rendering.height, rendering.width, channels, nearest)
    cut: tuple[Hash, ...] = ()
    if crops and not nearest:
        plane, height, width = kernel.pdq_shrink(pixels, rendering.height, rendering.width, channels)
        cut = tuple(crop_hashes(plane, (width, height), rendering.size))
    return Frame(dihedral_hashes(joined), quality, number, cut)


def _with_inner(frame: Frame, plane: Image.Image, original: tuple[int, int]) -> Frame:
    """Hash what lies inside an even border, too, if it says enough; alone, where the whole does not.

    Args:
        frame: What was hashed.
        plane: Its brightness, at 1/1, 1/2, 1/4 or 1/8.
        original: Width and height of the picture.
    """
    box = borders.inside(plane)
    if box is None:
        return frame
    across, down = original[0] / plane.width, original[1] / plane.height
    part = round(box[0] * across), round(box[1] * down), round(box[2] * across), round(box[3] * down)
    joined, quality = kernel.pdq_crop(plane.tobytes(), plane.height, plane.width, original[1], original[0], part)
    if quality < MIN_QUALITY:
        return frame
    if frame.quality < MIN_QUALITY:
        return replace(frame, dihedral=dihedral_hashes(joined), quality=quality)
    return replace(frame, inner=dihedral_hashes(joined), inner_quality=quality)


def _looks_of(shown: Image.Image) -> bytes:
    """Take a second look at a picture, or at a smaller one of the same shape."""
    square = shown.convert("L").resize((LOOKS_SIDE, LOOKS_SIDE), Image.Resampling.BOX)
    return kernel.looks(square.tobytes(), shown.width, shown.height)


def _regions_of(rendering: Image.Image, most: int) -> Regions:
    """Find regions in grey or RGB pixels."""
    plane, height, width = kernel.pdq_shrink(
        rendering.tobytes(), rendering.height, rendering.width, len(rendering.getbands())
    )
    return regions_of_plane(plane, height, width, most)


def _stretched(shown: Image.Image) -> tuple[Regions, ...]:
    """Find regions in the forms of a picture that somebody made wider or narrower."""
    grey = shown.convert("L")
    grey.thumbnail((_STRETCHED_SIDE, _STRETCHED_SIDE), Image.Resampling.BOX)
    forms = []
    for stretch in stretches_of(*grey.size):
        form = grey.resize((max(1, round(stretch * grey.width)), grey.height), Image.Resampling.BILINEAR)
        forms.append(regions_of_plane(form.tobytes(), form.height, form.width, REGIONS_STRETCHED))
    return tuple(forms)


def regions_of_plane(plane: bytes, height: int, width: int, most: int) -> Regions:
    """Find regions in a grey plane; their unit is a share of the longer side, so the plane's scale does not matter."""
    longer = max(height, width)
    size = max(1, width * REGION_UNITS // longer), max(1, height * REGION_UNITS // longer)
    return Regions(size, *kernel.regions(plane, height, width, most))


def _is_new(frame: Frame, kept: list[Frame]) -> bool:
    """Whether a frame differs from every one that is kept."""
    value = int.from_bytes(frame.dihedral[0])
    return all((value ^ int.from_bytes(other.dihedral[0])).bit_count() > _SAME_FRAME_BITS for other in kept)
