# SPDX-License-Identifier: Apache-2.0
"""Inputs of the measurements: photographs where the shared data folder is there, drawn pictures elsewhere."""

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.measure import ROOT

#: Grain added to enlarged photographs, in grey levels: without it they compress, and so decode, too easily.
GRAIN = 3.0


def shared_folder() -> Path | None:
    """Return the folder with shared test data, or None where it is missing."""
    folder = Path(os.environ.get("NOLI_SHARED", ROOT.parent / "shared")) / "data"
    return folder if folder.is_dir() else None


def source() -> str:
    """Say which pictures are used."""
    return "photographs" if shared_folder() else "drawn pictures"


@cache
def photographs(count: int) -> list[Image.Image]:
    """Return ``count`` RGB pictures with a long side of about 2,000 pixels, evenly chosen."""
    folder = shared_folder()
    if folder is None:
        return [_drawn(seed) for seed in range(count)]
    paths = sorted((folder / "photos").iterdir())
    chosen = [paths[index * len(paths) // count] for index in range(min(count, len(paths)))]
    return [Image.open(path).convert("RGB") for path in chosen]


def _drawn(seed: int) -> Image.Image:
    """Draw a picture with the 1/f spectrum of natural scenes, 2048 x 1536."""
    rng = np.random.default_rng(seed)
    height, width = 1536, 2048
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    radius[0, 0] = 1.0
    planes = []
    for _ in range(3):
        spectrum = rng.normal(size=radius.shape) + 1j * rng.normal(size=radius.shape)
        plane = np.fft.irfft2(spectrum / radius**1.2, s=(height, width))
        planes.append((plane - plane.min()) / np.ptp(plane) * 255)
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


@cache
def encoded(width: int, height: int, kind: str, count: int) -> list[bytes]:
    """Return pictures of exactly that size as files.

    Args:
        width: Pixels.
        height: Pixels.
        kind: Pillow's name of the format: JPEG, PNG or WEBP.
        count: How many pictures.
    """
    files = []
    for number, photo in enumerate(photographs(count)):
        landscape = photo if photo.width >= photo.height else photo.transpose(Image.Transpose.ROTATE_90)
        pixels = np.asarray(landscape.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)
        grain = GRAIN if width > landscape.width else 0.0
        noise = np.random.default_rng(number).normal(scale=grain, size=(height, width, 1))
        grainy = Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        grainy.save(buffer, kind, **({"quality": 88} if kind != "PNG" else {"compress_level": 3}))
        files.append(buffer.getvalue())
    return files


def random_hashes(count: int, *, seed: int) -> NDArray[np.uint8]:
    """Return (count, 32) uint8: random hashes with 128 bits set on average, as real ones have."""
    return np.random.default_rng(seed).integers(0, 256, size=(count, 32), dtype=np.uint8)


def flipped(hashes: NDArray[np.uint8], distance_bits: int, *, seed: int) -> NDArray[np.uint8]:
    """Return copies of (n, 32) hashes, each with exactly ``distance_bits`` random bits flipped."""
    rng = np.random.default_rng(seed)
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.choice(256, size=distance_bits, replace=False)] ^= 1
    return np.packbits(bits, axis=1)
