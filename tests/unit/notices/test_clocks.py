# SPDX-License-Identifier: Apache-2.0
"""Clocks warn, are passed on, and never pass unseen: with a clock that tests move, also backwards."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from noli.notices import commands as c
from noli.notices import events as e
from noli.notices.clocks import clocks, complain_until, next_alarm, running, watch
from noli.notices.model import Measure, NewNotice, Notice, NoticeState, Opening
from noli.notices.summaries import summary
from noli.regimes.model import Party, RegimeId, SetBy
from tests.support.notices import START, Desk, complete, content

HOUR = timedelta(hours=1)


def _look(desk: Desk, notice: Notice, **later: float) -> tuple[Notice, list[e.Event]]:
    """Let time pass and the upkeep look; return what that made happen."""
    desk.clock.move(**later)
    while desk.upkeep.watch():
        pass
    after = desk.load(notice)
    with desk.service.store.transaction() as transaction:
        made = [each.event for each in transaction.history(notice.id)[notice.version :]]
    return after, made


def test_a_clock_warns_is_passed_on_and_its_breach_recorded() -> None:
    """Warnings a day, six hours and one hour before; the lead at six, the admin at one; then the breach, once."""
    desk = Desk()
    notice = desk.act(desk.receive(), c.Take("ada"))
    key = next(each.key for each in running(notice, desk.service.law) if each.deadline.regime == "us-take-it-down")
    seen = []
    for hours in (24, 18, 5, 1, 1):
        notice, made = _look(desk, notice, hours=hours, minutes=1)
        seen += [
            (type(each).__name__, getattr(each, "hours", getattr(each, "role", 0)))
            for each in made
            if getattr(each, "clock", "") == key
        ]
    assert seen == [("Warned", 24), ("Warned", 6), ("Warned", 1), ("Breached", 0)]
    assert notice.escalated_to == "admin"
    assert key in notice.breached
    assert desk.upkeep.watch() == 0, "nothing is left to say"
    assert desk.service.queue()[0].breaches >= 1


def test_the_strictest_clock_is_shown_with_its_source() -> None:
    """The list shows what is due first, under which regime, where that stands, and whether it was verified."""
    desk = Desk()
    notice = desk.receive()
    [listed] = desk.service.queue()
    assert (listed.due_for, listed.due_under) == ("triage", "house-rules")
    notice = desk.act(notice, c.Take("ada"))
    [listed] = desk.service.queue()
    assert listed.due_for == "remove"
    desk.clock.move(hours=23)
    desk.rule(notice, Measure.REMOVE)
    [listed] = desk.service.queue()
    assert (listed.due_for, listed.due_under) == ("remove-copies", "us-take-it-down")
    assert "3(a)(3)(B)" in listed.due_source
    assert listed.due_verified == running(desk.load(notice), desk.service.law)[0].deadline.verified
    assert listed.due_set_by is SetBy.LAW


def test_a_late_decision_does_not_hide_that_it_was_late() -> None:
    """Where nobody looked in time, whatever happens next records the breach in the same moment."""
    desk = Desk()
    notice = desk.receive()
    desk.clock.move(hours=30)
    notice = desk.rule(notice, Measure.KEEP)
    assert {key.rpartition(".")[0] for key in notice.breached} == {"house-rules.triage", "house-rules.remove"}
    after, made = _look(desk, notice)
    assert not made
    assert after == notice


def test_a_breach_that_nobody_recorded_is_recorded_by_whoever_looks() -> None:
    """Also where what was due has been done since, late: the time that counts is that of the event."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.KEEP)
    late = [replace(done, at=START + 30 * HOUR) for done in notice.done]
    forged = replace(notice, done=tuple(late), breached=frozenset())
    made = list(watch(forged, desk.service.law, START + 31 * HOUR))
    assert made
    assert all(isinstance(each, e.Breached) for each in made), "nobody is alarmed about what is done"


def test_what_is_done_at_the_last_moment_is_in_time() -> None:
    """A deadline is missed after its end, not at it."""
    desk = Desk()
    notice = desk.act(desk.receive(), c.Take("ada"))
    desk.clock.move(hours=24)
    assert not desk.rule(notice, Measure.KEEP).breached


def test_a_clock_that_jumps_ahead_gives_no_stale_warnings() -> None:
    """After a long silence what is missed is recorded and passed to the top; no warning says that time is left."""
    desk = Desk()
    notice, made = _look(desk, desk.receive(), days=3)
    assert not [each for each in made if isinstance(each, e.Warned)]
    assert [each.role for each in made if isinstance(each, e.Escalated)] == ["admin"]
    assert {each.clock for each in made if isinstance(each, e.Breached)} == notice.breached
    assert len(notice.breached) == 4


