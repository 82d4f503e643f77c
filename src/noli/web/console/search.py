# SPDX-License-Identifier: Apache-2.0
"""One search for all that staff type: numbers, links, hosts, references. It stands in no address and in no log.

Numbers and kinds alone are shown, and only of what a role may open. What leads to one thing leads there at once.
"""

from collections.abc import Mapping
from enum import StrEnum

from noli.access.model import Right
from noli.bank.model import EntryState
from noli.base.marking import N_
from noli.casework.limits import check_text
from noli.casework.model import CaseState
from noli.moderation.finding import LEAST, asked
from noli.moderation.model import Found, FoundKind
from noli.notices.model import NoticeState
from noli.notices.records import PartyRole
from noli.pursuit.model import PursuitState
from noli.web.api.operation import Call, Reply
from noli.web.console import words
from noli.web.console.cases import SHORT
from noli.web.console.guard import Visitor, show
from noli.web.html import render
from noli.web.html.languages import catalogue

#: Things of each kind on one page.
MOST = 20

#: Characters that can be typed.
LONGEST = 2000

#: What each kind is called, and what opens it.
KINDS: Mapping[FoundKind, tuple[str, Right]] = {
    FoundKind.CASE: (N_("Cases"), Right.VIEW_CASES),
    FoundKind.PURSUIT: (N_("Requests"), Right.VIEW_CASES),
    FoundKind.NOTICE: (N_("Notices"), Right.VIEW_NOTICES),
    FoundKind.RECORD: (N_("Records"), Right.VIEW_NOTICES),
    FoundKind.ENTRY: (N_("Entries of banks"), Right.VIEW_NOTICES),
}

# What says where each stands.
_STATES: Mapping[FoundKind, type[StrEnum]] = {
    FoundKind.CASE: CaseState,
    FoundKind.PURSUIT: PursuitState,
    FoundKind.NOTICE: NoticeState,
    FoundKind.RECORD: PartyRole,
    FoundKind.ENTRY: EntryState,
}


def search_page(call: Call, visitor: Visitor) -> Reply:
    """Say what can be searched for."""
    return _shown(call, visitor, "", None)


def search(call: Call, visitor: Visitor) -> Reply:
    """Find, by indexes alone."""
    text = call.fields.one("find").strip()
    check_text(text, LONGEST, "search", least=1)
    kinds = {kind for kind, (_, right) in KINDS.items() if visitor.may(right)}
    parties = tuple(call.app.notices.party(role, text) for role in PartyRole)
    found = call.app.finder.find(asked(text, parties=parties), kinds, limit=MOST)
    case = call.app.desk.find(visitor.staff, text[:64]) if FoundKind.CASE in kinds else None
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    found = [each for each in found if each.id not in aside and each.id != case]
    if case is not None and case not in aside and not found:
        return render.redirect(call, f"/console/cases/{case}")
    if case is None and len(found) == 1:
        return render.redirect(call, _address(found[0]))
    return _shown(call, visitor, text, found, case=case if case not in aside else None)


def _shown(call: Call, visitor: Visitor, text: str, found: list[Found] | None, *, case: str | None = None) -> Reply:
    translate = catalogue(render.language_of(call)).gettext
    groups = {
        translate(name): rows
        for kind, (name, _) in KINDS.items()
        if (rows := [each for each in found or () if each.kind is kind])
    }
    return show(
        call,
        visitor,
        "search.html",
        text=text,
        groups=groups,
        nothing=found == [] and case is None,
        case=case,
        address=_address,
        state=lambda row: translate(words.of(_STATES[row.kind](row.state))),
        may={kind for kind, (_, right) in KINDS.items() if visitor.may(right)},
        most=MOST,
        least=LEAST,
        longest=LONGEST,
        short=SHORT,
        entry=FoundKind.ENTRY,
    )


def _address(found: Found) -> str:
    if found.kind is FoundKind.ENTRY:
        return f"/console/banks/{found.place}/{found.id}"
    return f"/console/{found.kind}s/{found.id}"
