# SPDX-License-Identifier: Apache-2.0
"""``noli catalogue``: hashes of what a platform has, stored, so that what is newly banked is found in seconds."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.cli import output
from noli.cli.installation import data_option, json_option, opened
from noli.cli.scan import bar, tell_tally

if TYPE_CHECKING:
    from noli.app_catalogue import Catalogues

_store = click.argument("store", metavar="STORE", type=click.Path(file_okay=False, path_type=Path))


@click.group
def catalogue() -> None:
    """Store the hashes of a catalogue, and look for newly banked pictures among them.

    \b
    Example:
      noli catalogue add store hashes.parquet
      noli catalogue match store --out matches.parquet --data data
    """


def _opened(store: Path) -> "Catalogues":
    from noli.app_catalogue import Catalogues  # noqa: PLC0415 - slow to load, and most commands do without

    return Catalogues(store)


@catalogue.command
@_store
@click.argument("where", metavar="CATALOGUE")
@json_option
def add(store: Path, where: str, *, as_json: bool) -> None:
    """Store a catalogue's hashes in the folder STORE, beside those that are there.

    CATALOGUE is what 'noli scan' takes. New uploads of a day are a catalogue of their own, added every night.

    \b
    Example:
      noli catalogue add store uploads-2026-11-26.parquet
    """
    stored = _opened(store)
    with bar(None, label="Storing") as tell:
        added = stored.add(where, tell=tell)
    if as_json:
        output.print_json({"rows": added.rows, "skipped": added.skipped})
        return
    output.print_text(f"{added.rows:,} rows stored.")
    for reason, count in added.skipped.items():
        output.print_text(f"{count:,} rows could not be stored: {reason}.")


@catalogue.command
@_store
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.parquet",
    help="Where the matches go.",
)
@click.option("--all", "everything", is_flag=True, help="Look for everything that is banked, not just for what is new.")
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
@json_option
@data_option
def match(store: Path, *, out: Path, everything: bool, overwrite: bool, as_json: bool, data: Path | None) -> None:
    """Look for what was banked since the last time, and write the matches as 'noli scan' does.

    \b
    Example:
      noli catalogue match store --out matches.parquet --data data
    """
    stored = _opened(store)
    with opened(data) as app:
        tally = stored.match(app.store, out, everything=everything, overwrite=overwrite)
    tell_tally(tally, out, as_json=as_json)


@catalogue.command
@_store
@click.argument("ids", metavar="IDS.parquet", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def remove(store: Path, ids: Path, *, as_json: bool) -> None:
    """Leave out rows from now on: those whose ids stand in the column 'id' of a Parquet file.

    \b
    Example:
      noli catalogue remove store deleted.parquet
    """
    removed = _opened(store).remove(ids)
    if as_json:
        output.print_json({"removed": removed})
        return
    output.print_text(f"{removed:,} ids are left out by now.")


@catalogue.command
@_store
@click.option("--verify", is_flag=True, help="Read every byte and compare it with what was written.")
@json_option
def show(store: Path, *, verify: bool, as_json: bool) -> None:
    """Say what is stored.

    \b
    Example:
      noli catalogue show store --verify
    """
    stored = _opened(store)
    page = stored.page()
    if verify:
        stored.verify()
    if as_json:
        output.print_json(
            {"rows": page.rows, "shards": len(page.shards), "matched_up_to": page.checkpoint, "verified": verify}
        )
        return
    size = sum(shard.bytes for shard in page.shards)
    output.print_text(f"{page.rows:,} rows in {len(page.shards)} shards, {size / 1e9:,.2f} GB of index.")
    output.print_text(f"Matched up to change {page.checkpoint} of the banks.")
    if verify:
        output.print_text("Every byte is as it was written.")
