# SPDX-License-Identifier: Apache-2.0
"""``noli serve``: the HTTP server, in this process."""

from pathlib import Path

import click

from noli.cli.installation import data_option, settings


@click.command
@data_option
@click.option("--host", metavar="H", help="Address to listen on. [default: $NOLI_HOST, else 127.0.0.1]")
@click.option("--port", type=int, metavar="N", help="TCP port to listen on. [default: $NOLI_PORT, else 8000]")
@click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings in TOML. [default: $NOLI_CONFIG, else noli.toml in the data folder]",
)
def serve(*, data: Path | None, host: str | None, port: int | None, file: Path | None) -> None:
    """Serve the HTTP API until Ctrl-C.

    Creates what is missing in the data folder. Ready when GET /readyz answers 200.

    \b
    Example:
      noli serve --data data --host 127.0.0.1 --port 8000
    """
    config = settings({"data": data, "host": host, "port": port}, file=file)
    from noli.web import serve as run  # noqa: PLC0415 - brings the web framework, the database and the kernel

    run(config)
