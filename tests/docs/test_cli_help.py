# SPDX-License-Identifier: Apache-2.0
"""The help of every command says what it does, shows an example that can be parsed, and is quick to get."""

import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from noli.base import errors
from noli.cli import main
from noli.cli.group import EXIT_STATUS


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, (*path, name))


_ALL = list(_commands(main))


def _example(help_text: str) -> list[str]:
    _, _, example = help_text.partition("Example:\n")
    return [line.strip() for line in example.partition("\n\n")[0].splitlines() if line.strip()]


@pytest.mark.parametrize(("path", "command"), _ALL, ids=[" ".join(path) or "noli" for path, _ in _ALL])
def test_help(path: tuple[str, ...], command: click.Command) -> None:
    """Each command explains itself, each of its options, and shows an example of itself."""
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0
    assert any("noli " + " ".join(path) in line for line in _example(shown.stdout)), shown.stdout
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help"


@pytest.mark.parametrize(("path", "command"), _ALL, ids=[" ".join(path) or "noli" for path, _ in _ALL])
def test_example_is_valid(path: tuple[str, ...], command: click.Command) -> None:
    """Examples name options and values that exist, so that they can be pasted."""
    if isinstance(command, click.Group):
        return
    for line in _example(command.help or ""):
        words = shlex.split(line.partition("$(")[2].rstrip(")") or line.partition(" && ")[0])
        arguments = words[1 + len(path) :]
        if "import" in path:
            arguments = [__file__ if word == "partner.csv" else word for word in arguments]
        command.make_context(path[-1], [a.replace("64-HEXADECIMAL-DIGITS", "0f" * 32) for a in arguments])


def test_help_loads_nothing_heavy() -> None:
    """Asking for help does not wait for the database, the web framework, Pillow or the kernel."""
    code = (
        "import sys\nfrom noli.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "print([m for m in ('sqlalchemy', 'starlette', 'PIL', 'noli.hashing._native', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_error_has_an_exit_status() -> None:
    """Each error that Noli raises on purpose is in the table of exit statuses."""
    found, waiting = set(), [errors.NoliError]
    while waiting:
        kind = waiting.pop()
        waiting += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
        found.add(kind.code)
    assert found == set(EXIT_STATUS)
    assert set(EXIT_STATUS.values()) <= {1, 2}


def test_unknown_command() -> None:
    """A mistyped command is a mistake of usage: status 2, and the way to the list."""
    done = CliRunner().invoke(main, ["frobnicate"])
    assert done.exit_code == 2
    assert "No such command" in done.stderr
