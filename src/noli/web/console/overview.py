# SPDX-License-Identifier: Apache-2.0
"""For who leads: every running clock on one page, and what the last days were like. Of notices, never of people."""

from datetime import timedelta

from noli.access.model import Role
from noli.notices.figures import DAYS, STEPS, figures
from noli.notices.model import NoticeFilter, NoticeId, NoticeState
from noli.regimes.model import Duty
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline, words
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.console.queue import SHORT
from noli.web.html import render
from noli.web.html.languages import catalogue

#: Clocks on one page.
ROWS = 100


class ClocksQuery(LanguageQuery):
    """What the clocks are asked with."""

    after: str = ""


def clocks_page(call: Call, visitor: Visitor) -> Reply:
    """Show the strictest clock of every notice, the next to end first."""
    after = NoticeId(call.query.after) if call.query.after else None
    found = call.app.notices.queue(NoticeFilter(waiting=True), after=after, limit=ROWS + 1)
    now = call.app.clock.now()
    with call.app.notices.store.transaction() as transaction:
        load = transaction.load(now)
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    gettext = catalogue(render.language_of(call)).gettext
    return show(
        call,
        visitor,
        "clocks.html",
        rows=[each for each in found[:ROWS] if each.id not in aside],
        older=found[ROWS - 1].id if len(found) > ROWS else "",
        first=after is None,
        load=load,
        steps=STEPS,
        duty=lambda name: gettext(words.of(Duty(name))),
        role=lambda name: gettext(words.of(Role(name))),
        named=timeline.names(call.app.staff.all()),
        now=now,
        short=SHORT,
    )


def figures_page(call: Call, visitor: Visitor) -> Reply:
    """Show load, outcomes, time to decision, what was missed and what was let go."""
    now = call.app.clock.now()
    with call.app.notices.store.transaction() as transaction:
        found = figures(transaction.counted(since=now.date() - timedelta(days=DAYS - 1)), now.date())
        load = transaction.load(now)
    hours = None if found.median_time is None else found.median_time / timedelta(hours=1)
    return show(
        call,
        visitor,
        "figures.html",
        found=found,
        load=load,
        states=[each for each in NoticeState if each in load.states],
        hours=hours,
        highest=max((max(each.received, each.decided, each.missed) for each in found.days), default=0),
    )
