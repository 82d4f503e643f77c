# SPDX-License-Identifier: Apache-2.0
"""Clocks warn, are passed on, and never pass unseen: with a clock that tests move, also backwards."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from noli.base.errors import InputError
from noli.jobs.model import Lease
from noli.notices import commands as c
from noli.notices import events as e
from noli.notices import upkeep
from noli.notices.clocks import clocks, complain_until, next_alarm, running, watch
from noli.notices.model import Because, Measure, NewNotice, Notice, NoticeState, Opening
from noli.notices.retention import NOTICE_TIME
from noli.notices.summaries import summary
from noli.regimes.model import Party, RegimeId, SetBy
from tests.support.notices import START, Desk, complete, content

HOUR = timedelta(hours=1)

WHY = Because(reason="The police asked for it.", rule="§ 94", author="ada")


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


def test_a_lost_alarm_is_found_in_the_next_round_whichever_it_is() -> None:
    """Alarms that are missing, or later than the first clock ends, are found together."""
    desk = Desk()
    gone, late, kept = desk.receive(), desk.receive(), desk.receive()
    desk.upkeep.look_after()
    listed = desk.memory.world.listed
    right = dict(listed)
    assert desk.upkeep.raise_alarms() == 0
    listed[gone.id] = replace(right[gone.id], alarm_at=None)
    far = right[late.id].look_by or START
    listed[late.id] = replace(right[late.id], alarm_at=far + HOUR)
    assert desk.upkeep.watch() == 0, "nobody would look"
    desk.upkeep.task.run(Lease("notices", "", "", desk.clock.now(), 0, 0))
    assert desk.memory.world.listed == right
    desk.memory.world.listed[gone.id] = replace(right[gone.id], alarm_at=None)
    desk.clock.move(days=3)
    desk.upkeep.look_after()
    for each in (gone, late, kept):
        assert desk.load(each).breached, "what was missed meanwhile is on the record"


def test_another_law_lets_somebody_look_at_every_notice() -> None:
    """What follows from a law that was changed since is derived anew in the next round, and then no more."""
    desk = Desk()
    notice = desk.receive()
    desk.upkeep.look_after()
    listed = desk.memory.world.listed
    right = listed[notice.id]
    listed[notice.id] = replace(right, law="of old", due_at=right.due_at and right.due_at + 99 * HOUR)
    assert desk.upkeep.raise_alarms() == 1
    assert desk.upkeep.raise_alarms() == 0, "it waits already"
    assert desk.upkeep.watch() == 1
    assert desk.memory.world.listed[notice.id] == right
    assert desk.upkeep.watch() == 0


def test_an_alarm_without_a_cause_is_put_right() -> None:
    """Somebody looks, finds nothing, and sets the next alarm."""
    desk = Desk()
    notice = desk.receive()
    desk.upkeep.look_after()
    right = desk.memory.world.listed[notice.id]
    desk.memory.world.listed[notice.id] = replace(right, alarm_at=START)
    assert [desk.upkeep.watch(), desk.upkeep.watch()] == [1, 0]
    assert desk.memory.world.listed[notice.id] == right


def test_the_sweep_goes_through_all_notices_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call takes the next ones, whatever is wrong with them, and begins anew at the end."""
    monkeypatch.setattr(upkeep, "_SWEPT", 4)
    desk = Desk()
    for number in range(6):
        desk.receive(complete(reference=str(number)))
    world = desk.memory.world
    world.listed = {id_: replace(each, due_at=None, look_by=None, alarm_at=None) for id_, each in world.listed.items()}
    assert [desk.upkeep.sweep() for _ in range(3)] == [4, 2, 0]


def test_a_hold_ends_when_its_time_comes() -> None:
    """The clock ends it, on the record; what it held back is erased then, and what has no end stays."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.KEEP)
    ended = desk.clock.now() + NOTICE_TIME + timedelta(days=9)
    held = desk.act(notice, c.PlaceHold(WHY, until=ended))
    lasting = desk.act(desk.rule(desk.receive(), Measure.KEEP), c.PlaceHold(WHY))
    assert desk.memory.world.listed[held.id].look_by == ended
    assert desk.memory.world.listed[lasting.id].look_by is None
    desk.clock.time = ended - timedelta(seconds=1)
    desk.upkeep.look_after()
    assert desk.load(held).held
    assert desk.load(held).erased_at is None
    desk.clock.time = ended
    desk.upkeep.watch()
    assert not desk.load(held).held
    assert desk.load(held).holds[0].lifted_at == ended
    assert desk.memory.world.histories[held.id][-1].event == e.HoldEnded(hold=held.holds[0].number)
    assert desk.upkeep.expire() == 1, "the year was over while it was held"
    assert desk.load(held).erased_at == ended
    assert desk.act(lasting, c.WatchClocks()).held
    with pytest.raises(InputError, match="later than now"):
        desk.act(lasting, c.PlaceHold(WHY, until=ended))


def test_a_law_that_lapsed_or_left_stops_its_clocks() -> None:
    """A regime that is gone from the files, or that no longer holds when something happens, starts nothing."""
    desk = Desk()
    notice = desk.receive()
    gone = replace(desk.service.law, regimes={})
    assert clocks(notice, gone) == ()
    assert next_alarm(notice, running(notice, gone)) is None
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
