# SPDX-License-Identifier: Apache-2.0
"""Our JPEG reader: libjpeg's brightness plane byte for byte, or none at all."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from noli.adapters.decode._jpeg import brightness
from tests.support.pictures import Picture, flat, gradient, noise, photo_like
from tests.support.shared import shared_data

DENOMINATORS = (2, 4, 8)
PORTABLE = True
SAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def encoded(picture: Picture, **options: object) -> bytes:
    """Encode with libjpeg; a plane of two dimensions becomes a grey file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", **options)
    return file.getvalue()


def libjpeg(data: bytes, denominator: int) -> bytes | None:
    """Decode the brightness plane with Pillow, None where it finds the file damaged."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("L", (opened.width // denominator, opened.height // denominator))
            return opened.tobytes()
    except (OSError, SyntaxError):
        return None


def assert_equal(data: bytes, *, height: int, width: int) -> None:
    """Both versions of the reader give libjpeg's bytes at every scale."""
    for denominator in DENOMINATORS:
        expected = libjpeg(data, denominator)
        assert expected is not None
        assert brightness(data, height, width, denominator) == expected, denominator
        assert brightness(data, height, width, denominator, PORTABLE) == expected, denominator


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("quality", [1, 50, 88, 100])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 127), (201, 33)])
def test_the_plane_is_that_of_libjpeg(sampling: str, quality: int, height: int, width: int) -> None:
    """Flat, smooth, noisy and photograph-like pictures decode to the same bytes, whatever the sampling and quality."""
    for picture in (flat(height, width, value=255), gradient(height, width), photo_like(height, width)):
        data = encoded(picture, subsampling=SAMPLINGS[sampling], quality=quality)
        assert_equal(data, height=height, width=width)
    assert_equal(encoded(noise(height, width), subsampling=0, quality=quality), height=height, width=width)


@pytest.mark.parametrize(
    "options", [{"optimize": True}, {"restart_marker_blocks": 3}, {"restart_marker_rows": 1}, {"comment": b"\xff\xd9"}]
)
def test_usual_options_of_encoders_are_read(options: dict[str, object]) -> None:
    """Tables of the picture's own, restart markers and comments make no difference."""
    assert_equal(encoded(photo_like(130, 210), quality=90, **options), height=130, width=210)
    assert_equal(encoded(photo_like(130, 210)[..., 0], quality=90, **options), height=130, width=210)


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 90), st.integers(8, 90), st.integers(1, 100), st.sampled_from((0, 1, 2)), st.integers(0, 99))
def test_any_size_decodes_as_in_libjpeg(height: int, width: int, quality: int, sampling: int, seed: int) -> None:
    """No size, quality or sampling differs, in colour or in grey."""
    picture = noise(height, width, seed=seed)
    assert_equal(encoded(picture, quality=quality, subsampling=sampling), height=height, width=width)
    assert_equal(encoded(picture[..., 0], quality=quality), height=height, width=width)


def test_photographs_decode_as_in_libjpeg() -> None:
    """Files of many cameras and programs decode to the same bytes, or are left to libjpeg."""
    read = left = 0
    for path in sorted(shared_data("everyday", "photos").glob("*.jpg"))[::6]:
        data = path.read_bytes()
        with Image.open(path) as opened:
            width, height = opened.size
        for denominator in DENOMINATORS:
            plane = brightness(data, height, width, denominator)
            read, left = read + (plane is not None), left + (plane is None)
            assert plane in {None, libjpeg(data, denominator)}, path.name
    assert read > 10 * left


def left_to_libjpeg() -> dict[str, bytes]:
    """Sound files of kinds that the reader does not take."""
    picture = photo_like(96, 128)
    cmyk = io.BytesIO()
    Image.fromarray(picture).convert("CMYK").save(cmyk, "JPEG")
    return {
        "progressive": encoded(picture, progressive=True),
        "RGB inside": encoded(picture, keep_rgb=True),
        "CMYK": cmyk.getvalue(),
    }


@pytest.mark.parametrize("kind", left_to_libjpeg())
def test_other_kinds_are_left_to_libjpeg(kind: str) -> None:
    """A file that is not of the usual kind gives no plane."""
    assert brightness(left_to_libjpeg()[kind], 96, 128, 2) is None


def test_a_picture_of_other_sides_gives_no_plane() -> None:
    """The sides that the caller found must be those that the reader finds."""
    data = encoded(photo_like(96, 128))
    assert brightness(data, 128, 96, 2) is None
    assert brightness(data, 96, 127, 2) is None


@pytest.mark.parametrize("denominator", [-1, 0, 1, 3, 16])
def test_other_denominators_are_refused(denominator: int) -> None:
    """Scales that the reader does not know are named."""
    with pytest.raises(ValueError, match="must be 2, 4 or 8"):
        brightness(b"", 1, 1, denominator)


def test_a_file_cut_short_gives_no_plane() -> None:
    """However little is missing at the end, the reader does not take the file for whole."""
    data = encoded(photo_like(40, 56), quality=80)
    for length in range(len(data)):
        assert brightness(data[:length], 40, 56, 4) is None, length


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.booleans())
def test_a_damaged_file_gives_libjpegs_bytes_or_none(seed: int, changes: int, restarts: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever bytes are overwritten: no crash, and a plane only where libjpeg decodes the same."""
    options: dict[str, object] = {"restart_marker_blocks": 2} if restarts else {}
    data = bytearray(encoded(photo_like(48, 64), quality=85, **options))
    random = np.random.default_rng(seed)
    for _ in range(changes):
        data[random.integers(2, len(data))] = random.integers(0, 256)
    for denominator in DENOMINATORS:
        plane = brightness(bytes(data), 48, 64, denominator)
        assert plane == brightness(bytes(data), 48, 64, denominator, PORTABLE)
        assert plane is None or plane == libjpeg(bytes(data), denominator)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_junk_after_a_beginning_gives_no_plane(junk: bytes) -> None:
    """Headers of a sound file with anything behind them end in no plane, not in a crash."""
    data = encoded(photo_like(16, 16))
    for end in (2, len(data) // 4, data.index(b"\xff\xda"), data.index(b"\xff\xda") + 14):
        plane = brightness(data[:end] + junk, 16, 16, 2)
        assert plane is None or len(plane) == 64
