# SPDX-License-Identifier: Apache-2.0
"""Banks, their entries and partners: why something is there, who put it there, what people think of it. No hashes."""

from collections.abc import Mapping
from enum import StrEnum

from noli.bank.model import EntryId, EntryState, Opinion, OpinionKind, entry_text, parse_entry
from noli.bank.rules import STAFF_PREFIX, may_withdraw
from noli.base.errors import Conflict, InputError, NotFound
from noli.base.marking import N_
from noli.casework.limits import MAX_NOTE, check_text
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline
from noli.web.console.cases import done
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.html import render
from noli.web.html.languages import catalogue

#: Entries on one page.
ROWS = 50


class Listed(StrEnum):
    """Which entries of a bank are listed."""

    ALL = "all"
    DOUBTED = "doubted"
    WITHDRAWN = "withdrawn"


#: What each is called.
LISTED: Mapping[Listed, str] = {
    Listed.ALL: N_("All"),
    Listed.DOUBTED: N_("Doubted"),
    Listed.WITHDRAWN: N_("Withdrawn"),
}


class BankQuery(LanguageQuery):
    """What a bank is asked with."""

    show: str = Listed.ALL
    after: str = ""
    done: str = ""


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List banks with what they ask for."""
    with call.app.store.transaction() as transaction:
        banks = transaction.banks(limit=1000)
        disputed = {each.name: len(transaction.disputed(each.id)) for each in banks}
    return show(call, visitor, "banks.html", banks=banks, disputed=disputed)


def bank_page(call: Call, visitor: Visitor) -> Reply:
    """List a bank's entries: all, those that somebody doubts, or those that were withdrawn."""
    if call.query.show not in set(Listed):
        msg = "The bank has no such filter."
        raise InputError(msg)
    which = Listed(call.query.show)
    after = parse_entry(call.query.after) if call.query.after else None
    with call.app.store.transaction() as transaction:
        bank = transaction.bank(call.path["bank"])
        found = transaction.entries(
            bank.name,
            after=after,
            limit=ROWS + 1,
            withdrawn=which is Listed.WITHDRAWN,
            doubted=which is Listed.DOUBTED,
        )
    gettext = catalogue(render.language_of(call)).gettext
    older = entry_text(found[ROWS - 1].id) if len(found) > ROWS else ""
    return show(
        call,
        visitor,
        "bank.html",
        bank=bank,
        entries=found[:ROWS],
        older=older,
        first=after is None,
        which=which,
        shown={each: gettext(text) for each, text in LISTED.items()},
        text=entry_text,
    )


def entry_page(call: Call, visitor: Visitor) -> Reply:
    """Show why an entry is there, and what people think of it."""
    with call.app.store.transaction() as transaction:
        entry = transaction.entry(call.path["bank"], _entry(call))
        opinions = transaction.opinions(entry.bank, entry.id)
    named = {f"{STAFF_PREFIX}{id_}": name for id_, name in timeline.names(call.app.staff.all()).items()}
    return show(
        call,
        visitor,
        "entry.html",
        entry=entry,
        opinions=opinions,
        kinds=list(OpinionKind),
        may_withdraw=may_withdraw(opinions, f"{STAFF_PREFIX}{visitor.staff.id}"),
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
        opinion = Opinion(id_, f"{STAFF_PREFIX}{visitor.staff.id}", kind, note, call.app.clock.now())
        transaction.add_opinion(bank, opinion)
    call.app.catch_up()
    return render.redirect(call, f"/console/banks/{bank}/{entry_text(id_)}", done="opinion")


def withdraw(call: Call, visitor: Visitor) -> Reply:
    """Withdraw an entry for good, with a reason; somebody else must have said before that it is wrong."""
    reason = call.fields.one("reason").strip()
    check_text(reason, MAX_NOTE, "reason", least=1)
    bank, id_, by = call.path["bank"], _entry(call), f"{STAFF_PREFIX}{visitor.staff.id}"
    now = call.app.clock.now()
    with call.app.store.transaction(write=True) as transaction:
        if transaction.entry(bank, id_).state is EntryState.WITHDRAWN:
            msg = "This entry is withdrawn already."
            raise Conflict(msg)
        if not may_withdraw(transaction.opinions(bank, id_), by):
            msg = "Somebody else has to say first that this entry is wrong."
            raise Conflict(msg)
        transaction.add_opinion(bank, Opinion(id_, by, OpinionKind.FALSE_POSITIVE, reason, now))
        transaction.withdraw(bank, id_, by=by, now=now)
    call.app.catch_up()
    return render.redirect(call, f"/console/banks/{bank}/{entry_text(id_)}", done="entry-withdrawn")


def partner_page(call: Call, visitor: Visitor) -> Reply:
    """Show one partner: what came and went, what it thinks of entries, what it said that it has, what went wrong."""
    story = call.app.partner_status.story(call.path["partner"])
    return show(call, visitor, "partner.html", story=story, each=story.status, text=entry_text)


def partners_page(call: Call, visitor: Visitor) -> Reply:
    """List partners: what is agreed, how exchange goes, what waits for a look."""
    return show(call, visitor, "partners.html", partners=call.app.partner_status.all())


def _entry(call: Call) -> EntryId:
    found = parse_entry(call.path["entry"])
    if found is None:
        msg = "There is no such entry."
        raise NotFound(msg)
    return found
