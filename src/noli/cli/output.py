# SPDX-License-Identifier: Apache-2.0
"""How results look: JSON lines for programs, aligned text for people, progress for whoever waits at a terminal.

Text never holds control characters from a file's name or a note, so that data cannot drive the terminal.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeVar

import click

T = TypeVar("T")

#: Fewer steps than this are over before a bar could be read.
_MIN_STEPS = 5

# Steps of a bar for one piece of work.
_WHOLE = 100


def print_json(value: Mapping[str, object]) -> None:
    """Write one object a line, in ASCII: a file name of any bytes survives."""
    click.echo(json.dumps(value, separators=(", ", ": ")))


def print_text(text: str) -> None:
    """Write one line for a person."""
    click.echo(printable(text))


def hint(text: str) -> None:
    """Write one line beside the data: to standard error."""
    click.echo(printable(text), err=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write aligned columns, two spaces apart, nothing after the last."""
    table = [list(header), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def printable(text: str) -> str:
    """Replace what a terminal would obey or could not show."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def shown(path: Path) -> str:
    """Write a path for a person."""
    return printable(str(path))


@contextmanager
def shares(*, total: int, label: str) -> Iterator[Callable[[float], None]]:
    """Show a bar over ``total`` files on standard error where that is a terminal and there is something to wait for.

    Yields:
        What to tell how much has been done since it was told last, 1 a file; from any thread. One that is told less
        than a whole file at a time is worth a bar.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load, and most runs show no bar
    from rich.progress import Progress  # noqa: PLC0415 - as above

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(label, total=total)
    starting = Lock()

    def advance(share: float) -> None:
        with starting:
            if total >= _MIN_STEPS or share < 1:
                bar.start()
        bar.advance(task, share)

    try:
        yield advance
    finally:
        bar.stop()


@contextmanager
def portions(label: str) -> Iterator[Callable[[float], None]]:
    """Show a bar for one piece of long work; yields what to tell how much of it is done, from 0 to 1."""
    before = 0.0
    with shares(total=_WHOLE, label=label) as advance:

        def reach(done: float) -> None:
            nonlocal before
            advance((done - before) * _WHOLE)
            before = done

        yield reach


def progress(steps: Iterable[T], *, total: int, label: str) -> Iterator[T]:
    """Pass ``steps`` on, with a bar on standard error where that is a terminal and there is something to wait for."""
    if total < _MIN_STEPS or not sys.stderr.isatty():
        yield from steps
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load, and most runs show no bar
    from rich.progress import Progress  # noqa: PLC0415 - as above

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        for step in steps:
            yield step
            bar.advance(task)
