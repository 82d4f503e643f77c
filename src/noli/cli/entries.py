# SPDX-License-Identifier: Apache-2.0
"""The entries of a bank: ``noli bank add``, ``withdraw``, ``import`` and ``export``."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import click

from noli.bank.model import Entry, EntryId, EntryState, NewEntry, Provenance, entry_text, parse_entry
from noli.base.errors import NotFound
from noli.cli import output, private, store
from noli.cli.files import FileResult, read_files
from noli.cli.installation import (
    COMMAND_LINE,
    data_option,
    dry_run_option,
    files_argument,
    hasher,
    json_option,
    opened,
)
from noli.hashing.lists import BadLine, ListedHash, by_entry, parse_list
from noli.hashing.model import Outcome

#: Entries of one transaction while importing: few enough to let other writers in between.
IMPORT_BATCH = 2000

#: Lines that become one entry at most, as over HTTP.
MAX_ENTRY_LINES = 10_000

#: Bad lines of a list that are told one by one; the others are counted.
MAX_BAD_LINES_TOLD = 100

_bank_argument = click.argument("bank_name", metavar="BANK")


@click.command
@_bank_argument
@files_argument
@click.option("--note", default="", help="Kept with each entry.")
@click.option("--label", "labels", multiple=True, help="Kept with each entry; repeatable.")
@dry_run_option
@json_option
@data_option
@click.pass_context
def add(
    ctx: click.Context,
    bank_name: str,
    files: tuple[Path, ...],
    *,
    note: str,
    labels: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """Register pictures and videos in a bank.

    Each file is hashed on this machine, a picture with its turned and mirrored forms, its usual crops and its regions,
    a video frame by frame with times, and becomes one entry; the file itself is not kept. A bad file is reported and
    the others go on; the exit status is 1 where none could be registered.

    \b
    Example:
      noli bank add protected holiday.jpg --note "from the person herself" --data data
    """
    added = 0
    with (
        opened(data) as app,
        hasher(app.config, files=len(files)) as (media, workers),
        output.shares(total=len(files), label="Registering") as on_progress,
    ):
        store.get_bank(app, bank_name)
        limit = app.config.max_upload_bytes
        for result in read_files(files, media, max_bytes=limit, workers=workers, crops=True, on_progress=on_progress):
            entry = None
            if result.reading is not None and result.reading.variants:
                added += 1
                found = result.reading
                new = NewEntry(found.variants, Provenance(COMMAND_LINE), labels, note, regions=found.registered_regions)
                entry = None if dry_run else store.add_entries(app, bank_name, [new])[0]
            _tell_added(result, entry, dry_run=dry_run, as_json=as_json)
    ctx.exit(0 if added else 1)


def _tell_added(result: FileResult, entry: EntryId | None, *, dry_run: bool, as_json: bool) -> None:
    name = output.shown(result.path)
    if as_json:
        shown = None if entry is None else entry_text(entry)
        output.print_json(
            {"file": str(result.path), "outcome": str(result.outcome), "entry": shown, "reason": result.reason}
        )
    elif entry is not None:
        output.print_text(f"{entry_text(entry)}  {name}")
    elif result.outcome == Outcome.HASHED and dry_run:
        output.print_text(f"would add  {name}")
    else:
        output.hint(f"noli: {name}: {result.outcome}: {result.reason}")


@click.command
@_bank_argument
@click.argument("entries", metavar="ENTRY...", nargs=-1, required=True)
@dry_run_option
@json_option
@data_option
def withdraw(bank_name: str, entries: tuple[str, ...], *, dry_run: bool, as_json: bool, data: Path | None) -> None:
    """Withdraw entries: they stop matching within a second, for good.

    All are looked up first: where one does not exist, none is withdrawn.

    \b
    Example:
      noli bank withdraw protected 0ABCDEFGHJKMN --data data
    """
    ids = [_entry_id(text) for text in entries]
    with opened(data) as app:
        done = store.withdraw_entries(app, bank_name, ids, dry_run=dry_run)
    for before, after in done:
        _tell_withdrawn(before, after, dry_run=dry_run, as_json=as_json)


def _entry_id(text: str) -> EntryId:
    entry = parse_entry(text)
    if entry is None:
        msg = f"{output.printable(text)!r} is no entry; entries are written as 13 digits and letters."
        raise NotFound(msg)
    return entry


def _tell_withdrawn(before: Entry, after: Entry, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        output.print_json({"entry": entry_text(after.id), "bank": after.bank, "state": str(after.state)})
        return
    was = "had been withdrawn" if before.state is EntryState.WITHDRAWN else "withdrawn"
    output.print_text(f"{'would withdraw' if dry_run else was}  {entry_text(before.id)}")


@click.command("import")
@_bank_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="", help="Partner or system that the list comes from; kept with each entry.")
@dry_run_option
@json_option
@data_option
@click.pass_context
def import_list(
    ctx: click.Context,
    bank_name: str,
    file: Path,
    *,
    source: str,
    dry_run: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """Register the hashes of a list, one entry each; lines in a row that name the same entry become one.

    Reads lines 'pdq HEX' or 'HEX', CSV whose header names 'hash' or 'value', JSON lines with "hash" or "value", and the
    files of Meta's vPDQ tool, each of which becomes one video. CSV and JSON may also have entry, quality, note,
    variant, pipeline, and for frames of videos type vpdq and at_ms. What the bank has already is passed over, so an
    import that was cut short is simply run again. Bad lines are reported by number, the others are imported; the exit
    status is 1 where all were bad. Pictures should come through 'noli bank add', which also registers mirrored forms.

    \b
    Example:
      noli bank import protected partner.csv --source partner --dry-run --data data
    """
    provenance = Provenance(COMMAND_LINE, source)
    done = _Tally()
    with opened(data) as app, file.open(encoding="utf-8", errors="replace", newline=None) as lines:
        known = store.active_values(app, bank_name)
        good = done.sorted_out(lines, total=_count(file), as_json=as_json)
        entries = done.unknown(by_entry(good, limit=MAX_ENTRY_LINES), known)
        while batch := list(islice(entries, IMPORT_BATCH)):
            if not dry_run:
                new = [NewEntry(tuple(e.hash for e in each), provenance, note=each[0].note) for each in batch]
                store.add_entries(app, bank_name, new)
            done.imported += sum(map(len, batch))
    done.report(dry_run=dry_run, as_json=as_json)
    ctx.exit(0 if done.imported or done.known or not done.bad else 1)


class _Tally:
    """Counts of an import."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.imported = 0
        self.known = 0
        self.bad = 0

    def sorted_out(self, lines: TextIO, *, total: int, as_json: bool) -> Iterator[ListedHash]:
        """Pass good lines on, tell about bad ones."""
        for line in output.progress(parse_list(lines), total=total, label="Importing"):
            if not isinstance(line, BadLine):
                yield line
                continue
            self.bad += 1
            if as_json:
                output.print_json({"line": line.number, "reason": line.reason})
            elif self.bad <= MAX_BAD_LINES_TOLD:
                output.hint(f"noli: line {line.number}: {line.reason}")

    def unknown(self, entries: Iterable[list[ListedHash]], known: set[bytes]) -> Iterator[list[ListedHash]]:
        """Pass on entries of which a hash is not in ``known``, and add it; count the others."""
        for entry in entries:
            values = {each.hash.value for each in entry}
            if values <= known:
                self.known += len(entry)
                continue
            known |= values
            yield entry

    def report(self, *, dry_run: bool, as_json: bool) -> None:
        """Write the counts."""
        if as_json:
            output.print_json(
                {"imported": self.imported, "already_there": self.known, "bad": self.bad, "dry_run": dry_run}
            )
            return
        verb = "would import" if dry_run else "imported"
        output.print_text(f"{verb} {self.imported} hashes, {self.known} already there, {self.bad} bad lines")


