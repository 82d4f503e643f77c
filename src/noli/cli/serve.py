# SPDX-License-Identifier: Apache-2.0
"""``noli serve``: the HTTP server, in this process or in several behind one port."""

from pathlib import Path

import click

from noli.base.config import ROLES
from noli.cli.installation import data_option, settings


@click.command
@data_option
@click.option("--host", metavar="H", help="Address to listen on. [default: $NOLI_HOST, else 127.0.0.1]")
@click.option("--port", type=int, metavar="N", help="TCP port to listen on. [default: $NOLI_PORT, else 8000]")
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    help="What it is for: one part, what happens by itself (worker), or all. [default: $NOLI_ROLE, else all]",
)
@click.option("--workers", type=int, metavar="N", help="Processes behind the port. [default: $NOLI_WORKERS, else 1]")
@click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings in TOML. [default: $NOLI_CONFIG, else noli.toml in the data folder]",
)
@click.pass_context
def serve(ctx: click.Context, /, *, file: Path | None, **given: Path | str | int | None) -> None:
    """Serve the HTTP API until Ctrl-C.

    Creates what is missing in the data folder. Ready when GET /readyz answers 200. SIGTERM lets it finish what it has
    begun; with --workers, SIGHUP replaces the processes one by one and reads the settings anew.

    \b
    Example:
      noli serve --data data --host 127.0.0.1 --port 8000
      noli serve --data data --role api --workers 4
    """
    config = settings(given, file=file)
    from noli.web import serve as run  # noqa: PLC0415 - brings the web framework, the database and the kernel

    ctx.exit(run(config, overrides=given))
