# SPDX-License-Identifier: Apache-2.0
"""``noli report``: what is reported about decisions, as files; nothing is sent anywhere."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from noli.cli import output, private
from noli.cli.installation import data_option, json_option, opened
from noli.notices.statements import Stated

#: Columns of a CSV file: every field that a statement may have, in the order of the Database's documentation.
COLUMNS = (
    "decision_visibility",
    "decision_visibility_other",
    "end_date_visibility_restriction",
    "decision_provision",
    "end_date_service_restriction",
    "decision_account",
    "end_date_account_restriction",
    "decision_facts",
    "decision_ground",
    "illegal_content_legal_ground",
    "illegal_content_explanation",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "category",
    "category_specification",
    "content_type",
    "content_type_other",
    "content_date",
    "application_date",
    "territorial_scope",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group
def report() -> None:
    """Write what is reported about decisions.

    \b
    Example:
      noli report statements --since 2026-11-25 --data data
    """


@report.command
@click.option("--since", type=_DAY, help="First day, in UTC; yesterday unless given.")
@click.option("--until", type=_DAY, help="First day that is left out; today unless given.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How to write."
)
@click.option(
    "--ids",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Also write which statement is about which notice or record: for you alone, never to be passed on.",
)
@data_option
def statements(
    *, since: datetime | None, until: datetime | None, form: str, ids: Path | None, data: Path | None
) -> None:
    """Write statements of reasons in the shape of the EU's DSA Transparency Database to standard output.

    They hold no personal data. A decision has the same id each time, so that nothing is reported twice. What may lead
    to a person is held back and named on standard error; then the exit status is 1. Run it once a day: a statement that
    is public seconds after a decision tells the uploader who reported.

    \b
    Example:
      noli report statements --since 2026-11-25 --data data
    """
    with opened(data) as app, _writer(form) as write, _ids(ids) as note:
        today = app.clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = today if until is None else until.replace(tzinfo=UTC)
        begin = end - timedelta(days=1) if since is None else since.replace(tzinfo=UTC)
        if begin >= end:
            msg = "Nothing lies between --since and --until: the first is the earlier day."
            raise click.BadParameter(msg)
        held_back = _written(app.reports.statements(since=begin, until=end), write, note)
    for each in held_back:
        output.hint(f"{each.subject}, decision {each.number}: held back, because {each.held_back}.")
    if held_back:
        sys.exit(1)


@report.command
@click.option("--since", type=_DAY, help="First day, in UTC; the first of last year unless given.")
@click.option("--until", type=_DAY, help="First day that is left out; a year after --since unless given.")
@json_option
@data_option
def counts(*, since: datetime | None, until: datetime | None, as_json: bool, data: Path | None) -> None:
    """Count what a yearly report on moderation counts: orders, notices, complaints, disputes, suspensions, machines.

    Read from what is open of events, so that what was erased since is counted all the same and nobody can be told from
    it. Times are medians, in hours.

    \b
    Example:
      noli report counts --since 2026-01-01 --until 2027-01-01 --data data
    """
    with opened(data) as app:
        begin = (since or datetime(app.clock.now().year - 1, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001 - has one here
        end = _year_after(begin) if until is None else until.replace(tzinfo=UTC)
        if begin >= end:
            msg = "Nothing lies between --since and --until: the first is the earlier day."
            raise click.BadParameter(msg)
        found = app.reports.counts(since=begin, until=end)
    if as_json:
        output.print_json({"since": begin.isoformat(), "until": end.isoformat(), "counts": found})
        return
    rows = [(section, what, f"{count:g}") for section, each in found.items() for what, count in each.items()]
    if rows:
        output.print_table(("section", "what", "count"), rows)
    else:
        output.hint("Nothing happened in this time.")


def _year_after(day: datetime) -> datetime:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, month=3, day=1) if leap else day.replace(year=day.year + 1)


def _written(
    stated: Iterable[Stated], write: Callable[[Stated], object], note: Callable[[Stated], object]
) -> list[Stated]:
    held_back, count = [], 0
    for each in stated:
        if each.held_back:
            held_back.append(each)
            continue
        write(each)
        note(each)
        count += 1
    output.hint(f"Statements: {count}.")
    return held_back


@contextmanager
def _writer(form: str) -> Iterator[Callable[[Stated], object]]:
    if form == "jsonl":
        yield lambda each: output.print_json(each.fields)
        return
    table = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    table.writeheader()
    yield lambda each: table.writerow({name: _cell(value) for name, value in each.fields.items()})


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def _ids(path: Path | None) -> Iterator[Callable[[Stated], object]]:
    if path is None:
        yield lambda _: None
        return
    with private.written(path) as file:
        yield _noting(file)


def _noting(file: TextIO) -> Callable[[Stated], object]:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("puid", "subject", "decision"))
    return lambda each: table.writerow((each.fields["puid"], each.subject, each.number))
