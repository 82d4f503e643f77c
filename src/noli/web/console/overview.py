# SPDX-License-Identifier: Apache-2.0
"""For who leads: what the last days were like. Of notices, never of people."""

from datetime import timedelta
from gettext import NullTranslations

from noli.notices.figures import DAYS, TOOK_WITHIN, figures
from noli.notices.model import NoticeState
from noli.web.api.operation import Call, Reply
from noli.web.console import words
from noli.web.console.guard import Visitor, show
from noli.web.html import render
from noli.web.html.languages import catalogue


def figures_page(call: Call, visitor: Visitor) -> Reply:
    """Show load, outcomes, time to decision, what was missed and what was let go."""
    now = call.app.clock.now()
    with call.app.notices.store.transaction() as transaction:
        found = figures(transaction.counted(since=now.date() - timedelta(days=DAYS - 1)), now.date())
        load = transaction.load(now)
    texts = catalogue(render.language_of(call))
    hours = None if found.median_time is None else found.median_time / timedelta(hours=1)
    return show(
        call,
        visitor,
        "figures.html",
        found=found,
        outcomes=[(texts.gettext(words.of(measure)), count) for measure, count in found.outcomes],
        times=[(_within(hours, texts), found.took.get(hours, 0)) for hours in (*TOOK_WITHIN, None)],
        matches=[
            (texts.gettext("what is protected"), found.matches - found.false_matches),
            (texts.gettext("only something like it"), found.false_matches),
        ],
        load=load,
        states=[each for each in NoticeState if each in load.states],
        hours=hours,
        highest=max((max(each.received, each.decided, each.missed) for each in found.days), default=0),
    )


def _within(hours: int | None, texts: NullTranslations) -> str:
    if hours is None:
        return texts.gettext("later")
    return texts.ngettext("within %(count)s hour", "within %(count)s hours", hours) % {"count": hours}
