# SPDX-License-Identifier: Apache-2.0
"""Finds test data too large for the repository; a test that needs it is skipped where it is missing."""

import os
from pathlib import Path

import pytest

#: Folder that holds ``data``; by default ``shared`` beside the project root.
SHARED = Path(os.environ.get("SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared")


def shared_data(*parts: str) -> Path:
    """Return a path under the shared data, or skip the calling test where there is none."""
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"Test data {'/'.join(parts)} is missing; SHARED_DATA names the folder that holds data/.")
    return path
