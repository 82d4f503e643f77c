# SPDX-License-Identifier: Apache-2.0
"""Every running clock on one page: of notices, and of requests to others. Who leads hands over from here.

A notice or a pursuit stands where its strictest clock ends, with all that run on it. Both lists are in the same order,
by that time and an id, so that one place says where a page ends in either.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from noli.access.model import Right, Role, Staff
from noli.access.rules import RIGHTS, require
from noli.base.errors import InputError, NotFound
from noli.base.marking import N_
from noli.notices import commands as c
from noli.notices.figures import STEPS, edges
from noli.notices.model import NoticeId
from noli.pursuit.model import PursuitId, RequestState
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline, words
from noli.web.console.cases import SHORT, done
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.console.queue import actor
from noli.web.console.work import NOBODY, colleagues
from noli.web.html import render
from noli.web.html.languages import catalogue

#: Notices and pursuits on one page.
ROWS = 30

CLOCKS, PURSUITS = "/console/clocks", "/console/pursuits"


class Kind(StrEnum):
    """Of what a clock is."""

    NOTICE = "notice"
    REQUEST = "request"


#: What each is called.
KINDS: Mapping[Kind, str] = {Kind.NOTICE: N_("Notices"), Kind.REQUEST: N_("Requests to others")}

#: Whose clocks are shown, besides those of one colleague.
WHOSE: Mapping[str, str] = {
    "all": N_("All"),
    "mine": N_("Mine"),
    "free": N_("Nobody’s"),  # noqa: RUF001 - an apostrophe
}

# What lets somebody see, and work on, what a clock is of.
_SEES = {Kind.NOTICE: Right.LIST_NOTICES, Kind.REQUEST: Right.LIST_CASES}
_WORKS = {Kind.NOTICE: Right.WORK_NOTICES, Kind.REQUEST: Right.WORK_CASES}
_OPENS = {Kind.NOTICE: Right.VIEW_NOTICES, Kind.REQUEST: Right.VIEW_CASES}


class ClocksQuery(LanguageQuery):
    """What the clocks are asked with; ``whose`` is one of ``WHOSE`` or a colleague, empty for what fits a role."""

    whose: str = ""
    kind: str = ""
    after: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One clock: what is due when, and who says so; ``under`` is the regime, where it is one."""

    due_at: datetime
    what: str
    source: str
    set_by: str
    verified: bool
    under: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One notice or pursuit with its clocks, the strictest first."""

    kind: Kind
    id: str
    address: str
    due_at: datetime
    owner: str
    lines: tuple[Line, ...]
    missed: bool = False
    planned: bool = False
    passed_to: str = ""
    unread: bool = False
    subject: str = ""


class _Place(NamedTuple):
    """Where a page ends, in both lists."""

    at: datetime
    id: str

    def text(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"


def clocks_page(call: Call, visitor: Visitor) -> Reply:
    """Show all clocks that a role may see, the next to end first."""
    query: ClocksQuery = call.query
    kinds, whose, after = _asked(query, visitor)
    owner = {"all": None, "mine": visitor.staff.id, "free": ""}.get(whose, whose)
    translate = catalogue(render.language_of(call)).gettext
    rows: list[Shown] = []
    if Kind.NOTICE in kinds:
        rows += _notices(call, owner, after, translate)
    if Kind.REQUEST in kinds:
        rows += _requests(call, owner, after, translate)
    rows.sort(key=lambda each: (each.due_at, each.id))
    page, everybody = rows[:ROWS], call.app.staff.all()
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    return show(
        call,
        visitor,
        "clocks.html",
        rows=[each for each in page if each.subject not in aside],
        older=_Place(page[-1].due_at, page[-1].id).text() if len(rows) > ROWS else "",
        first=after is None,
        numbers=_numbers(call, kinds) if whose == "all" else {},
        whose=whose,
        tabs={each: translate(text) for each, text in WHOSE.items()},
        kind=query.kind,
        kinds={each: translate(KINDS[each]) for each in Kind if visitor.may(_SEES[each])},
        opens={each: visitor.may(right) for each, right in _OPENS.items()},
        leads=visitor.may(Right.LEAD_NOTICES),
        colleagues=[each for each in everybody if any(each in colleagues(everybody, one) for one in _WORKS.values())],
        role=lambda name: translate(words.of(Role(name))),
        nobody=NOBODY,
        named=timeline.names(everybody),
        now=call.app.clock.now(),
        done=done(call),
        short=SHORT,
    )  # fmt: skip


def assign(call: Call, visitor: Visitor) -> Reply:
    """Hand what is chosen to one colleague, or put it back: notices, and the cases that requests are of."""
    chosen = [_one(each) for each in call.fields.all("clock")][:ROWS]
    if not chosen:
        msg = "Choose at least one line."
        raise InputError(msg)
    to = _colleague(call, {kind for kind, _ in chosen})
    notices = [NoticeId(id_) for kind, id_ in chosen if kind is Kind.NOTICE]
    with call.app.pursuits.store.transaction() as transaction:
        cases = {
            call.app.pursuits.load(transaction, PursuitId(id_)).case for kind, id_ in chosen if kind is Kind.REQUEST
        }
    for each in (*notices, *cases):
        call.app.moderation.check_stays(visitor.staff.id, each)
        if to is not None and to.id in call.app.moderation.who_left(each):
            msg = "This colleague left one of these to others for good."
            raise NotFound(msg)
    with call.app.notices.writing() as transaction:
        for notice in notices:
            take = c.Take("" if to is None else to.id)
            call.app.notices.act(transaction, notice, [take], actor=actor(visitor))
    for case in sorted(cases):
        call.app.desk.hand_over(visitor.staff, case, to)
    if call.fields.one("back") == "pursuits":
        return render.redirect(call, PURSUITS, show=call.fields.one("show"), done="clocks-handed")
    whose, kind = call.fields.one("whose"), call.fields.one("kind")
    return render.redirect(call, CLOCKS, whose=whose, kind=kind, done="clocks-handed")


def _asked(query: ClocksQuery, visitor: Visitor) -> tuple[set[Kind], str, _Place | None]:
    """Return of what and of whom clocks are asked for, and after which place."""
    try:
        asked = {Kind(query.kind)} if query.kind else set(Kind)
        at, _, id_ = query.after.partition("~")
        after = _Place(datetime.fromisoformat(at), id_) if query.after else None
    except ValueError as error:
        msg = "The list has no such filter."
        raise InputError(msg) from error
    if after is not None and after.at.tzinfo is None:
        msg = "The list has no such place."
        raise InputError(msg)
    kinds = {each for each in asked if visitor.may(_SEES[each])}
    for each in asked - kinds if query.kind else ():
        require(visitor.staff, _SEES[each])
    works = any(visitor.may(right) for right in _WORKS.values())
    leads = visitor.may(Right.LEAD_NOTICES) or visitor.may(Right.LEAD_CASES)
    return kinds, query.whose or ("mine" if works and not leads else "all"), after


def _notices(call: Call, owner: str | None, after: _Place | None, translate: timeline.Translate) -> Iterator[Shown]:
    for each, running in call.app.notices.ticking(owner=owner, after=after, limit=ROWS + 1):
        if each.due_at is not None:
            lines = [
                Line(line.due_at, translate(words.of(line.duty)), str(line.source), translate(words.of(line.set_by)),
                     line.verified, line.regime)
                for line in (one.deadline for one in running)
            ]  # fmt: skip
            yield Shown(
                kind=Kind.NOTICE,
                id=each.id,
                address=f"/console/notices/{each.id}",
                due_at=each.due_at,
                owner=each.assigned_to,
                lines=tuple(lines),
                missed=bool(each.breaches),
                planned=each.planned_at is not None,
                passed_to=each.escalated_to,
                subject=each.id,
            )


def _requests(call: Call, owner: str | None, after: _Place | None, translate: timeline.Translate) -> Iterator[Shown]:
    for each, who, running in call.app.pursuits.ticking(owner=owner, after=after, limit=ROWS + 1):
        if each.due_at is not None:
            lines = [
                Line(due.at, translate(words.of(request.to.rung)), due.source, translate(words.of(due.set_by)),
                     due.verified)
                for request in running if (due := request.due) is not None
            ]  # fmt: skip
            yield Shown(
                kind=Kind.REQUEST,
                id=each.id,
                address=f"/console/pursuits/{each.id}",
                due_at=each.due_at,
                owner=who,
                lines=tuple(lines),
                missed=bool(each.lapsed),
                unread=any(request.state is RequestState.ANSWERED for request in running),
                subject=each.case,
            )


def _numbers(call: Call, kinds: set[Kind]) -> dict[int, int]:
    """Count by when the strictest clock of each ends, in ``STEPS``."""
    now, found = call.app.clock.now(), dict.fromkeys(STEPS, 0)
    if Kind.NOTICE in kinds:
        with call.app.notices.store.transaction() as transaction:
            for hours, count in transaction.load(now).ending.items():
                found[hours] += count
    if Kind.REQUEST in kinds:
        with call.app.pursuits.store.transaction() as transaction:
            for hours, count in zip(STEPS, transaction.ending(edges(now)), strict=True):
                found[hours] += count
    return found


def _one(text: str) -> tuple[Kind, str]:
    kind, _, id_ = text.partition(":")
    if kind not in set(Kind):
        msg = "The form has a choice that is none of ours."
        raise InputError(msg)
    return Kind(kind), id_


def _colleague(call: Call, kinds: set[Kind]) -> Staff | None:
    """Return whom it goes to, None for nobody; refuse who may not work on all that was chosen."""
    to = call.fields.one("to")
    if to == NOBODY:
        return None
    found = next((each for each in call.app.staff.all() if each.id == to and each.disabled_at is None), None)
    if found is None or not all(_WORKS[kind] in RIGHTS[found.role] for kind in kinds):
        msg = "This colleague does not work on all that you chose."
        raise NotFound(msg)
    return found
