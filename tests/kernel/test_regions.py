# SPDX-License-Identifier: Apache-2.0
"""Regions: found again in copies, hashed under a secret, and counted where they agree."""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from noli.hashing import kernel
from tests.support.regions import (
    COEFS,
    PAIR,
    PLACE,
    SECRET_BYTES,
    Grey,
    agreement,
    distances,
    found,
    hashed,
    rotation,
    scene,
    secret,
    size_of,
)

SECRET = secret(1)


def turned(picture: Grey, degrees: float) -> Grey:
    """Turn a picture about its middle."""
    return np.asarray(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=90))


def scaled(picture: Grey, height: int, width: int) -> Grey:
    """Resize a picture."""
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


COPIES: dict[str, Callable[[Grey], Grey]] = {
    "smaller": lambda p: scaled(p, 180, 240),
    "cut": lambda p: p[68:315, 112:420],
    "turned a little": lambda p: turned(p, 7),
    "turned a quarter": np.rot90,
    "mirrored": np.fliplr,
    "upside down and mirrored": np.flipud,
    "framed": lambda p: np.pad(p, 68, constant_values=250),
    "beside another": lambda p: np.hstack([p, scene(77)]),
    "darker": lambda p: (p * 0.5).astype(np.uint8),
    "a part replaced": lambda p: np.where(np.indices(p.shape)[1] > 322, scene(78), p),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_agrees_with_its_original(name: str) -> None:
    """Whatever is done to a picture, at least eight of its points still lie as they lay."""
    original = scene(3)
    votes, covered, shown, mirrored = agreement(COPIES[name](original), original, SECRET)
    assert votes >= 8
    assert covered >= 200
    assert 300 <= shown <= 1000
    assert mirrored == ("mirrored" in name)


def test_other_pictures_do_not_agree() -> None:
    """Two different scenes have next to nothing in common."""
    assert all(agreement(scene(seed), scene(3), SECRET)[0] <= 1 for seed in range(10, 16))


def test_what_a_cut_shows_is_measured() -> None:
    """A cut of the left half shows half of the picture."""
    original = scene(3)
    _, _, shown, _ = agreement(original[:, :240], original, SECRET)
    assert shown == pytest.approx(500, abs=30)


def test_a_blob_is_found_where_it_is() -> None:
    """A soft spot gives a region at its place, whose side is twelve times its scale."""
    y, x = np.mgrid[0:256, 0:256]
    spot = 40 + 180 * np.exp(-((x - 100) ** 2 + (y - 140) ** 2) / (2 * 4.0**2))
    places, _ = found(spot.astype(np.uint8))
    strongest = places[0]
    assert strongest["x"] / 128 == pytest.approx(100.5, abs=0.5)
    assert strongest["y"] / 128 == pytest.approx(140.5, abs=0.5)
    assert 12 * 4 * 0.7 <= strongest["side"] / 128 <= 12 * 4 * 1.4


def test_regions_turn_with_the_picture() -> None:
    """The directions of a picture turned by a quarter are those of the picture, turned by a quarter."""
    original = scene(5, height=512, width=512)
    before, _ = found(original)
    after, _ = found(np.rot90(original))
    turns = [
        int(b["turn"]) - int(a["turn"])
        for a in before
        for b in after
        if abs(int(a["y"]) - int(b["x"])) < 200 and abs(32768 - int(a["x"]) - int(b["y"])) < 200 and a["side"] < 9000
    ]
    quarter = [turn for turn in turns if abs((turn + 16384 + 32768) % 65536 - 32768) < 600]
    assert len(quarter) >= 20


@pytest.mark.parametrize("size", [(1, 1), (23, 400), (400, 23), (24, 24), (25, 300), (64, 64), (333, 517), (30, 4000)])
def test_any_size_is_read(size: tuple[int, int]) -> None:
    """Pictures of any size give regions inside them, or none."""
    picture = np.random.default_rng(4).integers(0, 256, size, np.uint8)
    places, coefs = found(picture, 240)
    assert len(places) == len(coefs) <= 240
    if min(size) * 320 // max(size) < 24:
        assert len(places) == 0
    width, height = size_of(picture)
    assert all(0.44 * p["side"] <= p["x"] + 1 <= width + 300 and p["y"] <= height + 300 for p in places)


def test_a_flat_picture_has_none() -> None:
    """Where nothing is to be seen, nothing is found."""
    assert len(found(np.full((300, 400), 128, np.uint8))[0]) == 0


def test_the_strongest_come_first_whatever_is_asked_for() -> None:
    """Fewer regions are the first of many."""
    many, _ = found(scene(6), 120)
    few, _ = found(scene(6), 20)
    assert len(many) > 20
    assert (few == many[:20]).all()


def test_a_dull_part_is_sought_beside_a_loud_one() -> None:
    """Of a picture that is full of strong points, those of a faint corner come after the clearest, not last."""
    loud = np.random.default_rng(9).integers(0, 256, (24, 32), np.uint8)
    picture = scaled(loud, 240, 320).copy()
    picture[180:, 240:] = 120 + (picture[180:, 240:] // 8)
    places, _ = found(picture, 160)
    faint = (places["x"] > 32768 * 0.78) & (places["y"] > 32768 * 0.585)
    assert len(places) == 160
    assert not faint[:60].any()
    assert faint[60:].sum() >= 3


def test_every_machine_finds_the_same() -> None:
    """The regions of a drawn picture are these, bit for bit: on every compiler and processor."""
    y, x = np.mgrid[0:300, 0:420]
    picture = ((x * x + 3 * y * y + 7 * x * y) // 211 % 256).astype(np.uint8) // 2 + (((x // 60) + (y // 50)) % 2 * 90)
    places, coefs = kernel.regions(picture.astype(np.uint8).tobytes(), 300, 420, 60)
    assert (
        hashlib.sha256(places + coefs).hexdigest() == "25e713c8609e15e2e66ac6d89d4bb24260561b23069e6ee22293976ea66846fe"
    )


def test_hashes_are_signs_after_the_secret_rotation() -> None:
    """The kernel's fast transform is the one written out, and it is orthogonal."""
    _, coefs = found(scene(8))
    whole = rotation(SECRET)
    assert (whole @ whole.T == np.eye(COEFS, dtype=np.int64) * COEFS**3).all()
    for mirrored in (False, True):
        across = coefs.astype(np.int64).reshape(-1, 16, 16)
        given = np.where((np.arange(16) % 2 == 0)[None, :, None] & mirrored, -across, across).reshape(-1, COEFS)
        expected = np.packbits(given @ whole.T > 0, axis=1)
        assert hashed(coefs, SECRET, mirrored=mirrored) == expected.tobytes()


def test_distances_are_kept_under_a_secret() -> None:
    """Under any secret, unrelated regions lie near 128 bits and regions of a copy near each other."""
    _, one = found(scene(8), 120)
    _, other = found(scene(9), 120)
    copied, copy = found(np.fliplr(np.fliplr(scene(8)) // 2), 120)
    for seed in (1, 2):
        unrelated = distances(
            hashed(one, secret(seed)),
            hashed(other, secret(seed)),
        )
        assert unrelated.mean() == pytest.approx(128, abs=3)
        assert unrelated.std() <= 16
        # Drawn edges are like each other; photographs have hardly any such pair.
        assert (unrelated <= 45).mean() < 1e-3
        related = distances(
            hashed(one, secret(seed)),
            hashed(copy, secret(seed)),
        )
        assert np.median(related.min(axis=0)) <= 31
    assert len(copied) == len(copy)


def test_another_secret_finds_nothing() -> None:
    """Hashes under one secret say nothing about hashes under another: the same region is as far as a strange one."""
    _, coefs = found(scene(8), 120)
    apart = distances(hashed(coefs, secret(1)), hashed(coefs, secret(2)))
    assert np.diag(apart).mean() == pytest.approx(128, abs=4)
    assert apart.min() > 60


def test_each_point_votes_once() -> None:
    """Two regions of one point, or one region found twice, are one vote."""
    places = np.array([(1000, 1000, 800, 0), (1000, 1000, 800, 9000), (9000, 4000, 800, 0)], PLACE)
    pairs = np.array([(0, 0, 0), (1, 1, 0), (0, 0, 0), (2, 2, 0)], PAIR)
    votes, *_ = kernel.region_vote(places.tobytes(), (32768, 20000), places.tobytes(), (32768, 20000), pairs.tobytes())
    assert votes == 2


def test_regions_that_lie_otherwise_do_not_count() -> None:
    """Regions that resemble each other but lie, turn or grow differently are no votes."""
    query = np.array([(4000, 4000, 2000, 0), (12000, 4000, 2000, 0), (20000, 9000, 2000, 0)], PLACE)
    moved, turned_, grown = query.copy(), query.copy(), query.copy()
    moved["x"][2] -= 9000
    turned_["turn"][2] += 9000
    grown["side"][2] *= 2
    pairs = np.array([(0, 0, 0), (1, 1, 0), (2, 2, 0)], PAIR).tobytes()
    for banked, votes in ((query, 3), (moved, 2), (turned_, 2), (grown, 2)):
        assert kernel.region_vote(query.tobytes(), (32768, 20000), banked.tobytes(), (32768, 20000), pairs)[0] == votes


def test_what_agrees_is_measured_against_what_could() -> None:
    """Where a picture says little, little is enough; what the query does not show does not count against it."""
    places = np.array([(4000, 4000, 4000, 0), (4000, 9000, 4000, 0), (28000, 9000, 4000, 0)], PLACE)
    pairs = np.array([(0, 0, 0), (1, 1, 0)], PAIR).tobytes()
    banked = places.tobytes(), (32768, 20000)
    half = kernel.region_vote(places.tobytes(), (32768, 20000), *banked, pairs)
    assert half[1] == pytest.approx(667, abs=40)
    cut = kernel.region_vote(places.tobytes(), (24000, 20000), *banked, pairs)
    assert cut[:2] == (2, 1000)
    assert cut[2] == pytest.approx(732, abs=40)


def test_no_pairs_are_no_votes() -> None:
    """Where nothing resembles anything, nothing agrees."""
    assert kernel.region_vote(b"", (1, 1), b"", (1, 1), b"") == (0, 0, 0, False)


def test_wrong_arguments_are_refused() -> None:
    """Lengths that do not fit are errors, never reads beyond the end."""
    place, size = np.array([(1, 1, 1, 1)], PLACE).tobytes(), (9, 9)
    wrong: list[Callable[[], object]] = [
        lambda: kernel.regions(b"12", 1, 3, 9),
        lambda: kernel.regions(b"", 0, 0, 9),
        lambda: kernel.regions(b"1", 1, 1, 241),
        lambda: kernel.regions(b"1", 1, 1, -1),
        lambda: kernel.region_hashes(bytes(255), bytes(SECRET_BYTES), secret(1) == b""),
        lambda: kernel.region_hashes(bytes(256), bytes(SECRET_BYTES - 1), secret(1) == b""),
        lambda: kernel.region_vote(place[:7], size, place, size, b""),
        lambda: kernel.region_vote(place, size, bytes(8), size, b""),
        lambda: kernel.region_vote(place, size, place, size, bytes(5)),
        lambda: kernel.region_vote(place, size, place, size, np.array([(1, 0, 0)], PAIR).tobytes()),
        lambda: kernel.region_vote(place, size, place, size, np.array([(0, 0, 2)], PAIR).tobytes()),
    ]
    for call in wrong:
        with pytest.raises(ValueError, match=r"\d|side"):
            call()
