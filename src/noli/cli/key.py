# SPDX-License-Identifier: Apache-2.0
"""``noli key``: API keys. A token is shown once, when its key is made; only its digest is stored."""

from pathlib import Path

import click

from noli.access.model import ApiKey, Scope
from noli.base.errors import NotFound
from noli.cli import output
from noli.cli.installation import data_option, dry_run_option, json_option, opened


@click.group
def key() -> None:
    """Make, list and revoke API keys.

    \b
    Example:
      noli key create upload-service --scopes checks --data data
    """


class _Scopes(click.ParamType[frozenset[Scope]]):
    """Scopes with commas between them."""

    name = "scopes"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[Scope]:
        """Parse, naming what is not known."""
        names = [part.strip() for part in str(value).split(",") if part.strip()]
        unknown = [name for name in names if name not in set(Scope)]
        if unknown or not names:
            known = ", ".join(Scope)
            self.fail(f"{', '.join(unknown) or 'nothing'} given; scopes are {known}.", param, ctx)
        return frozenset(Scope(name) for name in names)


@key.command
@click.argument("name")
@click.option("--scopes", type=_Scopes(), required=True, metavar="SCOPE[,SCOPE]", help=f"Any of {', '.join(Scope)}.")
@data_option
def create(name: str, *, scopes: frozenset[Scope], data: Path | None) -> None:
    """Make a key and print its token, alone, on standard output.

    The token goes into the header 'Authorization: Bearer …'. It cannot be shown again.

    \b
    Example:
      TOKEN=$(noli key create upload-service --scopes checks --data data)
    """
    with opened(data, create=True) as app:
        _made, token = app.access.create(name, scopes)
    output.hint("This token is shown once; keep it safe. It goes into the header 'Authorization: Bearer TOKEN'.")
    click.echo(token)


@key.command("list")
@json_option
@data_option
def list_keys(*, as_json: bool, data: Path | None) -> None:
    """List keys with their scopes, revoked ones included. Tokens are not stored.

    \b
    Example:
      noli key list --data data
    """
    with opened(data) as app:
        keys = app.access.all()
    if as_json:
        for each in keys:
            output.print_json(_as_json(each))
        return
    output.print_table(("NAME", "SCOPES", "CREATED", "REVOKED"), [_row(each) for each in keys])


@key.command
@click.argument("name")
@dry_run_option
@data_option
def revoke(name: str, *, dry_run: bool, data: Path | None) -> None:
    """Revoke a key; it stops working within a second, for good.

    \b
    Example:
      noli key revoke upload-service --data data
    """
    with opened(data) as app:
        if dry_run:
            if name not in {each.name for each in app.access.all()}:
                msg = f"There is no key called {name!r}."
                raise NotFound(msg)
            output.print_text(f"would revoke {name}")
            return
        app.access.revoke(name)
    output.print_text(f"revoked {name}")


def _as_json(each: ApiKey) -> dict[str, object]:
    return {
        "name": each.name,
        "scopes": sorted(each.scopes),
        "created_at": each.created_at.isoformat(),
        "revoked_at": each.revoked_at.isoformat() if each.revoked_at else None,
    }


def _row(each: ApiKey) -> tuple[str, str, str, str]:
    revoked = f"{each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else "-"
    return each.name, ",".join(sorted(each.scopes)), f"{each.created_at:%Y-%m-%d %H:%M}", revoked
