# SPDX-License-Identifier: Apache-2.0
"""``noli ledger``: show that the record of what happened was not changed."""

from pathlib import Path
from typing import NoReturn

import click

from noli.base.errors import InputError, NoliError
from noli.cli import output
from noli.cli.installation import data_option, json_option, opened, settings
from noli.evidence.model import LedgerRoot, SignedRoot
from noli.evidence.notes import parse_key, parse_notes, verifier_key, write_note
from noli.evidence.rules import parse_root


@click.group
def ledger() -> None:
    """Verify the append-only ledger, sign its root, prove its entries.

    \b
    Example:
      noli ledger verify --data data
    """


@ledger.command
@click.option(
    "--root", "--noted", "noted", multiple=True, metavar="SIZE:ROOT", help="A root that was noted elsewhere earlier."
)
@click.option(
    "--roots",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of signed roots that was kept elsewhere. [default: ledger-roots.txt in the data folder]",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="A key that roots are signed with, as 'noli ledger key' prints it.",
)
@json_option
@data_option
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    noted: tuple[str, ...],
    file: Path | None,
    keys: tuple[str, ...],
    as_json: bool,
    data: Path | None,
) -> None:
    """Recompute every hash; print the root, or say what is wrong. Changes nothing: use it on a copy.

    Exit status 0 means that the ledger is whole, 1 that it is not. Entries are compared with each other, with the
    events that they tell of, with the signed roots in the database, and with those noted in the file. The events' texts
    can be compared only where the key file is at hand. Who can write the whole folder can write all of these anew: that
    shows against a root that was kept elsewhere, which --root or --roots brings.

    \b
    Example:
      noli ledger verify --data data
      noli ledger verify --root 120:5d2f… --data data
    """
    from noli.app import whole_ledger  # noqa: PLC0415 - brings the database along

    roots, public = [_root(text) for text in noted], [public_key(text) for text in keys]
    try:
        with whole_ledger(settings({"data": data}), keys=public) as (service, own, missing):
            notes = own if file is None else parse_notes(file.read_text("utf-8", "replace"))
            found = service.verify(noted=roots, notes=notes)
    except InputError:
        raise
    except NoliError as error:
        _cannot(ctx, error, as_json=as_json)
    for text in missing:
        output.hint(text)
    if as_json:
        flaws = [{"sequence": flaw.sequence, "text": flaw.text} for flaw in found.flaws]
        output.print_json({"whole": found.whole, "root": str(found.root), "flaws": flaws})
    elif found.whole:
        output.print_text(str(found.root))
    else:
        for flaw in found.flaws:
            output.print_text(f"WRONG  {flaw.text}")
    ctx.exit(0 if found.whole else 1)


@ledger.command
@data_option
def sign(*, data: Path | None) -> None:
    """Sign the root of what is in the ledger now, and print it; servers do it every hour.

    \b
    Example:
      noli ledger sign --data data
    """
    with opened(data) as app:
        signed = app.roots.sign()
    if signed is None:
        output.hint("The ledger is empty: there is nothing to sign.")
    else:
        click.echo(write_note(signed), nl=False)


@ledger.command
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Most to list.")
@click.option("--notes", is_flag=True, help="Print signed notes, to be kept elsewhere.")
@json_option
@data_option
def roots(*, limit: int, notes: bool, as_json: bool, data: Path | None) -> None:
    """List signed roots, largest first.

    \b
    Example:
      noli ledger roots --notes --data data
    """
    with opened(data) as app:
        found = app.roots.roots(limit=limit)
    for each in found if as_json or notes else ():
        if as_json:
            output.print_json(_as_json(each))
        else:
            click.echo(write_note(each))
    if not as_json and not notes:
        rows = [(each.root, f"{each.at:%Y-%m-%d %H:%M}", each.key) for each in found]
        output.print_table(("ROOT", "SIGNED", "KEY"), rows)


@ledger.command
@data_option
def key(*, data: Path | None) -> None:
    """Print the public keys that ever signed, the one that signs now last; give them to whoever checks.

    \b
    Example:
      noli ledger key --data data
    """
    with opened(data) as app:
        for public in app.roots.public_keys():
            click.echo(verifier_key(public))


@ledger.command("rotate-key")
@data_option
def rotate_key(*, data: Path | None) -> None:
    """Let a new key sign from now on; print it. What the older keys signed stays good.

    \b
    Example:
      noli ledger rotate-key --data data
    """
    with opened(data) as app:
        app.roots.sign()
        public = app.rotate_signing_key()
    click.echo(verifier_key(public))


@ledger.command
@click.argument("sequence", type=click.IntRange(1))
@click.option("--size", type=click.IntRange(1), help="Against the signed root of this size. [default: the last one]")
@data_option
def prove(sequence: int, *, size: int | None, data: Path | None) -> None:
    """Prove that an entry is in the ledger of a signed root; prints JSON that anybody can check (RFC 6962).

    \b
    Example:
      noli ledger prove 17 --data data
    """
    with opened(data) as app:
        proof = app.roots.prove(sequence, size=size)
    entry, fact = proof.entry, proof.entry.fact
    output.print_json(
        {
            "sequence": entry.sequence,
            "at": entry.at.isoformat(),
            "kind": fact.kind,
            "subject": fact.subject,
            "actor": fact.actor,
            "commitment": fact.commitment.hex(),
            "leaf": entry.leaf.hex(),
            "signed": _as_json(proof.signed),
            "hashes": [each.hex() for each in proof.hashes],
        }
    )


@ledger.command
@click.argument("first", type=click.IntRange(1))
@click.argument("second", type=click.IntRange(1), required=False)
@data_option
def consistency(first: int, second: int | None, *, data: Path | None) -> None:
    """Prove that the signed root of one size goes on from that of a smaller one; prints JSON (RFC 6962).

    \b
    Example:
      noli ledger consistency 120 240 --data data
    """
    with opened(data) as app:
        proof = app.roots.compare(first, second)
    hashes = [each.hex() for each in proof.hashes]
    output.print_json({"first": _as_json(proof.first), "second": _as_json(proof.second), "hashes": hashes})


def _as_json(signed: SignedRoot) -> dict[str, object]:
    return {
        "root": str(signed.root),
        "at": signed.at.isoformat(),
        "key": signed.key,
        "note": write_note(signed),
    }


def _root(text: str) -> LedgerRoot:
    root = parse_root(text)
    if root is None:
        msg = "A noted root is written SIZE:ROOT, as this command prints it."
        raise InputError(msg)
    return root


def public_key(text: str) -> bytes:
    """Read a public key as it is given on the command line. Raises InputError."""
    public = parse_key(text)
    if public is None:
        msg = "A key is written noli-ledger+ID+BASE64, as 'noli ledger key' prints it."
        raise InputError(msg)
    return public


def _cannot(ctx: click.Context, error: NoliError, *, as_json: bool) -> NoReturn:
    """Say that the database itself is damaged: a ledger that cannot be read is not whole."""
    if as_json:
        output.print_json({"whole": False, "root": "", "flaws": [{"sequence": 0, "text": error.public}]})
    else:
        output.print_text(f"WRONG  {error.public}")
    ctx.exit(1)
