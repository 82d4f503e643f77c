# SPDX-License-Identifier: Apache-2.0
"""The clocks of a notice: derived from its events and the law each time anew, never stored.

What is stored is an alarm: when somebody has to look next; and by when they must have looked, so that a lost alarm
shows. It loses no deadline; a sweep makes it again. A clock that was missed is recorded when somebody looks, and also
by whatever happens to the notice first afterwards, so that a late decision never hides that it was late. A warning that
was missed while nothing ran is not given late: the nearest one is given instead, and what is past its end is recorded
as missed.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from noli.access.model import Role
from noli.base.errors import NotInForce
from noli.notices import events as e
from noli.notices.events import Event
from noli.notices.model import Notice, Opening, Running, Start
from noli.regimes.model import Deadline, Duty, Filer, Law, Party, Regime, SetBy, Trigger
from noli.regimes.rules import deadlines

#: Hours before its end at which a clock warns, and the role that then has to know.
WARNINGS: Mapping[int, Role] = {24: Role.MODERATOR, 6: Role.LEAD, 1: Role.ADMIN}

#: The roles in the order in which a clock is passed on.
LADDER = tuple(WARNINGS.values())

# What is done at the very end is still in time.
_MOMENT = timedelta(microseconds=1)

_WEIGHT = {SetBy.LAW: 0, SetBy.AUTHORITY: 1, SetBy.HOUSE: 2}


def clocks(notice: Notice, law: Law) -> tuple[Running, ...]:
    """Return every clock of the platform's own that ever ran on a notice, strictest first."""
    found = []
    for start in notice.starts:
        for regime in _regimes(notice, law, start):
            for deadline in _deadlines(notice, regime, start):
                met = _met(notice, deadline.duty, start)
                key = f"{regime.id}.{deadline.duty}.{start.number}"
                found.append(Running(key, deadline, start.at, met))
    return tuple(sorted(found, key=lambda each: (each.deadline.due_at, _WEIGHT[each.deadline.set_by], each.key)))


def running(notice: Notice, law: Law) -> tuple[Running, ...]:
    """Return the clocks that run, strictest first."""
    return tuple(each for each in clocks(notice, law) if each.met_at is None)


def complain_until(notice: Notice, law: Law, *, side: Party, told: datetime, number: int) -> datetime:
    """Return until when a side may complain about what it was told then: the longest time that a regime gives."""
    start = Start(Trigger.DECISION_TOLD, number, told)
    ends = [
        deadline.due_at
        for regime in _regimes(notice, law, start)
        for deadline in _all(regime, start)
        if deadline.duty is Duty.COMPLAIN and deadline.party in {side, Party.PLATFORM}
    ]
    return max(ends, default=told)


def watch(notice: Notice, law: Law, now: datetime) -> Iterator[Event]:
    """Say what the clocks make happen now: holds that end, warnings, passing on, and what was missed."""
    for hold in notice.standing:
        if hold.until is not None and now >= hold.until:
            yield e.HoldEnded(hold=hold.number)
    role = notice.escalated_to
    for each in clocks(notice, law):
        missed = _missed(each, now)
        if missed:
            if each.key not in notice.breached:
                yield _breach(each)
                if each.met_at is None:
                    role = yield from _passed(each, LADDER[-1], role)
            continue
        hours = _warning(notice, each, now) if each.met_at is None else None
        if hours is not None:
            line = each.deadline
            yield e.Warned(
                clock=each.key,
                duty=line.duty,
                regime=line.regime,
                due_at=line.due_at,
                hours=hours,
                verified=line.verified,
            )
            role = yield from _passed(each, WARNINGS[hours], role)


def breaches(notice: Notice, law: Law, now: datetime) -> tuple[Event, ...]:
    """Record what was missed, whatever happened since."""
    return tuple(
        _breach(each) for each in clocks(notice, law) if _missed(each, now) and each.key not in notice.breached
    )


