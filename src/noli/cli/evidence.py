# SPDX-License-Identifier: Apache-2.0
"""``noli evidence``: make, list, hand out and check the evidence packages of cases."""

from pathlib import Path

import click

from noli.casework.model import CaseId, EvidencePackage
from noli.cli import output, private
from noli.cli.installation import COMMAND_LINE, data_option, json_option, opened
from noli.cli.ledger import public_key

# Digits of a digest that lists show.
_SHORT = 16

_case_argument = click.argument("case_id", metavar="CASE")
_package_argument = click.argument("package")
_out_option = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; there must be none of this name."
)


@click.group
def evidence() -> None:
    """Make and check evidence packages: what is known of a case, for police, court or a lawyer, without any picture.

    \b
    Example:
      noli evidence capture 9VMM7DMAWY95VKD9 --out evidence.zip --data data
    """


@evidence.command
@_case_argument
@_out_option
@click.option("--with-hashes", is_flag=True, help="Put the hashes of pictures in; parts of one could be guessed.")
@click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "de"]),
    default="en",
    show_default=True,
    help="Its language.",
)
@json_option
@data_option
def capture(
    *, case_id: str, out: Path | None, with_hashes: bool, language: str, as_json: bool, data: Path | None
) -> None:
    """Make a package of a case, keep it, and put on record that it was made.

    It holds where copies were reported, who is responsible and who said so, each request as it was sent, each answer,
    the terms and whether they were kept, and proofs that the ledger has all of it. A case that was erased has none.

    \b
    Example:
      noli evidence capture 9VMM7DMAWY95VKD9 --lang de --out evidence.zip --data data
    """
    _absent(out)
    with opened(data) as app:
        made, content = app.evidence.capture(
            CaseId(case_id), language=language, with_hashes=with_hashes, actor=COMMAND_LINE
        )
    if out is not None:
        private.write_bytes(out, content)
    _print(made, as_json=as_json)


@evidence.command("list")
@_case_argument
@json_option
@data_option
def list_packages(*, case_id: str, as_json: bool, data: Path | None) -> None:
    """List what was made of a case, oldest first.

    \b
    Example:
      noli evidence list 9VMM7DMAWY95VKD9 --data data
    """
    with opened(data) as app:
        found = app.evidence.packages(CaseId(case_id))
    for each in found:
        _print(each, as_json=as_json)
    if not found and not as_json:
        output.hint("There is nothing here.")


@evidence.command
@_case_argument
@_package_argument
@json_option
@data_option
def show(*, case_id: str, package: str, as_json: bool, data: Path | None) -> None:
    """Show what is in a package that is kept, checked as 'verify' does; the ledger says that you looked.

    PACKAGE is its SHA-256, or the first 8 digits of it.

    \b
    Example:
      noli evidence show 9VMM7DMAWY95VKD9 5d2fa01b --data data
    """
    from noli.app_custody import check_package  # noqa: PLC0415 - brings the database along

    with opened(data) as app:
        made, content = app.evidence.fetch(CaseId(case_id), package, actor=COMMAND_LINE)
    manifest = check_package(content).manifest
    if as_json:
        output.print_json({**_as_json(made), "members": manifest["members"]})
        return
    _print(made, as_json=False)
    for each in manifest["members"]:
        output.print_text(f"{each['size']:>10}  {each['name']}")


@evidence.command
@_case_argument
@_package_argument
@_out_option
@data_option
def fetch(*, case_id: str, package: str, out: Path | None, data: Path | None) -> None:
    """Write a package that is kept to a file; the ledger says that you took it.

    \b
    Example:
      noli evidence fetch 9VMM7DMAWY95VKD9 5d2fa01b --out evidence.zip --data data
    """
    _absent(out)
    with opened(data) as app:
        made, content = app.evidence.fetch(CaseId(case_id), package, actor=COMMAND_LINE)
    target = out or Path(f"evidence-{made.digest[:_SHORT]}.zip")
    _absent(target)
    private.write_bytes(target, content)
    output.print_text(f"{made.digest}  {output.shown(target)}")


@evidence.command
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="The organisation's public key, as 'noli ledger key' prints it there.",
)
@json_option
@click.pass_context
def verify(ctx: click.Context, *, file: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Check a package on any machine, without an installation or a network; say in words what is right or wrong.

    Exit status 0 means that nothing is wrong, 1 that something is. Without --key it shows that nothing was changed
    since the package was made, and not who made it: ask the organisation for its key on another way.

    \b
    Example:
      noli evidence verify evidence.zip --key noli-ledger+1f2e3d4c+AZ…
    """
    from noli.app_custody import check_package  # noqa: PLC0415 - brings the database's drivers along

    found = check_package(file.read_bytes(), [public_key(text) for text in keys])
    if as_json:
        output.print_json(
            {
                "well": found.well,
                "findings": [{"ok": each.well, "text": each.text} for each in found.findings],
                "manifest": dict(found.manifest),
            }
        )
    else:
        for each in found.findings:
            output.print_text(f"{'ok   ' if each.well else 'WRONG'}  {each.text}")
    ctx.exit(0 if found.well else 1)


def _absent(path: Path | None) -> None:
    if path is not None and path.exists():
        msg = f"{output.shown(path)} is there already; nothing is overwritten."
        raise click.BadParameter(msg, param_hint="--out")


def _print(made: EvidencePackage, *, as_json: bool) -> None:
    if as_json:
        output.print_json(_as_json(made))
        return
    hashes = "  with hashes" if made.with_hashes else ""
    output.print_text(f"{made.digest}  {made.made_at:%Y-%m-%d %H:%M}  {made.language}  {made.size} bytes{hashes}")


def _as_json(made: EvidencePackage) -> dict[str, object]:
    return {
        "package": made.digest,
        "size": made.size,
        "language": made.language,
        "with_hashes": made.with_hashes,
        "made_at": made.made_at.isoformat(),
        "made_by": made.made_by,
    }
