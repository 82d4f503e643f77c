# SPDX-License-Identifier: Apache-2.0
"""``noli demo``: made-up data to try Noli with. Running it again changes nothing that is in place."""

import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.access.model import Scope
from noli.bank.model import Action, BankPolicy, EntryState, NewEntry, Provenance
from noli.base.errors import NotFound, Unauthenticated, Unavailable
from noli.cli import output, private, store
from noli.cli.installation import COMMAND_LINE, data_option, hasher, opened

if TYPE_CHECKING:
    from noli.app import App

_NAME = "demo"
_SCOPES = frozenset({Scope.CHECKS, Scope.BANKS})


@click.command
@data_option
def demo(*, data: Path | None) -> None:
    """Draw harmless pictures, protect one of them and make a key, to try Noli with.

    Writes DIR/demo: protected.jpg, edited-copy.jpg (mirrored, shrunk, brightened, compressed), unrelated.jpg and the
    token of a key. Prints what to post where.

    \b
    Example:
      noli demo --data data && noli serve --data data
    """
    with opened(data) as app:
        folder = app.config.data / _NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _draw(folder)
        _protect(app, folder)
        _make_key(app, folder / "token")
        _explain(folder, url=f"http://{app.config.host}:{app.config.port}")


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
    new = NewEntry(reading.variants, Provenance(COMMAND_LINE), note="protected.jpg, drawn by 'noli demo'")
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


def _names() -> Iterator[str]:
    yield _NAME
    yield from (f"{_NAME}-{number}" for number in count(2))


def _explain(folder: Path, *, url: str) -> None:
    """Say what to type; the commands can be pasted as they are."""
    output.print_text(f"API         {url}/api/v1")
    output.print_text(f"OpenAPI     {url}/api/v1/openapi.json")
    output.print_text(f"Demo key    {folder / 'token'}")
    for name, decision in (("edited-copy.jpg", "block"), ("unrelated.jpg", "allow")):
        click.echo(f"\nAnswers {decision}:\n")
        token, file = shlex.quote(str(folder / "token")), shlex.quote(f"file=@{folder / name}")
        click.echo(f'    curl -s -H "Authorization: Bearer $(cat {token})" \\\n         -F {file} {url}/api/v1/checks')
    click.echo("")
