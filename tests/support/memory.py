# SPDX-License-Identifier: Apache-2.0
"""Where tests may keep files in memory: each commit of theirs is made sure of, which costs nothing there."""

import os
import shutil
from pathlib import Path

# Free memory from which files may lie in it; those of all tests together take a third.
_PLENTY_BYTES = 12 << 30


def in_memory() -> str | None:
    """Return a folder in memory, None where there is none, too little of it, or none to run what tests build."""
    folder = Path("/dev/shm")  # noqa: S108 - whoever asks makes a folder of its own in it
    if not folder.is_dir() or shutil.disk_usage(folder).free < _PLENTY_BYTES:
        return None
    return None if os.statvfs(folder).f_flag & os.ST_NOEXEC else str(folder)
