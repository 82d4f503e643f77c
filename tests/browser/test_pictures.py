# SPDX-License-Identifier: Apache-2.0
"""Pictures hashed in the page: the same hashes as on the server, in every form that a picture comes in."""

import statistics
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from noli.hashing import kernel
from noli.hashing.model import DIHEDRAL, PDQ_BYTES, Hash
from noli.hashing.variants import CROPS, crop_hashes
from tests.browser.conftest import ServerHashes
from tests.support import media
from tests.support.hashing_page import Visit
from tests.support.shared import shared_data

#: Bits between the page and the server, at most: what rounding makes, for the server hashes a JPEG's brightness alone.
_MOST = 8

_HEIC = Path(__file__).parents[1] / "vectors" / "drawn.heic"


def bits(one: str, other: str) -> int:
    """Count the bits in which two hexadecimal hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def originals(result: dict[str, Any]) -> list[str]:
    """The hashes of the picture itself, one a rendering or frame."""
    return [each["value"] for each in result["hashes"] if each["variant"] == "original"]


def distances(page: dict[str, Any], server: dict[str, Any]) -> list[int]:
    """For each hash that the server makes, how far the page's nearest is; outcomes must agree."""
    assert page["outcome"] == server["outcome"], (page["name"], page["outcome"], server["outcome"])
    if page["outcome"] != "hashed":
        return []
    return [min(bits(ours, theirs["value"]) for ours in originals(page)) for theirs in server["hashes"]]


@pytest.mark.parametrize("folder", ["photos", "pdq/modes", "pdq/exif-rotn", "pdq/labelme-subset", "pdq/expected"])
def test_shared_pictures_hash_as_on_the_server(visit: Visit, server_hashes: ServerHashes, folder: str) -> None:
    """Every photograph, of every colour mode and orientation, is at most 8 bits from the server's, most at most 2."""
    files = sorted(shared_data(folder).iterdir())
    pairs = zip(visit.hash(files), server_hashes(files), strict=True)
    apart = [far for page, server in pairs for far in distances(page, server)]
    assert max(apart) <= _MOST
    assert statistics.median(apart) <= 2


