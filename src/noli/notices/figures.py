# SPDX-License-Identifier: Apache-2.0
"""Figures for who leads: load, outcomes, time to decision, what was missed and what was restored.

They are of notices, never of people. Counted anew from what happened each time; nothing of it is stored.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from noli.notices import events as e
from noli.notices.model import Ground, Measure, NoticeId, Opening

#: Days that figures are about.
DAYS = 14

RECEIVED, DECIDED = e.NAMES[e.NoticeReceived], e.NAMES[e.Ruled]
MISSED, RESTORED = e.NAMES[e.Breached], e.NAMES[e.Reinstated]

#: Kinds of events that are counted.
KINDS = (RECEIVED, DECIDED, MISSED, RESTORED)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as figures need it: what is open of it, and how its notice began."""

    notice: NoticeId
    at: datetime
    opened_at: datetime
    opening: Opening
    measure: str
    grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day."""

    day: date
    received: int
    decided: int
    missed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in ``DAYS`` days.

    Attributes:
        days: Day by day, the last one is today.
        outcomes: Decisions by measure, the most frequent first.
        median_time: From coming in to the first decision; None where there was none.
        within_day: Share of first decisions within 24 hours; None likewise.
        matches: Decisions about matches.
        false_matches: Of these, how many found that it only resembles what is protected.
        restored: Restrictions that were taken back.
    """

    days: tuple[Day, ...]
    outcomes: tuple[tuple[Measure, int], ...]
    median_time: timedelta | None
    within_day: float | None
    matches: int
    false_matches: int
    restored: int


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits now.

    Attributes:
        states: Notices with something to do, by state.
        ending: Notices whose strictest clock ends within so many hours, each counted once; -1 where it has ended.
    """

    states: Mapping[str, int]
    ending: Mapping[int, int]


#: Hours until a clock ends by which load is told apart; -1 is past its end, the last everything later.
STEPS = (-1, 1, 6, 24, 24 * 365)


def edges(now: datetime) -> tuple[datetime, ...]:
    """Return the times between ``STEPS``: what ends by the first was missed, what ends after the last is far."""
    return (now - timedelta.resolution, *(now + timedelta(hours=hours) for hours in STEPS[1:-1]))


def step(due_at: datetime, now: datetime) -> int:
    """Return which of ``STEPS`` a clock belongs to."""
    if due_at < now:
        return STEPS[0]
    return next((hours for hours in STEPS[1:] if due_at <= now + timedelta(hours=hours)), STEPS[-1])


def figures(counted: Mapping[tuple[str, date], int], decided: Sequence[Decided], today: date) -> Figures:
    """Count what happened.

    Args:
        counted: How many events of each of ``KINDS`` each day had.
        decided: Decisions, oldest first.
        today: The last day.
    """
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    first: dict[NoticeId, Decided] = {}
    for each in decided:
        first.setdefault(each.notice, each)
    times = [each.at - each.opened_at for each in first.values()]
    measures = Counter(each.measure for each in decided)
    matches = [each for each in decided if each.opening is Opening.DETECTION]
    return Figures(
        days=tuple(Day(day, *(counted.get((kind, day), 0) for kind in (RECEIVED, DECIDED, MISSED))) for day in days),
        outcomes=tuple((Measure(name), count) for name, count in measures.most_common()),
        median_time=timedelta(seconds=median(each.total_seconds() for each in times)) if times else None,
        within_day=sum(each <= timedelta(days=1) for each in times) / len(times) if times else None,
        matches=len(matches),
        false_matches=sum(Ground.FALSE_MATCH in each.grounds for each in matches),
        restored=sum(counted.get((RESTORED, day), 0) for day in days),
    )
