# SPDX-License-Identifier: Apache-2.0
"""``noli case``: what stands in the list of cases, and the links of one, for whoever works without the console."""

from pathlib import Path

import click
import msgspec

from noli.casework import rules
from noli.casework.model import CaseFilter, CaseId, CaseState
from noli.cli import output
from noli.cli.installation import COMMAND_LINE, data_option, json_option, opened
from noli.evidence.model import Fact

# Cases that one page of a list has.
_PAGE = 1000


@click.group
def case() -> None:
    """List cases, and show the links of one.

    \b
    Example:
      noli case list --data data
    """


@case.command("list")
@click.option("--state", type=click.Choice([str(each) for each in CaseState]), help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, _PAGE), default=100, show_default=True, help="Most cases to list.")
@json_option
@data_option
def list_cases(*, state: str | None, limit: int, as_json: bool, data: Path | None) -> None:
    """List cases, newest first; nothing personal.

    \b
    Example:
      noli case list --state open --data data
    """
    with opened(data) as app, app.case_files.store.transaction() as transaction:
        found = transaction.page(CaseFilter(CaseState(state) if state else None), limit=limit)
    if as_json:
        for each in found:
            output.print_json(msgspec.to_builtins(each))
    elif found:
        rows = ((each.id, each.state, f"{each.opened_at:%Y-%m-%d %H:%M}", each.items, each.links) for each in found)
        output.print_table(("case", "state", "opened", "items", "links"), rows)
    else:
        output.hint("There is nothing here.")


@case.command
@click.argument("case_id", metavar="CASE")
@json_option
@data_option
def show(*, case_id: str, as_json: bool, data: Path | None) -> None:
    """Show a case's links and what is done about them; the ledger says that you looked.

    CASE is what 'noli case list' shows. The number on a person's receipt is another one: only they have it.

    \b
    Example:
      noli case show 9VMM7DMAWY95VKD9 --data data
    """
    id_ = CaseId(case_id)
    with opened(data) as app:
        with app.case_files.store.transaction(write=True) as transaction:
            found = rules.fold(id_, transaction.history(id_))
            transaction.record(Fact("case.viewed", id_, COMMAND_LINE), now=app.clock.now())
        pursuits = app.pursuits.of_case(id_)
    if as_json:
        links = [{"link": each.id, "url": each.url, "note": each.note} for each in found.links]
        output.print_json(
            {"case": id_, "state": found.state, "links": links, "pursuits": msgspec.to_builtins(pursuits)}
        )
        return
    output.print_text(f"{id_}  {found.state}")
    for link in found.links:
        output.print_text(f"link     {link.id}  {link.url}")
    for each in pursuits:
        due = "-" if each.due_at is None else each.due_at.isoformat(" ", "minutes")
        output.print_text(f"pursuit  {each.id}  {each.state}  due {due}")
