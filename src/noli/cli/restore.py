# SPDX-License-Identifier: Apache-2.0
"""``noli restore``: make an installation from a backup, whole or not at all."""

from pathlib import Path

import click

from noli.cli import output
from noli.cli.installation import data_option, json_option, settings


@click.command
@click.argument("backup")
@click.option(
    "--identity",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the identity that the backup is encrypted to.",
)
@click.option(
    "--key-file",
    "keys",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The key file, for a backup without one.",
)
@json_option
@data_option
def restore(*, backup: str, identity: Path | None, keys: Path | None, as_json: bool, data: Path | None) -> None:
    """Restore a backup into a new data folder; on PostgreSQL also into the empty database that NOLI_DATABASE_URL names.

    BACKUP is a file, or an object s3://bucket/folder/name as 'noli backup' takes it. A backup of SQLite may be restored
    into PostgreSQL: so an installation moves there.

    Nothing is overwritten, and nothing is there until every digest, the key file and the whole ledger were right. The
    ledger then says that it was restored and is signed by a new key, partners begin anew, and all sessions end. What is
    left for you to do is said at the end.

    \b
    Example:
      noli restore noli-20261126T020000Z.tar.age --identity noli.key --data restored
    """
    from noli.app_backup import restore as restored  # noqa: PLC0415 - brings the database along

    text = "" if identity is None else identity.read_text("utf-8", "replace")
    with output.portions("Restoring") as share:
        made = restored(settings({"data": data}), backup, identity=text, keys=keys, share=share)
    if as_json:
        output.print_json(
            {
                "data": str(made.data),
                "made_at": made.made_at.isoformat(),
                "root": made.root,
                "to_do": list(made.to_do),
            }
        )
        return
    output.print_text(f"{output.shown(made.data)}  as of {made.made_at:%Y-%m-%d %H:%M} UTC; its ledger was {made.root}")
    for number, each in enumerate(made.to_do, 1):
        output.print_text(f"{number}. {each}")
