# SPDX-License-Identifier: Apache-2.0
"""Hashing plain JPEGs without decoding them: near to the hash of their pixels, and strict about everything else."""

import io
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from noli.hashing.kernel import jpeg_pdq, pdq
from tests.support.pictures import noise, photo_like

#: Bits that the hash may be from that of the decoded RGB pixels, on a drawn picture.
NEAR = 4
UPRIGHT = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, 3),
    7: lambda p: np.rot90(p, 2).transpose(1, 0, 2),
    8: lambda p: np.rot90(p, 1),
}


@cache
def drawn(width: int = 720, height: int = 540, *, seed: int = 3, mode: str = "RGB") -> Image.Image:
    """Draw a picture like a photograph."""
    return Image.fromarray(photo_like(height, width, seed=seed)).convert(mode)


def saved(picture: Image.Image, **how: Any) -> bytes:
    """Store a picture as a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", **how)
    return file.getvalue()


def decoded(file: bytes, *, orientation: int = 1) -> tuple[bytes, int]:
    """Hash a file's RGB pixels, upright."""
    pixels = np.ascontiguousarray(UPRIGHT[orientation](np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))))
    return pdq(pixels.tobytes(), pixels.shape[0], pixels.shape[1], 3)


def bits(one: bytes, other: bytes) -> int:
    """Count the differing bits of two first hashes."""
    return (int.from_bytes(one[:32]) ^ int.from_bytes(other[:32])).bit_count()


def segment(file: bytes, marker: int) -> int:
    """Find where the first segment of a kind begins."""
    at = 2
    while file[at + 1] != marker:
        at += 2 + int.from_bytes(file[at + 2 : at + 4])
    return at


@pytest.mark.parametrize(
    "how",
    [
        {"quality": 95, "subsampling": 0},
        {"quality": 88, "subsampling": 1},
        {"quality": 75, "subsampling": 2},
        {"quality": 20, "subsampling": 2},
        {"quality": 100, "subsampling": 0},
        {"quality": 85, "optimize": True},
        {"quality": 85, "restart_marker_blocks": 7},
        {"quality": 85, "restart_marker_rows": 1},
        {"quality": 85, "comment": b"\xff\xda\xff\xd9"},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [(720, 541), (1023, 901)])
def test_plain_files_hash_as_their_pixels_do(how: dict[str, Any], size: tuple[int, int]) -> None:
    """Whatever the quality, the sampling and the restarts, hash and quality are near those of the decoded picture."""
    file = saved(drawn(*size), **how)
    hashed = jpeg_pdq(file, 1)
    assert hashed is not None
    truth = decoded(file)
    assert bits(hashed[0], truth[0]) <= NEAR
    assert abs(hashed[1] - truth[1]) <= 1


@pytest.mark.parametrize(
    ("picture", "near"), [(drawn(mode="L"), NEAR), (Image.fromarray(noise(600, 640)), 3 * NEAR)], ids=["grey", "noise"]
)
def test_grey_and_noisy_files_are_read(picture: Image.Image, near: int) -> None:
    """A file with brightness alone hashes as its pixels do; so does noise, whose codes are the longest."""
    file = saved(picture, quality=100)
    hashed = jpeg_pdq(file, 1)
    assert hashed is not None
    assert bits(hashed[0], decoded(file)[0]) <= near


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_files_are_hashed_as_their_orientation_shows_them(orientation: int) -> None:
    """The hash is that of the upright picture, for each of the eight orientations."""
    file = saved(drawn(), quality=90)
    hashed = jpeg_pdq(file, orientation)
    assert hashed is not None
    assert bits(hashed[0], decoded(file, orientation=orientation)[0]) <= NEAR


def test_all_eight_forms_come_with_it() -> None:
    """The forms of a turned picture are found among those of the file, each in its place."""
    file = saved(drawn(), quality=90)
    hashed = jpeg_pdq(file, 1)
    assert hashed is not None
    truth = decoded(file)[0]
    for form in range(8):
        at = slice(32 * form, 32 * form + 32)
        assert bits(hashed[0][at], truth[at]) <= NEAR


@pytest.mark.parametrize(
    "file",
    [
        saved(drawn(), progressive=True),
        saved(drawn(mode="CMYK")),
        saved(drawn(), keep_rgb=True),
        saved(drawn(499, 700)),
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"GIF89a" + bytes(100),
    ],
    ids=["progressive", "CMYK", "RGB", "small", "empty", "begun", "nothing in it", "another format"],
)
def test_other_files_are_refused(file: bytes) -> None:
    """Files that are not plain, or too small to gain anything, are left to the full decoder."""
    assert jpeg_pdq(file, 1) is None


def test_files_cut_short_are_refused() -> None:
    """A file that ends before its last block is refused, wherever it ends."""
    file = saved(drawn(), quality=60)
    for share in range(1, 100, 3):
        assert jpeg_pdq(file[: len(file) * share // 100], 1) is None


def test_a_missing_restart_is_refused() -> None:
    """A restart marker that is not the one that must come is refused, not guessed around."""
    file = saved(drawn(), quality=60, restart_marker_rows=1)
    assert file.count(b"\xff\xd2") > 0
    assert jpeg_pdq(file.replace(b"\xff\xd2", b"\xff\xd3", 1), 1) is None


def test_values_that_no_pixel_can_have_are_refused() -> None:
    """Nobody can hide a picture from its hash behind brightness that a viewer cuts off at black and white."""
    file = bytearray(saved(drawn(), quality=90, qtables=[[2] * 64, [2] * 64]))
    table = segment(bytes(file), 0xDB) + 5
    assert jpeg_pdq(bytes(file), 1) is not None
    dc, ac = file.copy(), file.copy()
    dc[table] = 12
    ac[table + 1] = 255
    assert jpeg_pdq(bytes(dc), 1) is None
    assert jpeg_pdq(bytes(ac), 1) is None


@pytest.mark.parametrize("marker", [0xC0, 0xC4, 0xDA, 0xDB, 0xDD])
def test_headers_with_a_hole_are_refused(marker: int) -> None:
    """A header segment that is shorter than what it must hold is refused."""
    file = saved(drawn(), quality=60, restart_marker_rows=1)
    at = segment(file, marker)
    length = int.from_bytes(file[at + 2 : at + 4])
    for kept in (0, 1, length - 3):
        short = file[: at + 2] + (kept + 2).to_bytes(2) + file[at + 4 : at + 4 + kept] + file[at + 2 + length :]
        assert jpeg_pdq(short, 1) is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_hashed_or_refused(data: st.DataObject) -> None:
    """No damage to headers or scan does more than change the hash."""
    whole = bytearray(saved(drawn(520, 512, seed=1), quality=40, restart_marker_rows=2))
    start = segment(bytes(whole), 0xDA)
    places = st.one_of(st.integers(2, start + 16), st.integers(start, len(whole) - 1))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        whole[place] = value
    hashed = jpeg_pdq(bytes(whole), 1)
    assert hashed is None or (len(hashed[0]) == 256 and 0 <= hashed[1] <= 100)


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_unknown_orientations_are_refused(orientation: int) -> None:
    """Only the eight orientations of EXIF mean something."""
    with pytest.raises(ValueError, match="orientation"):
        jpeg_pdq(b"", orientation)
