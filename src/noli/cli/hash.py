# SPDX-License-Identifier: Apache-2.0
"""``noli hash``: hashes of pictures and videos, made on this machine. Needs no installation and keeps nothing."""

from pathlib import Path

import click

from noli.cli import output
from noli.cli.files import UNREADABLE, FileResult, read_files
from noli.cli.installation import files_argument, hasher, json_option, settings
from noli.hashing import vpdq
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
@click.option(
    "--every",
    type=click.FloatRange(0, 3600),
    metavar="SECONDS",
    help="Time between the frames of a video that are hashed; 0 for every single one.",
)
@click.option("--vpdq", "as_vpdq", is_flag=True, help="Print the hashes of one video as Meta's vPDQ tool does.")
@click.pass_context
def hash_files(
    ctx: click.Context,
    files: tuple[Path, ...],
    *,
    as_json: bool,
    variants: bool,
    pipeline: str,
    every: float | None,
    as_vpdq: bool,
) -> None:
    """Hash pictures and videos with PDQ.

    Pictures are hashed upright, in true colours, every distinct frame of an animation; with --all also their turned and
    mirrored forms and usual crops. Of videos about one frame a second is hashed, four a second in short ones; frames
    without detail are left out. A file that cannot be hashed is reported by its outcome and is no error; the exit
    status is 1 only where no file could be read.

    \b
    Example:
      noli hash --json holiday.jpg beach.mp4
      noli hash --vpdq --every 0 beach.mp4
    """
    if as_vpdq and (len(files) != 1 or as_json):
        msg = "--vpdq takes one video, and no --json."
        raise click.UsageError(msg)
    config = settings({})
    readable = False
    every_ms = None if every is None else round(every * 1000)
    with (
        hasher(config, files=len(files)) as (media, workers),
        output.shares(total=len(files), label="Hashing") as on_progress,
    ):
        results = read_files(
            files,
            media,
            max_bytes=config.max_upload_bytes,
            workers=workers,
            pipeline=Pipeline(pipeline),
            crops=variants,
            every_ms=every_ms,
            on_progress=on_progress,
        )
        for result in results:
            readable = readable or result.outcome != UNREADABLE
            if as_json:
                output.print_json(result.as_json(variants=variants))
            elif as_vpdq:
                _print_vpdq(result)
            else:
                _print(result, variants=variants)
    ctx.exit(0 if readable else 1)


def _print_vpdq(result: FileResult) -> None:
    frames = () if result.reading is None else result.reading.frames
    for line in vpdq.written(frame for frame in frames if frame.at_ms is not None):
        output.print_text(line)
    if result.reason or not any(frame.at_ms is not None for frame in frames):
        output.hint(f"{output.shown(result.path)}: {result.reason or 'This is no video.'}")


def _print(result: FileResult, *, variants: bool) -> None:
    name = output.shown(result.path)
    if result.reading is None or not result.reading.frames:
        output.print_text(f"{result.outcome}  {name}: {result.reason}")
        return
    for one in result.as_json(variants=variants)["hashes"]:  # type: ignore[attr-defined] # a list, by as_json
        extra = "".join(f"  {part}={one[part]}" for part in ("frame", "at_ms", "variant") if part in one)
        output.print_text(f"{one['value']}  q={one['quality']}{extra}  {name}")
    if result.reason:
        output.hint(f"{name}: {result.reason}")
