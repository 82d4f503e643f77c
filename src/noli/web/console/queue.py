# SPDX-License-Identifier: Apache-2.0
"""The queue of notices: the most urgent first, with filters, saved views, and one decision about many."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import assert_never
from urllib.parse import parse_qs, urlencode

from noli.access.model import Right
from noli.base.errors import Conflict, InputError, NotFound
from noli.base.marking import N_
from noli.moderation.model import SavedView
from noli.notices.model import Notice, NoticeFilter, NoticeId, NoticeState, NoticeSummary, Opening
from noli.regimes.model import Duty
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline, words
from noli.web.console.cases import done
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.console.presets import COMMON, chosen, command
from noli.web.html import render
from noli.web.html.languages import catalogue

#: Notices on one page.
ROWS = 50

#: Notices that one decision may be about.
MOST_AT_ONCE = 50

#: Characters of a number that the list shows.
SHORT = 8

QUEUE = "/console/notices"

# What a saved view keeps of an address.
_KEPT = ("show", "opening")


class Shown(StrEnum):
    """Which notices the queue shows."""

    DECIDE = "decide"
    MINE = "mine"
    FREE = "free"
    INCOMPLETE = "incomplete"
    MISSED = "missed"
    HELD = "held"
    ALL = "all"


#: What each is called.
SHOWN: Mapping[Shown, str] = {
    Shown.DECIDE: N_("To decide"),
    Shown.MINE: N_("Mine"),
    Shown.FREE: N_("Nobody’s"),  # noqa: RUF001 - an apostrophe
    Shown.INCOMPLETE: N_("Incomplete"),
    Shown.MISSED: N_("Missed"),
    Shown.HELD: N_("Preserved"),
    Shown.ALL: N_("All"),
}


class QueueQuery(LanguageQuery):
    """What the queue is asked with."""

    show: str = Shown.DECIDE
    opening: str = ""
    after: str = ""
    done: str = ""
    undo: str = ""


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List notices, the most urgent first."""
    query: QueueQuery = call.query
    which, opening = _choice(query)
    after = NoticeId(query.after) if query.after else None
    wanted = _filter(which, opening, visitor.staff.id)
    found = call.app.notices.queue(wanted, after=after, limit=ROWS + 1)
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    gettext = catalogue(render.language_of(call)).gettext
    views = call.app.moderation.settings(visitor.staff.id).views
    # As a saved view has it: what was left open is no part of it.
    view = urlencode({"show": which, **({"opening": opening} if opening else {})})
    return show(
        call,
        visitor,
        "queue.html",
        rows=[each for each in found[:ROWS] if each.id not in aside],
        older=found[ROWS - 1].id if len(found) > ROWS else "",
        first=after is None,
        which=which,
        opening=opening or "",
        shown={each: gettext(text) for each, text in SHOWN.items()},
        openings=list(Opening),
        presets=COMMON,
        duty=lambda name: gettext(words.of(Duty(name))),
        views=views,
        named=timeline.names(call.app.staff.all()),
        now=call.app.clock.now(),
        undo=undoable(call, query.undo),
        done=done(call),
        short=SHORT,
        view=view,
        saved={each.query for each in views},
        kept=urlencode({"show": which, "opening": opening or ""}),
    )


def decide_many(call: Call, visitor: Visitor) -> Reply:
    """Decide about several notices in the same way; each is a decision of its own and can be taken back alone."""
    ids = [NoticeId(each) for each in call.fields.all("notice")][:MOST_AT_ONCE]
    service, staff = call.app.notices, visitor.staff
    if not ids:
        msg = "Choose at least one notice."
        raise InputError(msg)
    preset = chosen(COMMON, call.fields.one("preset"))
    if preset is None:
        msg = "The form has a choice that is none of ours."
        raise InputError(msg)
    wait = undo_time(call, visitor)
    with service.writing() as transaction:
        for each in ids:
            call.app.moderation.check_stays(staff.id, each)
            notice = service.load(transaction, each)
            may_decide(notice, visitor)
            ruled = command(preset, notice, service.law, author=staff.id, reason=call.fields.one("reason"))
            service.plan(transaction, each, ruled, wait=wait, actor=actor(visitor))
    return _back(call, "planned-all")


def save_view(call: Call, visitor: Visitor) -> Reply:
    """Save the filters under a name."""
    view = SavedView(call.fields.one("name").strip(), call.fields.one("query"))
    asked = parse_qs(view.query)
    query = urlencode({name: asked[name][0] for name in _KEPT if asked.get(name)})
    call.app.moderation.save_view(visitor.staff.id, SavedView(view.name, query))
    which, opening = (asked.get(name, [""])[0] for name in _KEPT)
    return render.redirect(call, QUEUE, show=which, opening=opening, done="view-saved")


def forget_view(call: Call, visitor: Visitor) -> Reply:
    """Forget a view."""
    call.app.moderation.forget_view(visitor.staff.id, call.fields.one("name"))
    return _back(call, "view-gone")


def following(call: Call, visitor: Visitor) -> NoticeSummary | None:
    """Return the notice that somebody decides about next: the most urgent that is theirs or nobody's."""
    found = call.app.notices.queue(NoticeFilter(waiting=True, undecided=True), limit=ROWS)
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    return next((each for each in found if each.assigned_to in {"", visitor.staff.id} and each.id not in aside), None)


def undoable(call: Call, id_: str) -> Notice | None:
    """Return the notice whose decision can still be taken back."""
    if not id_:
        return None
    try:
        with call.app.notices.store.transaction() as transaction:
            notice = call.app.notices.load(transaction, NoticeId(id_))
    except NotFound:
        return None
    return notice if notice.plan is not None else None


def undo_time(call: Call, visitor: Visitor) -> timedelta:
    """Return how long a decision of somebody's can be taken back."""
    return timedelta(seconds=call.app.moderation.settings(visitor.staff.id).comfort.undo_s)


def may_decide(notice: Notice, visitor: Visitor) -> None:
    """Refuse who would decide what a colleague has. Raises Conflict."""
    if notice.assigned_to not in {"", visitor.staff.id} and not visitor.may(Right.LEAD_NOTICES):
        msg = "A colleague has this notice."
        raise Conflict(msg)


def actor(visitor: Visitor) -> str:
    """Return who somebody is in the ledger."""
    return f"staff:{visitor.staff.id}"


def _back(call: Call, what: str) -> Reply:
    return render.redirect(call, QUEUE, done=what)


def _choice(query: QueueQuery) -> tuple[Shown, Opening | None]:
    try:
        return Shown(query.show), Opening(query.opening) if query.opening else None
    except ValueError as error:
        msg = "The queue has no such filter."
        raise InputError(msg) from error


def _filter(which: Shown, opening: Opening | None, staff: str) -> NoticeFilter:
    match which:
        case Shown.DECIDE:
            return NoticeFilter(waiting=True, undecided=True, opening=opening)
        case Shown.MINE:
            return NoticeFilter(waiting=True, assigned_to=staff, opening=opening)
        case Shown.FREE:
            return NoticeFilter(waiting=True, undecided=True, assigned_to="", opening=opening)
        case Shown.INCOMPLETE:
            return NoticeFilter(state=NoticeState.INCOMPLETE, opening=opening)
        case Shown.MISSED:
            return NoticeFilter(breached=True, opening=opening)
        case Shown.HELD:
            return NoticeFilter(held=True, opening=opening)
        case Shown.ALL:
            return NoticeFilter(opening=opening)
        case _:
            assert_never(which)
