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
from noli.notices.model import (
    Because,
    Ground,
    Letter,
    Measure,
    NewNotice,
    Notice,
    NoticeState,
    Opening,
    Order,
    PartyId,
)
from noli.notices.summaries import summary
from noli.regimes.model import Party, RegimeId, SetBy
from tests.support.notices import EVERYWHERE, NOTICE_TIME, START, Desk, complete, content, ruling

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


def test_no_clock_warns_as_it_begins() -> None:
    """On a platform under every law, nothing is passed on at birth: not by requests, orders, or what is restricted."""
    desk = Desk(facts=EVERYWHERE)
    order = NewNotice(opening=Opening.ORDER, order=Order("A court", "§ 1"), contents=(content(2),))
    for notice in (desk.receive(), desk.receive(order), desk.rule(desk.receive(), Measure.DISABLE)):
        runs = running(notice, desk.service.law)
        assert any(each.deadline.due_at - each.started_at <= 2 * HOUR for each in runs) or notice.rulings
        listed = summary(notice, desk.service.law)
        assert listed.alarm_at is not None
        assert listed.alarm_at > desk.clock.now()
        after, made = _look(desk, notice, seconds=3)
        assert not made
        assert after.escalated_to == ""


def test_a_short_clock_warns_at_parts_of_its_length() -> None:
    """Of two hours' triage half, a quarter and a tenth are left when the moderator, the lead and the admin know."""
    desk = Desk()
    notice = desk.receive()
    seen = []
    for minutes in (59, 1, 29, 1, 17, 1):
        notice, made = _look(desk, notice, minutes=minutes)
        warned = [each.hours for each in made if isinstance(each, e.Warned) and "triage" in each.clock]
        seen.append((warned, notice.escalated_to))
    assert seen == [([], ""), ([24], "moderator"), ([], "moderator"), ([6], "lead"), ([], "lead"), ([1], "admin")]


def test_a_restriction_ends_when_its_time_is_over() -> None:
    """The content is back, the bank lets it up, both sides are told once, and no conduct is forgotten."""
    desk = Desk()
    until = START + timedelta(days=20)
    notice = desk.rule(desk.receive(), Measure.REMOVE, until=until)
    assert desk.memory.world.listed[notice.id].look_by is not None
    desk.clock.time = until - timedelta(seconds=1)
    notice, _ = _look(desk, notice)
    assert notice.contents[0].restricted
    notice, made = _look(desk, notice, seconds=1)
    told = [(each.to, each.letter) for each in made if isinstance(each, e.SidesTold)]
    assert told == [(Party.UPLOADER, Letter.ENDED), (Party.NOTIFIER, Letter.ENDED)]
    assert [type(each).__name__ for each in made][:2] == ["RulingEnded", "LetUp"]
    assert not notice.contents[0].restricted
    assert not notice.contents[0].kept_down
    assert notice.rulings[0].ended_at == until
    assert notice.rulings[0].reversed_at is None, "nobody was wrong"
    uploader = notice.contents[0].uploader
    assert uploader is not None
    assert _conduct(desk, uploader) == 1
    assert desk.upkeep.watch() == 0
    assert _look(desk, notice, days=1)[1] == []
    kept = desk.rule(notice, Measure.KEEP)
    assert not [each for each in kept.messages if each.letter is Letter.RESTORED], "there is nothing left to restore"
    assert _conduct(desk, uploader) == 0, "it was wrong all the same"


def _conduct(desk: Desk, record: PartyId) -> int:
    with desk.service.store.transaction() as transaction:
        return len(desk.service.record_of(transaction, record).conduct)


def test_the_end_of_what_was_ordered_or_found_is_told_to_whom_there_is() -> None:
    """An authority is told; where a match opened the notice, who uploaded it alone."""
    desk = Desk()
    until = START + HOUR
    order = NewNotice(opening=Opening.ORDER, order=Order("A court", "§ 1"), contents=(content(2),))
    policy = NewNotice(opening=Opening.POLICY, contents=(content(3),))
    for new, sides in ((order, {Party.UPLOADER, Party.AUTHORITY}), (policy, {Party.UPLOADER})):
        desk.clock.time = START
        notice = desk.rule(desk.receive(new), Measure.GEO_RESTRICT, Ground.ORDERED, territory="US", until=until)
        _, made = _look(desk, notice, hours=1)
        assert {each.to for each in made if isinstance(each, e.SidesTold)} == sides


def test_a_precaution_that_ends_leaves_the_decision_open() -> None:
    """Somebody has to decide still; until then the content can be seen again."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION, until=START + HOUR)
    assert notice.state is NoticeState.PROVISIONAL
    notice, _ = _look(desk, notice, hours=1)
    assert notice.state is NoticeState.OPEN
    assert not notice.contents[0].restricted


def test_what_may_show_a_minor_stays_out_of_sight() -> None:
    """No time that was set before brings it back."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.DISABLE, until=START + HOUR)
    notice = desk.act(notice, c.SuspectMinor("bea"))
    notice, made = _look(desk, notice, hours=2)
    assert notice.contents[0].restricted
    assert not [each for each in made if isinstance(each, e.RulingEnded)]


def test_only_a_restriction_ends_and_only_later_than_now() -> None:
    """Neither what was over before it began nor what restricts nothing is accepted, planned or not."""
    desk = Desk()
    notice = desk.receive()
    for measure, until in ((Measure.DISABLE, START), (Measure.KEEP, START + HOUR)):
        with pytest.raises(InputError, match="later than now"):
            desk.rule(notice, measure, until=until)
    soon = c.PlanRuling(ruling(Measure.DISABLE, until=START + HOUR), START + HOUR)
    with pytest.raises(InputError, match="later than now"):
        desk.act(notice, soon)


def test_nothing_is_erased_before_a_restriction_has_ended() -> None:
    """The time for which a notice is kept counts from the end, so that somebody is there to end it."""
    desk = Desk()
    until = START + NOTICE_TIME + timedelta(days=30)
    policy = NewNotice(opening=Opening.POLICY, contents=(content(1),))
    notice = desk.rule(desk.receive(policy), Measure.DISABLE, until=until)
    assert desk.memory.world.listed[notice.id].idle_at == until
    desk.clock.time = until
    desk.expire()
    assert desk.load(notice).erased_at is None
    notice, _ = _look(desk, notice)
    assert notice.rulings[0].ended_at == until
    desk.clock.time = until + NOTICE_TIME
    desk.expire()
    assert desk.load(notice).erased_at == until + NOTICE_TIME


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
    assert desk.expire() == 1, "the year was over while it was held"
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
