# SPDX-License-Identifier: Apache-2.0
"""From files to outcomes, in this process: the confined children of ``tests/contract/test_decode.py`` run the same."""

import warnings
from collections.abc import Iterator

import numpy as np
import pdqhash
import pytest
from PIL import Image, ImageDraw

from noli.adapters.decode import pictures
from noli.adapters.decode.pictures import Budget, prepare, read_picture
from noli.hashing.model import (
    REGION_FRAMES,
    REGIONS_KEPT,
    REGIONS_SOUGHT,
    STRETCHES,
    Outcome,
    Pipeline,
    Reading,
    Variant,
)
from noli.hashing.variants import CROPS
from tests.support import media
from tests.support.regions import agreement_of, scene, secret

BUDGET = Budget(max_pixels=2_000_000, max_frames=4, frames_s=20)


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pillow as strict as in a child, and as it was afterwards."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    with warnings.catch_warnings():
        prepare(BUDGET)
        yield


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """What the files show."""
    return media.drawn()


def read(data: bytes, pipeline: Pipeline = Pipeline.FULL, budget: Budget = BUDGET) -> Reading:
    """Read a file."""
    return read_picture(data, pipeline=pipeline, budget=budget)


def apart(reading: Reading, shown: Image.Image, frame: int = 0) -> int:
    """Bits between a frame and an independent hash of a picture."""
    return differing(reading.frames[frame].dihedral[0], shown)


def differing(value: bytes, shown: Image.Image) -> int:
    """Bits between a hash and an independent one of a picture."""
    bits, _ = pdqhash.compute(np.asarray(shown.convert("RGB")))
    return int((np.unpackbits(np.frombuffer(value, np.uint8)) != bits).sum())


def test_every_mode_is_hashed_as_it_is_seen(picture: Image.Image) -> None:
    """Grey, palette, inks, many bits, floats and transparency give the hash of what a viewer shows."""
    grey = picture.convert("L")
    half = Image.merge("RGBA", (*picture.split(), Image.new("L", picture.size, 128)))
    files = {
        "RGB": media.encoded(picture, "PNG"),
        "L": media.encoded(grey, "PNG"),
        "1": media.encoded(picture.convert("1"), "PNG"),
        "P": media.encoded(media.with_palette(picture), "PNG"),
        "CMYK": media.encoded(picture.convert("CMYK"), "TIFF"),
        "LAB": media.encoded(_lab(picture), "TIFF"),
        "16 bits": media.encoded(media.with_16_bits(picture), "PNG"),
        "floats": media.encoded(media.with_floats(picture), "TIFF"),
        "opaque alpha": media.encoded(picture.convert("RGBA"), "PNG"),
        "half transparent": media.encoded(half, "PNG"),
        "jpeg": media.encoded(picture, "JPEG", quality=92),
        "grey jpeg": media.encoded(grey, "JPEG", quality=92),
        "cmyk jpeg": media.encoded(picture.convert("CMYK"), "JPEG", quality=92),
    }
    found = {name: read(data) for name, data in files.items()}
    assert {name: reading.outcome for name, reading in found.items()} == dict.fromkeys(files, Outcome.HASHED)
    assert {name: apart(reading, picture) for name, reading in found.items() if apart(reading, picture) > 10} == {}


def _lab(picture: Image.Image) -> Image.Image:
    middle = Image.new("L", picture.size, 128)
    return Image.merge("LAB", (picture.convert("L"), middle, middle))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_files_are_hashed_upright(picture: Image.Image, orientation: int) -> None:
    """All eight EXIF orientations give the size and the hash of the upright picture."""
    reading = read(media.rotated_jpeg(picture, orientation))
    assert (reading.width, reading.height) == picture.size
    assert apart(reading, picture) <= 10


