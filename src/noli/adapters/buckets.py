# SPDX-License-Identifier: Apache-2.0
"""An object store that speaks S3, reached by ``pyarrow.fs`` as catalogue scans do: addresses, and backups in it.

Keys come from the address, or from where the usual tools of such stores have them (``AWS_ACCESS_KEY_ID`` and the like);
no error repeats an address.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from noli.base.errors import ConfigError, NotFound, Unavailable

#: What an address begins with.
SCHEME = "s3://"

_CHUNK = 8 * 1024 * 1024


def open_bucket(url: str, *, named: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    Args:
        url: ``s3://bucket/folder``, with options behind ``?``.
        named: What the address is, for errors.

    Raises:
        ConfigError: The address cannot be used.
    """
    import pyarrow.fs as pa_fs  # noqa: PLC0415 - slow to load, and most do without

    try:
        files, path = pa_fs.FileSystem.from_uri(url)
    except (ValueError, OSError) as error:
        # Its text may hold the keys.
        msg = f"{named} cannot be read; write it as s3://bucket/folder?endpoint_override=…"
        raise ConfigError(msg) from error
    return files, path.rstrip("/")


class BackupBucket:
    """Backups as objects in a folder of a bucket."""

    def __init__(self, url: str) -> None:
        """Keep where they are. Raises ConfigError."""
        self._files, self._root = open_bucket(url, named="The address of the backup")

    def names(self) -> list[str]:
        """List what is in the folder. Raises Unavailable."""
        import pyarrow.fs as pa_fs  # noqa: PLC0415 - as above

        with self._reached():
            found = self._files.get_file_info(pa_fs.FileSelector(self._root, allow_not_found=True))
        return sorted(Path(info.path).name for info in found if info.type is pa_fs.FileType.File)

    def shown(self, name: str) -> str:
        """Write where one is, without keys."""
        return f"{SCHEME}{self._root}/{name}"

    def put(self, name: str, path: Path, advance: Callable[[int], None]) -> None:
        """Send a file; its object appears when all of it is there. Raises Unavailable."""
        with self._reached():
            with path.open("rb") as source, self._files.open_output_stream(f"{self._root}/{name}") as target:
                while part := source.read(_CHUNK):
                    target.write(part)
                    advance(len(part))
            [info] = self._files.get_file_info([f"{self._root}/{name}"])
        if info.size != path.stat().st_size:
            msg = f"{self.shown(name)} is not as long as what was sent; it is no backup."
            raise Unavailable(msg)

    def delete(self, name: str) -> None:
        """Delete one. Raises Unavailable."""
        with self._reached():
            self._files.delete_file(f"{self._root}/{name}")

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            msg = f"The store of backups, {SCHEME}{self._root}, does not answer or does not let us in."
            raise Unavailable(msg, detail=str(error)[:300]) from error


def fetch(url: str, target: Path) -> None:
    """Bring one object here.

    Raises:
        ConfigError: The address cannot be used.
        NotFound: There is no such object.
        Unavailable: The store does not answer.
    """
    files, path = open_bucket(url, named="The address of the backup")
    shown = f"{SCHEME}{path}"
    try:
        with files.open_input_stream(path) as source, target.open("wb") as file:
            while part := source.read(_CHUNK):
                file.write(part)
    except FileNotFoundError as error:
        msg = f"There is no backup {shown}."
        raise NotFound(msg) from error
    except OSError as error:
        msg = f"The backup {shown} cannot be fetched."
        raise Unavailable(msg, detail=str(error)[:300]) from error
