# SPDX-License-Identifier: Apache-2.0
"""``noli backup``: copy a whole installation into one file, while its servers run."""

from pathlib import Path

import click

from noli.base.errors import InputError
from noli.cli import output
from noli.cli.installation import data_option, json_option, settings


@click.command
@click.argument("out")
@click.option("--to", metavar="KEY", default="", help="Encrypt to this public key (age1…), keys included.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Where OUT is a folder: delete all but the newest N.")
@json_option
@data_option
def backup(*, out: str, to: str, keep: int | None, as_json: bool, data: Path | None) -> None:
    """Back up database, evidence packages, settings and noted roots as one consistent state.

    OUT is a file, a folder, or a folder of an object store that speaks S3, s3://bucket/folder, with
    ?endpoint_override=… for any but Amazon's; its keys are taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

    With --to everything is encrypted to a public key, and the key file is in it: 'noli keys pair' makes one, and its
    other half stays away from this machine. Without it the keys are left out, and what people wrote cannot be read from
    the backup alone; hashes can. On PostgreSQL it takes pg_dump.

    \b
    Example:
      noli backup /var/backups/noli --to age1qqqq… --keep 14 --data data
      noli backup 's3://bucket/noli?region=eu-central-1' --to age1qqqq… --keep 14 --data data
    """
    from noli.app_backup import back_up, is_folder, prune  # noqa: PLC0415 - brings the database along

    if keep is not None and not is_folder(out):
        msg = "--keep is for a folder of backups."
        raise InputError(msg)
    with output.portions("Backing up") as share:
        made = back_up(settings({"data": data}), out, to=to, share=share)
    gone = [] if keep is None else prune(out, keep)
    if as_json:
        output.print_json(
            {
                "path": made.where,
                "size": made.size,
                "encrypted": made.encrypted,
                "left_out": list(made.left_out),
                "deleted": gone,
            }
        )
        return
    output.print_text(f"{output.printable(made.where)}  {made.size} bytes")
    for each in made.left_out:
        output.hint(f"Not in it: {each}")
    for path in gone:
        output.hint(f"Deleted: {path}")
