# SPDX-License-Identifier: Apache-2.0
"""Measure the named rows (all without a name), keep them, render the page."""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import render
from benchmarks.measure import RESULTS, Row, load
from benchmarks.rows import ROWS, measured


def main() -> int:
    """Run the command line; the exit status is 1 where a row could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one or more of: {', '.join(ROWS)}")
    parser.add_argument("--render-only", action="store_true", help="only write docs/benchmarks.md from results.json")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"unknown rows: {', '.join(sorted(unknown))}; known: {', '.join(ROWS)}")
    failed = False if arguments.render_only else measure(arguments.rows or list(ROWS))
    render.write(load())
    return int(failed)


def measure(names: list[str]) -> bool:
    """Measure and keep rows one by one, so that a later failure loses nothing; return whether any failed.

    Each is measured in a process of its own: what one leaves behind in memory changes nobody else's figures.
    """
    failed = False
    for call in dict.fromkeys(ROWS[name] for name in names):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            try:
                rows = process.submit(measured, next(name for name in names if ROWS[name] is call)).result()
            except Exception as error:  # noqa: BLE001 - one row's failure must not stop the others; it is printed and counted
                failed = True
                label = ", ".join(name for name in names if ROWS[name] is call)
                print(f"{label}: not measured: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                continue
        for row in rows:
            keep(row)
            print(line(row), flush=True)
    return failed


def keep(row: Row) -> None:
    """Replace the row of this name in the results, or append it."""
    rows = [kept for kept in load() if kept["row"] != row.row]
    RESULTS.write_text(json.dumps([*rows, row.as_json()], indent=1) + "\n")


def line(row: Row) -> str:
    """Write a row for the terminal."""
    beside = "no peer" if row.peer is None else f"{row.peer_name}: {row.peer:.4g}"
    ratio = "" if row.ratio is None else f", {row.ratio:.3g}x"
    more = "".join(f", {key} {value}" for key, value in row.more.items())
    return f"{row.row}: {row.ours:.4g} {row.unit} ({beside}{ratio}{more})"


if __name__ == "__main__":
    sys.exit(main())