def test_what_is_in_the_transparency_alone_is_seen(picture: Image.Image) -> None:
    """A white picture that shows only over black has a frame that shows it."""
    reading = read(media.encoded(media.in_alpha_only(picture), "PNG"))
    assert min(apart(reading, picture, frame) for frame in range(len(reading.frames))) <= 10


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_distinct_frames_are_hashed_up_to_the_limit(kind: str) -> None:
    """Frames that repeat count once; no more than allowed are kept; their numbers tell which they are."""
    shown = [media.drawn(seed=seed, width=320, height=240) for seed in range(6)]
    reading = read(media.animation([shown[0], shown[0], *shown[1:]], kind))
    assert len(reading.frames) == BUDGET.max_frames
    assert apart(reading, shown[1], frame=1) <= 10
    assert [frame.number for frame in reading.frames] == sorted(frame.number for frame in reading.frames)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_crops_of_the_first_frame_are_hashed_on_request(picture: Image.Image, kind: str) -> None:
    """Each is near an independent hash of that part; nobody pays for crops that were not asked for."""
    file = media.animation([picture, media.drawn(seed=5)], kind) if kind == "GIF" else media.encoded(picture, kind)
    reading = read_picture(file, pipeline=Pipeline.FULL, budget=BUDGET, crops=True)
    cut = {each.variant: each.value for each in reading.frames[0].crops}
    assert len(cut) > len(CROPS) / 2
    upper = picture.crop((0, 0, picture.width, picture.height // 2))
    assert differing(cut[Variant.UPPER_HALF], upper) <= 10
    assert not any(frame.crops for frame in (*reading.frames[1:], *read(file).frames))
    assert not read_picture(file, pipeline=Pipeline.NEAREST_512, budget=BUDGET, crops=True).frames[0].crops


def test_a_long_animation_ends_with_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels, seconds and frames are bounded; what was seen until then counts."""
    file = media.animation([media.drawn(seed=seed, width=320, height=240) for seed in range(4)], "GIF")
    slow = Budget(max_pixels=2_000_000, max_frames=9, frames_s=-1)
    small = Budget(max_pixels=320 * 240, max_frames=9, frames_s=20)
    monkeypatch.setattr(pictures, "_MAX_FRAMES_SEEN", 3)
    assert [len(read(file, budget=budget).frames) for budget in (slow, small, BUDGET)] == [1, 2, 3]


def test_a_damaged_end_keeps_the_frames_before_it() -> None:
    """An animation that was cut short is hashed as far as it goes."""
    file = media.animation([media.drawn(seed=seed, width=320, height=240) for seed in range(3)], "GIF")
    reading = read(file[: len(file) * 2 // 3])
    assert reading.outcome is Outcome.HASHED
    assert 1 <= len(reading.frames) < 3


def test_the_other_pipeline_is_done_on_request(picture: Image.Image) -> None:
    """It is recorded with the reading, and near the usual one without being it."""
    file = media.encoded(picture, "JPEG", quality=92)
    reading = read(file, Pipeline.NEAREST_512)
    assert reading.pipeline is Pipeline.NEAREST_512
    assert 0 < apart(reading, picture) <= 40


def test_flat_pictures_have_too_little_detail() -> None:
    """The reading says so and still carries the hash."""
    reading = read(media.encoded(Image.new("RGB", (64, 64), (20, 30, 40)), "PNG"))
    assert (reading.outcome, len(reading.frames)) == (Outcome.LOW_QUALITY, 1)
    assert "too little detail" in reading.reason


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", Outcome.UNSUPPORTED),
        (b"hello\n" * 100, Outcome.UNSUPPORTED),
        (bytes(1000), Outcome.UNSUPPORTED),
        (media.encoded(media.drawn(), "JPEG")[:1500], Outcome.CORRUPT),
        (media.encoded(media.drawn(), "PNG")[:1500], Outcome.CORRUPT),
        (media.encoded(media.drawn(), "WEBP")[:1500], Outcome.CORRUPT),
        (b"\xff\xd8\xff\xe0" + bytes(500), Outcome.CORRUPT),
        (media.bomb(side=30_000), Outcome.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_has_an_outcome(data: bytes, outcome: Outcome) -> None:
    """Something else, damaged, or far too large: each is a value with a reason for a person."""
    reading = read(data)
    assert reading.outcome is outcome
    assert reading.reason.endswith(".")


def test_running_out_of_memory_is_too_large(monkeypatch: pytest.MonkeyPatch, picture: Image.Image) -> None:
    """Whatever allocation fails, the file is called too large and the child goes on."""

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pictures, "_from_brightness", fail)
    assert read(media.encoded(picture, "JPEG")).outcome is Outcome.TOO_LARGE


def test_damaged_exif_data_is_passed_over(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture whose EXIF data cannot be parsed is taken as it is stored."""

    def fail(_: Image.Image) -> None:
        raise SyntaxError

    monkeypatch.setattr(Image.Image, "getexif", fail)
    assert apart(read(media.encoded(picture, "PNG")), picture) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_regions_are_found_when_they_are_asked_for(picture: Image.Image, kind: str) -> None:
    """As many as are kept for registering, as are sought for checking, none else; whatever the format."""
    file = media.encoded(picture, kind)
    [kept] = read_picture(file, pipeline=Pipeline.FULL, budget=BUDGET, crops=True).regions
    [sought] = read_picture(file, pipeline=Pipeline.FULL, budget=BUDGET, regions=True).regions
    assert kept is not None
    assert sought is not None
    assert 10 <= len(kept) <= REGIONS_KEPT
    assert len(kept) <= len(sought) <= REGIONS_SOUGHT
    assert sought.places.startswith(kept.places)
    assert max(kept.size) == 32768
    assert kept.size[0] * picture.height == pytest.approx(kept.size[1] * picture.width, rel=0.01)
    assert read(file).regions == (None,)
    assert read_picture(file, pipeline=Pipeline.NEAREST_512, budget=BUDGET, regions=True).regions == (None,)


def in_a_collage(copy: Image.Image) -> Image.Image:
    """Put a copy beside another picture."""
    sheet = Image.new("RGB", (2 * copy.width, copy.height))
    sheet.paste(copy, (copy.width, 0))
    sheet.paste(Image.fromarray(scene(77)).resize(copy.size), (0, 0))
    return sheet


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(600, 600), (853, 480), (520, 600), (960, 600)])
def test_a_copy_of_another_shape_is_found_in_a_collage(size: tuple[int, int], kind: str) -> None:
    """A picture of 4:3 made square, upright or wider, beside another: a form that is registered agrees."""
    original = Image.fromarray(scene(3, height=600, width=800))
    reading = read_picture(media.encoded(original, kind), pipeline=Pipeline.FULL, budget=BUDGET, crops=True)
    [sought] = look(media.encoded(in_a_collage(original.resize(size)), kind)).regions
    assert sought is not None
    votes = [agreement_of(sought, form, secret(1))[0] for form in reading.registered_regions]
    assert len(votes) == 1 + len(STRETCHES)
    assert votes[0] < 6 <= max(votes)


