# SPDX-License-Identifier: Apache-2.0
"""Reading: the list of cases, and one case as a timeline. Opening a case is an entry in the ledger, listing is not."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from noli.access.model import Right, Staff
from noli.base.errors import InputError
from noli.base.marking import N_
from noli.casework.limits import MAX_MESSAGE, MAX_NOTE
from noli.casework.model import Case, CaseFilter, CaseId, CaseState, CaseSummary, Recipient, StaffId
from noli.regimes.model import Content
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline, words
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.console.work import MAX_REASON, NOBODY, colleagues
from noli.web.html import render
from noli.web.html.languages import catalogue

#: Cases on one page of the list.
ROWS = 50

# Bytes of the id that makes sending a reply twice one message.
_ID_BYTES = 12

# Characters of a case's reference that the list shows.
SHORT = 8


class Shown(StrEnum):
    """Which cases the list shows."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    WAITING = "waiting"
    HELD = "held"


#: What each is called.
SHOWN: Mapping[Shown, str] = {
    Shown.ALL: N_("All"),
    Shown.MINE: N_("Mine"),
    Shown.UNASSIGNED: N_("Unassigned"),
    Shown.WAITING: N_("Waiting for us"),
    Shown.HELD: N_("With held items"),
}


class ListQuery(LanguageQuery):
    """What the list is asked with."""

    show: str = Shown.ALL
    state: str = ""
    after: str = ""
    done: str = ""


class OneCaseQuery(LanguageQuery):
    """What a case is asked with."""

    done: str = ""


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List cases, newest first."""
    query: ListQuery = call.query
    which, state = _choice(query)
    after = CaseId(query.after) if query.after else None
    wanted = _filter(which, state, visitor.staff)
    found = call.app.desk.cases(visitor.staff, wanted, after=after, limit=ROWS + 1)
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    return show(
        call,
        visitor,
        "cases.html",
        rows=[each for each in found[:ROWS] if each.id not in aside],
        older=found[ROWS - 1].id if len(found) > ROWS else "",
        first=after is None,
        which=which,
        state=state.value if state else "",
        shown={each: catalogue(render.language_of(call)).gettext(text) for each, text in SHOWN.items()},
        states=list(CaseState),
        named=timeline.names(call.app.staff.all()),
        flags=_flags,
        done=done(call),
        short=SHORT,
    )


def case_page(call: Call, visitor: Visitor) -> Reply:
    """Show a case; the ledger says who opened it."""
    case = call.app.desk.view(visitor.staff, CaseId(call.path["case"]))
    everybody = call.app.staff.all()
    but = {case.assigned_to, visitor.staff.id, *call.app.moderation.who_left(case.id)}
    named = timeline.names(everybody)
    translate = catalogue(render.language_of(call)).gettext
    return show(
        call,
        visitor,
        "case.html",
        case=case,
        lines=timeline.lines(case, named, translate),
        held=[item for item in case.protected if item.held],
        named=named,
        mine=case.assigned_to == visitor.staff.id,
        may_take=_may_take(case, visitor),
        colleagues=colleagues(everybody, Right.WORK_CASES, but=but),
        consents=[each for each in Recipient if each in case.consents],
        pursuits=call.app.pursuits.of_case(case.id),
        contents=list(Content),
        states=[each for each in CaseState if each is not case.state],
        form_id=secrets.token_hex(_ID_BYTES),
        most=MAX_MESSAGE,
        most_note=MAX_NOTE,
        most_reason=MAX_REASON,
        nobody=NOBODY,
        done=done(call),
        short=SHORT,
    )


def done(call: Call) -> str:
    """Return what was just done, in the page's language; empty where nothing was."""
    text = words.DONE.get(call.query.done, "")
    return catalogue(render.language_of(call)).gettext(text) if text else ""


def _may_take(case: Case, visitor: Visitor) -> bool:
    free = case.assigned_to is None or visitor.may(Right.LEAD_CASES)
    return visitor.may(Right.WORK_CASES) and free and case.assigned_to != visitor.staff.id


def _choice(query: ListQuery) -> tuple[Shown, CaseState | None]:
    try:
        return Shown(query.show), CaseState(query.state) if query.state else None
    except ValueError as error:
        msg = "The list has no such filter."
        raise InputError(msg) from error


def _filter(which: Shown, state: CaseState | None, staff: Staff) -> CaseFilter:
    match which:
        case Shown.ALL:
            return CaseFilter(state)
        case Shown.MINE:
            return CaseFilter(state, assigned_to=StaffId(staff.id))
        case Shown.UNASSIGNED:
            return CaseFilter(state, unassigned=True)
        case Shown.WAITING:
            return CaseFilter(state, waits_for_staff=True)
        case Shown.HELD:
            return CaseFilter(state, held=True)
        case _:
            assert_never(which)


def _flags(row: CaseSummary) -> list[str]:
    """Return what a row has to be noticed for, most urgent first; the template has the words."""
    found = {
        "waits": row.waits_for_staff,
        "held": bool(row.held),
        "matches": bool(row.matches),
        "leaving": row.withdrawal_due_at is not None,
        "ended": row.ended_at is not None,
    }
    return [name for name, holds in found.items() if holds]
