# SPDX-License-Identifier: Apache-2.0
"""``noli bank``: banks and what they do when something matches. Entries are in ``noli.cli.entries``."""

from dataclasses import replace
from pathlib import Path

import click

from noli.bank.model import (
    DEFAULT_THRESHOLD_BITS,
    DEFAULT_VIDEO_SECONDS,
    DEFAULT_VIDEO_SHARE,
    MAX_THRESHOLD_BITS,
    Action,
    Bank,
    BankPolicy,
    RegionUse,
)
from noli.bank.service import MAX_VIDEO_SECONDS
from noli.cli import output, store
from noli.cli.entries import COMMANDS
from noli.cli.installation import data_option, dry_run_option, json_option, opened

_ACTIONS = click.Choice([str(action) for action in Action])
_REGIONS = click.Choice([str(use) for use in RegionUse])
_THRESHOLD = click.IntRange(0, MAX_THRESHOLD_BITS)
_VIDEO_SECONDS = click.FloatRange(0, MAX_VIDEO_SECONDS)
_VIDEO_SHARE = click.FloatRange(0, 1, min_open=True)


@click.group
def bank() -> None:
    """Make banks, register pictures in them, take them out again.

    \b
    Example:
      noli bank create protected --action block --data data
      noli bank add protected holiday.jpg --data data
    """


for command in COMMANDS:
    bank.add_command(command)


@bank.command("list")
@json_option
@data_option
def list_banks(*, as_json: bool, data: Path | None) -> None:
    """List banks with their policies and counts of active entries.

    \b
    Example:
      noli bank list --data data
    """
    with opened(data) as app:
        found = store.all_banks(app.store)
    if as_json:
        for each in found:
            output.print_json(bank_json(each))
        return
    if not found:
        output.hint("No banks yet; 'noli bank create NAME --action block' makes one.")
        return
    output.print_table(("NAME", "ACTION", "THRESHOLD", "KIND", "STATE", "ENTRIES"), [_row(each) for each in found])


@bank.command
@click.argument("name")
@click.option("--action", type=_ACTIONS, required=True, help="What a match asks for.")
@click.option(
    "--threshold",
    type=_THRESHOLD,
    default=DEFAULT_THRESHOLD_BITS,
    show_default=True,
    metavar="BITS",
    help=f"Largest distance that matches, 0 to {MAX_THRESHOLD_BITS}.",
)
@click.option("--negative", is_flag=True, help="Entries clear content that other banks match (false-positive relief).")
@click.option(
    "--video-seconds",
    type=_VIDEO_SECONDS,
    default=DEFAULT_VIDEO_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How much of a banked video an upload must show for the action.",
)
@click.option(
    "--video-share",
    type=_VIDEO_SHARE,
    default=DEFAULT_VIDEO_SHARE,
    show_default=True,
    metavar="SHARE",
    help="Share of a banked video, up to 1, that is enough even where it is shorter.",
)
@click.option(
    "--regions",
    type=_REGIONS,
    default=str(RegionUse.REVIEW),
    show_default=True,
    help="What a match by regions alone may ask for; off keeps none.",
)
@click.option("--note", default="", help="Why the bank exists.")
@json_option
@data_option
def create(
    name: str, *, as_json: bool, data: Path | None, action: str, threshold: int, regions: str, **given: object
) -> None:
    """Make a bank.

    \b
    Example:
      noli bank create protected --action block --data data
    """
    # Click gave each option its field's name and type.
    policy = BankPolicy(Action(action), threshold, regions=RegionUse(regions), **given)  # type: ignore[arg-type]
    with opened(data, create=True) as app:
        made = store.create_bank(app, name, policy)
    _print(made, as_json=as_json, done="created")


@bank.command
@click.argument("name", metavar="BANK")
@json_option
@data_option
def show(name: str, *, as_json: bool, data: Path | None) -> None:
    """Show one bank.

    \b
    Example:
      noli bank show protected --data data
    """
    with opened(data) as app:
        found = store.get_bank(app, name)
    if as_json:
        output.print_json(bank_json(found))
        return
    for field, value in bank_json(found).items():
        output.print_text(f"{field + ':':<15}{str(value).lower() if isinstance(value, bool) else value}".rstrip())


@bank.command("set")
@click.argument("name", metavar="BANK")
@click.option("--action", type=_ACTIONS, help="What a match asks for.")
@click.option("--threshold", type=_THRESHOLD, metavar="BITS", help="Largest distance that matches.")
@click.option("--negative/--positive", default=None, help="Whether entries clear content instead of matching it.")
@click.option("--enable/--disable", "enabled", default=None, help="Whether the bank is searched at all.")
@click.option("--video-seconds", type=_VIDEO_SECONDS, metavar="SECONDS", help="How much of a banked video is enough.")
@click.option("--video-share", type=_VIDEO_SHARE, metavar="SHARE", help="Which share of a banked video is enough.")
@click.option("--regions", type=_REGIONS, help="What regions alone may ask for; off forgets them for good.")
@click.option("--note", help="Why the bank exists.")
@dry_run_option
@json_option
@data_option
def set_policy(
    name: str,
    *,
    dry_run: bool,
    as_json: bool,
    data: Path | None,
    action: str | None,
    regions: str | None,
    **given: object,
) -> None:
    """Change a bank's policy; what is not named stays.

    \b
    Example:
      noli bank set protected --action review --data data
    """
    if action is not None:
        given["action"] = Action(action)
    if regions is not None:
        given["regions"] = RegionUse(regions)
    if "threshold" in given:
        given["threshold_bits"] = given.pop("threshold")
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        msg = "Name what to change: --action, --threshold, --negative, --disable, --note …"
        raise click.UsageError(msg)
    with opened(data) as app:
        changed = store.change_policy(
            app,
            name,
            lambda policy: replace(policy, **changes),  # type: ignore[arg-type] # click gave each its field's type
            dry_run=dry_run,
        )
    _print(changed, as_json=as_json, done="would make" if dry_run else "changed")


def bank_json(each: Bank) -> dict[str, object]:
    """Write a bank as the HTTP API does."""
    policy = each.policy
    return {
        "name": each.name,
        "action": str(policy.action),
        "threshold": policy.threshold_bits,
        "negative": policy.negative,
        "enabled": policy.enabled,
        "note": policy.note,
        "video_seconds": policy.video_seconds,
        "video_share": policy.video_share,
        "regions": str(policy.regions),
        "entries": each.entries,
        "created_at": each.created_at.isoformat(),
    }


def _print(each: Bank, *, as_json: bool, done: str) -> None:
    if as_json:
        output.print_json(bank_json(each))
        return
    name, action, threshold, kind, state, _entries = _row(each)
    output.print_text(f"{done} bank {name}: {action}, threshold {threshold}, {kind}, {state}")


def _row(each: Bank) -> tuple[object, ...]:
    policy = each.policy
    kind, state = "negative" if policy.negative else "positive", "on" if policy.enabled else "off"
    return each.name, str(policy.action), policy.threshold_bits, kind, state, each.entries
