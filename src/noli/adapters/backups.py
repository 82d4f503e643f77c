# SPDX-License-Identifier: Apache-2.0
"""The file of a backup: a tar archive with a manifest at its end, in the clear or encrypted to a public key (age).

1. Members are written one after the other and hashed on the way; ``manifest.json`` comes last and lists them all with
   size and SHA-256, so that an archive that was cut has none.
2. Reading unpacks into a folder of its own and accepts plain files under known names alone. Only once the manifest
   agrees with everything is anything believed.
3. Encrypted archives are age files: whoever has the identity may also use ``age -d``. A server holds the public key
   alone and cannot read its own backups.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pyrage

from noli.base.errors import ConfigError, IntegrityError

#: Raised when the form changes in a way that a reader has to know of.
FORMAT = "noli-backup-1"

MANIFEST = "manifest.json"

#: Name of the database in a backup, by its kind.
DATABASES: Mapping[str, str] = {"sqlite": "noli.db", "postgresql": "database.pgdump"}

# What an age file begins with.
_AGE = b"age-encryption.org/"

# What may be in a backup besides the database: settings, noted roots, keys, packages.
_NAMES = re.compile(
    r"noli\.db|database\.pgdump|noli\.toml|ledger-roots\.txt|secrets/(?:keys\.json|mail-signing\.pem)"
    r"|packages/[0-9A-Za-z]{1,64}/[0-9a-f]{64}\.zip|manifest\.json"
)

# Largest manifest that is read, in bytes.
_MAX_MANIFEST = 256 * 1024 * 1024

_CHUNK = 1024 * 1024

Advance = Callable[[int], None]


def new_identity() -> tuple[str, str]:
    """Make a key pair for backups: the identity, to be kept away from the server, and the public key."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient(text: str) -> Any:  # noqa: ANN401 - pyrage has no types
    """Read a public key. Raises ConfigError."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        msg = "A public key for backups is written age1…; 'noli keys pair' makes one."
        raise ConfigError(msg) from error


def identity(text: str) -> Any:  # noqa: ANN401 - pyrage has no types
    """Read an identity: its line in a file, among comments. Raises ConfigError."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("AGE-SECRET-KEY-")]
    try:
        return pyrage.x25519.Identity.from_str(lines[0])
    except (IndexError, pyrage.IdentityError) as error:
        msg = "The file of the identity holds no line AGE-SECRET-KEY-…; it is the one that 'noli keys pair' wrote."
        raise ConfigError(msg) from error


def is_encrypted(path: Path) -> bool:
    """Tell whether a backup is encrypted."""
    with path.open("rb") as file:
        return file.read(len(_AGE)) == _AGE


def write(
    out: Path, members: Sequence[tuple[str, Path]], manifest: Mapping[str, Any], *, to: str, advance: Advance
) -> int:
    """Write a backup, whole or not at all.

    Args:
        out: Where; there must be nothing.
        members: Names with the files that hold their content, in order.
        manifest: What the manifest says besides.
        to: Public key, or empty for a backup in the clear.
        advance: Told how many bytes were written.

    Returns:
        Bytes of the file.
    """
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if to:
                with _piped(lambda pipe: _tar(pipe, members, manifest, advance)) as reader:
                    pyrage.encrypt_io(reader, file, [recipient(to)])
            else:
                _tar(file, members, manifest, advance)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the name was taken meanwhile.
        os.link(unfinished, out)
        return out.stat().st_size
    finally:
        unfinished.unlink(missing_ok=True)


