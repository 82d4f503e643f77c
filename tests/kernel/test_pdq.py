# SPDX-License-Identifier: Apache-2.0
"""The kernel's PDQ: equal to pdqhash bit for bit, near to it on scaled planes, and strict about arguments."""

import io

import numpy as np
import pdqhash
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from noli.hashing.kernel import pdq, pdq_folded
from noli.hashing.model import DIHEDRAL, Variant
from tests.support.pictures import Picture, flat, gradient, noise, photo_like
from tests.support.shared import shared_data

SIZES = [(1, 1), (4, 9), (5, 5), (1, 5000), (5000, 1), (5, 3000), (64, 65), (127, 129), (513, 700)]
TURNS = {
    Variant.ORIGINAL: lambda p: p,
    Variant.ROTATED_90: lambda p: np.rot90(p, 1),
    Variant.ROTATED_180: lambda p: np.rot90(p, 2),
    Variant.ROTATED_270: lambda p: np.rot90(p, 3),
    Variant.FLIPPED_VERTICAL: np.flipud,
    Variant.FLIPPED_HORIZONTAL: np.fliplr,
    Variant.TRANSPOSED: lambda p: p.transpose(1, 0, 2),
    Variant.TRANSVERSED: lambda p: np.rot90(p, 2).transpose(1, 0, 2),
}


def ours(picture: Picture, *, nearest_512: bool = False) -> tuple[bytes, int]:
    """Hash an RGB picture with the kernel."""
    height, width, channels = picture.shape
    return pdq(picture.tobytes(), height, width, channels, nearest_512)


def theirs(picture: Picture) -> tuple[bytes, int]:
    """Hash an RGB picture with pdqhash, all eight forms."""
    vectors, quality = pdqhash.compute_dihedral(np.ascontiguousarray(picture))
    return b"".join(np.packbits(vector.astype(np.uint8)).tobytes() for vector in vectors), quality


def distance(one: bytes, other: bytes) -> int:
    """Bits that differ in the first hash."""
    return (int.from_bytes(one[:32]) ^ int.from_bytes(other[:32])).bit_count()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_drawn_pictures_hash_as_in_pdqhash(height: int, width: int) -> None:
    """Every form and the quality are those of pdqhash, for flat, clipped, noisy and photograph-like pictures."""
    kinds = [flat(height, width), flat(height, width, value=255), gradient(height, width), noise(height, width)]
    for picture in [*kinds, photo_like(height, width)]:
        assert ours(picture) == theirs(picture)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 99))
def test_any_size_hashes_as_in_pdqhash(height: int, width: int, seed: int) -> None:
    """No size differs, in colour or in grey, but 64x64, which has its own test."""
    assume((height, width) != (64, 64))
    picture = noise(height, width, seed=seed)
    assert ours(picture) == theirs(picture)
    grey = np.repeat(picture[..., :1], 3, 2)
    assert pdq(picture[..., 0].tobytes(), height, width, 1) == theirs(grey)


def test_a_picture_of_64x64_hashes_as_compute_has_it() -> None:
    """At 64x64 pdqhash's two functions differ by a rounding; the hash is that of ``compute``."""
    for picture in [flat(64, 64), gradient(64, 64), noise(64, 64), photo_like(64, 64)]:
        vector, quality = pdqhash.compute(picture)
        hashes, found = ours(picture)
        assert (hashes[:32], found) == (np.packbits(vector.astype(np.uint8)).tobytes(), quality)


def test_photographs_hash_as_in_pdqhash() -> None:
    """Real photographs hash to the same bits and quality."""
    for path in sorted(shared_data("everyday", "photos").glob("*.jpg"))[::12]:
        picture = np.asarray(Image.open(path).convert("RGB"))
        assert ours(picture) == theirs(picture), path.name


def test_each_variant_is_the_hash_of_the_picture_turned_so() -> None:
    """The hash under a variant's name is within 10 bits of that of the copy turned that way."""
    picture = photo_like(300, 420)
    hashes, _ = ours(picture)
    for at, variant in enumerate(DIHEDRAL):
        turned = ours(np.ascontiguousarray(TURNS[variant](picture)))[0]
        assert distance(hashes[32 * at :], turned) <= 10, variant


@pytest.mark.parametrize(("height", "width"), [(600, 400), (400, 900), (512, 512), (1030, 777), (2000, 3)])
def test_nearest_512_takes_rows_and_columns_first(height: int, width: int) -> None:
    """Large pictures hash as their nearest-neighbour 512x512; small ones as they are."""
    picture = photo_like(height, width)
    rows, columns = np.arange(512) * height // 512, np.arange(512) * width // 512
    shrunk = picture[rows][:, columns] if max(height, width) > 512 else picture
    assert ours(picture, nearest_512=True) == theirs(shrunk)


@pytest.mark.parametrize("denominator", [1, 2])
def test_scaled_decoding_hardly_moves_the_hash(denominator: int) -> None:
    """A plane that libjpeg decoded at 1/1 or 1/2 hashes within 4 bits of the full picture."""
    file = io.BytesIO()
    Image.fromarray(photo_like(901, 1203)).save(file, "JPEG", quality=90)
    full = np.asarray(Image.open(file).convert("RGB"))
    scaled = Image.open(file)
    scaled.draft("L", (-(-1203 // denominator), -(-901 // denominator)))
    hashes, _ = pdq_folded(scaled.tobytes(), scaled.height, scaled.width, 901, 1203)
    assert distance(hashes, ours(full)[0]) <= 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0, 4, 3), "height"), ((4, 0, 3), "width"), ((4, 4, 2), "channels"), ((4, 5, 3), "bytes"), ((4, -1, 3), "width")],
)
def test_bad_arguments_are_named(arguments: tuple[int, int, int], named: str) -> None:
    """A wrong side, channel count or size is refused by name."""
    with pytest.raises(ValueError, match=named):
        pdq(bytes(48), *arguments)


def test_a_plane_of_no_known_scale_is_refused() -> None:
    """A plane that is not 1/1, 1/2, 1/4 or 1/8 of the original is refused."""
    with pytest.raises(ValueError, match="is not 1/1"):
        pdq_folded(bytes(100), 10, 10, 70, 70)
