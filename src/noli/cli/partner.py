# SPDX-License-Identifier: Apache-2.0
"""``noli partner``: organisations that hashes are exchanged with."""

from dataclasses import replace
from pathlib import Path
from typing import TextIO

import click

from noli.access.model import Scope
from noli.bank.model import Action
from noli.cli import output
from noli.cli.installation import data_option, json_option, opened
from noli.cli.partner_flow import COMMANDS
from noli.cli.partner_options import (
    Names,
    changed_source,
    existing,
    feed_key_option,
    imports,
    read_secret,
    scopes,
    secret_option,
    url_option,
    user_option,
)
from noli.exchange.model import (
    DEFAULT_DOUBTS_PER_HOUR,
    DEFAULT_PER_HOUR,
    NewPartner,
    Partner,
    PartnerKeys,
    PartnerState,
    Protocol,
)
from noli.exchange.partners import ALLOWED

_PROTOCOLS = click.Choice([str(each) for each in Protocol])
_MORE = ", ".join(sorted(ALLOWED - {Scope.EXCHANGE}))
_ACTIONS = click.Choice([str(action) for action in Action])


@click.group
def partner() -> None:
    """Exchange hashes, opinions and withdrawals with other organisations.

    \b
    Example:
      noli partner add platform --shares protected --data data
    """


for command in COMMANDS:
    partner.add_command(command)


