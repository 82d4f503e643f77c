# SPDX-License-Identifier: Apache-2.0
"""Write the pages of the reference that are made from the code: ``make reference``.

A page here is a function that returns Markdown. Tests compare the committed pages with what these functions return,
so that a setting or command cannot change without its page. Explanations are not generated; they stand beside.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.base import retention
from noli.base.config import Config
from noli.regimes import review
from noli.regimes.model import Regime
from noli.web import page_hashing

if TYPE_CHECKING:
    from noli.web.api.operation import Operation

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SETTINGS = ROOT / "src" / "noli" / "base" / "config.py"

_SPDX = "<!-- SPDX-License-Identifier: Apache-2.0 -->"
_MADE = "<!-- Made by `make reference`; change the code instead. -->"

# Characters; what a wide terminal shows, whatever the one at hand is like.
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of ``Config`` as its source says it."""

    name: str
    default: str
    text: str

    @property
    def secret(self) -> bool:
        """Whether it may come from a file named by ``NOLI_…_FILE``."""
        return "Secret:" in self.text


def settings() -> list[Setting]:
    """Read the settings with their comments.

    Raises:
        ValueError: A setting has no comment; the text names it.
    """
    lines = SETTINGS.read_text("utf-8").splitlines()
    return [Setting(field.name, _default(field.default), comment(field.name, lines)) for field in fields(Config)]


def comment(name: str, lines: list[str]) -> str:
    """Return the ``#:`` lines above a setting, joined.

    Raises:
        ValueError: There are none; the text names the setting.
    """
    row = next(number for number, line in enumerate(lines) if line.strip().startswith(f"{name}: "))
    above = takewhile(lambda line: line.startswith("#:"), (line.strip() for line in reversed(lines[:row])))
    comment = " ".join(reversed([line.removeprefix("#:").strip() for line in above]))
    if not comment:
        msg = f"The setting {name!r} has no '#:' comment."
        raise ValueError(msg)
    return comment


def _default(value: object) -> str:
    """Write a default as one would type it into the settings file."""
    return f'"{value}"' if isinstance(value, str | Path) else str(value)


def configuration() -> str:
    """Return the page on settings."""
    rows = "\n".join(
        f"| `{s.name}` | `NOLI_{s.name.upper()}`{' or `_FILE`' if s.secret else ''} | `{s.default}` | {s.text} |"
        for s in settings()
    )
    return f"""{_SPDX}
{_MADE}
# Configuration

Settings are read once, at start: from the TOML file `noli.toml` in the data folder (or the file that `NOLI_CONFIG`
names), then from environment variables, then from secret files, then from the command line; the later wins. An unknown
setting, a value out of range or a secret file that cannot be read stops the start.

| in the file | in the environment | default | means |
|---|---|---|---|
{rows}

`NOLI_DATABASE_URL_FILE` names a file that holds the secret, so that it stands in no environment. `NOLI_KERNEL`
(`portable`, `avx2`, `avx512`, `neon`) demands a path of the native kernel; where it cannot run, Noli does not start.

As a file:

    host = "127.0.0.1"
    port = 8000
    max_upload_bytes = 33554432
"""


def commands(command: click.Command, path: str = "noli") -> Iterator[tuple[str, str]]:
    """Walk a command and those below it.

    Yields:
        The command as it is typed, and its help as a terminal of fixed width shows it.
    """
    context = click.Context(command, info_name=path, terminal_width=_WIDTH, max_content_width=_WIDTH)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from commands(below, f"{path} {name}")


def command_line() -> str:
    """Return the page on the command line."""
    from noli.cli import main  # noqa: PLC0415 - the page on settings is made without the kernel

    pages = "\n".join(
        f"## {path}\n\n    {re.sub(r' *$', '', text.replace(chr(10), chr(10) + '    '), flags=re.MULTILINE)}\n"
        for path, text in commands(main)
    )
    return f"""{_SPDX}
{_MADE}
# Command line

Each command says the same with `--help`. `--json` prints data for programs, one object a line where there are several.
Exit status 0 means done, 1 failed, 2 that the command or a setting has to be corrected.

{pages}"""


def routes() -> str:
    """Return the page that lists the routes."""
    from noli.web.exchange.routes import PROTOCOLS  # noqa: PLC0415 - the page on settings is made without the kernel
    from noli.web.hma.routes import HMA  # noqa: PLC0415 - the page on settings is made without the kernel
    from noli.web.routes import API  # noqa: PLC0415

    return f"""{_SPDX}
{_MADE}
# Routes

What bodies and answers look like says `/api/v1/openapi.json` of a running server; [HTTP](http-api.md) explains.

{_table(API)}

## HMA's

[Differences from HMA](hma.md) are on a page of their own.

{_table(HMA)}

## Of partners' protocols

[Partners' protocols](partner-protocols.md) explains how they are spoken here.

{_table(PROTOCOLS)}
"""


