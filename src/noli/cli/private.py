# SPDX-License-Identifier: Apache-2.0
"""Files that only their owner may read, written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file with mode 0600. Raises OSError; nothing is left behind."""
    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """Write a file with mode 0600; what was there is replaced only when everything has been written.

    Raises:
        OSError: The folder does not exist or cannot be written.
    """
    # NamedTemporaryFile makes its file with mode 0600.
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file.file  # type: ignore[misc] # typeshed calls it IO[str]; it is a text file
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