@partner.command
@click.argument("name")
@click.option("--shares", type=Names(), default="", metavar="BANK[,BANK]", help="Banks that the partner may see.")
@click.option(
    "--takes",
    type=Names(),
    default="",
    metavar="[THEIRS=]BANK[,…]",
    help="Banks of ours that take what the partner sends; THEIRS is its name of one of its banks.",
)
@click.option(
    "--at-most",
    type=_ACTIONS,
    default=str(Action.REVIEW),
    show_default=True,
    help="The strongest action that what it sends may ask for until somebody here has confirmed it.",
)
@click.option("--protocol", type=_PROTOCOLS, default=str(Protocol.ANY), show_default=True, help="What it speaks.")
@click.option(
    "--honours-withdrawal/--keeps-withdrawn",
    "honours",
    default=None,
    help="Whether withdrawals take effect there. [default: as its protocol's usual software does]",
)
@click.option(
    "--per-hour",
    type=click.IntRange(0),
    default=DEFAULT_PER_HOUR,
    show_default=True,
    metavar="N",
    help="Entries that it may bring an hour; more are held until you have looked.",
)
@click.option(
    "--doubts-per-hour",
    type=click.IntRange(0),
    default=DEFAULT_DOUBTS_PER_HOUR,
    show_default=True,
    metavar="N",
    help="Entries that it may call wrong or disputed an hour; more opinions are held until you have looked.",
)
@click.option(
    "--scopes", "more", type=Names(), default="", metavar="SCOPE[,SCOPE]", help=f"What its key may do besides: {_MORE}."
)
@url_option
@feed_key_option
@user_option
@secret_option
@json_option
@data_option
def add(  # noqa: PLR0913 - one option each
    name: str,
    *,
    shares: tuple[str, ...],
    takes: tuple[str, ...],
    at_most: str,
    protocol: str,
    honours: bool | None,
    per_hour: int,
    doubts_per_hour: int,
    more: tuple[str, ...],
    url: str | None,
    feed_key: str | None,
    user: str | None,
    secret_file: TextIO | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Add a partner and print its key, alone, on standard output.

    With --protocol stopncii the second line is the subscription key; a client of that protocol shows both. Keys
    cannot be shown again. A client of HMA's gets on without --scopes: with --protocol hma the key may check.

    \b
    Example:
      noli partner add platform --shares protected --protocol stopncii --data data
    """
    new = NewPartner(
        name=name,
        protocol=Protocol(protocol),
        honours_withdrawal=honours,
        per_hour=per_hour,
        doubts_per_hour=doubts_per_hour,
        shares=shares,
        imports=imports(takes, Action(at_most)),
        source=changed_source(None, url=existing(url), feed_key=feed_key, user=user),
        secret=read_secret(secret_file) or "",
    )
    with opened(data, create=True) as app:
        made, keys = app.partners.add(new, scopes=scopes(more))
    _print_keys(made, keys, as_json=as_json)


@partner.command("list")
@json_option
@data_option
def list_partners(*, as_json: bool, data: Path | None) -> None:
    """List partners with what is agreed.

    \b
    Example:
      noli partner list --data data
    """
    with opened(data) as app:
        found = app.partners.all()
    if as_json:
        for each in found:
            output.print_json(partner_json(each))
        return
    output.print_table(("NAME", "PROTOCOL", "STATE", "SHARES", "TAKES", "WITHDRAWALS"), [_row(each) for each in found])


@partner.command
@click.argument("name")
@json_option
@data_option
def show(name: str, *, as_json: bool, data: Path | None) -> None:
    """Show what is agreed with a partner.

    \b
    Example:
      noli partner show platform --data data
    """
    with opened(data) as app:
        found = partner_json(app.partners.get(name))
    if as_json:
        output.print_json(found)
        return
    for field, value in found.items():
        output.print_text(f"{field + ':':<20}{_text(value)}".rstrip())


@partner.command("set")
@click.argument("name")
@click.option("--shares", type=Names(), metavar="BANK[,BANK]", help="Banks that the partner may see, all of them.")
@click.option("--takes", type=Names(), metavar="[THEIRS=]BANK[,…]", help="Banks of ours that take what it sends.")
@click.option("--at-most", type=_ACTIONS, help="The strongest action that what it sends may ask for until confirmed.")
@click.option("--protocol", type=_PROTOCOLS, help="What it speaks.")
@click.option("--honours-withdrawal/--keeps-withdrawn", "honours", default=None, help="Whether withdrawals work there.")
@click.option("--per-hour", type=click.IntRange(0), metavar="N", help="Entries that it may bring an hour.")
@click.option("--doubts-per-hour", type=click.IntRange(0), metavar="N", help="Entries that it may doubt an hour.")
@click.option("--suspend/--resume", "suspended", default=None, help="Stop everything with this partner, or go on.")
@url_option
@feed_key_option
@user_option
@secret_option
@json_option
@data_option
def set_partner(  # noqa: PLR0913 - one option each
    name: str,
    *,
    shares: tuple[str, ...] | None,
    takes: tuple[str, ...] | None,
    at_most: str | None,
    protocol: str | None,
    honours: bool | None,
    per_hour: int | None,
    doubts_per_hour: int | None,
    suspended: bool | None,
    url: str | None,
    feed_key: str | None,
    user: str | None,
    secret_file: TextIO | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Change what is agreed with a partner; what is not named stays.

    A bank that is no longer shared is withdrawn there, as far as the partner honours that.

    \b
    Example:
      noli partner set platform --suspend --data data
    """
    with opened(data) as app:
        now = app.partners.get(name)
        action = Action(at_most) if at_most else None
        if takes is not None:
            now = replace(now, imports=imports(takes, action or Action.REVIEW))
        elif action is not None:
            now = replace(now, imports=tuple(replace(each, at_most=action) for each in now.imports))
        now = replace(now, source=changed_source(now.source, url=existing(url), feed_key=feed_key, user=user))
        state = PartnerState.SUSPENDED if suspended else PartnerState.ACTIVE
        given = {
            "shares": shares,
            "protocol": None if protocol is None else Protocol(protocol),
            "honours_withdrawal": honours,
            "per_hour": per_hour,
            "doubts_per_hour": doubts_per_hour,
            "state": None if suspended is None else state,
        }
        changes = {field: value for field, value in given.items() if value is not None}
        changed = app.partners.change(
            replace(now, **changes),  # type: ignore[arg-type] # each has its field's type
            secret=read_secret(secret_file),
        )
    if as_json:
        output.print_json(partner_json(changed))
        return
    output.print_text(f"changed partner {name}: {', '.join(_row(changed)[1:])}")


@partner.command("key")
@click.argument("name")
@click.option("--keep-old", is_flag=True, help="Let its other keys go on working; revoke them with 'noli key revoke'.")
@click.option(
    "--scopes",
    "more",
    type=Names(),
    metavar="SCOPE[,SCOPE]",
    help=f"What the key may do besides: {_MORE}. [default: as its newest key]",
)
@json_option
@data_option
def new_key(name: str, *, keep_old: bool, more: tuple[str, ...] | None, as_json: bool, data: Path | None) -> None:
    """Issue a new key to a partner and print it as 'noli partner add' does.

    \b
    Example:
      noli partner key platform --data data
    """
    with opened(data) as app:
        found = app.partners.get(name)
        keys = app.partners.new_key(name, scopes=None if more is None else scopes(more), keep_old=keep_old)
    _print_keys(found, keys, as_json=as_json)


def partner_json(each: Partner) -> dict[str, object]:
    """Write a partner as the HTTP API does."""
    return {
        "name": each.name,
        "protocol": str(each.protocol),
        "state": str(each.state),
        "honours_withdrawal": each.honours_withdrawal,
        "per_hour": each.per_hour,
        "doubts_per_hour": each.doubts_per_hour,
        "shares": list(each.shares),
        "takes": [{"theirs": one.remote, "bank": one.bank, "at_most": str(one.at_most)} for one in each.imports],
        "source": None if each.source is None else each.source.url,
        "created_at": each.created_at.isoformat(),
    }


def _print_keys(made: Partner, keys: PartnerKeys, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"partner": made.name, "key": keys.token, "subscription_key": keys.subscription})
        return
    output.hint("Keys are shown once; keep them safe. They go into 'Authorization: Bearer …', or where the partner's")
    output.hint("software asks for them. StopNCII clients show the key as x-functions-key and, as")
    output.hint(f"Ocp-Apim-Subscription-Key, {keys.subscription}")
    click.echo(keys.token)
    if made.protocol is Protocol.STOPNCII:
        click.echo(keys.subscription)


def _row(each: Partner) -> tuple[str, ...]:
    takes = ",".join(f"{one.remote}={one.bank}" if one.remote else one.bank for one in each.imports)
    honoured = "honoured" if each.honours_withdrawal else "not honoured"
    return each.name, str(each.protocol), str(each.state), ",".join(each.shares) or "-", takes or "-", honoured


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None | []:
            return "-"
        case list():
            return ", ".join(map(_text, value))
        case dict():
            return f"{value['theirs'] or 'all'} into {value['bank']}, at most {value['at_most']}"
        case _:
            return str(value)
