# SPDX-License-Identifier: Apache-2.0
"""Signed roots in a text file beside the database: ``evidence.ports.NotedRoots``.

Who cuts the end of the ledger and of its table of roots has this file to change as well; copy it elsewhere, and it is
out of their reach.
"""

import os
from pathlib import Path

from noli.base.errors import Unavailable

#: Name of the file in the data folder.
NAME = "ledger-roots.txt"


class RootsFile:
    """The file."""

    def __init__(self, path: Path) -> None:
        """Keep the path."""
        self._path = path

    def note(self, text: str) -> None:
        """Add a note. Raises Unavailable."""
        try:
            with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), "wb") as file:
                # One write, so that notes of two processes do not mix.
                file.write(f"{text}\n".encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"The signed root cannot be noted in {self._path}: {error.strerror}."
            raise Unavailable(msg) from error

    def read(self) -> str:
        """Return all notes. Raises Unavailable."""
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            msg = f"The noted roots in {self._path} cannot be read."
            raise Unavailable(msg) from error
