# SPDX-License-Identifier: Apache-2.0
"""Figures for who leads: load, outcomes, time to decision, what was missed and what was restored.

They are of notices, never of people. Each event adds to the counts of its day in its own transaction (``counts``), so
that a page of figures reads a few hundred numbers, however much happened. Times are counted in tenths of an hour.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median

from noli.notices import events as e
from noli.notices.model import Ground, Measure, Opening

#: Days that figures are about.
DAYS = 14

RECEIVED, DECIDED = e.NAMES[e.NoticeReceived], e.NAMES[e.Ruled]
MISSED, RESTORED = e.NAMES[e.Breached], e.NAMES[e.Reinstated]

#: Kinds of events that are counted as such.
KINDS = frozenset({RECEIVED, DECIDED, MISSED, RESTORED})

#: Decisions by measure; decisions about matches, and those that found none; first decisions by the time they took.
MEASURE, MATCH, FALSE_MATCH, TOOK = "measure:", "match", "false-match", "took:"

#: The unit of that time, rounded up.
TENTH = timedelta(minutes=6)

#: Hours by which times to a decision are told apart; one of them is a day.
TOOK_WITHIN = (1, 6, 24, 48)
_DAY = 24


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
        took: First decisions by the first of ``TOOK_WITHIN`` that they came within; all others by None.
        matches: Decisions about matches.
        false_matches: Of these, how many found that it only resembles what is protected.
        restored: Restrictions that were taken back.
    """

    days: tuple[Day, ...]
    outcomes: tuple[tuple[Measure, int], ...]
    median_time: timedelta | None
    within_day: float | None
    took: Mapping[int | None, int]
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


def counts(
    events: Sequence[e.Event], *, opening: Opening, opened_at: datetime, first: bool, now: datetime
) -> Counter[str]:
    """Return what events add to the counts of their day.

    Args:
        events: Of one notice, at one time.
        opening: How it began, and when (``opened_at``).
        opened_at: See there.
        first: Whether it was not decided about before.
        now: When they happen.
    """
    found = Counter(name for event in events if (name := e.NAMES[type(event)]) in KINDS)
    for event in events:
        if not isinstance(event, e.Ruled):
            continue
        found[f"{MEASURE}{event.measure}"] += 1
        if opening is Opening.DETECTION:
            found[MATCH] += 1
            found[FALSE_MATCH] += Ground.FALSE_MATCH in event.grounds
        if first:
            found[f"{TOOK}{ceil((now - opened_at) / TENTH)}"] += 1
            first = False
    return +found


def figures(counted: Mapping[tuple[date, str], int], today: date) -> Figures:
    """Sum up what was counted.

    Args:
        counted: The counts of each day.
        today: The last day.
    """
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    whole: Counter[str] = Counter()
    for (day, name), count in counted.items():
        if days[0] <= day <= today:
            whole[name] += count
    measures = Counter({Measure(name): count for name, count in _after(MEASURE, whole)})
    times = Counter({int(name): count for name, count in _after(TOOK, whole)})
    took: Counter[int | None] = Counter()
    for tenths, count in times.items():
        took[next((each for each in TOOK_WITHIN if tenths * TENTH <= timedelta(hours=each)), None)] += count
    return Figures(
        days=tuple(Day(day, *(counted.get((day, kind), 0) for kind in (RECEIVED, DECIDED, MISSED))) for day in days),
        outcomes=tuple(measures.most_common()),
        median_time=median(times.elements()) * TENTH if times else None,
        within_day=sum(took[hours] for hours in TOOK_WITHIN if hours <= _DAY) / times.total() if times else None,
        took=took,
        matches=whole[MATCH],
        false_matches=whole[FALSE_MATCH],
        restored=whole[RESTORED],
    )


def _after(beginning: str, counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(name.removeprefix(beginning), n) for name, n in counted.items() if name.startswith(beginning)]
