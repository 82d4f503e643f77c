# SPDX-License-Identifier: Apache-2.0
"""Where evidence packages are kept: ``custody.ports.PackageStore`` in a folder, or in an object store that speaks S3.

A package stands under its case and its SHA-256. What comes back is compared with that name, so that damage is told and
never handed out.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from noli.adapters.buckets import SCHEME, open_bucket
from noli.adapters.files import make_private
from noli.base.errors import ConfigError, IntegrityError, NotFound, Unavailable
from noli.casework.model import CaseId

#: Name of the folder in the data folder.
FOLDER = "packages"

_SUFFIX = ".zip"

_CASE, _DIGEST = re.compile(r"[0-9A-Za-z]{1,64}"), re.compile(r"[0-9a-f]{64}")

# Written and deleted to see that the store works; no case has this id.
_PROBE = CaseId("probe")


def package_store(url: str, data: Path) -> "FolderPackages | BucketPackages":
    """Open the store that the settings name.

    Raises:
        ConfigError: The address cannot be used.
    """
    if not url:
        return FolderPackages(data / FOLDER)
    if not url.startswith(SCHEME):
        msg = "The setting 'packages_url' is an address of an object store, s3://bucket/folder, or empty."
        raise ConfigError(msg)
    return BucketPackages(url)


class FolderPackages:
    """Packages in a folder, each in a file that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        """Keep where they are."""
        self._folder = folder

    @property
    def where(self) -> str:
        """Where that is."""
        return str(self._folder)

    def put(self, case: CaseId, digest: str, content: bytes) -> None:
        """Keep a package."""
        with _reached(self.where):
            make_private(self._path(case, digest), content)

    def get(self, case: CaseId, digest: str) -> bytes:
        """Return a package."""
        with _reached(self.where):
            try:
                content = self._path(case, digest).read_bytes()
            except FileNotFoundError as error:
                raise _missing() from error
        return _whole(content, digest)

    def digests(self, case: CaseId) -> list[str]:
        """Return what is kept of a case."""
        with _reached(self.where):
            return sorted(path.stem for path in self._path(case, "").parent.glob(f"*{_SUFFIX}"))

    def forget(self, case: CaseId) -> None:
        """Delete what is kept of a case; files that were never finished as well."""
        folder = self._path(case, "").parent
        with _reached(self.where), suppress(FileNotFoundError):
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
            folder.rmdir()

    def probe(self) -> None:
        """Write, read and delete something; a folder that was not there is not there afterwards."""
        there = self._folder.is_dir()
        _probe(self)
        if not there:
            with suppress(OSError):
                self._folder.rmdir()

    def _path(self, case: CaseId, digest: str) -> Path:
        return self._folder / _named(case, digest)


class BucketPackages:
    """Packages as objects of a bucket."""

    def __init__(self, url: str) -> None:
        """Keep where they are. Raises ConfigError."""
        import pyarrow.fs as pa_fs  # noqa: PLC0415 - slow to load, and most do without

        self._files, self._root = open_bucket(url, named="The setting 'packages_url'")
        self._pa = pa_fs

    @property
    def where(self) -> str:
        """Where that is."""
        return f"{SCHEME}{self._root}"

    def put(self, case: CaseId, digest: str, content: bytes) -> None:
        """Keep a package; an object appears when it is complete."""
        path = self._path(case, digest)
        with _reached(self.where):
            if self._files.get_file_info(path).type is self._pa.FileType.File:
                return
            with self._files.open_output_stream(path) as file:
                file.write(content)

    def get(self, case: CaseId, digest: str) -> bytes:
        """Return a package."""
        path = self._path(case, digest)
        with _reached(self.where):
            if self._files.get_file_info(path).type is not self._pa.FileType.File:
                raise _missing()
            with self._files.open_input_stream(path) as file:
                content: bytes = file.read()
        return _whole(content, digest)

    def digests(self, case: CaseId) -> list[str]:
        """Return what is kept of a case."""
        with _reached(self.where):
            names = [Path(info.path) for info in self._infos(case)]
        return sorted(name.stem for name in names if name.suffix == _SUFFIX)

    def forget(self, case: CaseId) -> None:
        """Delete what is kept of a case."""
        folder = self._path(case, "").rpartition("/")[0]
        with _reached(self.where):
            if self._files.get_file_info(folder).type is self._pa.FileType.Directory:
                self._files.delete_dir(folder)

    def probe(self) -> None:
        """Write, read and delete something."""
        _probe(self)

    def _infos(self, case: CaseId) -> list[Any]:
        folder = self._path(case, "").rpartition("/")[0]
        found: list[Any] = self._files.get_file_info(self._pa.FileSelector(folder, allow_not_found=True))
        return found

    def _path(self, case: CaseId, digest: str) -> str:
        return f"{self._root}/{_named(case, digest)}"


def _named(case: CaseId, digest: str) -> str:
    """Return the name of a package; an empty digest stands for any."""
    if not _CASE.fullmatch(case) or (digest and not _DIGEST.fullmatch(digest)):
        raise _missing()
    return f"{case}/{digest}{_SUFFIX}"


def _whole(content: bytes, digest: str) -> bytes:
    if hashlib.sha256(content).hexdigest() != digest:
        msg = "This evidence package is damaged where it is kept: it is not the file that was made."
        raise IntegrityError(msg)
    return content


def _missing() -> NotFound:
    return NotFound("This evidence package is not where packages are kept; it is on record only.")


@contextmanager
def _reached(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"The store of evidence packages, {where}, does not answer or does not let us in; see 'noli doctor'."
        raise Unavailable(msg, detail=type(error).__name__) from error


def _probe(store: "FolderPackages | BucketPackages") -> None:
    content = secrets.token_bytes(16)
    digest = hashlib.sha256(content).hexdigest()
    store.put(_PROBE, digest, content)
    store.get(_PROBE, digest)
    store.forget(_PROBE)
