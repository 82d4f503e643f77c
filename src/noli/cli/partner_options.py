# SPDX-License-Identifier: Apache-2.0
"""What ``noli partner add`` and ``noli partner set`` have in common: names, and where to fetch."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from noli.access.model import Scope
from noli.bank.model import Action
from noli.base.errors import InputError
from noli.exchange.model import Import, Source

F = TypeVar("F", bound=Callable[..., Any])

Option = Callable[[F], F]


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split."""
        del param, ctx
        return tuple(dict.fromkeys(part.strip() for part in str(value).split(",") if part.strip()))


url_option: Option[Any] = click.option(
    "--url", metavar="URL|FILE", help="Where to fetch: its base address, or a list's path."
)
feed_key_option: Option[Any] = click.option("--feed-key", metavar="KEY", help="For Noli: the key that signs its feed.")
user_option: Option[Any] = click.option(
    "--user", metavar="NAME", help="NCMEC's user name, or ThreatExchange's privacy group."
)
secret_option: Option[Any] = click.option(
    "--secret-file",
    type=click.File(),
    metavar="FILE",
    help="File with the key that we show there ('-' for standard input); StopNCII's two with a comma between them.",
)


def changed_source(before: Source | None, *, url: str | None, feed_key: str | None, user: str | None) -> Source | None:
    """Return where to fetch, with what was named on the command line; an empty URL ends fetching."""
    if url == "":
        return None
    given = {"url": url, "public_key": feed_key, "user": user}
    named = {field: value for field, value in given.items() if value is not None}
    if before is None and url is None:
        if named:
            msg = "Say with --url where to fetch; a key or name alone leads nowhere."
            raise InputError(msg)
        return None
    return replace(before or Source(""), **named)


def read_secret(file: Any) -> str | None:  # noqa: ANN401 - click's own type
    """Read a secret, without the end of its line; None where no file was named."""
    return None if file is None else str(file.read()).strip()


def imports(takes: tuple[str, ...], at_most: Action) -> tuple[Import, ...]:
    """Read what is taken: our bank, or the partner's name of one of its banks, an equals sign, and ours."""
    found = []
    for each in takes:
        remote, equals, bank = each.rpartition("=")
        if not bank or (equals and not remote):
            msg = f"{each!r} names no bank; write BANK, or THEIRS=BANK."
            raise InputError(msg)
        found.append(Import(remote, bank, at_most))
    return tuple(found)


def scopes(names: tuple[str, ...]) -> frozenset[Scope]:
    """Read scopes."""
    unknown = [name for name in names if name not in set(Scope)]
    if unknown:
        msg = f"{', '.join(unknown)} given; scopes are {', '.join(Scope)}."
        raise InputError(msg)
    return frozenset(Scope(name) for name in names)


def existing(path: str | None) -> str | None:
    """Make a path of our own machine absolute, so that it means the same wherever a server is started."""
    return path if path is None or path == "" or "://" in path else str(Path(path).absolute())