def test_a_clock_that_jumps_back_repeats_nothing() -> None:
    """Warnings and breaches are events: they happen once, whatever the time says afterwards."""
    desk = Desk()
    notice, _ = _look(desk, desk.receive(), hours=30)
    notice, made = _look(desk, notice, hours=-29)
    assert not made
    _, made = _look(desk, notice, hours=29)
    assert not made


def test_a_short_clock_is_passed_on_at_once() -> None:
    """Where less than six hours are left from the start, the lead knows at the first look."""
    desk = Desk()
    notice, made = _look(desk, desk.receive(), minutes=1)
    triage = [each for each in made if "triage" in getattr(each, "clock", "")]
    assert [type(each) for each in triage] == [e.Warned, e.Escalated]
    assert notice.escalated_to == "lead"


def test_summer_time_changes_no_hours() -> None:
    """48 hours are 48 hours, also over a night that has one hour more or less, in any zone."""
    desk = Desk()
    for day in (
        datetime(2027, 3, 27, 12, tzinfo=ZoneInfo("America/New_York")),
        datetime(2027, 11, 6, 12, tzinfo=ZoneInfo("Europe/Berlin")),
    ):
        desk.clock.time = day
        notice = desk.receive()
        [remove] = [each for each in clocks(notice, desk.service.law) if each.key.startswith("us-take-it-down.remove.")]
        assert remove.deadline.due_at - desk.clock.time == 48 * HOUR


def test_alarms_are_made_again_where_they_were_lost_or_the_law_changed() -> None:
    """The sweep compares what is stored with what follows from events and law, some notices at a time."""
    desk = Desk()
    notice = desk.receive()
    assert desk.upkeep.sweep() == 0
    right = desk.memory.world.listed[notice.id]
    desk.memory.world.listed[notice.id] = replace(right, alarm_at=None)
    desk.clock.move(days=2)
    assert desk.upkeep.watch() == 0, "nobody would look"
    assert desk.upkeep.sweep() == 1
    assert desk.memory.world.listed[notice.id] == right
    assert desk.upkeep.watch() == 1
    listed = desk.memory.world.listed
    listed[notice.id] = replace(listed[notice.id], alarm_at=START)
    assert desk.upkeep.watch() == 1, "an alarm without a cause"
    assert desk.upkeep.watch() == 0, "is put right when somebody looks"


def test_the_sweep_goes_through_all_notices_in_portions() -> None:
    """Each call takes the next ones, and begins anew at the end."""
    desk = Desk()
    for number in range(60):
        desk.receive(complete(reference=str(number)))
    world = desk.memory.world
    world.listed = {id_: replace(each, alarm_at=None) for id_, each in world.listed.items()}
    assert [desk.upkeep.sweep() for _ in range(3)] == [50, 10, 0]


def test_a_law_that_lapsed_or_left_stops_its_clocks() -> None:
    """A regime that is gone from the files, or that no longer holds when something happens, starts nothing."""
    desk = Desk()
    notice = desk.receive()
    gone = replace(desk.service.law, regimes={})
    assert clocks(notice, gone) == ()
    assert next_alarm(notice, gone) is None
    old = desk.service.law.regimes[RegimeId("us-take-it-down")]
    ended = replace(
        old,
        in_force=replace(
            old.in_force, values=tuple(replace(v, until=START.date() + timedelta(days=1)) for v in old.in_force.values)
        ),
    )
    law = replace(desk.service.law, regimes={**desk.service.law.regimes, old.id: ended})
    desk.clock.move(days=5)
    late = desk.rule(notice, Measure.KEEP)
    assert not [each for each in clocks(late, law) if each.key.startswith("us-take-it-down.tell")]


def test_without_a_regime_nobody_gives_time_to_complain() -> None:
    """The house rules give six months to both sides; without them there is no time but the moment itself."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.KEEP)
    until = complain_until(notice, desk.service.law, side=Party.UPLOADER, told=START, number=5)
    assert (until - START).days in range(180, 186)
    bare = replace(notice, regimes=())
    assert complain_until(bare, desk.service.law, side=Party.UPLOADER, told=START, number=5) == START


def test_a_finding_of_our_own_has_nobody_to_answer() -> None:
    """No clock runs for telling a notifier whom there is not."""
    desk = Desk()
    notice = desk.rule(desk.receive(NewNotice(opening=Opening.POLICY, contents=(content(1),))), Measure.KEEP)
    assert not [each for each in clocks(notice, desk.service.law) if "tell-notifier" in each.key]
    assert summary(notice, desk.service.law).state is NoticeState.DECIDED
    assert summary(notice, desk.service.law).idle_at == START
