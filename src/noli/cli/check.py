# SPDX-License-Identifier: Apache-2.0
"""``noli check``: what the banks of an installation say about files or hashes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.access.model import ApiKey, Scope
from noli.bank.model import entry_text
from noli.base.clock import SystemClock
from noli.base.errors import HashFormatError
from noli.cli import output
from noli.cli.files import UNREADABLE, FileResult, read_files
from noli.cli.installation import COMMAND_LINE, data_option, hasher, json_option, opened
from noli.hashing.model import Hash
from noli.matching.model import Check, Match
from noli.matching.service import Upload

if TYPE_CHECKING:
    from noli.app import App

# Whoever runs this command can read the database: there is nobody to hold a stored hash back from.
_ANY = 1_000_000


@click.command
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--hash", "hashes", metavar="HEX", multiple=True, help="A PDQ hash instead of a file; repeatable.")
@json_option
@data_option
@click.pass_context
def check(
    ctx: click.Context, files: tuple[Path, ...], *, hashes: tuple[str, ...], as_json: bool, data: Path | None
) -> None:
    """Check pictures, videos or hashes against the banks.

    Prints the decision (allow, review or block), the reason and what matched. A check that matched is recorded. A file
    that cannot be hashed is reported by its outcome; the exit status is 1 only where nothing could be checked.

    \b
    Example:
      noli check --json --data data upload.jpg
      noli check --data data --hash 64-HEXADECIMAL-DIGITS
    """
    if not files and not hashes:
        msg = "Name a file, or give a hash with --hash."
        raise click.UsageError(msg)
    queries = [_parse(text) for text in hashes]
    checked = False
    with opened(data, probing_budget=_ANY) as app:
        app.indexes.load(app.store)
        for one in _checks(app, files, queries):
            checked = checked or one.check is not None
            if as_json:
                output.print_json(one.as_json())
            else:
                _print(one)
    ctx.exit(0 if checked else 1)


def _parse(text: str) -> Hash:
    try:
        return Hash.from_hex(text.strip())
    except HashFormatError as error:
        raise click.BadParameter(error.public, param_hint="--hash") from error


@dataclass(frozen=True, slots=True)
class _Checked:
    """One line of the answer; without a check, the file could not be read."""

    file: FileResult | None
    check: Check | None
    query: Hash | None = None

    @property
    def reason(self) -> str:
        """The decision's reason, and the file's own where nothing matched."""
        told = self.file.reason if self.file else ""
        if self.check is None:
            return told
        decision = self.check.decision
        return f"{decision.reason} ({told})" if told and not decision.matches else decision.reason

    def as_json(self) -> dict[str, object]:
        """Write the line for programs."""
        written: dict[str, object] = {"file": None, "hashes": []} if self.file is None else self.file.as_json()
        if self.query is not None:
            written |= {"outcome": "hashed", "hashes": [{"type": "pdq", "value": self.query.hex, "quality": None}]}
        if self.check is None:
            return {**written, "decision": None, "matches": [], "capped": False}
        decision = self.check.decision
        return {
            **written,
            "reason": self.reason,
            "decision": str(decision.verdict),
            "matches": [_match(each, self.check) for each in decision.matches],
            "capped": decision.capped,
        }


def _checks(app: "App", files: tuple[Path, ...], queries: list[Hash]) -> Iterator[_Checked]:
    caller = ApiKey(COMMAND_LINE, frozenset({Scope.CHECKS, Scope.DISTANCES}), SystemClock().now())
    for query in queries:
        yield _Checked(None, app.checker.check(Upload((query,)), key=caller), query)
    if not files:
        return
    with (
        hasher(app.config, files=len(files)) as (media, workers),
        output.shares(total=len(files), label="Checking") as on_progress,
    ):
        for file in read_files(
            files,
            media,
            max_bytes=app.config.max_upload_bytes,
            workers=workers,
            regions=app.indexes.regions > 0,
            looks=app.looks_again,
            closer=app.closer(caller.banks),
            on_progress=on_progress,
        ):
            reading = file.reading
            yield _Checked(
                file,
                None if reading is None else app.checker.check(Upload.of(reading), key=caller),
            )


def _match(match: Match, made: Check) -> dict[str, object]:
    query, segment = made.hashes[match.query], match.neighbour.segment
    told: dict[str, object] = {
        "bank": match.neighbour.bank.name,
        "entry": entry_text(match.neighbour.entry),
        "type": str(made.type_of(match)),
        "closeness": str(match.closeness),
        "distance": match.neighbour.distance_bits if match.neighbour.by_hash else None,
        "verdict": str(match.verdict),
        "reason": match.reason,
    }
    if query.at_ms is not None:
        told["at_ms"] = query.at_ms
    if segment is not None:
        told["segment"] = segment.in_seconds()
    return told


def _print(one: _Checked) -> None:
    name = "hash" if one.file is None else str(one.file.path)
    if one.check is None:
        output.print_text(f"{UNREADABLE}  {name}: {one.reason}")
        return
    output.print_text(f"{one.check.decision.verdict}  {name}: {one.reason}")
    for match in one.check.decision.matches[1:]:
        output.print_text(f"  also {match.verdict}: {match.reason}")
