# SPDX-License-Identifier: Apache-2.0
"""The outermost command: loads the others when they are used, and turns errors into two plain lines and a status."""

import errno
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from noli import __version__
from noli.base.errors import NoliError

#: Exit status by error code: 2 where the command or a setting has to be corrected, 1 for everything else.
EXIT_STATUS: Mapping[str, int] = {
    "conflict": 1,
    "error": 1,
    "forbidden": 1,
    "integrity": 1,
    "invalid-config": 2,
    "invalid-hash": 2,
    "invalid-input": 2,
    "kernel-unavailable": 1,
    "not-found": 1,
    "not-in-force": 2,
    "partner-distrusted": 1,
    "partner-unreachable": 1,
    "store-busy": 1,
    "throttled": 1,
    "unauthenticated": 1,
    "unavailable": 1,
}

_FAILED = 1

# What to do, for errors whose own sentence cannot know that it stands on a command line.
_ADVICE: Mapping[str, str] = {
    "integrity": "Nothing was changed. Restore the database from a backup; 'noli doctor' tells more.",
    "not-found": "'noli bank list', 'noli key list', 'noli partner list' and 'noli regime list' show what there is.",
    "store-busy": "Try again; if it stays so, another program holds the database.",
    "unavailable": "'noli doctor' looks for the reason.",
}


class Commands(click.Group):
    """A group of commands, each named by ``module:attribute`` and imported on first use."""

    def __init__(self, *, name: str, commands: Mapping[str, str], help: str) -> None:  # noqa: A002 - click's name
        """Keep where the commands are."""
        super().__init__(name=name, help=help, no_args_is_help=True)
        self._places = dict(commands)
        click.version_option(__version__, message="noli %(version)s")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in alphabetical order."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command, or return None where there is none of that name."""
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            msg = f"{self._places[cmd_name]} is no command"
            raise TypeError(msg)
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; an error becomes lines on standard error and an exit status."""
        try:
            return super().invoke(ctx)
        except NoliError as error:
            _explain(error.public, detail=error.detail, advice=_ADVICE.get(error.code, ""))
            ctx.exit(EXIT_STATUS.get(error.code, _FAILED))
        except OSError as error:
            # A closed pipe is no mistake (noli hash … | head); click ends quietly.
            if error.errno == errno.EPIPE:
                raise
            where = f"{error.filename}: " if error.filename else ""
            _explain(f"{where}{error.strerror or error}.", detail="", advice="Nothing more was done.")
            ctx.exit(_FAILED)


def _explain(sentence: str, *, detail: str, advice: str) -> None:
    click.echo(f"noli: {sentence}", err=True)
    second = " ".join(text for text in (f"({detail.splitlines()[0]})" if detail else "", advice) if text)
    if second:
        click.echo(f"      {second}", err=True)
