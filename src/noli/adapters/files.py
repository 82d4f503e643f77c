# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def settle(unfinished: Path, path: Path) -> None:
    """Let a finished file appear under its name, for good: contents, then name, each with a completed fsync.

    Raises:
        OSError: The disk is full or read-only.
    """
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync(path.parent)


def make_private(path: Path, content: bytes) -> None:
    """Make a file that only its owner may read, unless there is one: whoever comes second uses the first one's.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A link fails where the name is taken.
    with _private(path, content) as unfinished, suppress(FileExistsError):
        os.link(unfinished, path)
    _sync(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner may read. Raises OSError, as above."""
    with _private(path, content) as unfinished:
        unfinished.replace(path)
    _sync(path.parent)


def sealed(file: BinaryIO) -> tuple[int, str]:
    """Complete the fsync of what was written; return the file's length and its SHA-256 in hexadecimal."""
    os.fsync(file.fileno())
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # typeshed asks for readinto
    return file.seek(0, os.SEEK_END), digest


@contextmanager
def _private(path: Path, content: bytes) -> Iterator[Path]:
    """Write a file beside another one, with a completed fsync; it is gone afterwards, unless it was renamed."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
