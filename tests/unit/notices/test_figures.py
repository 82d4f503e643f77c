# SPDX-License-Identifier: Apache-2.0
"""Figures are counted from what happened, of notices and never of people."""

from datetime import timedelta

from noli.notices.figures import DAYS, MEASURE, STEPS, Figures, Load, figures, step
from noli.notices.model import Ground, Measure, NoticeState
from noli.regimes.model import Party
from tests.support.notices import START, Desk
from tests.unit.notices.test_known import detected


def _counted(desk: Desk) -> tuple[Figures, Load]:
    now = desk.clock.now()
    with desk.service.store.transaction() as transaction:
        found = figures(transaction.counted(since=now.date() - timedelta(days=DAYS - 1)), now.date())
        return found, transaction.load(now)


def test_nothing_happened() -> None:
    """Figures of nothing are zeros, and no time at all."""
    found, load = _counted(Desk())
    assert len(found.days) == DAYS
    assert found.days[-1].day == START.date()
    assert (found.outcomes, found.median_time, found.within_day) == ((), None, None)
    assert (load.states, load.ending) == ({}, {})


def test_a_fortnight_is_counted() -> None:
    """What came in, what was decided and how soon, what was missed, which matches were none, what was restored."""
    desk = Desk()
    late, early, waiting = desk.receive(), desk.receive(), desk.receive()
    match, _ = detected(desk)
    desk.clock.move(hours=2)
    desk.rule(early, Measure.REMOVE)
    desk.rule(match, Measure.KEEP, Ground.FALSE_MATCH)
    desk.clock.move(hours=60)
    desk.upkeep.look_after()
    desk.rule(late, Measure.DISABLE)
    desk.rule(late, Measure.KEEP)
    found, load = _counted(desk)
    assert sum(day.received for day in found.days) == 4
    assert sum(day.decided for day in found.days) == 4
    assert sum(day.missed for day in found.days) > 0
    assert dict(found.outcomes) == {Measure.KEEP: 2, Measure.REMOVE: 1, Measure.DISABLE: 1}
    assert found.median_time == timedelta(hours=2)
    assert found.within_day == 2 / 3
    assert found.took == {6: 2, None: 1}
    assert (found.matches, found.false_matches, found.restored) == (1, 1, 1)
    assert load.states[NoticeState.OPEN] == 1
    assert load.ending[-1] >= 1
    assert desk.load(waiting).ruling is None
    assert Party.NOTIFIER in {each.to for each in desk.load(late).messages}


def test_only_the_days_shown_are_summed() -> None:
    """What a clock that was set back left behind, or a longer time than is shown, is in no sum."""
    today = START.date()
    counted = {(today + timedelta(days=days), f"{MEASURE}{Measure.REMOVE}"): 1 for days in (-DAYS, 1 - DAYS, 0, 1)}
    assert figures(counted, today).outcomes == ((Measure.REMOVE, 2),)


def test_steps() -> None:
    """A clock belongs to the first step that it ends within; what has ended to the first of all."""
    hours = {-0.1: -1, 0.5: 1, 3: 6, 20: 24, 100: STEPS[-1], 24 * 400: STEPS[-1]}
    assert {left: step(START + timedelta(hours=left), START) for left in hours} == hours
