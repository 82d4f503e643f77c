# SPDX-License-Identifier: Apache-2.0
"""The snapshot of the banks' indexes in the data folder: ``matching.ports.IndexCache``.

One folder a snapshot, named by the number of its last change: for each bank an image of its index, one of the index of
its regions, and whose regions these are; and a page that says what belongs to it. A SHA-256 of every byte is compared
before anything is mapped. Whoever makes a snapshot holds a lock on a file, which the system gives back when the process
dies; a folder appears by one rename, and older ones are then removed: who has mapped them keeps them until it maps
the new one.
"""

import fcntl
import hashlib
import mmap
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path
from typing import IO

import msgspec
import structlog

from noli.adapters.files import sealed
from noli.adapters.log import describe
from noli.bank.model import BankId, Change
from noli.base.errors import Unavailable
from noli.hashing.kernel import HammingIndex
from noli.matching.pictures import Pictures, written
from noli.matching.ports import HeldBank, Kept, KeptBank

#: Raised with every change to what the folder holds; the images check by themselves whether they fit the kernel.
VERSION = 2

_PAGE = "page.json"
_LOCK = "lock"

# Digits of a folder's name.
_DIGITS = 20

# Seconds between looks whether another process is done.
_LOOK_S = 0.1

# Seconds without another try after a snapshot could not be written, or was refused.
_REST_S = 600.0

_log = structlog.get_logger()


class _File(msgspec.Struct, frozen=True):
    """A file of the snapshot: its name, length and SHA-256."""

    name: str
    bytes: int
    sha256: str


class _Bank(msgspec.Struct, frozen=True):
    id: int
    epoch: int
    hashes: _File
    regions: _File
    pictures: _File


class _Page(msgspec.Struct, frozen=True):
    version: int
    at: Change
    banks: tuple[_Bank, ...]


class SnapshotFolder:
    """Snapshots of one installation on this host."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; made when there is something to keep."""
        self._folder = folder
        self._refused = 0
        self._rest_until = 0.0
        self._closed = threading.Event()

    def close(self) -> None:
        """Let nobody wait here any longer."""
        self._closed.set()

    def newest(self) -> int:
        """Return the number of the newest snapshot's last change."""
        newest = max(self._all(), default=0)
        return 0 if newest == self._refused else newest

    def read(self) -> Kept | None:
        """Map the newest snapshot, after a look at every byte."""
        while number := self.newest():
            folder = self._of(number)
            try:
                page = _read_page(folder)
                return Kept(page.at, tuple(_mapped(folder, bank) for bank in page.banks))
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                if self.newest() == number:  # otherwise a newer one has just taken its place
                    self._refuse(number, why="it is damaged, or of another version", **describe(error))
                    return None
        return None

    def refuse(self, kept: Kept, *, why: str) -> None:
        """Remove a snapshot that is not of this database."""
        self._refuse(kept.at.sequence, why=why)

    @contextmanager
    def turn(self, *, wait: bool) -> Iterator[bool]:
        """Hold the lock, or learn that another process does."""
        if not wait and time.monotonic() < self._rest_until:
            yield False
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = _open(self._folder / _LOCK)
        except OSError as error:
            # Nothing can be kept in such a folder, so there is nothing to take turns for.
            self._failed(error)
            yield wait
            return
        with lock:
            mine = _locked(lock)
            while wait and not mine:
                if self._closed.wait(_LOOK_S):
                    msg = "The process ends."
                    raise Unavailable(msg)
                mine = _locked(lock)
            yield mine

    def keep(self, at: Change, banks: Sequence[HeldBank]) -> None:
        """Write a snapshot, then remove all others."""
        started = time.monotonic()
        folder = self._of(at.sequence)
        unfinished = self._folder / ".unfinished"
        try:
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700, parents=True)
            page = msgspec.json.encode(_Page(VERSION, at, tuple(_write_bank(unfinished, bank) for bank in banks)))
            _write(unfinished / _PAGE, [hashlib.sha256(page).hexdigest().encode(), b"\n", page])
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            self._failed(error)
            return
        for number in self._all():
            if number != at.sequence:
                shutil.rmtree(self._of(number), ignore_errors=True)
        _log.info("snapshot.kept", sequence=at.sequence, seconds=round(time.monotonic() - started, 3))

    def _all(self) -> list[int]:
        with suppress(OSError):
            return [int(each.name) for each in os.scandir(self._folder) if each.name.isdecimal()]
        return []

    def _of(self, number: int) -> Path:
        return self._folder / f"{number:0{_DIGITS}d}"

    def _refuse(self, number: int, *, why: str, **more: str) -> None:
        shutil.rmtree(self._of(number), ignore_errors=True)
        # Where it cannot be removed, it is at least not met again. And what is wrong may be so with the next one, too.
        self._refused = number if self._of(number).exists() else 0
        self._rest_until = time.monotonic() + _REST_S
        _log.warning("snapshot.refused", sequence=number, reason=why, **more)

    def _failed(self, error: OSError) -> None:
        self._rest_until = time.monotonic() + _REST_S
        _log.error("snapshot.not_kept", reason=error.strerror, **describe(error))


def _open(path: Path) -> BufferedRandom:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_page(folder: Path) -> _Page:
    digest, _, page = (folder / _PAGE).read_bytes().partition(b"\n")
    if hashlib.sha256(page).hexdigest().encode() != digest:
        msg = "the page is damaged"
        raise ValueError(msg)
    read = msgspec.json.decode(page, type=_Page)
    if read.version != VERSION:
        msg = "another version"
        raise ValueError(msg)
    return read


def _mapped(folder: Path, bank: _Bank) -> KeptBank:
    indexes = []
    for image in (bank.hashes, bank.regions):
        with _whole(folder, image) as file:
            index = HammingIndex()
            index.map(file, 0, image.bytes)
            indexes.append(index)
    with _whole(folder, bank.pictures) as file:
        pictures = Pictures(memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)))
    return KeptBank(BankId(bank.id), bank.epoch, indexes[0], indexes[1], pictures)


@contextmanager
def _whole(folder: Path, wanted: _File) -> Iterator[IO[bytes]]:
    """Open a file that has every byte as it was written."""
    with (folder / wanted.name).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != wanted.sha256:
            msg = f"{wanted.name} is damaged"
            raise ValueError(msg)
        yield file


def _write_bank(folder: Path, bank: HeldBank) -> _Bank:
    files = []
    for rows, kind in ((bank.hashes, "hashes"), (bank.regions, "regions")):
        path = folder / f"{bank.bank}.{kind}"
        with _open(path) as file:
            rows.write(file.fileno())
            files.append(_File(path.name, *sealed(file)))
    path = folder / f"{bank.bank}.pictures"
    pictures = _write(path, written(bank.pictures))
    return _Bank(bank.bank, bank.epoch, files[0], files[1], pictures)


def _write(path: Path, parts: Iterable[bytes]) -> _File:
    with _open(path) as file:
        for part in parts:
            file.write(part)
        file.flush()
        return _File(path.name, *sealed(file))