@pytest.mark.parametrize("size", [(960, 540), (540, 960)])
def test_a_wide_or_tall_picture_is_found_as_a_square(size: tuple[int, int]) -> None:
    """A picture of 16:9 made square, beside another."""
    original = Image.fromarray(scene(3, height=600, width=800)).resize(size)
    reading = read_picture(media.encoded(original, "JPEG"), pipeline=Pipeline.FULL, budget=BUDGET, crops=True)
    [sought] = look(media.encoded(in_a_collage(original.resize((600, 600))), "JPEG")).regions
    assert sought is not None
    assert agreement_of(sought, reading.registered_regions[-1], secret(1))[0] >= 6


def test_only_the_first_frames_of_an_animation_have_regions() -> None:
    """They cost more than hashes, so an animation of a thousand frames must not have them all."""
    budget = Budget(max_pixels=2_000_000, max_frames=6, frames_s=20)
    file = media.animation([media.drawn(seed=n) for n in range(6)], "GIF")
    reading = read_picture(file, pipeline=Pipeline.FULL, budget=budget, regions=True)
    assert [each is not None for each in reading.regions] == [True] * REGION_FRAMES + [False] * 2


def look(data: bytes) -> Reading:
    """Read a file as a check does where a bank keeps regions."""
    return read_picture(data, pipeline=Pipeline.FULL, budget=BUDGET, regions=True)


