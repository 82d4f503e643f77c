# SPDX-License-Identifier: Apache-2.0
"""What follows from regimes: which apply, what is due when, what a request lacks. Pure sums over the data."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from noli.base.errors import NotFound, NotInForce
from noli.regimes.model import (
    ClockRule,
    Deadline,
    Facts,
    Field,
    Filer,
    Law,
    Missing,
    Need,
    Party,
    Regime,
    RegimeId,
    Service,
    SetBy,
    Source,
    Term,
    Trigger,
    Value,
)

#: Code of the jurisdiction that is everywhere: our own rules stand under it.
EVERYWHERE = "*"

# What a service is besides what it calls itself.
_ALSO = {
    Service.PLATFORM: {Service.PLATFORM, Service.HOSTING, Service.INTERMEDIARY},
    Service.HOSTING: {Service.HOSTING, Service.INTERMEDIARY},
}

# Of two deadlines at the same moment, the one that binds more is shown.
_WEIGHT = {SetBy.LAW: 0, SetBy.AUTHORITY: 1, SetBy.HOUSE: 2}


def regime(law: Law, regime_id: str) -> Regime:
    """Return a regime.

    Raises:
        NotFound: There is none of this id; unknown law is an error, never a default.
    """
    found = law.regimes.get(RegimeId(regime_id))
    if found is None:
        msg = f"There is no regime {regime_id!r}."
        raise NotFound(msg)
    return found


def deadlines(
    regime: Regime,
    trigger: Trigger,
    at: datetime,
    *,
    filer: Filer | None = None,
    ordered: datetime | None = None,
) -> tuple[Deadline, ...]:
    """Say what is due when after something happened.

    Args:
        regime: Whose clocks.
        trigger: What happened.
        at: When, aware.
        filer: Who filed, for clocks that run for the requests of some alone; without one they are left out.
        ordered: The time that an order sets, for clocks whose end the order says; without one they are left out.

    Returns:
        Deadlines, earliest first; empty where the regime has no clock for this.

    Raises:
        NotInForce: The regime does not hold on that day.
    """
    day = regime.day(at)
    must_hold(regime, day)
    found = [
        _deadline(regime, clock, value, due)
        for clock in regime.clocks
        if clock.trigger is trigger and (filer in clock.filers if filer else clock.filers == frozenset(Filer))
        if (value := clock.terms.on(day)) is not None
        if (due := _due(regime, value.what, at, ordered)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (each.due_at, _WEIGHT[each.set_by], each.duty)))


def _due(regime: Regime, term: Term, at: datetime, ordered: datetime | None) -> datetime | None:
    if term.period is None:
        return ordered
    return term.period.end(at, regime.jurisdiction.zone, calendar=term.calendar, whole_days=term.whole_days)


def _deadline(regime: Regime, clock: ClockRule, value: Value[Term], due: datetime) -> Deadline:
    return Deadline(
        regime=regime.id,
        duty=clock.duty,
        trigger=clock.trigger,
        party=clock.party,
        due_at=due,
        period=str(value.what.period or ""),
        set_by=value.what.set_by,
        words=value.what.words,
        source=value.source,
    )


def strictest(deadlines: Iterable[Deadline]) -> Deadline | None:
    """Return what the platform has to do first; None where it has nothing to do.

    Of several at the same moment, one that a law set comes before a target of ours.
    """
    ours = [each for each in deadlines if each.party is Party.PLATFORM]
    return min(ours, key=lambda each: (each.due_at, _WEIGHT[each.set_by], each.regime, each.duty), default=None)


def missing(law: Law, regime: Regime, given: Collection[Field], filer: Filer, on: date) -> tuple[Missing, ...]:
    """Say what a request lacks under a regime, in the order of the form.

    Args:
        law: Holds the sentences.
        regime: Which regime.
        given: Fields that the request fills in.
        filer: Who files.
        on: The day on which it came in: ``regime.day(at)``.

    Returns:
        What is missing; the request is valid where none of it is ``required``. A filer for whom the regime has no place
        lacks the capacity, whatever was given.

    Raises:
        NotInForce: The regime does not hold on that day.
    """
    must_hold(regime, on)
    lacking: dict[Field, Missing] = {}
    who = regime.filers.on(on)
    if who is not None and filer not in who.what:
        lacking[Field.CAPACITY] = Missing(regime.id, Field.CAPACITY, Need.REQUIRED, law.not_yours, who.source)
    for rule in regime.fields:
        need = rule.need.on(on)
        if need is not None and filer in rule.filers and rule.field not in given:
            lacking.setdefault(
                rule.field, Missing(regime.id, rule.field, need.what, law.questions[rule.field], need.source)
            )
    order = list(Field)
    return tuple(sorted(lacking.values(), key=lambda each: order.index(each.field)))


def wanted_by(regime: Regime, field: Field, filer: Filer, on: date) -> Source | None:
    """Say where a regime asks for a field, or says who may file; None where it does neither on that day."""
    for rule in regime.fields:
        need = rule.need.on(on)
        if rule.field is field and filer in rule.filers and need is not None:
            return need.source
    who = regime.filers.on(on)
    return None if who is None or field is not Field.CAPACITY else who.source


def takes_requests(regime: Regime, on: date) -> bool:
    """Tell whether a person's request means anything under a regime; some know orders alone, or only offences."""
    return regime.filers.on(on) is not None


def valid(missing: Iterable[Missing]) -> bool:
    """Tell whether a request that lacks this counts as valid."""
    return not any(each.need is Need.REQUIRED for each in missing)


def applicable(regimes: Iterable[Regime], facts: Facts, on: date) -> tuple[Regime, ...]:
    """Return the regimes that apply to a service and a request on a day, in order of their ids."""
    return tuple(sorted((each for each in regimes if _applies(each, facts, on)), key=lambda each: each.id))


def obligation(regimes: Iterable[Regime], name: str, on: date) -> Source | None:
    """Return where an obligation stands on a day; None where no regime has it, or nobody read it there."""
    found = (each.texts.on(on) for regime in regimes for each in regime.obligations if each.name == name)
    return next((value.source for value in found if value is not None and value.source.verified), None)


def _applies(regime: Regime, facts: Facts, on: date) -> bool:
    if regime.in_force.on(on) is None:
        return False
    place = regime.jurisdiction
    if place.code != EVERYWHERE and not facts.jurisdictions & {place.code, *place.members}:
        return False
    exempt = regime.small_exempt.on(on)
    if facts.small and exempt is not None and exempt.what:
        return False
    services = regime.services.on(on)
    named = {also for each in facts.services for also in _ALSO.get(each, {each})}
    if services is not None and not services.what & named:
        return False
    content = regime.content.on(on)
    return content is None or not facts.content or bool(content.what & facts.content)


def must_hold(regime: Regime, day: date) -> None:
    """Refuse a day on which a regime is not in force. Raises NotInForce, which says from when it is."""
    if regime.in_force.on(day) is not None:
        return
    begins = min((each.in_force for each in regime.in_force.values if each.in_force), default=None)
    since = f"It begins on {begins.isoformat()}." if begins and begins > day else "It is not known from when it is."
    msg = f"The regime {regime.id} is not in force on {day.isoformat()}. {since}"
    raise NotInForce(msg)
