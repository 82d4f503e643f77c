# SPDX-License-Identifier: Apache-2.0
"""The part of ``noli partner`` about what flows: status, what is held, beginning anew, leaks, our own identity."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.bank.model import entry_text, parse_entry
from noli.cli import output
from noli.cli.installation import data_option, json_option, opened
from noli.exchange.messages import receipt_text
from noli.exchange.model import HeldReason, PartnerReceipt
from noli.exchange.status import PartnerStatus
from noli.hashing.lists import BadLine, parse_list

# Why entries are held, and the word for opinions that are.
_DOUBTS = "doubts"
_REASONS = click.Choice([*(str(reason) for reason in HeldReason), _DOUBTS])

if TYPE_CHECKING:
    from noli.app import App

# Held entries and doubts that are listed at most.
_SHOWN = 1000


@click.command("status")
@click.argument("name", required=False)
@json_option
@data_option
def status(name: str | None, *, as_json: bool, data: Path | None) -> None:
    """Say how it goes with partners: fetched when, how much, what is held, what was refused and why.

    \b
    Example:
      noli partner status --data data
    """
    with opened(data) as app:
        found = app.partner_status.all() if name is None else [app.partner_status.of(name)]
        disputed = app.partner_status.disputed()
    if as_json:
        for each in found:
            output.print_json(status_json(each))
        return
    header = ("NAME", "STATUS", "LAST GOOD", "TAKEN", "WITHDRAWN", "HELD", "REFUSED", "SKIPPED", "WHY")
    output.print_table(header, [_row(each) for each in found])
    if name is not None:
        if found[0].receipt is not None:
            output.print_text(_confirmed(found[0].receipt))
        for bad in found[0].refused:
            output.print_text(f"refused {_time(bad.at)}  {bad.reference[:64] or '-'}  {bad.reason}")
    for each in found:
        if each.held_doubts:
            output.hint(f"{each.held_doubts} opinions of {each.partner.name} are held; 'noli partner held' shows them.")
    if disputed:
        output.hint(f"{len(disputed)} entries are disputed and only ask for review; somebody should look:")
        for entry in disputed:
            output.hint(f"  {entry_text(entry.id)} in bank {entry.bank}")


@click.command("held")
@click.argument("name")
@json_option
@data_option
def held(name: str, *, as_json: bool, data: Path | None) -> None:
    """List what is held of a partner, and why. Until it is released, entries match nothing and opinions change nothing.

    \b
    Example:
      noli partner held platform --data data
    """
    with opened(data) as app, app.exchange.transaction() as transaction:
        partner = transaction.partner(name)
        found, count = transaction.held(partner.id, limit=_SHOWN), transaction.count_held(partner.id)
        doubts, doubted = transaction.held_doubts(partner.id, limit=_SHOWN), transaction.count_doubts(partner.id)
    for each in found:
        if as_json:
            output.print_json({"reference": each.reference, "bank": each.bank, "reason": str(each.reason)})
        else:
            output.print_text(f"{each.reference}  for {each.bank}: {_WHY[each.reason]}")
    for doubt in doubts:
        entry, kind = entry_text(doubt.entry), str(doubt.kind)
        if as_json:
            shown = {"entry": entry, "bank": doubt.bank, "kind": kind, "note": doubt.note, "reason": _DOUBTS}
            output.print_json(shown)
        else:
            said = f": {doubt.note}" if doubt.note else ""
            output.print_text(f"opinion on {entry} of {doubt.bank}: {kind.replace('_', ' ')}{said}")
    further = count - len(found) + doubted - len(doubts)
    if further:
        output.hint(f"{further} more are held.")


@click.command("release")
@click.argument("name")
@click.option("--reason", type=_REASONS, help="Only what is held for this. [default: all]")
@data_option
def release(name: str, *, reason: str | None, data: Path | None) -> None:
    """Take what is held of a partner into our banks, and believe its opinions.

    \b
    Example:
      noli partner release platform --reason flood --data data
    """
    with opened(data) as app:
        partner, count, doubts = app.partners.get(name), 0, 0
        if reason != _DOUBTS:
            count = app.incoming.release(partner, reason=HeldReason(reason) if reason else None)
        if reason in {None, _DOUBTS}:
            doubts = app.feedback.release(partner)
        _fetch_soon(app, name)
    output.print_text(f"released {_counted(count, doubts)} of {name}")


@click.command("discard")
@click.argument("name")
@click.option("--reason", type=_REASONS, help="Only what is held for this. [default: all]")
@data_option
def discard(name: str, *, reason: str | None, data: Path | None) -> None:
    """Refuse what is held of a partner.

    \b
    Example:
      noli partner discard platform --reason common --data data
    """
    with opened(data) as app:
        partner, count, doubts = app.partners.get(name), 0, 0
        if reason != _DOUBTS:
            count = app.incoming.discard(partner, reason=HeldReason(reason) if reason else None)
        if reason in {None, _DOUBTS}:
            doubts = app.feedback.discard(partner)
        _fetch_soon(app, name)
    output.print_text(f"discarded {_counted(count, doubts)} of {name}")


@click.command("receipts")
@click.argument("name")
@click.option("--entry", metavar="ENTRY", help="Only the one that covers the newest change of this entry of ours.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="So many at most.")
@click.option("--before", type=click.IntRange(1), metavar="N", help="Only those with a smaller number.")
@json_option
@data_option
def receipts(name: str, *, entry: str | None, limit: int, before: int | None, as_json: bool, data: Path | None) -> None:
    """List what a partner said that it has, newest first.

    A partner that comes back for more has what it was told before; another Noli signs that. With --json everything is
    printed that somebody else needs to verify the signature.

    \b
    Example:
      noli partner receipts platform --entry 0H2Z4R6T8V0X1 --data data
    """
    wanted = None if entry is None else parse_entry(entry)
    if entry is not None and wanted is None:
        msg = f"{entry!r} is no id of an entry; 'noli bank show' lists them."
        raise click.BadParameter(msg, param_hint="--entry")
    with opened(data) as app:
        installation = app.feed.identity().installation
        with app.exchange.transaction() as transaction:
            partner = transaction.partner(name)
            found = transaction.receipts(partner.id, entry=wanted, before=before, limit=limit)
    agreed = partner.source.public_key if partner.source else ""
    for each in found:
        if as_json:
            output.print_json(_receipt_json(each, installation=installation, to=name))
        else:
            output.print_text(
                f"{each.number}  {_time(each.at)}  has everything up to {each.position}; {_by(each, agreed)}"
            )
    if not found:
        output.hint(f"{name} has confirmed nothing of this yet.")


@click.command("resync")
@click.argument("name")
@data_option
def resync(name: str, *, data: Path | None) -> None:
    """Fetch everything from a partner anew; what it does not name any more is withdrawn here.

    After a partner was set back to a backup, or changed who it is: nothing more is taken until you say so with this.

    \b
    Example:
      noli partner resync helpline --data data
    """
    with opened(data) as app:
        app.syncer.begin_anew(name)
    output.print_text(f"the next fetch from {name} begins at the beginning")


@click.command("trace")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@data_option
def trace(file: Path, *, as_json: bool, data: Path | None) -> None:
    """Say which partner a leaked list was given to: whose canaries are in it.

    Reads the same lists as 'noli bank import'. A list without canaries is not from here, or too short to tell.

    \b
    Example:
      noli partner trace leaked.txt --data data
    """
    with file.open(encoding="utf-8", errors="replace") as lines:
        hashes = [line.hash.value for line in parse_list(lines) if not isinstance(line, BadLine)]
    with opened(data) as app:
        found = app.partner_status.trace(hashes)
    for each in found:
        if as_json:
            output.print_json({"partner": each.partner.name, "canaries": each.canaries})
        else:
            output.print_text(f"{each.partner.name}: {each.canaries} of its canaries are in this list")
    if not found and not as_json:
        output.print_text(f"no partner's canary is among these {len(hashes)} hashes")


@click.command("identity")
@click.option("--rotate", is_flag=True, help="Sign with a new key from now on; partners follow by themselves.")
@click.option("--new-epoch", is_flag=True, help="After a backup was restored: partners have to begin anew.")
@json_option
@data_option
def identity(*, rotate: bool, new_epoch: bool, as_json: bool, data: Path | None) -> None:
    """Show who we are on Noli's own feed: partners need the key, told on another way than the feed itself.

    \b
    Example:
      noli partner identity --data data
    """
    with opened(data) as app:
        if rotate:
            app.feed.rotate()
        if new_epoch:
            app.feed.begin_epoch()
        found, key = app.feed.identity(), app.feed.public_key
    shown = {"installation": found.installation, "epoch": found.epoch, "key": key}
    if as_json:
        output.print_json(shown)
        return
    for field, value in shown.items():
        output.print_text(f"{field + ':':<14}{value}")


COMMANDS = (status, held, release, discard, receipts, resync, trace, identity)

_WHY = {
    HeldReason.FLOOD: "more came within an hour than was agreed",
    HeldReason.COMMON: "near a common picture (negative bank)",
    None: "",
}


def status_json(each: PartnerStatus) -> dict[str, object]:
    """Write a status as the HTTP API does."""
    sync = each.sync
    return {
        "name": each.partner.name,
        "state": str(each.partner.state),
        "status": str(sync.status),
        "reason": sync.reason,
        "attempted_at": _iso(sync.attempted_at),
        "succeeded_at": _iso(sync.succeeded_at),
        "next_at": _iso(sync.next_at),
        "failures": sync.failures,
        "taken": sync.counts.taken,
        "withdrawn": sync.counts.withdrawn,
        "held": each.held,
        "held_doubts": each.held_doubts,
        "refused": sync.counts.refused,
        "skipped": sync.counts.skipped,
        "newest_refused": [
            {"at": bad.at.isoformat(), "reference": bad.reference, "reason": bad.reason} for bad in each.refused
        ],
        "honours_withdrawal": each.partner.honours_withdrawal,
        "confirmed": each.confirmed,
    }


def _row(each: PartnerStatus) -> tuple[object, ...]:
    counts = each.sync.counts
    last = _time(each.sync.succeeded_at) if each.sync.succeeded_at else "-"
    why = each.sync.reason or "-"
    return (
        each.partner.name,
        str(each.sync.status),
        last,
        counts.taken,
        counts.withdrawn,
        each.held,
        counts.refused,
        counts.skipped,
        why,
    )


def _counted(entries: int, doubts: int) -> str:
    return f"{entries} entries" + (f" and {doubts} opinions" if doubts else "")


def _receipt_json(each: PartnerReceipt, *, installation: str, to: str) -> dict[str, object]:
    text = receipt_text(installation, each.epoch, to, each.position, each.digest)
    return {
        "number": each.number,
        "at": each.at.isoformat(),
        "position": each.position,
        "signed_text": text.decode() if each.signature else "",
        "key": each.key,
        "signature": each.signature,
    }


def _confirmed(newest: PartnerReceipt) -> str:
    signed = "signed" if newest.signature else "not signed"
    return f"confirmed {_time(newest.at)}  it has everything up to {newest.position} ({signed}); 'receipts' lists all"


def _by(each: PartnerReceipt, agreed: str) -> str:
    if not each.signature:
        return "not signed"
    return f"signed by {each.key}" + (", the key agreed on" if each.key == agreed else "")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _fetch_soon(app: "App", name: str) -> None:
    with app.exchange.transaction(write=True) as transaction:
        transaction.fetch_soon(transaction.partner(name), now=app.clock.now())