def next_alarm(notice: Notice, runs: Iterable[Running]) -> datetime | None:
    """Return when somebody has to look next; None where neither clocks nor holds nor plans call."""
    warnings = [
        each.deadline.due_at - timedelta(hours=hours)
        for each in _unmissed(notice, runs)
        for hours in WARNINGS
        if _unwarned(notice, each.key, hours)
    ]
    return min((*warnings, *_ends(notice, runs)), default=None)


def look_by(notice: Notice, runs: Iterable[Running]) -> datetime | None:
    """Return when somebody must have looked at the latest; None as above."""
    return min(_ends(notice, runs), default=None)


def _unmissed(notice: Notice, runs: Iterable[Running]) -> list[Running]:
    return [each for each in runs if each.key not in notice.breached]


def _ends(notice: Notice, runs: Iterable[Running]) -> list[datetime]:
    """Return from when on each clock is missed, each hold has ended, and a planned decision takes effect."""
    missed = [each.deadline.due_at + _MOMENT for each in _unmissed(notice, runs)]
    planned = [] if notice.plan is None else [notice.plan.effect_at]
    return [*planned, *missed, *(each.until for each in notice.standing if each.until is not None)]


def _regimes(notice: Notice, law: Law, start: Start) -> Iterator[Regime]:
    for regime in notice.regimes:
        if start.regime in {None, regime} and regime in law.regimes:
            yield law.regimes[regime]


def _deadlines(notice: Notice, regime: Regime, start: Start) -> Iterator[Deadline]:
    ordered = notice.order.due_at if notice.order is not None else None
    asked = {Opening.REQUEST: Duty.TELL_NOTIFIER, Opening.ORDER: Duty.TELL_AUTHORITY}
    nobody = {Duty.COMPLAIN, Duty.TURN_TO_BODY, *asked.values()} - {asked.get(notice.opening)}
    # What a law gives trusted flaggers it gives them by evidence, not by claim.
    filer = Filer.TRUSTED_FLAGGER if notice.evidence else None
    for deadline in _all(regime, start, filer=filer, ordered=ordered):
        if deadline.party is Party.PLATFORM and deadline.duty not in nobody:
            yield deadline


def _all(
    regime: Regime, start: Start, *, filer: Filer | None = None, ordered: datetime | None = None
) -> tuple[Deadline, ...]:
    try:
        return deadlines(regime, start.trigger, start.at, filer=filer, ordered=ordered)
    except NotInForce:
        # It held when the notice came in; since then it has lapsed.
        return ()


def _met(notice: Notice, duty: Duty, start: Start) -> datetime | None:
    """Return when a duty was met: what was done first for it after its clock began, in the order of events.

    What a request asks for may have been done before the request was complete.
    """
    early = start.trigger in {Trigger.VALID_REQUEST, Trigger.INCOMPLETE_REQUEST}
    for done in notice.done:
        # Whatever becomes of a notice, what may show somebody under 18 has to be reported.
        over = done.duty is None and duty is not Duty.REPORT_POSSIBLE_MINOR
        fits = (over or done.duty is duty) and done.subject in {0, start.number}
        if fits and (early or done.number >= start.number):
            return max(done.at, start.at) if done.number < start.number else done.at
    return None


def _missed(each: Running, now: datetime) -> bool:
    return (now if each.met_at is None else each.met_at) > each.deadline.due_at


def _breach(each: Running) -> Event:
    line = each.deadline
    return e.Breached(clock=each.key, duty=line.duty, regime=line.regime, due_at=line.due_at, verified=line.verified)


def _passed(each: Running, role: Role, before: str) -> Generator[Event, None, str]:
    ranks = [str(one) for one in LADDER]
    if before in ranks and ranks.index(before) >= ranks.index(role):
        return before
    yield e.Escalated(clock=each.key, role=role)
    return str(role)


def _warning(notice: Notice, each: Running, now: datetime) -> int | None:
    """Return the nearest warning that is due and not given."""
    left = each.deadline.due_at - now
    due = [hours for hours in WARNINGS if left <= timedelta(hours=hours) and _unwarned(notice, each.key, hours)]
    return min(due, default=None)


def _unwarned(notice: Notice, key: str, hours: int) -> bool:
    return not any((key, given) in notice.warned for given in WARNINGS if given <= hours)