def regimes() -> str:
    """Return the page that lists the law as data."""
    from noli.app import load_law  # noqa: PLC0415 - the page on settings is made without the kernel

    return f"""{_SPDX}
{_MADE}
# Regimes

The law as Noli knows it; [how it is written and read](../explanation/regimes.md). None of this is legal advice. A value
marked **unverified** was read second-hand or not at all: let a lawyer look before you rely on it. `noli regime check`
lists those, and runs the examples.

{"".join(_regime(each) for each in load_law().regimes.values())}"""


def _regime(regime: Regime) -> str:
    rows = "\n".join(_row(place) for place in review.places(regime))
    return f"""## {regime.id}

{regime.names["en"]} ({regime.jurisdiction.names["en"]}).

| what | value | since | where | |
|---|---|---|---|---|
{rows}

"""


def _row(place: review.Place) -> str:
    value, source = place.value, place.value.source
    what = review.said(value.what) + (f" <br>*{value.note}*" if value.note else "")
    since = str(value.in_force or f"awaits {value.awaits}") + (f" until {value.until}" if value.until else "")
    signed = f"signed off by {source.reviewed_by}, {source.reviewed_on}" if source.reviewed_by else ""
    mark = signed or ("" if source.verified else "**unverified**")
    where = f"[{source.title}]({source.url}), {source.provision}; {source.checked}"
    return f"| {place.name} | {what} | {since} | {where} | {mark} |"


def _table(operations: Iterable["Operation"]) -> str:
    rows = "\n".join(
        f"| `{route.method}` | `{route.path}` | {f'`{route.scope}`' if route.scope else '–'} | {route.summary} |"
        for route in operations
    )
    return f"| method | path | scope | |\n|---|---|---|---|\n{rows}"


def messages() -> str:
    """Return the page that lists what webhooks can be told."""
    from noli.app_messages import MESSAGES  # noqa: PLC0415 - the page on settings is made without the kernel

    rows = "\n".join(
        f"| `{name}` | {each.says} | {', '.join(f'`{field}`' for field in each.adds)} |"
        for name, each in MESSAGES.items()
    )
    return f"""{_SPDX}
{_MADE}
# Messages

The types that a [webhook](../how-to/receive-webhooks.md) may name; `case.*` stands for all that begin so, `*` for all.
Another one is refused. `data` holds what stands in the last column, besides the number of the event.

| type | what happened | `data` |
|---|---|---|
{rows}
"""


def kept() -> str:
    """Return the page that says how long what is kept."""
    swept = "\n".join(_swept(kind) for kind in retention.SWEPT)
    lasting = "\n".join(
        f"| `{kind.name}` | {kind.datum} | {kind.since} | {kind.ends} | {kind.why} |" for kind in retention.LASTING
    )
    bounds = "\n".join(
        f"| `{kind.setting}` | {each.period // kind.unit} | {word} | {each.why} | {each.source or '–'} |"
        for kind in retention.SWEPT
        for word, each in (("least", kind.least), ("most", kind.most))
        if each is not None
    )
    tables = "\n".join(f"| `{kind.name}` | {_listed(kind.tables)} |" for kind in retention.POLICY)
    return f"""{_SPDX}
{_MADE}
# Retention

How long each kind of datum is kept, from when, why so long and no longer, and what happens then. What has a clock goes
by itself, a portion every few minutes, wherever a server of the role `worker` or `all` runs. `noli retention show` says
what holds in your installation and what is due, `noli retention sweep` lets go of it at once, and `noli doctor` says
where a sweep is behind. The ledger stays whole whatever is erased.

## What a clock runs for

| kind | what | setting, default | from when | what happens then | why | stopped by a hold |
|---|---|---|---|---|---|---|
{swept}

## How short and how long

A value beyond these stops the start. These are floors and ceilings that Noli sets; whether your law asks for another
period is a question for your lawyer. A longer one lets what is there live on, a shorter one lets it go within minutes.

| setting | value | | why | where it stands |
|---|---|---|---|---|
{bounds}

## What has none

| kind | what | until | what happens then | why |
|---|---|---|---|---|
{lasting}

## Where it stands

Every table of the database belongs to one kind; a test refuses one that does not.

| kind | tables |
|---|---|
{tables}
"""


def _swept(kind: retention.Kind) -> str:
    setting = (
        f"`{kind.setting}`, {kind.default}"
        if kind.setting
        else f"none; {(kind.period or retention.DAY) // retention.HOUR} hours"
    )
    end, held = f"**{kind.ending}**. {kind.ends}", "yes" if kind.held else "no"
    return f"| `{kind.name}` | {kind.datum} | {setting} | {kind.since} | {end} | {kind.why} | {held} |"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none: it is not in the database"


PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": command_line,
    "configuration.md": configuration,
    "messages.md": messages,
    "regimes.md": regimes,
    "retention.md": kept,
    "routes.md": routes,
}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), "utf-8")
        print(f"docs/reference/{name}")
    crops = page_hashing.FOLDER / "crops.js"
    crops.write_text(page_hashing.crops_module(), "utf-8")
    print(crops.relative_to(ROOT))


if __name__ == "__main__":
    main()