def framed(picture: Image.Image, ground: int, *, top: int, side: int) -> Image.Image:
    """Put a picture on even ground, with a line of words above it."""
    sheet = Image.new("RGB", (picture.width + 2 * side, picture.height + 2 * top), (ground,) * 3)
    sheet.paste(picture, (side, top))
    if top:
        ImageDraw.Draw(sheet).text((20, top // 3), "someone_2  12:45", fill=(255 - ground,) * 3, font_size=top // 4)
    return sheet


@pytest.mark.parametrize(("ground", "top", "side"), [(0, 90, 0), (255, 60, 60), (30, 160, 0), (240, 0, 80)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_lies_inside_a_border_is_looked_for(kind: str, ground: int, top: int, side: int) -> None:
    """Borders, letterbox bars and the bars of a screenshot are cut away, and the picture inside is hashed."""
    shown = Image.fromarray(scene(3)).convert("RGB")
    reading = look(media.encoded(framed(shown, ground, top=top, side=side), kind))
    assert min(differing(copy, shown) for copy in reading.frames[0].copies) <= 31


def test_a_picture_without_a_border_has_nothing_inside() -> None:
    """Neither a scene to its edges nor a flat picture is taken for a framed one, and registering looks for none."""
    shown = Image.fromarray(scene(3)).convert("RGB")
    assert look(media.encoded(shown, "JPEG")).frames[0].inner == ()
    assert look(media.encoded(Image.new("RGB", (300, 200), "grey"), "PNG")).frames[0].inner == ()
    file = media.encoded(framed(shown, 0, top=60, side=60), "JPEG")
    assert read_picture(file, pipeline=Pipeline.FULL, budget=BUDGET, crops=True).frames[0].inner == ()


def test_on_much_even_ground_the_picture_inside_stands_for_the_whole() -> None:
    """A small picture on a large sheet says enough by itself."""
    shown = Image.fromarray(scene(3)).convert("RGB").resize((240, 180))
    reading = look(media.encoded(framed(shown, 255, top=130, side=150), "PNG"))
    assert reading.outcome is Outcome.HASHED


def test_a_second_look_is_taken_where_it_is_asked_for() -> None:
    """At JPEGs and others alike, at the first frame of an animation; not at what is too flat, nor unless asked."""
    shown = Image.fromarray(scene(3))
    frames = [shown, Image.fromarray(scene(4))]
    files = {
        "JPEG": media.encoded(shown, "JPEG", quality=92),
        "PNG": media.encoded(shown, "PNG"),
        "GIF": media.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    }
    found = {
        name: read_picture(data, pipeline=Pipeline.FULL, budget=BUDGET, looks=True).looks
        for name, data in files.items()
    }
    assert [len(looks) for looks in found.values()] == [1, 1, 2]
    assert all(len(looks[0]) > 100 * 32 for looks in found.values())
    assert found["GIF"][1] == b""
    flat = media.encoded(Image.new("L", (600, 400), 120), "JPEG")
    assert read_picture(flat, pipeline=Pipeline.FULL, budget=BUDGET, looks=True).looks == (b"",)
    assert read(files["JPEG"]).looks == (b"",)
    nearest = read_picture(files["PNG"], pipeline=Pipeline.NEAREST_512, budget=BUDGET, looks=True)
    assert nearest.looks == (b"",)


def test_a_second_look_alone_is_taken_at_a_smaller_picture() -> None:
    """The hash is that of the check without it, and a window is near it, however large the picture is."""
    file = media.encoded(media.drawn(width=1600, height=1200), "JPEG", quality=92)
    reading = read_picture(file, pipeline=Pipeline.FULL, budget=BUDGET, looks=True)
    assert reading.hashes == read(file).hashes
    value = int.from_bytes(reading.hashes[0].value)
    [looks] = reading.looks
    windows = [int.from_bytes(looks[at : at + 32]) for at in range(0, len(looks), 32)]
    assert min((value ^ window).bit_count() for window in windows) <= 10
