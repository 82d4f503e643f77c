# SPDX-License-Identifier: Apache-2.0
"""The clocks of a notice: derived from its events and the law each time anew, never stored.

What is stored is an alarm: when somebody has to look next; and by when they must have looked, so that a lost alarm
shows. It loses no deadline; a sweep makes it again. A clock that was missed is recorded when somebody looks, and also
by whatever happens to the notice first afterwards, so that a late decision never hides that it was late. A warning that
was missed while nothing ran is not given late: the nearest one is given instead, and what is past its end is recorded
as missed. No clock warns as it begins: of a short one, parts of its length are left where hours would be too many.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from noli.access.model import Role
from noli.base.errors import NotInForce
from noli.notices import events as e
from noli.notices import letters
from noli.notices.events import Event
from noli.notices.model import Letter, Notice, Opening, Ruling, Running, Start
from noli.regimes.model import Deadline, Duty, Filer, Law, Party, Regime, SetBy, Trigger
from noli.regimes.rules import deadlines


@dataclass(frozen=True, slots=True)
class Mark:
    """When a clock warns, and who then has to know.

    Attributes:
        hours: So long before its end; in events it is the mark's name.
        part: And never with more than this part of its length left.
        role: Who has to know.
    """

    hours: int
    part: Fraction
    role: Role

    def left(self, clock: Running) -> timedelta:
        """Return how long before the end of a clock it is."""
        length = clock.deadline.due_at - clock.started_at
        return min(timedelta(hours=self.hours), length * self.part.numerator / self.part.denominator)


#: The marks of each clock, first to last.
MARKS = (
    Mark(24, Fraction(1, 2), Role.MODERATOR),
    Mark(6, Fraction(1, 4), Role.LEAD),
    Mark(1, Fraction(1, 10), Role.ADMIN),
)

#: The roles in the order in which a clock is passed on.
LADDER = tuple(mark.role for mark in MARKS)

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
    return longest_to_complain(_regimes(notice, law, start), side=side, told=told)


def longest_to_complain(regimes: Iterable[Regime], *, side: Party, told: datetime) -> datetime:
    """Return the latest end of the time to complain that any of some regimes gives; at once where none does."""
    start = Start(Trigger.DECISION_TOLD, 0, told)
    ends = [
        deadline.due_at
        for regime in regimes
        for deadline in _all(regime, start)
        if deadline.duty is Duty.COMPLAIN and deadline.party in {side, Party.PLATFORM}
    ]
    return max(ends, default=told)


def watch(notice: Notice, law: Law, now: datetime) -> Iterator[Event]:
    """Say what time makes happen now: restrictions and holds that end, warnings, passing on, and what was missed."""
    ending = notice.ending
    if ending is not None and ending.until is not None and now >= ending.until:
        yield from _ended(notice, ending)
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
        mark = _warning(notice, each, now) if each.met_at is None else None
        if mark is not None:
            line = each.deadline
            yield e.Warned(
                clock=each.key,
                duty=line.duty,
                regime=line.regime,
                due_at=line.due_at,
                hours=mark.hours,
                verified=line.verified,
            )
            role = yield from _passed(each, mark.role, role)


def breaches(notice: Notice, law: Law, now: datetime) -> tuple[Event, ...]:
    """Record what was missed, whatever happened since."""
    return tuple(
        _breach(each) for each in clocks(notice, law) if _missed(each, now) and each.key not in notice.breached
    )


def next_alarm(notice: Notice, runs: Iterable[Running]) -> datetime | None:
    """Return when somebody has to look next; None where neither clocks nor holds nor plans nor ends call."""
    warnings = [
        each.deadline.due_at - mark.left(each)
        for each in _unmissed(notice, runs)
        for mark in MARKS
        if _unwarned(notice, each.key, mark)
    ]
    return min((*warnings, *_ends(notice, runs)), default=None)


def look_by(notice: Notice, runs: Iterable[Running]) -> datetime | None:
    """Return when somebody must have looked at the latest; None as above."""
    return min(_ends(notice, runs), default=None)


def _unmissed(notice: Notice, runs: Iterable[Running]) -> list[Running]:
    return [each for each in runs if each.key not in notice.breached]


def _ends(notice: Notice, runs: Iterable[Running]) -> list[datetime]:
    """Return from when on each clock is missed, holds and restrictions have ended, and a plan takes effect."""
    missed = [each.deadline.due_at + _MOMENT for each in _unmissed(notice, runs)]
    planned = [] if notice.plan is None else [notice.plan.effect_at]
    until = [each.until for each in notice.standing]
    if notice.ending is not None:
        until.append(notice.ending.until)
    return [*planned, *missed, *(each for each in until if each is not None)]


def _ended(notice: Notice, ruling: Ruling) -> Iterator[Event]:
    """End a restriction whose time is over, with what was banked for it, and tell the sides."""
    yield e.RulingEnded(ruling=ruling.number)
    for each in notice.contents:
        if each.kept_down:
            yield e.LetUp(content=each.number)
    sender = {Opening.REQUEST: Party.NOTIFIER, Opening.ORDER: Party.AUTHORITY}.get(notice.opening)
    sides = [(Party.UPLOADER, notice.uploader_language), *([] if sender is None else [(sender, notice.language)])]
    for side, language in sides:
        yield e.SidesTold(to=side, letter=Letter.ENDED, language=language, text=letters.ended(language))


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


def _warning(notice: Notice, each: Running, now: datetime) -> Mark | None:
    """Return the last mark that is due and was not given."""
    left = each.deadline.due_at - now
    due = [mark for mark in MARKS if left <= mark.left(each) and _unwarned(notice, each.key, mark)]
    return due[-1] if due else None


def _unwarned(notice: Notice, key: str, mark: Mark) -> bool:
    return not any((key, given.hours) in notice.warned for given in MARKS if given.hours <= mark.hours)
