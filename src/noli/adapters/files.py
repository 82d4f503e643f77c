# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

import os
from pathlib import Path


def settle(unfinished: Path, path: Path) -> None:
    """Let a finished file appear under its name, for good: contents, then name, each with a completed fsync.

    Raises:
        OSError: The disk is full or read-only.
    """
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
