# SPDX-License-Identifier: Apache-2.0
"""For who leads: what the last days were like. Of notices, never of people."""

from datetime import timedelta

from noli.notices.figures import DAYS, TOOK_WITHIN, figures
from noli.notices.model import NoticeState
from noli.web.api.operation import Call, Reply
from noli.web.console.guard import Visitor, show


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
        took_within=(*TOOK_WITHIN, None),
        load=load,
        states=[each for each in NoticeState if each in load.states],
        hours=hours,
        highest=max((max(each.received, each.decided, each.missed) for each in found.days), default=0),
    )
