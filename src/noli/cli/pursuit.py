# SPDX-License-Identifier: Apache-2.0
"""``noli pursuit``: ask whoever is responsible for a link to act, and climb the ladder, on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
import msgspec

from noli.base.errors import InputError
from noli.casework.model import CaseId
from noli.cli import output
from noli.cli.installation import COMMAND_LINE, data_option, json_option, opened
from noli.pursuit.model import Outcome, Pursuit, PursuitId, PursuitState, PursuitSummary, Rung, Wishes
from noli.regimes.model import Content, Field, Filer, RegimeId

if TYPE_CHECKING:
    from noli.app import App

# Pursuits that one page of a list has.
_PAGE = 1000

_pursuit_argument = click.argument("pursuit_id", metavar="PURSUIT")
_number_argument = click.argument("number", type=int)
_rung_argument = click.argument("rung", type=click.Choice([str(each) for each in Rung]))


@click.group
def pursuit() -> None:
    """Pursue the links of a case: who is responsible, what they are asked, by when, whom next.

    \b
    Example:
      noli pursuit list --data data
    """


@pursuit.command("open")
@click.argument("case_id", metavar="CASE")
@click.option("--content", type=click.Choice([str(each) for each in Content]), multiple=True, help="What is shown.")
@json_option
@data_option
def open_pursuits(*, case_id: str, content: tuple[str, ...], as_json: bool, data: Path | None) -> None:
    """Begin to pursue a case's links, one pursuit a site, and look up who is responsible.

    \b
    Example:
      noli pursuit open 9VMM7DMAWY95VKD9 --data data
    """
    with opened(data) as app:
        kinds = frozenset(Content(each) for each in content)
        made = app.pursuits.open(CaseId(case_id), content=kinds, actor=COMMAND_LINE)
        for each in output.progress(made, total=len(made), label="Looking up"):
            _print(app, app.pursuits.look_up(each.id, actor=COMMAND_LINE), as_json=as_json)


@pursuit.command("list")
@click.option("--state", type=click.Choice([str(each) for each in PursuitState]), help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, _PAGE), default=100, show_default=True, help="Most pursuits to list.")
@json_option
@data_option
def list_pursuits(*, state: str | None, limit: int, as_json: bool, data: Path | None) -> None:
    """List pursuits, the next deadline first.

    \b
    Example:
      noli pursuit list --state waiting --data data
    """
    with opened(data) as app:
        found = app.pursuits.queue(PursuitState(state) if state else None, limit=limit)
    if as_json:
        for each in found:
            output.print_json(msgspec.to_builtins(each))
    elif found:
        names = ("pursuit", "case", "state", "asked", "links", "due", "lapsed")
        output.print_table(names, (_row(each) for each in found))
    else:
        output.hint("There is nothing here.")


@pursuit.command
@_pursuit_argument
@json_option
@data_option
def show(*, pursuit_id: str, as_json: bool, data: Path | None) -> None:
    """Show a pursuit with everybody who is responsible, requests and answers; the ledger says that you looked.

    \b
    Example:
      noli pursuit show 9VMM7DMAWY95VKD9 --data data
    """
    with opened(data) as app:
        _print(app, app.pursuits.view(PursuitId(pursuit_id), actor=COMMAND_LINE), as_json=as_json)


@pursuit.command("look-up")
@_pursuit_argument
@json_option
@data_option
def look_up(*, pursuit_id: str, as_json: bool, data: Path | None) -> None:
    """Ask name servers and registries anew who is responsible.

    \b
    Example:
      noli pursuit look-up 9VMM7DMAWY95VKD9 --data data
    """
    with opened(data) as app:
        _print(app, app.pursuits.look_up(PursuitId(pursuit_id), actor=COMMAND_LINE), as_json=as_json)


@pursuit.command
@_pursuit_argument
@_rung_argument
@click.option("--addressee", default="", help="Id of an entry of the addressee book.")
@click.option("--name", default="", help="What they are called, where they are not in the book.")
@click.option("--address", default="", help="Their mail address, or https://… of a form.")
@data_option
def name(*, pursuit_id: str, rung: str, addressee: str, name: str, address: str, data: Path | None) -> None:
    """Name somebody else who is responsible, such as the host that a CDN told you of.

    \b
    Example:
      noli pursuit name 9VMM7DMAWY95VKD9 host --name "Racks" --address abuse@racks.example --data data
    """
    with opened(data) as app:
        made = app.pursuits.name_party(
            PursuitId(pursuit_id), Rung(rung), addressee=addressee, name=name, address=address, actor=COMMAND_LINE
        )
    output.print_text(f"{made.id}  {made.state}")


@pursuit.command
@_pursuit_argument
@_rung_argument
@click.option("--to", default="", help="Name or id of who is asked. [default: the first who can be reached]")
@click.option("--law", "laws", multiple=True, help="Regime to invoke. [default: the one that fits best]")
@click.option("--channel", default="", help="Address to use. [default: the preferred one]")
@click.option("--language", default="", help="en or de. [default: one that is read there]")
@click.option("--filer", type=click.Choice([str(each) for each in Filer]), help="As whom. [default: writes_as]")
@click.option("--declare", "declared", multiple=True, help="statement, good-faith, accuracy: what you stand in for.")
@click.option("--field", "fields", multiple=True, metavar="FIELD=TEXT", help="What to say in place of the template.")
@click.option("--person", default="", help="Name of the person shown; refused where no law needs it.")
@json_option
@data_option
def draft(  # noqa: PLR0913 - one option each
    *,
    pursuit_id: str,
    rung: str,
    to: str,
    laws: tuple[str, ...],
    channel: str,
    language: str,
    filer: str | None,
    declared: tuple[str, ...],
    fields: tuple[str, ...],
    person: str,
    as_json: bool,
    data: Path | None,
) -> None:
    """Write a request and show it; nothing is sent. What the law still asks for is said in plain words.

    \b
    Example:
      noli pursuit draft 9VMM7DMAWY95VKD9 host --declare statement --declare good-faith --data data
    """
    wishes = Wishes(
        regimes=tuple(RegimeId(each) for each in laws),
        channel=channel,
        language=language,
        filer=Filer(filer) if filer else None,
        declared=frozenset(_field(each) for each in declared),
        fields=dict(_given(each) for each in fields),
        person=person,
    )
    with opened(data) as app:
        made = app.pursuits.draft(PursuitId(pursuit_id), Rung(rung), name=to, wishes=wishes, actor=COMMAND_LINE)
        if as_json:
            _print(app, made, as_json=True)
            return
        request = made.requests[-1]
        click.echo(f"Request {request.number} to {output.printable(request.to.name)}, {request.channel.address}\n")
        click.echo(f"{request.subject}\n\n{request.text}\n")
        for lack in request.lacks:
            output.hint(f"Lacks {lack}: {app.pursuits.law.questions[lack]['en']}")


@pursuit.command
@_pursuit_argument
@_number_argument
@click.option("--by-hand", is_flag=True, help="You sent it yourself, through their form: only the clock starts.")
@click.option(
    "--text", "file", type=click.File(encoding="utf-8"), help="File with the text to send instead, or to add."
)
@data_option
def send(*, pursuit_id: str, number: int, by_hand: bool, file: TextIO | None, data: Path | None) -> None:
    """Send a request by mail: a running server takes it to the mail server, and its clock starts.

    \b
    Example:
      noli pursuit send 9VMM7DMAWY95VKD9 1 --data data
    """
    id_ = PursuitId(pursuit_id)
    with opened(data) as app:
        if by_hand:
            made = app.pursuits.sent_by_hand(id_, number, actor=COMMAND_LINE)
        else:
            text = "" if file is None else file.read()
            made = app.pursuits.send(id_, number, text=text, actor=COMMAND_LINE)
    output.print_text(f"{made.id}  request {number} is {made.requests[number - 1].state}")


@pursuit.command
@_pursuit_argument
@_number_argument
@click.argument("outcome", type=click.Choice([str(each) for each in Outcome]))
@data_option
def settle(*, pursuit_id: str, number: int, outcome: str, data: Path | None) -> None:
    """Put on record what became of a request; a refusal proposes whom to ask next.

    \b
    Example:
      noli pursuit settle 9VMM7DMAWY95VKD9 1 removed --data data
    """
    with opened(data) as app:
        made = app.pursuits.settle(PursuitId(pursuit_id), number, Outcome(outcome), actor=COMMAND_LINE)
    following = f", next: {made.proposed}" if made.proposed else ""
    output.print_text(f"{made.id}  {made.state}{following}")


@pursuit.command
@_pursuit_argument
@_number_argument
@data_option
def drop(*, pursuit_id: str, number: int, data: Path | None) -> None:
    """Throw a draft away.

    \b
    Example:
      noli pursuit drop 9VMM7DMAWY95VKD9 2 --data data
    """
    with opened(data) as app:
        made = app.pursuits.drop(PursuitId(pursuit_id), number, actor=COMMAND_LINE)
    output.print_text(f"{made.id}  {made.state}")


@pursuit.command
@click.argument("word", default="")
@json_option
@data_option
def book(*, word: str, as_json: bool, data: Path | None) -> None:
    """List the addressee book, or what in it holds a word.

    Ways that were not read on a page of the addressee's own are marked "unverified".

    \b
    Example:
      noli pursuit book cloudflare --data data
    """
    from noli.web.api import pursuit_views  # noqa: PLC0415 - slow to load

    with opened(data) as app:
        everybody = [pursuit_views.addressee(each) for each in app.pursuits.book.values()]
    found = [each for each in everybody if word.lower() in f"{each.addressee} {each.name}".lower()]
    if as_json:
        for each in found:
            output.print_json(msgspec.to_builtins(each))
        return
    rows = (
        (each.addressee, ",".join(each.rungs), each.channels[0].address, "" if each.verified else "unverified")
        for each in found
    )
    output.print_table(("addressee", "as", "preferred way", ""), rows)


def _print(app: "App", found: Pursuit, *, as_json: bool) -> None:
    from noli.web.api import pursuit_views  # noqa: PLC0415 - slow to load

    shown = pursuit_views.full(found, app.pursuits)
    if as_json:
        output.print_json(msgspec.to_builtins(shown))
        return
    output.print_text(f"{shown.pursuit}  {shown.state}  {shown.site}")
    for problem in shown.problems:
        output.print_text(f"unknown  {problem}")
    for party in shown.parties:
        way = party.channels[0].address if party.channels else "no address known"
        mark = "" if party.verified else " (unverified)"
        output.print_text(f"{party.rung:9}  {party.name}: {way}{mark}")
    for request in shown.requests:
        due = "" if request.due is None else f", due {request.due.at.isoformat(' ', 'minutes')} ({request.due.source})"
        output.print_text(f"request  {request.number}  {request.state}  {request.rung} {request.name}{due}")
        for reply in request.replies:
            mark = "" if reply.expected else ", from another address"
            output.print_text(f"         {reply.kind} of {reply.at.isoformat(' ', 'minutes')} by {reply.sender}{mark}")
            for line in reply.text.splitlines():
                output.print_text(f"         {line}")
    if shown.proposed is not None:
        output.print_text(f"next     {shown.proposed}")


def _row(one: PursuitSummary) -> tuple[object, ...]:
    due = "-" if one.due_at is None else one.due_at.isoformat(" ", "minutes")
    return one.id, one.case, one.state, one.rung or "-", one.copies, due, one.lapsed or ""


def _field(text: str) -> Field:
    if text not in set(Field):
        msg = f"There is no field {text!r}; fields are {', '.join(Field)}."
        raise InputError(msg)
    return Field(text)


def _given(text: str) -> tuple[Field, str]:
    field, _, said = text.partition("=")
    return _field(field), said
