# SPDX-License-Identifier: Apache-2.0
"""``noli regime``: what the law asks for, as it is written in the data, and whether anybody verified it."""

from collections.abc import Mapping
from datetime import date, datetime

import click

from noli.base.clock import SystemClock
from noli.base.errors import NotInForce
from noli.cli import output
from noli.cli.installation import json_option
from noli.regimes import review, rules
from noli.regimes.examples import Example, differences
from noli.regimes.model import Law, Regime, RegimeId, Source, Value

_UNVERIFIED = "unverified"

_on_option = click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="A day; today where none is given."
)


@click.group
def regime() -> None:
    """Show and check the law as data. Nothing here is legal advice.

    \b
    Example:
      noli regime list
    """


@regime.command("list")
@_on_option
@json_option
def list_regimes(*, on: datetime | None, as_json: bool) -> None:
    """List the regimes: since when each is in force, and how many of its values nobody verified.

    \b
    Example:
      noli regime list
      noli regime list --on 2026-05-19 --json
    """
    day = _day(on)
    found = [_summary(each, day) for each in load_law().regimes.values()]
    if as_json:
        for row in found:
            output.print_json(row)
        return
    names = ("id", "place", "in force", "values", _UNVERIFIED, "name")
    output.print_table(names, ([_cell(row[name.replace(" ", "_")]) for name in names] for row in found))


@regime.command
@click.argument("regime_id", metavar="ID")
@_on_option
@json_option
def show(*, regime_id: str, on: datetime | None, as_json: bool) -> None:
    """Show every value of a regime with its provision; with --on, those that hold on a day.

    \b
    Example:
      noli regime show us-take-it-down
      noli regime show in-it-rules --on 2025-06-01
    """
    chosen = rules.regime(load_law(), regime_id)
    places = [each for each in review.places(chosen) if on is None or each.current(on.date())]
    not_in_force = _not_in_force(chosen, on)
    if as_json:
        if not_in_force:
            output.print_json({"regime": chosen.id, "in_force": False, "says": not_in_force})
        for place in places:
            output.print_json({"place": place.name, **_value(place.value)})
        return
    output.print_text(f"{chosen.names['en']} ({chosen.jurisdiction.names['en']})")
    if not_in_force:
        output.print_text(not_in_force)
    for place in places:
        output.print_text("")
        mark = "" if place.value.source.verified else f"  [{_UNVERIFIED}]"
        output.print_text(f"{place.name}: {review.said(place.value.what)}{mark}")
        output.print_text(f"  {_since(place.value)}; {_cited(place.value.source)}")
        if place.value.note:
            output.print_text(f"  {place.value.note}")


@regime.command
@_on_option
@json_option
@click.pass_context
def check(ctx: click.Context, *, on: datetime | None, as_json: bool) -> None:
    """Read all regimes, run their examples, and list what nobody verified or looked at for half a year.

    Exit status 1 means that an example does not lead to what it says, 2 that a file cannot be used. Values that are
    unverified or stale are listed and do not fail.

    \b
    Example:
      noli regime check
    """
    law, examples, day = load_law(), load_examples(), _day(on)
    failed = [
        {"regime": id_, "example": example.name, "differs": differs}
        for id_, those in examples.items()
        for example in those
        for differs in differences(law, law.regimes[id_], example)
    ]
    unverified = [_place(each, place) for each in law.regimes.values() for place in review.unverified(each)]
    stale = [_place(each, place) for each in law.regimes.values() for place in review.stale(each, day)]
    count = sum(map(len, examples.values()))
    if as_json:
        output.print_json({"examples": count, "failed": failed, _UNVERIFIED: unverified, "stale": stale})
    else:
        for one in failed:
            output.print_text(f"WRONG  {one['regime']}: {one['example']} {one['differs']}")
        for word, those in ((_UNVERIFIED, unverified), ("stale", stale)):
            for place in those:
                output.print_text(f"{word}  {place['regime']}: {place['place']}; {place['source']}")
        output.print_text(
            f"{count} examples, {len(failed)} wrong. {len(unverified)} values are {_UNVERIFIED}, {len(stale)} stale."
        )
    ctx.exit(1 if failed else 0)


def load_law() -> Law:
    """Load all regimes."""
    from noli.app import load_law  # noqa: PLC0415 - heavy, and help needs none of it

    return load_law()


def load_examples() -> Mapping[RegimeId, tuple[Example, ...]]:
    """Load the examples of all regimes."""
    from noli.app import load_examples  # noqa: PLC0415 - as above

    return load_examples()


def _not_in_force(regime: Regime, on: datetime | None) -> str:
    try:
        rules.must_hold(regime, _day(on))
    except NotInForce as error:
        return error.public
    return ""


def _day(on: datetime | None) -> date:
    return (on or SystemClock().now()).date()


def _summary(regime: Regime, day: date) -> dict[str, object]:
    holds = regime.in_force.on(day)
    return {
        "id": regime.id,
        "name": regime.names["en"],
        "place": regime.jurisdiction.code,
        "in_force": str(holds.in_force) if holds else None,
        "values": len(list(review.places(regime))),
        _UNVERIFIED: len(review.unverified(regime)),
    }


def _cell(value: object) -> object:
    return "not yet" if value is None else value


def _place(regime: Regime, place: review.Place) -> dict[str, str]:
    return {"regime": regime.id, "place": place.name, "source": str(place.value.source)}


def _value(value: Value[object]) -> dict[str, object]:
    source = value.source
    return {
        "value": review.said(value.what),
        "in_force": str(value.in_force) if value.in_force else None,
        "awaits": value.awaits or None,
        "until": str(value.until) if value.until else None,
        "verified": source.verified,
        "basis": source.basis,
        "title": source.title,
        "provision": source.provision,
        "url": source.url,
        "checked": str(source.checked),
        "by": source.by,
        "reviewed_by": source.reviewed_by or None,
        "reviewed_on": str(source.reviewed_on) if source.reviewed_on else None,
        "note": value.note or None,
    }


def _since(value: Value[object]) -> str:
    until = f" until {value.until}" if value.until else ""
    return f"since {value.in_force}{until}" if value.in_force else f"not in force: awaits {value.awaits}"


def _cited(source: Source) -> str:
    signed = f", signed off by {source.reviewed_by} on {source.reviewed_on}" if source.reviewed_by else ""
    return f"{source}; looked at on {source.checked} by {source.by}{signed}"
