# SPDX-License-Identifier: Apache-2.0
"""Reads a partner's list from a file, in the forms of ``hashing.lists``: ``exchange.ports.Fetcher``.

An entry is known by what the list calls it, else by its hash. The file is the whole list: what it held before and does
not hold any more is withdrawn; a file without a single good line is taken for an accident, and nothing is. A file that
has not changed is not read again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from noli.base.errors import InputError, PartnerUnreachable
from noli.exchange.model import Bad, Fetched, Given, Source, Told
from noli.exchange.rules import MAX_HASHES
from noli.hashing.lists import BadLine, ListedHash, by_entry, parse_list

# Entries stored at a time.
_AT_ONCE = 2000


class FileFetcher:
    """Reads one file."""

    def __init__(self, source: Source) -> None:
        """Keep where it is."""
        self._path = Path(source.url.removeprefix("file://"))

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Read the file, if it has changed since it was last read to its end."""
        del wait_s
        run, empty, bad = int(checkpoint.get("run", 0)) + 1, True, list[Bad]()
        try:
            found = self._path.stat()
            stamp = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
            if checkpoint.get("stamp") == stamp:
                return
            with self._path.open(encoding="utf-8", errors="replace") as file:
                entries = by_entry(_good(parse_list(file), bad), limit=MAX_HASHES)
                while told := tuple(_told(lines, run) for lines in islice(entries, _AT_ONCE)):
                    empty = False
                    yield Fetched(told, tuple(bad), checkpoint)
                    bad.clear()
        except OSError as error:
            msg = f"The list {self._path} cannot be read: {error.strerror}."
            raise PartnerUnreachable(msg) from error
        except InputError as error:
            msg = f"The list {self._path} cannot be read. {error.public}"
            raise PartnerUnreachable(msg) from error
        if empty:
            msg = f"The list {self._path} holds no hash at all; what was taken from it stays until it does."
            raise PartnerUnreachable(msg)
        yield Fetched((), tuple(bad), {"stamp": stamp, "run": run}, drop_below=run)

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """Do nothing: a file takes no opinions."""
        del opinions
        return ()


def _good(lines: Iterable[ListedHash | BadLine], bad: list[Bad]) -> Iterator[ListedHash]:
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(Bad(f"line {line.number}", line.reason))
        else:
            yield line


def _told(lines: Sequence[ListedHash], run: int) -> Told:
    hashes = tuple(line.hash for line in lines)
    return Told(lines[0].entry or hashes[0].hex, run, withdrawn=False, hashes=hashes)
