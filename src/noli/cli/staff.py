# SPDX-License-Identifier: Apache-2.0
"""``noli staff``: accounts of caseworkers and others. A set-up token is shown once; only its digest is stored."""

from pathlib import Path

import click

from noli.access.model import Role, Staff
from noli.access.staff import SET_UP_FOR
from noli.cli import output
from noli.cli.installation import data_option, dry_run_option, json_option, opened


@click.group
def staff() -> None:
    """Make, list, renew and close accounts of staff.

    \b
    Example:
      noli staff create maria --role admin --data data
    """


@staff.command
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they are here for.")
@data_option
def create(name: str, *, role: str, data: Path | None) -> None:
    """Make an account and print its set-up token, alone, on standard output.

    Whoever has the token sets password and one-time codes on the page /console/set-up, once, within 48 hours.

    \b
    Example:
      noli staff create maria --role admin --data data
    """
    with opened(data, create=True) as app:
        _made, token = app.staff.create(name, Role(role))
    _show(token)


@staff.command
@click.argument("name")
@data_option
def renew(name: str, *, data: Path | None) -> None:
    """Let somebody set up their account anew who lost phone or password; they are logged out everywhere.

    \b
    Example:
      noli staff renew maria --data data
    """
    with opened(data) as app:
        _found, token = app.staff.renew(name)
    _show(token)


@staff.command("list")
@json_option
@data_option
def list_staff(*, as_json: bool, data: Path | None) -> None:
    """List accounts, closed ones included.

    \b
    Example:
      noli staff list --data data
    """
    with opened(data) as app:
        everybody = app.staff.all()
    if as_json:
        for each in everybody:
            output.print_json(_as_json(each))
        return
    output.print_table(("NAME", "ROLE", "ID", "STATE"), [(e.name, e.role.value, e.id, _state(e)) for e in everybody])


@staff.command
@click.argument("name")
@dry_run_option
@data_option
def disable(name: str, *, dry_run: bool, data: Path | None) -> None:
    """Close an account for good; whoever uses it is logged out at once.

    \b
    Example:
      noli staff disable maria --data data
    """
    with opened(data) as app:
        if dry_run:
            app.staff.active(name)
            output.print_text(f"would disable {name}")
            return
        app.staff.disable(name)
    output.print_text(f"disabled {name}")


def _show(token: str) -> None:
    hours = int(SET_UP_FOR.total_seconds()) // 3600
    output.hint(f"This token is shown once and works for {hours} hours. It is typed on the page /console/set-up.")
    click.echo(token)


def _state(each: Staff) -> str:
    if each.disabled_at is not None:
        return "closed"
    return "active" if each.set_up_at is not None else "not set up"


def _as_json(each: Staff) -> dict[str, object]:
    return {"name": each.name, "role": each.role.value, "id": each.id, "state": _state(each)}
