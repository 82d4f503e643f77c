# SPDX-License-Identifier: Apache-2.0
"""``noli notice``: a platform's notices on the command line. What is decided here is decided as over the API."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from noli.base.errors import InputError
from noli.cli import output
from noli.cli.demo_notices import demo
from noli.cli.installation import COMMAND_LINE, data_option, dry_run_option, json_option, opened
from noli.notices.commands import DecideComplaint, Rule
from noli.notices.model import Because, Ground, Measure, NoticeFilter, NoticeId, NoticeState, NoticeSummary, Plea
from noli.regimes.model import Field, Party

# Notices that one page of a list has.
_PAGE = 1000

_notice_argument = click.argument("notice_id", metavar="NOTICE")
_reason_option = click.option("--reason", required=True, help="Why, in words, for the file.")
_rule_option = click.option("--rule", required=True, help="The provision, or the clause of your terms.")
_author_option = click.option("--author", required=True, help="Who decides: your own id of that person.")


@click.group
def notice() -> None:
    """Work on notices: list, show, complete, decide, complain, answer, import.

    \b
    Example:
      noli notice list --waiting --data data
    """


notice.add_command(demo)


@notice.command("list")
@click.option("--state", type=click.Choice([str(each) for each in NoticeState]), help="Only in this state.")
@click.option("--waiting", is_flag=True, help="Only what has something to be done.")
@click.option("--breached", is_flag=True, help="Only where a clock was missed.")
@click.option("--limit", type=click.IntRange(1, _PAGE), default=100, show_default=True, help="Most notices to list.")
@json_option
@data_option
def list_notices(
    *, state: str | None, waiting: bool, breached: bool, limit: int, as_json: bool, data: Path | None
) -> None:
    """List notices, the most urgent first, each with its strictest clock and where that stands.

    A deadline marked "unverified" was not read in the law or on an authority's page.

    \b
    Example:
      noli notice list --waiting --data data
    """
    wanted = NoticeFilter(NoticeState(state) if state else None, waiting=waiting, breached=breached)
    with opened(data) as app:
        found = app.notices.queue(wanted, limit=limit)
    if as_json:
        for each in found:
            output.print_json(msgspec.to_builtins(each))
    elif found:
        names = ("notice", "state", "opening", "due", "for", "under", "missed", "escalated")
        output.print_table(names, (_row(each) for each in found))
    else:
        output.hint("There is nothing here.")


@notice.command
@_notice_argument
@json_option
@data_option
def show(*, notice_id: str, as_json: bool, data: Path | None) -> None:
    """Show a notice with all that people wrote; the ledger says that you looked.

    \b
    Example:
      noli notice show 9VMM7DMAWY95VKD9 --data data
    """
    from noli.web.api import notice_views  # noqa: PLC0415 - slow to load

    with opened(data) as app:
        found = app.notices.view(NoticeId(notice_id), actor=COMMAND_LINE)
        shown = notice_views.full(found, app.notices.law)
    if as_json:
        output.print_json(msgspec.to_builtins(shown))
        return
    output.print_text(f"{shown.notice}  {shown.state}  {shown.opening} of {shown.opened_at.isoformat(' ', 'minutes')}")
    for lack in shown.missing:
        mark = "" if lack.verified else ", unverified"
        output.print_text(f"lacks    {lack.field} ({lack.need}, {lack.source or lack.regime}{mark})")
    for clock in shown.clocks:
        state = "missed" if clock.breached else "met" if clock.met_at else "runs"
        mark = "" if clock.verified else ", unverified"
        due = clock.due_at.isoformat(" ", "minutes")
        output.print_text(f"clock    {due}  {state:6}  {clock.duty} ({clock.source}{mark})")
    for content in shown.contents:
        out_of_sight = "out of sight" if content.restricted else "visible"
        output.print_text(f"content  {content.content}  {out_of_sight}  {content.ref} {content.url}")
    for ruling in shown.decisions:
        why = f"{', '.join(ruling.grounds)}; {ruling.rule}; by {ruling.author}"
        output.print_text(f"decided  {ruling.ruling}  {ruling.measure} ({why})")
    for complaint in shown.complaints:
        answer = "waits" if complaint.upheld is None else "upheld" if complaint.upheld else "not upheld"
        output.print_text(f"contest  {complaint.complaint}  {complaint.plea} of the {complaint.side}: {answer}")
    for letter in shown.letters:
        output.print_text(f"letter   {letter.number}  {letter.letter} to the {letter.to} ({letter.language})")
        for line in letter.text.splitlines():
            output.print_text(f"         {line}")


@notice.command
@_notice_argument
@click.argument("fields", metavar="FIELD=TEXT...", nargs=-1, required=True)
@data_option
def complete(*, notice_id: str, fields: tuple[str, ...], data: Path | None) -> None:
    """Give what was missing.

    \b
    Example:
      noli notice complete 9VMM7DMAWY95VKD9 signature="M. Example" good-faith=yes --data data
    """
    given = {}
    for each in fields:
        name, equals, text = each.partition("=")
        if not equals or name not in set(Field):
            msg = f"Write what is given as FIELD=TEXT; fields are {', '.join(Field)}."
            raise InputError(msg)
        given[Field(name)] = text
    with opened(data) as app, app.notices.writing() as transaction:
        found = app.notices.give(transaction, NoticeId(notice_id), given, actor=COMMAND_LINE)
    output.print_text(f"{found.id}  {found.state}")


@notice.command
@_notice_argument
@click.option("--measure", type=click.Choice([str(each) for each in Measure]), required=True, help="What is done.")
@click.option(
    "--ground", "grounds", type=click.Choice([str(each) for each in Ground]), multiple=True, required=True, help="Why."
)
@_reason_option
@_rule_option
@_author_option
@click.option("--contractual", is_flag=True, help="The rule is a clause of your terms, and no law.")
@click.option("--territory", default="", help="For geo-restrict: where it cannot be reached.")
@click.option("--until", type=click.DateTime(), help="When it ends by itself, UTC.")
@dry_run_option
@data_option
def decide(  # noqa: PLR0913 - one option each
    *,
    notice_id: str,
    measure: str,
    grounds: tuple[str, ...],
    reason: str,
    rule: str,
    author: str,
    contractual: bool,
    territory: str,
    until: datetime | None,
    dry_run: bool,
    data: Path | None,
) -> None:
    """Decide; both sides are told, and what is removed stays down. With --dry-run: show what would be told.

    \b
    Example:
      noli notice decide 9VMM7DMAWY95VKD9 --measure remove --ground ordered --reason Seen. --rule "§ 1" --author ada
    """
    command = Rule(
        measure=Measure(measure),
        grounds=tuple(Ground(each) for each in grounds),
        because=Because(reason, rule, author),
        contractual=contractual,
        territory=territory,
        until=None if until is None else until.replace(tzinfo=UTC),
    )
    with opened(data) as app:
        if dry_run:
            with app.notices.store.transaction() as reading:
                statement, answer = app.notices.preview(reading, NoticeId(notice_id), command)
            click.echo(f"To who uploaded:\n\n{statement}\n\nTo who sent the notice:\n\n{answer}")
            return
        with app.notices.writing() as transaction:
            found = app.notices.rule(transaction, NoticeId(notice_id), command, actor=COMMAND_LINE)
    output.print_text(f"{found.id}  {found.state}")


@notice.command
@_notice_argument
@click.option("--side", type=click.Choice(["notifier", "uploader"]), required=True, help="Who complains.")
@click.option("--text", required=True, help="What they say.")
@click.option("--counter-notice", is_flag=True, help="The uploader says that the person shown agreed, or is not shown.")
@data_option
def complain(*, notice_id: str, side: str, text: str, counter_notice: bool, data: Path | None) -> None:
    """Put a complaint of one of the sides on file.

    \b
    Example:
      noli notice complain 9VMM7DMAWY95VKD9 --side uploader --text "She agreed." --data data
    """
    plea = Plea.COUNTER_NOTICE if counter_notice else Plea.COMPLAINT
    with opened(data) as app, app.notices.writing() as transaction:
        found = app.notices.complain(
            transaction, NoticeId(notice_id), side=Party(side), text=text, plea=plea, actor=COMMAND_LINE
        )
    output.print_text(f"{found.id}  complaint {found.open_complaints[-1].number}")


@notice.command
@_notice_argument
@click.argument("complaint", type=int)
@_reason_option
@_rule_option
@_author_option
@click.option("--instead", type=click.Choice([str(each) for each in Measure]), help="Uphold it: what is done instead.")
@click.option("--ground", "grounds", type=click.Choice([str(each) for each in Ground]), multiple=True, help="Why.")
@data_option
def answer(
    *,
    notice_id: str,
    complaint: int,
    reason: str,
    rule: str,
    author: str,
    instead: str | None,
    grounds: tuple[str, ...],
    data: Path | None,
) -> None:
    """Decide about a complaint, as somebody else than the author of the decision. With --instead it is upheld.

    \b
    Example:
      noli notice answer 9VMM7DMAWY95VKD9 12 --reason "I looked anew." --rule "Terms 9" --author bea
    """
    because = Because(reason, rule, author)
    new = Rule(Measure(instead), tuple(Ground(each) for each in grounds), because) if instead else None
    command = DecideComplaint(complaint, upheld=new is not None, because=because, instead=new)
    with opened(data) as app, app.notices.writing() as transaction:
        found = app.notices.decide_complaint(transaction, NoticeId(notice_id), command, actor=COMMAND_LINE)
    output.print_text(f"{found.id}  {found.state}")


@notice.command("from-scan")
@click.argument("matches", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", required=True, metavar="URL", help="Address of the installation.")
@click.option(
    "--token-file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with a key of it that has the scope 'notices'.",
)
@click.option("--bank", "banks", multiple=True, metavar="NAME", help="Only what matched this bank; may be repeated.")
@json_option
@dry_run_option
@click.pass_context
def from_scan(
    ctx: click.Context,
    /,
    *,
    matches: Path,
    to: str,
    token_file: Path,
    banks: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
) -> None:
    """Open a notice for each object that 'noli scan' found, through the API. Twice is as once.

    The notice names the object by its id in the catalogue, and says which entries it is near. What could not be taken
    is named, the rest is taken; the exit status is then 1. If it is cut short, run it again.

    \b
    Example:
      noli notice from-scan matches.parquet --to https://noli.internal --token-file key --bank protected
    """
    from noli.app_scan import send_matches  # noqa: PLC0415 - slow to load

    count, sent = send_matches(matches, to=to, token=token_file.read_text("ascii").strip(), banks=banks)
    if dry_run:
        output.print_text(f"{count:,} objects would be sent; those that have a notice keep it.")
        return
    failed = created = 0
    for each in output.progress(sent, total=count, label="Sending"):
        failed, created = failed + bool(each.error), created + each.created
        if as_json:
            output.print_json(asdict(each))
        elif each.error:
            output.print_text(f"{each.id}  not taken: {each.error}")
    if not as_json:
        output.print_text(
            f"{count:,} objects: {created:,} new notices, {count - created - failed:,} were there already."
        )
    ctx.exit(1 if failed else 0)


@notice.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@data_option
@click.pass_context
def import_notices(ctx: click.Context, *, file: Path, as_json: bool, data: Path | None) -> None:
    """Take in a list of notices: JSON lines, or CSV with a line of column names. Twice is as once.

    A line that cannot be taken is named, the others are taken; the exit status is then 1.

    \b
    Example:
      noli notice import notices.csv --data data
    """
    from noli.web.api import notice_lists  # noqa: PLC0415 - slow to load

    lines = notice_lists.read(file.read_bytes())
    failed = 0
    with opened(data) as app:
        for line in output.progress(lines, total=len(lines), label="Taking in"):
            made = notice_lists.imported(app.notices, line, actor=COMMAND_LINE)
            failed += bool(made.error)
            if as_json:
                output.print_json(msgspec.to_builtins(made))
            else:
                known = "" if made.created else "  (was there)"
                what = f"not taken: {made.error}" if made.error else f"{made.notice}  {made.state}{known}"
                output.print_text(f"line {made.line}  {what}")
    ctx.exit(1 if failed else 0)


def _row(one: NoticeSummary) -> tuple[object, ...]:
    due = "-" if one.due_at is None else one.due_at.isoformat(" ", "minutes")
    under = f"{one.due_under}{'' if one.due_verified else ' (unverified)'}"
    return one.id, one.state, one.opening, due, one.due_for, under, one.breaches or "", one.escalated_to
