# SPDX-License-Identifier: Apache-2.0
"""``noli doctor``: says what is wrong with this installation in plain words, and what to do about it.

It looks; it repairs nothing, and it makes no installation where there is none. Each examination is a function that
yields findings; one that fails is a finding itself, so that the others still run.
"""

import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from noli import __version__
from noli.base.config import Config
from noli.base.errors import NoliError
from noli.cli import examinations, output, planning
from noli.cli.examinations import Finding
from noli.cli.installation import data_option, json_option, settings


@click.command
@json_option
@data_option
@click.option("--plan", "planned", metavar="N", help="Say what N hashes take instead (50M, 250k).")
@click.option(
    "--cores", type=click.IntRange(1, 1024), metavar="N", help="Cores of the planned machine. [default: here]"
)
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, data: Path | None, planned: str | None, cores: int | None) -> None:
    """Say what is wrong with this installation, and what to do.

    Looks at the kernel, the data folder, the database, the key file, the store of evidence packages (by writing to it),
    what was kept longer than it may be, the decoder's protections (by decoding a picture and by trying what is
    forbidden), the clock and the port. Exit status 0 means that all is well, 1 that something is not. With --plan it
    looks at nothing and says how much memory, disk and time, and how many processes, so many hashes take, reckoned from
    what was measured.

    \b
    Example:
      noli doctor --data data
      noli doctor --plan 50M --cores 8
    """
    if planned is not None:
        _print_plan(planning.count(planned), cores or os.cpu_count() or 1, as_json=as_json)
        return
    wrong = 0
    for finding in _findings(data):
        wrong += not finding.well
        if as_json:
            output.print_json(finding.as_json())
            continue
        output.print_text(f"{'ok   ' if finding.well else 'WRONG'}  {finding.about:<9}  {finding.text}")
        if finding.advice:
            output.print_text(f"{'':18}{finding.advice}")
    if not as_json:
        output.print_text(f"{wrong} problem{'' if wrong == 1 else 's'} found." if wrong else "All is well.")
    ctx.exit(1 if wrong else 0)


def _print_plan(hashes: int, cores: int, *, as_json: bool) -> None:
    constants = planning.measured()
    made = planning.plan(hashes, cores=cores, constants=constants)
    if as_json:
        output.print_json({**asdict(made), "measured_on": constants.machine, "measured_at": constants.at})
        return
    lines = {
        "hashes": f"{made.hashes:,}",
        "processes": f"{made.processes}, one a core: noli serve --workers {made.processes}",
        "memory": f"{_size(made.memory_bytes)} while a snapshot is written; {_size(made.index_bytes)} of it is shared",
        "disk": f"{_size(made.disk_bytes)} on SQLite; PostgreSQL takes more for the database, measure yours",
        "start": f"{made.start_s:,.0f} s from a snapshot; {made.first_start_s:,.0f} s the first time",
        "look-ups": f"{made.lookups_per_s:,.0f} a second",
        "pictures": f"{made.files_per_s:,.0f} a second (2 MP JPEGs sent as files)",
    }
    for name, text in lines.items():
        output.print_text(f"{name:<9}  {text}")
    output.print_text(f"Reckoned from what was measured on {constants.machine}, {constants.at[:10]}.")


def _size(count: float) -> str:
    """Write bytes in the unit that fits."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"  # noqa: PLR2004 - a gigabyte


@dataclass(frozen=True, slots=True)
class _Examination:
    about: str
    look: Callable[[Config], Iterator[Finding]]


_EXAMINATIONS = (
    _Examination("folder", examinations.folder),
    _Examination("database", examinations.database),
    _Examination("keys", examinations.keys),
    _Examination("packages", examinations.packages),
    _Examination("retention", examinations.retention),
    _Examination("decoder", examinations.decoder),
    _Examination("port", examinations.port),
)


def _findings(data: Path | None) -> Iterator[Finding]:
    yield Finding("version", f"Noli {__version__} on Python {platform.python_version()}, {platform.machine()}.")
    # First, because nothing else can be looked at without it: the composition root brings it along.
    try:
        yield from examinations.kernel()
    except NoliError as error:
        yield _failed("kernel", error)
        return
    try:
        config = settings({"data": data})
    except NoliError as error:
        yield _failed("settings", error)
        return
    for examination in _EXAMINATIONS:
        try:
            yield from examination.look(config)
        except NoliError as error:
            yield _failed(examination.about, error)
        except OSError as error:
            yield Finding(examination.about, f"{error}.", advice="Look at the rights of the folder and its files.")


def _failed(about: str, error: NoliError) -> Finding:
    return Finding(about, error.public, advice=error.detail or f"See '{error.code}' in docs/reference/errors.md.")
