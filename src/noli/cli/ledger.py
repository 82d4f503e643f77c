# SPDX-License-Identifier: Apache-2.0
"""``noli ledger``: show that the record of what happened was not changed."""

from pathlib import Path

import click

from noli.base.errors import InputError
from noli.cli import output
from noli.cli.installation import data_option, json_option, opened
from noli.evidence.rules import parse_root


@click.group
def ledger() -> None:
    """Verify the append-only ledger.

    \b
    Example:
      noli ledger verify --data data
    """


@ledger.command
@click.option("--noted", metavar="SIZE:ROOT", help="A root that was printed earlier and kept elsewhere.")
@json_option
@data_option
@click.pass_context
def verify(ctx: click.Context, *, noted: str | None, as_json: bool, data: Path | None) -> None:
    """Recompute every hash; print the root, or say what is wrong.

    Exit status 0 means that the ledger is whole, 1 that it is not. A cut-off end, or a ledger that was written anew
    from a place on, shows only against a root that was noted elsewhere: keep what this prints.

    \b
    Example:
      noli ledger verify --data data
      noli ledger verify --noted 120:5d2f… --data data
    """
    root = parse_root(noted) if noted else None
    if noted and root is None:
        msg = "A noted root is written SIZE:ROOT, as this command prints it."
        raise InputError(msg)
    with opened(data) as app:
        found = app.ledger.verify(noted=root)
    if as_json:
        flaws = [{"sequence": flaw.sequence, "text": flaw.text} for flaw in found.flaws]
        output.print_json({"whole": found.whole, "root": str(found.root), "flaws": flaws})
    elif found.whole:
        output.print_text(str(found.root))
    else:
        for flaw in found.flaws:
            output.print_text(f"WRONG  {flaw.text}")
    ctx.exit(0 if found.whole else 1)
