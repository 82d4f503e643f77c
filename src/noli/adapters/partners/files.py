# SPDX-License-Identifier: Apache-2.0
"""Reads a partner's list from a file: ``exchange.ports.Fetcher``.

Three forms, told apart by the file's name: ``.csv`` with a header row (``hash``, and perhaps ``quality``, ``id``,
``label``), ``.jsonl`` with one object a line of the same fields, and anything else with ``pdq <hex>`` or ``<hex>`` a
line; empty lines and those that begin with ``#`` are passed over. The file is the whole list: what it held before and
does not hold any more is withdrawn; a file without a single record is taken for an accident, and nothing is. A file
that has not changed is not read again.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from noli.adapters.partners.answers import pdq
from noli.base.errors import PartnerUnreachable
from noli.exchange.model import Bad, Fetched, Given, Source, Told

_LINES_AT_ONCE = 2000

# Characters of a line that are looked at.
_MAX_LINE = 4096


class FileFetcher:
    """Reads one file."""

    def __init__(self, source: Source) -> None:
        """Keep where it is."""
        self._path = Path(source.url.removeprefix("file://"))

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Read the file, if it has changed since it was last read to its end."""
        del wait_s
        try:
            found = self._path.stat()
            stamp = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
            if checkpoint.get("stamp") == stamp:
                return
            run = int(checkpoint.get("run", 0)) + 1
            with self._path.open(encoding="utf-8", errors="replace", newline="") as file:
                records, empty = _records(file, self._path.suffix.lower()), True
                while some := list(islice(records, _LINES_AT_ONCE)):
                    told = tuple(_told(one, run) for one in some if isinstance(one, _Record))
                    read = [each for each in told if isinstance(each, Told)]
                    empty = empty and not read
                    bad = [each for each in (*told, *some) if isinstance(each, Bad)]
                    yield Fetched(tuple(read), tuple(bad), checkpoint)
        except OSError as error:
            msg = f"The list {self._path} cannot be read: {error.strerror}."
            raise PartnerUnreachable(msg) from error
        if empty:
            msg = f"The list {self._path} holds no hash at all; what was taken from it stays until it does."
            raise PartnerUnreachable(msg)
        yield Fetched((), (), {"stamp": stamp, "run": run}, drop_below=run)

    def give(self, opinions: Sequence[Given]) -> None:
        """Do nothing: a file takes no opinions."""
        del opinions


class _Record:
    """One line of a list."""

    def __init__(self, value: str, *, quality: str = "", id_: str = "", label: str = "") -> None:
        self.value, self.quality, self.id, self.label = value, quality, id_, label


def _records(file: Iterator[str], suffix: str) -> Iterator[_Record | Bad]:
    if suffix == ".csv":
        return _of_csv(file)
    return _of_json(file) if suffix == ".jsonl" else _of_text(file)


def _of_text(file: Iterator[str]) -> Iterator[_Record | Bad]:
    for number, line in enumerate(file, 1):
        text = line[:_MAX_LINE].strip()
        if not text or text.startswith("#"):
            continue
        kind, _, value = text.rpartition(" ")
        if kind.strip() in {"", "pdq"}:
            yield _Record(value)
        else:
            yield Bad(f"line {number}", f"The type {kind[:32]!r} is not known here; known: pdq.")


def _of_csv(file: Iterator[str]) -> Iterator[_Record | Bad]:
    rows = csv.DictReader(file)
    try:
        for number, row in enumerate(rows, 2):
            value = row.get("hash") or row.get("value") or row.get("indicator")
            if not value:
                yield Bad(f"line {number}", "It has no column 'hash'.")
                continue
            quality, id_, label = (row.get(name) or "" for name in ("quality", "id", "label"))
            yield _Record(value, quality=quality, id_=id_, label=label)
    except csv.Error as error:
        yield Bad(f"line {rows.line_num}", f"It is no CSV: {error}.")


def _of_json(file: Iterator[str]) -> Iterator[_Record | Bad]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            value = one.get("hash") or one["value"]
        except (ValueError, KeyError, AttributeError, RecursionError):
            yield Bad(f"line {number}", "It is no JSON object with a field 'hash'.")
            continue
        fields = {name: str(one.get(name) or "") for name in ("quality", "id", "label")}
        yield _Record(str(value), quality=fields["quality"], id_=fields["id"], label=fields["label"])


def _told(one: _Record, run: int) -> Told | Bad:
    reference = one.id or one.value.strip().lower()
    try:
        quality = int(one.quality) if one.quality else None
    except ValueError:
        return Bad(reference, f"The quality {one.quality[:16]!r} is no number.")
    value = pdq(reference, one.value, quality=quality)
    if isinstance(value, Bad):
        return value
    return Told(reference, run, withdrawn=False, hashes=(value,), labels=(one.label,) if one.label else ())
