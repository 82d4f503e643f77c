# SPDX-License-Identifier: Apache-2.0
"""``noli retention``: how long what is kept, why, and what is due to go."""

from datetime import timedelta
from pathlib import Path

import click

from noli.base.retention import DAY, Bound
from noli.cli import output
from noli.cli.installation import data_option, json_option, opened, settings
from noli.retention.model import Standing
from noli.retention.ports import COUNTED


@click.group
def retention() -> None:
    """Show how long what is kept here, and let go of what is due.

    \b
    Example:
      noli retention show --data data
    """


@retention.command
@json_option
@data_option
def show(*, as_json: bool, data: Path | None) -> None:
    """Show every kind of datum: how long it is kept here, by which setting, why, and what is due to go.

    What is due goes by itself, a portion every few minutes, wherever a server of the role "worker" or "all" runs.

    \b
    Example:
      noli retention show --data data
    """
    config = settings({"data": data})
    # A command that shows something makes no key file.
    from noli.app import looked_at, refuse_missing  # noqa: PLC0415 - brings the database along
    from noli.app_cases import kept_standing  # noqa: PLC0415 - likewise
    from noli.base.clock import SystemClock  # noqa: PLC0415 - likewise

    refuse_missing(config)
    with looked_at(config) as database:
        found = kept_standing(config, database, SystemClock().now())
    if as_json:
        for each in found:
            output.print_json(_as_json(each))
        return
    for each in found:
        kind = each.kind
        how_long = "-" if each.period is None else said(each.period)
        output.print_text(f"{kind.name:<11}  {how_long:>9}  {kind.datum}")
        lines = [
            f"{'from when' if each.period is not None else 'until'}: {kind.since}",
            f"then: {kind.ends}",
            f"why: {kind.why}",
        ]
        if kind.setting:
            low, high = kind.bounds
            lines.append(f"setting: {kind.setting}, {low} to {high}")
        if each.due.count:
            lines.append(f"due: {_count(each)}{', and the sweep is behind' if each.behind else ''}")
        for line in lines:
            output.print_text(f"{'':24}{line}")


@retention.command
@json_option
@data_option
def sweep(*, as_json: bool, data: Path | None) -> None:
    """Let go of everything that is due now, and say of how much.

    Servers do it by themselves; this is for an installation that runs none, or that fell behind. What is gone does not
    come back.

    \b
    Example:
      noli retention sweep --data data
    """
    total: dict[str, int] = {}
    with opened(data) as app:
        while some := app.retention.sweep():
            for name, count in some.items():
                total[name] = total.get(name, 0) + count
            output.hint(f"{sum(total.values()):,} so far.")
    if as_json:
        output.print_json(total)
    elif total:
        output.print_table(("kind", "gone"), total.items())
    else:
        output.hint("Nothing was due.")


def said(period: timedelta) -> str:
    """Write a period in the unit that fits."""
    hours = period // timedelta(hours=1)
    return f"{period // DAY} d" if period % DAY == timedelta() else f"{hours} h"


def _count(each: Standing) -> str:
    return f"{each.due.count:,} or more" if each.due.count >= COUNTED else f"{each.due.count:,}"


def _as_json(each: Standing) -> dict[str, object]:
    kind, due = each.kind, each.due
    return {
        "kind": kind.name,
        "datum": kind.datum,
        "tables": kind.tables,
        "hours": None if each.period is None else each.period // timedelta(hours=1),
        "since": kind.since,
        "ending": kind.ending,
        "ends": kind.ends,
        "why": kind.why,
        "held": kind.held,
        "setting": kind.setting or None,
        "least": _bound(kind.least, kind.unit),
        "most": _bound(kind.most, kind.unit),
        "due": due.count,
        "oldest": None if due.oldest is None else due.oldest.isoformat(),
        "behind": each.behind,
    }


def _bound(bound: Bound | None, unit: timedelta) -> dict[str, object] | None:
    return None if bound is None else {"value": bound.period // unit, "why": bound.why, "source": bound.source}
