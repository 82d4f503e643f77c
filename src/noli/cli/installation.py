# SPDX-License-Identifier: Apache-2.0
"""How commands reach an installation, and the options that they share.

The composition root is loaded here and nowhere else in the command line, and only when a command runs: it brings
the database, the kernel and the decoder with it, for which nobody who asks for ``--help`` should wait.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from noli.base.config import Config
from noli.hashing.ports import MediaHasher

if TYPE_CHECKING:
    from noli.app import App

F = TypeVar("F", bound=Callable[..., Any])

#: Who did it, in records of changes made with these commands.
COMMAND_LINE = "command line"

_Option = Callable[[F], F]

data_option: _Option[Any] = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the installation. [default: $NOLI_DATA, else 'data']",
)

json_option: _Option[Any] = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")

dry_run_option: _Option[Any] = click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")

files_argument: _Option[Any] = click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)


def settings(overrides: Mapping[str, object], *, file: Path | None = None) -> Config:
    """Load the settings.

    Args:
        overrides: From the command line, by name; None for those not given.
        file: The settings file named on the command line.

    Raises:
        ConfigError: A setting is unknown, unreadable or out of range.
    """
    from noli.app import load_config  # noqa: PLC0415 - see the module's docstring

    if file is not None:
        # The loader's own name for it, so that the file has one way in.
        os.environ["NOLI_CONFIG"] = str(file)
    return load_config(overrides)


@contextmanager
def opened(data: Path | None, *, create: bool = False, **overrides: object) -> "Iterator[App]":
    """Open the installation in a folder; close it at the end.

    Args:
        data: The folder; None for the one that the settings name.
        create: Whether to make one where there is none: for commands by which an installation begins.
        overrides: Further settings by name.

    Raises:
        ConfigError: A setting cannot be used, or there is no installation.
        Unavailable: The database cannot be opened.
    """
    from noli.app import App, refuse_missing  # noqa: PLC0415 - see the module's docstring

    config = settings({"data": data, **overrides})
    if not create:
        refuse_missing(config)
    with closing(App.open(config)) as app:
        yield app


@contextmanager
def hasher(config: Config, *, files: int) -> Iterator[tuple[MediaHasher, int]]:
    """Start decoding children, without a data folder.

    Args:
        config: The settings.
        files: How many files there are; no more children than that work at one time.

    Yields:
        The hasher and the number of its children.
    """
    from noli.app import open_hasher  # noqa: PLC0415 - see the module's docstring

    workers = max(1, min(config.decode_workers or os.cpu_count() or 1, files))
    media = open_hasher(replace(config, decode_workers=workers, video_workers=workers))
    try:
        yield media, workers
    finally:
        media.close()
