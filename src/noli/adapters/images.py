# SPDX-License-Identifier: Apache-2.0
"""The banks as files: one image of each bank's index, and a page that says what they are.

Any number of processes on a host map the images and share one copy of them. They are a cache: whoever reads them
checks a SHA-256 of every byte first, and takes a folder that is damaged, of another version or of another kernel for
one that is not there.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from noli.adapters.files import sealed
from noli.bank.model import BankPolicy, EntryId
from noli.base.errors import IntegrityError
from noli.hashing.kernel import HammingIndex

#: Raised with every change to what the folder holds.
VERSION = 1

_PAGE = "banks.json"


class BankImage(msgspec.Struct, frozen=True, kw_only=True):
    """One bank in the folder.

    Attributes:
        id: Number of the bank in the installation.
        name: Its name.
        policy: Its policy when the image was made.
        hashes: How many hashes it held.
        disputed: Its disputed entries.
        bytes: Length of the image.
        sha256: Of the image, in hexadecimal.
    """

    id: int
    name: str
    policy: BankPolicy
    hashes: int
    disputed: tuple[int, ...]
    bytes: int
    sha256: str

    @property
    def file(self) -> str:
        """Name of the image's file."""
        return f"{self.id}.image"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder of images holds.

    Attributes:
        version: ``VERSION`` of who wrote it.
        sequence: The installation's last change that is in the images.
        banks: The banks, by id.
    """

    version: int
    sequence: int
    banks: tuple[BankImage, ...]

    @property
    def digest(self) -> str:
        """Names this very state of the banks."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """A bank to be written: its index and what to say of it."""

    id: int
    name: str
    policy: BankPolicy
    index: HammingIndex
    disputed: Sequence[EntryId] = ()


def write(folder: Path, banks: Sequence[Source], *, sequence: int) -> Page:
    """Write a folder of images; it appears whole, with a completed fsync, or not at all.

    Args:
        folder: Where; must not exist.
        banks: What to write.
        sequence: The last change that is in all of the indexes.

    Raises:
        OSError: The disk is full or read-only; nothing is left behind.
    """
    with _appearing(folder) as unfinished:
        page = Page(version=VERSION, sequence=sequence, banks=tuple(_write_one(unfinished, bank) for bank in banks))
        with (unfinished / _PAGE).open("wb") as file:
            file.write(msgspec.json.encode(page))
            os.fsync(file.fileno())
    return page


def read_page(folder: Path) -> Page:
    """Read what a folder holds, without looking into the images.

    Raises:
        IntegrityError: It is no folder of images, or of another version.
    """
    try:
        page = msgspec.json.decode((folder / _PAGE).read_bytes(), type=Page)
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged(folder) from error
    if page.version != VERSION:
        raise _damaged(folder)
    return page


def map_banks(folder: Path, *, verify: bool = True) -> list[tuple[BankImage, HammingIndex]]:
    """Map all images of a folder.

    Args:
        folder: As written.
        verify: Whether to read every byte and compare its SHA-256; who skips it relies on somebody who just did.

    Raises:
        IntegrityError: A file is missing, damaged or of another kernel.
    """
    return [(image, _map_one(folder, image, verify=verify)) for image in read_page(folder).banks]


def _write_one(folder: Path, bank: Source) -> BankImage:
    path = folder / f"{bank.id}.image"
    with path.open("wb+") as file:
        bank.index.write(file)
        length, digest = sealed(file)
    return BankImage(
        id=bank.id,
        name=bank.name,
        policy=bank.policy,
        hashes=len(bank.index),
        disputed=tuple(sorted(bank.disputed)),
        bytes=length,
        sha256=digest,
    )


def _map_one(folder: Path, image: BankImage, *, verify: bool) -> HammingIndex:
    index = HammingIndex()
    try:
        with (folder / image.file).open("rb") as file:
            if verify and hashlib.file_digest(file, "sha256").hexdigest() != image.sha256:
                raise _damaged(folder)
            index.map(file, 0, image.bytes)
    except (OSError, ValueError) as error:
        raise _damaged(folder) from error
    if len(index) != image.hashes:
        raise _damaged(folder)
    return index


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """Make a folder under another name, and give it its own when all went well."""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _damaged(folder: Path) -> IntegrityError:
    msg = "The files that hold the banks' indexes are missing or damaged; they have to be written anew."
    return IntegrityError(msg, detail=str(folder))
