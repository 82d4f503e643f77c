# SPDX-License-Identifier: Apache-2.0
"""``noli hash``: hashes of picture files, made on this machine. Needs no installation and keeps nothing."""

from pathlib import Path

import click

from noli.cli import output
from noli.cli.files import UNREADABLE, FileResult, read_files
from noli.cli.installation import files_argument, hasher, json_option, settings
from noli.hashing.model import Pipeline


@click.command("hash")
@files_argument
@json_option
@click.option("--all", "variants", is_flag=True, help="Print all hashes that 'noli bank add' registers.")
@click.option(
    "--pipeline",
    type=click.Choice([str(each) for each in Pipeline]),
    default=str(Pipeline.FULL),
    show_default=True,
    help="What is done to the pixels first; nearest-512 is what Meta's C++ tool does.",
)
@click.pass_context
def hash_files(ctx: click.Context, files: tuple[Path, ...], *, as_json: bool, variants: bool, pipeline: str) -> None:
    """Hash pictures with PDQ.

    Pictures are hashed upright, in true colours, every distinct frame of an animation; with --all also their turned and
    mirrored forms and usual crops. A file that cannot be hashed is reported by its outcome and is no error; the exit
    status is 1 only where no file could be read.

    \b
    Example:
      noli hash --json holiday.jpg beach.png
    """
    config = settings({})
    readable = False
    with hasher(config, files=len(files)) as (media, workers):
        results = read_files(
            files,
            media,
            max_bytes=config.max_upload_bytes,
            workers=workers,
            pipeline=Pipeline(pipeline),
            crops=variants,
        )
        for result in output.progress(results, total=len(files), label="Hashing"):
            readable = readable or result.outcome != UNREADABLE
            if as_json:
                output.print_json(result.as_json(variants=variants))
            else:
                _print(result, variants=variants)
    ctx.exit(0 if readable else 1)


def _print(result: FileResult, *, variants: bool) -> None:
    name = output.shown(result.path)
    if result.reading is None or not result.reading.frames:
        output.print_text(f"{result.outcome}  {name}: {result.reason}")
        return
    for one in result.as_json(variants=variants)["hashes"]:  # type: ignore[attr-defined] # a list, by as_json
        extra = "".join(f"  {part}={one[part]}" for part in ("frame", "variant") if part in one)
        output.print_text(f"{one['value']}  q={one['quality']}{extra}  {name}")
    if result.reason:
        output.hint(f"{name}: {result.reason}")
