# SPDX-License-Identifier: Apache-2.0
"""``noli demo``: made-up data to try Noli with. Running it again changes nothing that is in place."""

import json
import secrets
import shlex
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyotp

from noli.access.model import Role, Scope
from noli.bank.model import Action, BankPolicy, EntryState, NewEntry, Provenance
from noli.base.clock import SystemClock
from noli.base.errors import NotFound, Unauthenticated, Unavailable
from noli.cli import demo_queue, output, private, store
from noli.cli.installation import COMMAND_LINE, data_option, hasher, opened

if TYPE_CHECKING:
    from noli.app import App

_NAME = "demo"
_SCOPES = frozenset({Scope.CHECKS, Scope.BANKS})
_PASSWORD_BYTES = 12


@click.command
@data_option
def demo(*, data: Path | None) -> None:
    """Draw harmless pictures, protect one of them, make a key and a member of staff, to try Noli with.

    Writes DIR/demo: protected.jpg, edited-copy.jpg (mirrored, shrunk, brightened, compressed), unrelated.jpg, the token
    of a key, and the log-ins of a lead and a moderator, whose queue holds made-up notices. Prints what to open, how to
    log in and what to post where; run it again for the next one-time code.

    \b
    Example:
      noli demo --data data && noli serve --data data
    """
    with opened(data, create=True) as app:
        folder = app.config.data / _NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _draw(folder)
        _protect(app, folder)
        _make_key(app, folder / "token")
        login = _make_login(app, folder / "log-in.json", _NAME, Role.LEAD)
        moderator = _make_login(app, folder / "log-in-moderator.json", "mona", Role.MODERATOR)
        demo_queue.fill(app)
        _explain(folder, [login, moderator], url=f"http://{app.config.host}:{app.config.port}")


def _draw(folder: Path) -> None:
    from noli.cli import demo_pictures as pictures  # noqa: PLC0415 - Pillow is slow to load and only needed here

    names = (pictures.PROTECTED, pictures.EDITED, pictures.UNRELATED)
    if not all((folder / name).exists() for name in names):
        pictures.draw_demo(folder)


def _protect(app: "App", folder: Path) -> None:
    """Register the protected picture, unless the demo bank has an entry already."""
    try:
        store.get_bank(app, _NAME)
    except NotFound:
        store.create_bank(app, _NAME, BankPolicy(Action.BLOCK, note="made-up demo data"))
    if any(entry.state is EntryState.ACTIVE for entry in store.all_entries(app, _NAME)):
        return
    with hasher(app.config, files=1) as (media, _workers):
        reading = media.read((folder / "protected.jpg").read_bytes(), crops=True)
    if not reading.variants:
        msg = "The demo picture could not be hashed here; 'noli doctor' looks for the reason."
        raise Unavailable(msg, detail=reading.reason)
    new = NewEntry(
        reading.variants,
        Provenance(COMMAND_LINE),
        note="protected.jpg, drawn by 'noli demo'",
        regions=reading.registered_regions,
    )
    store.add_entries(app, _NAME, [new])


def _make_key(app: "App", file: Path) -> None:
    """Make the demo key; where its token is lost, a key with the next free name takes its place."""
    if file.exists():
        try:
            app.access.authenticate(file.read_text("utf-8").strip())
        except Unauthenticated:
            pass
        else:
            return
    taken = {each.name for each in app.access.all()}
    name = next(name for name in _names() if name not in taken)
    _key, token = app.access.create(name, _SCOPES)
    with private.written(file) as text:
        text.write(token + "\n")


def _make_login(app: "App", file: Path, wanted: str, role: Role) -> dict[str, str]:
    """Make and set up a member of staff; where the log-in is lost, one with the next free name."""
    if file.exists():
        login: dict[str, str] = json.loads(file.read_text("utf-8"))
        try:
            app.staff.active(login["name"])
        except NotFound:
            pass
        else:
            return login
    taken = {each.name for each in app.staff.all()}
    name = next(name for name in _names(wanted) if name not in taken)
    _staff, token = app.staff.create(name, role)
    secret = app.staff.enrolment(token).secret
    login = {"name": name, "password": secrets.token_urlsafe(_PASSWORD_BYTES), "one_time_secret": secret}
    # With the code before the current one: a code works once, and the current one is for whoever reads this.
    app.staff.set_up(token, password=login["password"], code=_code(secret, ago=timedelta(seconds=30)))
    with private.written(file) as text:
        text.write(json.dumps(login, indent=1) + "\n")
    return login


def _code(secret: str, *, ago: timedelta = timedelta()) -> str:
    return pyotp.TOTP(secret).at(SystemClock().now() - ago)


def _names(first: str = _NAME) -> Iterator[str]:
    yield first
    yield from (f"{first}-{number}" for number in count(2))


def _explain(folder: Path, logins: list[dict[str, str]], *, url: str) -> None:
    """Say what to open and to type; the commands can be pasted as they are."""
    output.print_text(f"For people  {url}/")
    output.print_text(f"Console     {url}/console")
    for login, role in zip(logins, ("a lead: cases, notices, the ledger", "a moderator: the queue"), strict=True):
        output.print_text(f"  log in as {login['name']}, password {login['password']}")
        output.print_text(
            f"  one-time code now: {_code(login['one_time_secret'])} ({role}; 'noli demo' again prints the next code)"
        )
    output.print_text(f"API         {url}/api/v1")
    output.print_text(f"OpenAPI     {url}/api/v1/openapi.json")
    output.print_text(f"Demo key    {folder / 'token'}")
    for name, decision in (("edited-copy.jpg", "block"), ("unrelated.jpg", "allow")):
        click.echo(f"\nAnswers {decision}:\n")
        token, file = shlex.quote(str(folder / "token")), shlex.quote(f"file=@{folder / name}")
        click.echo(f'    curl -s -H "Authorization: Bearer $(cat {token})" \\\n         -F {file} {url}/api/v1/checks')
    click.echo("")
