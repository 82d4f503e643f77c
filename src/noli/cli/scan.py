# SPDX-License-Identifier: Apache-2.0
"""``noli scan``: which of everything that a platform already has matches the banks."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.cli import output
from noli.cli.installation import data_option, json_option, opened
from noli.scanning.model import Tally
from noli.scanning.rules import Estimate, estimate

if TYPE_CHECKING:
    from noli.app_scan import CatalogueScan

_ENGINES = ("local", "daft", "ray", "spark")

_MINUTE_S, _HOUR_S = 60, 3600


@click.command
@click.argument("catalogue")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.parquet",
    help="Where the matches go.",
)
@click.option("--engine", type=click.Choice(_ENGINES), default="local", show_default=True, help="Who moves the work.")
@click.option("--workers", type=click.IntRange(min=1), help="How many work at once. [default: one a core]")
@click.option("--limit", type=click.FloatRange(min=0, min_open=True), metavar="ROWS", help="Rows a second at most.")
@click.option("--restart", is_flag=True, help="Begin anew instead of going on with a scan that was cut short.")
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
@click.option("--dry-run", is_flag=True, help="Try out a sample and say what the scan would take; keep nothing.")
@click.option("--price", type=click.FloatRange(min=0), metavar="P", help="With --dry-run: price of a worker's hour.")
@json_option
@data_option
def scan(  # noqa: PLR0913 - one parameter an option
    catalogue: str,
    *,
    out: Path,
    engine: str,
    workers: int | None,
    limit: float | None,
    restart: bool,
    overwrite: bool,
    dry_run: bool,
    price: float | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Match a whole catalogue against the banks and write the matches as Parquet.

    CATALOGUE is a folder of media, or Parquet (Arrow, CSV) with the columns 'id' and 'hash' (32 bytes or 64
    hexadecimal digits) or 'uri'; a path, or a URI such as s3://bucket/folder. The output has a row for each pair of
    catalogue row and banked entry: id, bank, entry, type, distance. A scan that was cut short goes on where it was when
    the same command is run again. Where nobody watches a terminal, progress is a line a minute on standard error.

    \b
    Example:
      noli scan hashes.parquet --out matches.parquet --dry-run --data data
      noli scan hashes.parquet --out matches.parquet --data data
    """
    from noli.app_scan import CatalogueScan, ScanSettings  # noqa: PLC0415 - slow to load, and most commands do without

    settings = ScanSettings(engine=engine, workers=workers or 0, rows_per_s=limit or 0.0)
    with opened(data) as app:
        job = CatalogueScan(app.store, catalogue, out, settings)
        if dry_run:
            sample = job.sample()
            projected = estimate(
                job.catalogue.rows,
                sample,
                workers=settings.workers_at_once,
                limit_rows_per_s=settings.rows_per_s,
                price_per_core_hour=price,
            )
            _tell_estimate(job, projected, as_json=as_json)
            return
        if job.begun and not restart:
            output.hint("Going on with a scan that was cut short; --restart begins anew.")
        with bar(job.catalogue.rows, label="Scanning") as tell:
            tally = job.run(restart=restart, overwrite=overwrite, tell=tell)
    tell_tally(tally, out, as_json=as_json)


@contextmanager
def bar(rows: int | None, *, label: str) -> Iterator[Callable[[int], object]]:
    """Show rows done and the time left, where it is known how many there are: as a bar, or a line now and then."""
    if not sys.stderr.isatty():
        yield _lines(rows, label=label)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load, and most runs show no bar
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415 - as above

    columns = (label, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=rows)
        yield lambda done: shown.update(task, completed=done)


def _lines(rows: int | None, *, label: str, now: Callable[[], float] = time.monotonic) -> Callable[[int], object]:
    """Make what writes a line a minute, for logs; a scan that was cut short begins with what is done already."""
    began, told = now(), now()
    at_first: int | None = None

    def tell(done: int) -> None:
        nonlocal told, at_first
        at_first = done if at_first is None else at_first
        if now() - told < _MINUTE_S:
            return
        told = now()
        if rows is None:
            output.hint(f"{label}: {done:,} rows.")
            return
        rate = (done - at_first) / (told - began)
        left = f", about {_duration((rows - done) / rate)} left" if rate else ""
        output.hint(f"{label}: {done:,} of {rows:,} rows{left}.")

    return tell


def tell_tally(tally: Tally, out: Path, *, as_json: bool) -> None:
    """Print what a scan counted."""
    if as_json:
        counts = {name: getattr(tally, name) for name in ("rows", "matches", "matched", "cleared", "capped", "skipped")}
        output.print_json({"out": str(out), **counts, "worker_seconds": round(tally.seconds, 3)})
        return
    output.print_text(
        f"{tally.rows:,} rows scanned; {tally.matched:,} of them match, {tally.matches:,} matches in all."
    )
    if tally.cleared:
        output.print_text(f"{tally.cleared:,} rows were cleared by a negative bank.")
    if tally.capped:
        output.print_text(f"{tally.capped:,} rows have more near hashes than were looked at; the nearest are listed.")
    for reason, count in tally.skipped.items():
        output.print_text(f"{count:,} rows could not be searched: {reason}.")
    output.print_text(f"Written to {out}.")


def _tell_estimate(job: "CatalogueScan", projected: Estimate | None, *, as_json: bool) -> None:
    rows, units = job.catalogue.rows, len(job.catalogue.units)
    if as_json:
        told = (
            None
            if projected is None
            else {
                "rows_per_s": round(projected.rows_per_s, 1),
                "seconds": round(projected.seconds, 1),
                "worker_hours": round(projected.core_hours, 4),
                "cost": projected.cost,
            }
        )
        output.print_json({"rows": rows, "units": units, "estimate": told})
        return
    output.print_text(f"{rows:,} rows in {units:,} unit{'' if units == 1 else 's'}.")
    if projected is None:
        output.print_text("The sample was too small to say how long it would take.")
        return
    output.print_text(
        f"About {_duration(projected.seconds)} at {projected.rows_per_s:,.0f} rows/s; "
        f"{projected.core_hours:,.2f} worker hours."
    )
    if projected.cost is not None:
        output.print_text(f"That costs about {projected.cost:,.2f}.")


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} seconds"
    if seconds < 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} minutes"
    return f"{seconds / _HOUR_S:.1f} hours"