def foreign_profile() -> bytes:
    """A colour profile far from sRGB: whoever applied it would change every pixel."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()


def _files(folder: Path) -> dict[str, Path]:
    """Draw one picture in every form; name and file."""
    picture = media.drawn(seed=5, width=1301, height=977)
    soft = picture.copy()
    soft.putalpha(Image.linear_gradient("L").resize(picture.size))
    forms = {
        **{f"exif-{number}.jpg": media.rotated_jpeg(picture, number) for number in media.STORED},
        "progressive.jpg": media.encoded(picture, "JPEG", quality=85, progressive=True),
        "fine.jpg": media.encoded(picture, "JPEG", quality=95, subsampling=0),
        "cmyk.jpg": media.encoded(picture.convert("CMYK"), "JPEG", quality=92),
        "grey.jpg": media.encoded(picture.convert("L"), "JPEG", quality=92),
        "profile.jpg": media.encoded(picture, "JPEG", quality=92, icc_profile=foreign_profile()),
        "rgb.png": media.encoded(picture, "PNG"),
        "palette.png": media.encoded(media.with_palette(picture), "PNG"),
        "grey-16.png": media.encoded(media.with_16_bits(picture), "PNG"),
        "soft.png": media.encoded(soft, "PNG"),
        "alpha-only.png": media.encoded(media.in_alpha_only(picture), "PNG"),
        "one-bit.png": media.encoded(picture.convert("1"), "PNG"),
        "lossy.webp": media.encoded(picture, "WEBP", quality=85),
        "soft.webp": media.encoded(soft, "WEBP", lossless=True),
        "still.avif": media.encoded(picture, "AVIF", quality=80),
        "still.gif": media.encoded(media.with_palette(picture), "GIF"),
        "still.bmp": media.encoded(picture, "BMP"),
        "tiny.png": media.encoded(picture.resize((64, 64)), "PNG"),
        "narrow.png": media.encoded(picture.resize((2400, 90)), "PNG"),
        "drawn.heic": _HEIC.read_bytes(),
    }
    for name, data in forms.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in forms}


def test_every_form_of_a_picture_hashes_as_on_the_server(
    visit: Visit, server_hashes: ServerHashes, tmp_path: Path
) -> None:
    """JPEG, PNG, WebP, AVIF, GIF, BMP and HEIC, turned, grey, CMYK, palette or transparent: as on the server."""
    files = list(_files(tmp_path).values())
    pairs = zip(visit.hash(files), server_hashes(files), strict=True)
    apart = {page["name"]: distances(page, server) for page, server in pairs}
    assert {name for name, far in apart.items() if not far} == set()
    assert {name: far for name, far in apart.items() if max(far) > _MOST} == {}


def test_a_turned_webp_is_found_among_its_turned_forms(
    visit: Visit, server_hashes: ServerHashes, tmp_path: Path
) -> None:
    """Chromium ignores EXIF in WebP; such a picture is protected all the same, by one of its other seven forms."""
    noted = Image.Exif()
    noted[media.ORIENTATION_TAG] = 6
    stored = media.drawn(seed=5).transpose(Image.Transpose.ROTATE_90)
    path = tmp_path / "turned.webp"
    path.write_bytes(media.encoded(stored, "WEBP", quality=90, exif=noted))
    (page,), (server,) = visit.hash([path]), server_hashes([path])
    forms = [each["value"] for each in page["hashes"][: len(DIHEDRAL)]]
    assert min(bits(form, server["hashes"][0]["value"]) for form in forms) <= _MOST


def test_transparent_pictures_are_hashed_over_white_and_black(visit: Visit, tmp_path: Path) -> None:
    """A picture drawn in its transparency alone is protected as it shows in dark mode."""
    path = tmp_path / "alpha.png"
    path.write_bytes(media.encoded(media.in_alpha_only(media.drawn(seed=2)), "PNG"))
    (result,) = visit.hash([path])
    assert result["outcome"] == "hashed"
    assert len(originals(result)) >= 1


def test_all_forms_and_crops_are_registered(visit: Visit, tmp_path: Path) -> None:
    """A picture gives its eight turned forms and its usual crops, the same hashes as Python makes of its pixels."""
    picture = media.drawn(seed=9, width=1700, height=1290)
    path = tmp_path / "picture.png"
    path.write_bytes(media.encoded(picture, "PNG"))
    (result,) = visit.hash([path])
    pixels = picture.tobytes()
    joined, quality = kernel.pdq(pixels, picture.height, picture.width, 3)
    plane, height, width = kernel.pdq_shrink(pixels, picture.height, picture.width, 3)
    turned = [Hash(joined[PDQ_BYTES * at :][:PDQ_BYTES], quality, variant=form) for at, form in enumerate(DIHEDRAL)]
    wanted = [*turned, *crop_hashes(plane, (width, height), picture.size)]
    assert len(wanted) > len(DIHEDRAL) + len(CROPS) / 2
    assert result["hashes"] == [
        {"type": "pdq", "value": each.hex, "quality": each.quality, "variant": str(each.variant)} for each in wanted
    ]


def test_animations_give_their_distinct_frames(visit: Visit, server_hashes: ServerHashes, tmp_path: Path) -> None:
    """An animated GIF or WebP is protected by each of its distinct frames, repeated ones once."""
    frames = [media.drawn(seed=1), media.drawn(seed=2), media.drawn(seed=2), media.drawn(seed=3)]
    files = []
    for kind in ("GIF", "WEBP"):
        path = tmp_path / f"animated.{kind.lower()}"
        path.write_bytes(media.animation(frames, kind))
        files.append(path)
    for page, server in zip(visit.hash(files), server_hashes(files), strict=True):
        assert len(originals(page)) == 3
        assert max(distances(page, server)) <= _MOST


def test_bad_files_are_outcomes(visit: Visit, tmp_path: Path) -> None:
    """A flat, damaged, foreign, enormous or empty file is answered with what is wrong, and the next one is hashed."""
    jpeg = media.encoded(media.drawn(seed=4), "JPEG", quality=90)
    files = {
        "flat.png": (media.encoded(Image.new("RGB", (300, 300), "grey"), "PNG"), "low_quality"),
        "damaged.png": (media.encoded(media.drawn(seed=4), "PNG")[:60], "corrupt"),
        "damaged.heic": (_HEIC.read_bytes()[:500], "corrupt"),
        "scan.tiff": (media.encoded(media.drawn(seed=4), "TIFF"), "unsupported"),
        "letter.txt": (b"Dear all, this is no picture.", "unsupported"),
        "empty.jpg": (b"", "unsupported"),
        "bomb.png": (media.bomb(side=20_000), "too_large"),
        "after.jpg": (jpeg, "hashed"),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    results = visit.hash([tmp_path / name for name in files])
    assert {result["name"]: result["outcome"] for result in results} == {
        name: outcome for name, (_, outcome) in files.items()
    }
    assert all(result["kind"] == "image" for result in results)
    assert all((result["hashes"] == []) == (result["outcome"] != "hashed") for result in results)


def test_progress_grows_to_one(visit: Visit, tmp_path: Path) -> None:
    """Progress never goes back and ends at 1."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(media.encoded(media.drawn(seed=6).resize((2400, 1800)), "JPEG", quality=90))
    (result,) = visit.hash([path])
    assert result["progress"] == sorted(set(result["progress"]))
    assert result["progress"][-1] == 1


def test_a_picture_can_be_cancelled(visit: Visit, tmp_path: Path) -> None:
    """Cancelled half way, a picture gives no hash, reports nothing more, and the next one is hashed."""
    path = tmp_path / "large.jpg"
    path.write_bytes(media.encoded(media.drawn(seed=7).resize((4000, 3000)), "JPEG", quality=80))
    (result,) = visit.hash([path], cancel_at=0.5)
    assert (result["outcome"], result["hashes"]) == ("cancelled", [])
    assert result["progress"][-1] < 1
    (again,) = visit.hash([path])
    assert again["outcome"] == "hashed"
