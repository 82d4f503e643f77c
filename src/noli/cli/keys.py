# SPDX-License-Identifier: Apache-2.0
"""``noli keys``: the key file that protects what the database must not give away."""

from pathlib import Path

import click

from noli.base.errors import Conflict
from noli.cli import output, private
from noli.cli.installation import data_option, opened


@click.group
def keys() -> None:
    """Change the keys of the key file.

    \b
    Example:
      noli keys rotate --data data
    """


@keys.command
@click.option("--forget", is_flag=True, help="Remove the older keys once nothing needs them.")
@data_option
def rotate(*, forget: bool, data: Path | None) -> None:
    """Make a new key and put everything under it, while servers run.

    If it is interrupted nothing is lost; run it again. Older backups of the database need the older keys: keep the old
    key file with them, or let them go together.

    \b
    Example:
      noli keys rotate --forget --data data
    """
    with opened(data) as app:
        count = sum(app.rotate_keys(forget=forget))
        current = app.keyring.current
    output.print_text(f"{count} keys are now under {current}.")


@keys.command
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def pair(file: Path) -> None:
    """Make a pair of keys for backups: print the public key, write the identity to FILE; keep it off the server.

    \b
    Example:
      noli keys pair backup.key
    """
    from noli.app_backup import new_identity  # noqa: PLC0415 - brings the database along

    if file.exists():
        msg = f"{output.shown(file)} is there already; nothing is overwritten."
        raise Conflict(msg)
    identity, public = new_identity()
    private.write_bytes(file, f"# Reads the backups of Noli that are made with --to {public}\n{identity}\n".encode())
    output.hint(f"Whoever has {output.shown(file)} reads the backups; without it nobody does.")
    click.echo(public)
