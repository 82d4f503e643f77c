# SPDX-License-Identifier: Apache-2.0
"""Regions in plain numpy: the oracle of what the kernel does with what it found, and pictures to find some in."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from noli.hashing import kernel
from noli.hashing.model import Regions

COEFS = 256
ROUNDS = 3
SECRET_BYTES = ROUNDS * (COEFS + COEFS // 8)
PLACE = np.dtype([("x", "u2"), ("y", "u2"), ("side", "u2"), ("turn", "u2")])
PAIR = np.dtype([("query", "u2"), ("banked", "u2"), ("mirrored", "u2")])

Grey = NDArray[np.uint8]


def found(picture: Grey, most: int = 60) -> tuple[NDArray[np.void], NDArray[np.int8]]:
    """Find regions: places and their 256 frequencies."""
    places, coefs = kernel.regions(np.ascontiguousarray(picture).tobytes(), picture.shape[0], picture.shape[1], most)
    return np.frombuffer(places, PLACE), np.frombuffer(coefs, np.int8).reshape(-1, COEFS)


def hashed(coefs: NDArray[np.int8], of: bytes, *, mirrored: bool = False) -> bytes:
    """Hash regions under a secret."""
    return kernel.region_hashes(coefs.tobytes(), of, mirrored)


def size_of(picture: Grey) -> tuple[int, int]:
    """Width and height in units: the longer side has 32,768."""
    height, width = picture.shape
    return width * 32768 // max(height, width), height * 32768 // max(height, width)


def secret(seed: int) -> bytes:
    """A secret, the same for the same seed."""
    return np.random.default_rng(seed).bytes(SECRET_BYTES)


def rotation(of: bytes) -> NDArray[np.int64]:
    """The whole transform as one matrix, made row by row from its definition."""
    hadamard = np.array([[1]], np.int64)
    while len(hadamard) < COEFS:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    whole = np.eye(COEFS, dtype=np.int64)
    for round_ in range(ROUNDS):
        part = of[round_ * (COEFS + COEFS // 8) :]
        order = list(range(COEFS))
        for i in range(COEFS - 1, 0, -1):
            other = part[i] * (i + 1) // COEFS
            order[i], order[other] = order[other], order[i]
        bits = np.unpackbits(np.frombuffer(part[COEFS : COEFS + COEFS // 8], np.uint8), bitorder="little")
        whole = hadamard @ ((1 - 2 * bits.astype(np.int64))[:, None] * np.eye(COEFS, dtype=np.int64)[order]) @ whole
    return whole


def distances(one: bytes, other: bytes) -> NDArray[np.int64]:
    """Bits between every hash of one and every hash of the other."""
    a, b = (np.unpackbits(np.frombuffer(h, np.uint8).reshape(-1, 32), axis=1).astype(np.int64) for h in (one, other))
    apart: NDArray[np.int64] = a.sum(1)[:, None] + b.sum(1)[None, :] - 2 * a @ b.T
    return apart


def agreement(query: Grey, banked: Grey, of: bytes, *, limit_bits: int = 45) -> tuple[int, int, int, bool]:
    """Vote on two pictures: (votes, thousandths covered, thousandths shown, mirrored)."""
    return agreement_of(regions_of(query, 120), regions_of(banked, 60), of, limit_bits=limit_bits)


def regions_of(picture: Grey, most: int) -> Regions:
    """Find regions, as Noli holds them."""
    places, coefs = found(picture, most)
    return Regions(size_of(picture), places.tobytes(), coefs.tobytes())


def agreement_of(query: Regions, banked: Regions, of: bytes, *, limit_bits: int = 45) -> tuple[int, int, int, bool]:
    """Vote on two pictures of which the regions are known."""
    known = np.frombuffer(banked.coefs, np.int8).reshape(-1, COEFS)
    sought = np.frombuffer(query.coefs, np.int8).reshape(-1, COEFS)
    pairs = []
    for mirrored in (False, True):
        near = distances(hashed(sought, of, mirrored=mirrored), hashed(known, of))
        pairs += [(q, b, mirrored) for q, b in zip(*np.nonzero(near <= limit_bits), strict=True)]
    return kernel.region_vote(query.places, query.size, banked.places, banked.size, np.array(pairs, PAIR).tobytes())


@cache
def scene(seed: int, *, height: int = 360, width: int = 480) -> Grey:
    """Draw a scene with parts of every size, soft and hard: like a photograph to a detector."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.full((height, width), 110.0, np.float32)
    for size in np.geomspace(0.3, 0.03, 80):
        at, radius = (rng.uniform(0, height), rng.uniform(0, width)), size * height
        angle, squeeze = rng.uniform(0, np.pi), rng.uniform(0.5, 1.0)
        u = (x - at[1]) * np.cos(angle) + (y - at[0]) * np.sin(angle)
        v = ((y - at[0]) * np.cos(angle) - (x - at[1]) * np.sin(angle)) / squeeze
        inside = np.clip(0.5 - (np.hypot(u, v) - radius) / (0.1 * radius + 2), 0, 1)
        picture += inside * (rng.uniform(20, 235) - picture)
    drawn: Grey = (picture + rng.normal(0, 2, picture.shape)).clip(0, 255).astype(np.uint8)
    drawn.flags.writeable = False
    return drawn