def read(path: Path, folder: Path, *, key: str, advance: Advance) -> dict[str, Any]:
    """Unpack a backup into an empty folder and compare everything with its manifest.

    Args:
        path: The backup.
        folder: Where to; what is in it afterwards is worth something only if this returns.
        key: Text of the file with the identity; empty for a backup in the clear.
        advance: Told how many bytes were read.

    Returns:
        The manifest.

    Raises:
        ConfigError: It is encrypted and the identity is missing or another.
        IntegrityError: It is damaged, cut, or no backup.
    """
    with path.open("rb") as file:
        if not is_encrypted(path):
            return _untar(file, folder, advance)
        if not key:
            msg = "This backup is encrypted; give the file with its identity: --identity FILE."
            raise ConfigError(msg)
        known = identity(key)

        def decrypt(pipe: BinaryIO) -> None:
            try:
                pyrage.decrypt_io(file, pipe, [known])
            except (pyrage.DecryptError, OSError) as error:
                msg = (
                    "This backup cannot be decrypted: it is damaged, or encrypted to another key. Nothing was restored."
                )
                raise IntegrityError(msg) from error

        with _piped(decrypt) as reader:
            manifest = _untar(reader, folder, advance)
            # To the end, so that the last portion is authenticated as well.
            while reader.read(_CHUNK):
                pass
            return manifest


def _tar(file: BinaryIO, members: Sequence[tuple[str, Path]], manifest: Mapping[str, Any], advance: Advance) -> None:
    listed = []
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as archive:
        for name, path in members:
            with path.open("rb") as content:
                hashed = _Hashed(content, advance)
                archive.addfile(_info(name, path.stat().st_size), hashed)
                listed.append({"name": name, "size": hashed.size, "sha256": hashed.digest})
        body = json.dumps({"format": FORMAT, **manifest, "members": listed}, indent=1).encode()
        archive.addfile(_info(MANIFEST, len(body)), io.BytesIO(body))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _untar(file: BinaryIO, folder: Path, advance: Advance) -> dict[str, Any]:
    """Unpack; 2. in the module's text."""
    found: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(fileobj=file, mode="r|", bufsize=_CHUNK) as archive:
            for info in archive:
                content = archive.extractfile(info) if info.isfile() else None
                if content is None or not _NAMES.fullmatch(info.name) or info.name in found or manifest:
                    _refuse(f"it holds {info.name[:80]!r}, which no backup does")
                if info.name == MANIFEST:
                    manifest = json.loads(content.read(_MAX_MANIFEST))
                else:
                    found[info.name] = _unpacked(content, folder / info.name, advance)
        listed = {each["name"]: (each["size"], each["sha256"]) for each in manifest.get("members", ())}
    except (tarfile.TarError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        _refuse("it cannot be unpacked")
    if manifest.get("format") != FORMAT:
        _refuse("its end is missing, or it is of a form that this version does not know")
    for name in sorted({*listed, *found}):
        if listed.get(name) != found.get(name):
            _refuse(f"{name} is not what was backed up")
    return manifest


def _unpacked(content: Any, path: Path, advance: Advance) -> tuple[int, str]:  # noqa: ANN401 - a file of the archive
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed = _Hashed(content, advance)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while part := hashed.read(_CHUNK):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return hashed.size, hashed.digest


def _refuse(why: str) -> NoReturn:
    msg = f"This backup is damaged: {why}. Nothing was restored."
    raise IntegrityError(msg)


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: Any, advance: Advance) -> None:  # noqa: ANN401 - anything that can be read
        self._file, self._advance, self._hash, self.size = file, advance, hashlib.sha256(), 0

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def read(self, size: int = -1) -> bytes:
        part: bytes = self._file.read(size)
        self._hash.update(part)
        self.size += len(part)
        self._advance(len(part))
        return part


@contextmanager
def _piped(produce: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """Let a thread write what the caller reads; its failure is raised, since whoever reads sees a cut stream."""
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def run() -> None:
        try:
            with os.fdopen(writing, "wb") as pipe:
                produce(pipe)
        except Exception as error:  # noqa: BLE001 - raised again by the caller's thread
            failed.append(error)

    thread = threading.Thread(target=run, name="noli-backup")
    thread.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield pipe
    except IntegrityError:
        thread.join()
        if failed:
            raise failed[0] from None
        raise
    thread.join()
    if failed:
        raise failed[0]
