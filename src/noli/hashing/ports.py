# SPDX-License-Identifier: Apache-2.0
"""What hashing needs from outside: something that turns a file's bytes into a reading."""

from typing import Protocol

from noli.hashing.model import Pipeline, Reading


class MediaHasher(Protocol):
    """Decodes untrusted media far from this process and hashes it there."""

    def read(
        self, data: bytes, *, pipeline: Pipeline = Pipeline.FULL, crops: bool = False, regions: bool = False
    ) -> Reading:
        """Hash one file.

        Args:
            data: The whole file.
            pipeline: What to do to the pixels first.
            crops: Whether to hash the usual crops of the first frame and to find the regions that are kept, as for
                registering; there are none after ``Pipeline.NEAREST_512``.
            regions: Whether to find the regions that are looked for, as for checking; likewise.

        Returns:
            What became of it; bad media is an outcome, never an exception.

        Raises:
            Unavailable: The decoder cannot be started at all.
        """
        ...

    def close(self) -> None:
        """End the child processes; safe to call twice."""
        ...