def _count(file: Path) -> int:
    """Count the lines of a file, for the progress bar."""
    with file.open("rb") as lines:
        return sum(1 for _ in lines)


@click.command
@_bank_argument
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write here instead.")
@data_option
def export(bank_name: str, *, out: Path | None, data: Path | None) -> None:
    """Write a bank's active hashes as JSON lines, which 'noli bank import' reads.

    What is written is as delicate as the bank: a hash is not one-way.

    \b
    Example:
      noli bank export protected --out protected.jsonl --data data
    """
    with opened(data) as app:
        count = store.get_bank(app, bank_name).entries
        entries = output.progress(_active(store.all_entries(app, bank_name)), total=count, label="Exporting")
        if out is None:
            _write(entries, sys.stdout)
            return
        with private.written(out) as file:
            _write(entries, file)
    output.hint(f"wrote {count} entries to {output.shown(out)}")


def _active(entries: Iterable[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if entry.state is EntryState.ACTIVE)


def _write(entries: Iterable[Entry], file: TextIO) -> None:
    for entry in entries:
        for each in entry.hashes:
            line: dict[str, object] = {
                "entry": entry_text(entry.id),
                "type": str(each.type),
                "value": each.hex,
                "quality": each.quality,
                "pipeline": str(each.pipeline),
                "variant": str(each.variant),
                "note": entry.note,
            }
            if each.at_ms is not None:
                line["at_ms"] = each.at_ms
            file.write(json.dumps(line) + "\n")


COMMANDS: tuple[click.Command, ...] = (add, withdraw, import_list, export)
