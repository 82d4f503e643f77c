# SPDX-License-Identifier: Apache-2.0
"""``noli keys``: the key file that protects what the database must not give away."""

from pathlib import Path

import click

from noli.cli import output
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
