# SPDX-License-Identifier: Apache-2.0
"""Banks, their entries and partners: why something is there, who put it there, what people think of it. No hashes."""

from noli.bank.model import EntryId, Opinion, OpinionKind, entry_text, parse_entry
from noli.base.errors import InputError, NotFound
from noli.casework.limits import MAX_NOTE, check_text
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline
from noli.web.console.cases import done
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.html import render

#: Entries on one page.
ROWS = 50

# Begins the author of an opinion that staff gave.
_STAFF = "staff:"


class BankQuery(LanguageQuery):
    """What a bank is asked with."""

    after: str = ""
    done: str = ""


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List banks with what they ask for."""
    with call.app.store.transaction() as transaction:
        banks = transaction.banks(limit=1000)
        disputed = {each.name: len(transaction.disputed(each.id)) for each in banks}
    return show(call, visitor, "banks.html", banks=banks, disputed=disputed)


def bank_page(call: Call, visitor: Visitor) -> Reply:
    """List a bank's entries."""
    after = parse_entry(call.query.after) if call.query.after else None
    with call.app.store.transaction() as transaction:
        bank = transaction.bank(call.path["bank"])
        found = transaction.entries(bank.name, after=after, limit=ROWS + 1)
    older = entry_text(found[ROWS - 1].id) if len(found) > ROWS else ""
    return show(
        call, visitor, "bank.html", bank=bank, entries=found[:ROWS], older=older, first=after is None, text=entry_text
    )


def entry_page(call: Call, visitor: Visitor) -> Reply:
    """Show why an entry is there, and what people think of it."""
    with call.app.store.transaction() as transaction:
        entry = transaction.entry(call.path["bank"], _entry(call))
        opinions = transaction.opinions(entry.bank, entry.id)
    named = {f"{_STAFF}{id_}": name for id_, name in timeline.names(call.app.staff.all()).items()}
    return show(
        call,
        visitor,
        "entry.html",
        entry=entry,
        opinions=opinions,
        kinds=list(OpinionKind),
        named=named,
        text=entry_text,
        most=MAX_NOTE,
        done=done(call),
    )


def opine(call: Call, visitor: Visitor) -> Reply:
    """Say what one thinks of an entry; the newest opinion counts."""
    note = call.fields.one("note").strip()
    check_text(note, MAX_NOTE, "note")
    try:
        kind = OpinionKind(call.fields.one("kind"))
    except ValueError as error:
        msg = "The form has a choice that is none of ours."
        raise InputError(msg) from error
    bank, id_ = call.path["bank"], _entry(call)
    with call.app.store.transaction(write=True) as transaction:
        opinion = Opinion(id_, f"{_STAFF}{visitor.staff.id}", kind, note, call.app.clock.now())
        transaction.add_opinion(bank, opinion)
    call.app.catch_up()
    return render.redirect(call, f"/console/banks/{bank}/{entry_text(id_)}", done="opinion")


def partners_page(call: Call, visitor: Visitor) -> Reply:
    """List partners: what is agreed, how exchange goes, what waits for a look."""
    return show(call, visitor, "partners.html", partners=call.app.partner_status.all())


def _entry(call: Call) -> EntryId:
    found = parse_entry(call.path["entry"])
    if found is None:
        msg = "There is no such entry."
        raise NotFound(msg)
    return found
