# SPDX-License-Identifier: Apache-2.0
"""Pictures drawn by code, the same for the same seed; nobody is in any of them."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def flat(height: int, width: int, *, value: int = 128) -> Picture:
    """One colour; (height, width, 3)."""
    return np.full((height, width, 3), value, np.uint8)


def gradient(height: int, width: int) -> Picture:
    """Brighter to the right and downwards, each channel in its own way; (height, width, 3)."""
    rows, columns = np.linspace(0, 255, height)[:, None], np.linspace(0, 255, width)[None, :]
    grey = (rows + columns) / 2
    return np.stack([grey, np.broadcast_to(rows, grey.shape), np.broadcast_to(columns, grey.shape)], 2).astype(np.uint8)


def noise(height: int, width: int, *, seed: int = 0) -> Picture:
    """Independent pixels; (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def photo_like(height: int, width: int, *, seed: int = 0) -> Picture:
    """A scene with the 1/f spectrum of photographs; (height, width, 3)."""
    spectrum = np.fft.rfft2(np.random.default_rng(seed).standard_normal((height, width, 3)), axes=(0, 1))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    scene = np.fft.irfft2(spectrum / np.maximum(frequency, 1 / max(height, width))[..., None], (height, width), (0, 1))
    scene = 128 + 50 * (scene - scene.mean()) / max(float(scene.std()), 1e-9)
    picture: Picture = scene.clip(0, 255).astype(np.uint8)
    return picture
