# SPDX-License-Identifier: Apache-2.0
"""How a regime is written down, and how it is read: strictly, so that a value without source, provision or date fails.

A file says each source once (``[source.act]``); each value names it and its own provision. Periods are ISO 8601, see
``period.py``. What a file may hold is what the structs here have; an unknown key, an unknown source, a field without a
value or a sign-off without a name is an error that says where.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from noli.base.errors import InputError
from noli.regimes.model import (
    AppealRule,
    Basis,
    ClockRule,
    Content,
    Copies,
    Dated,
    Disclosure,
    Duty,
    Field,
    FieldRule,
    Filer,
    Jurisdiction,
    Law,
    Measure,
    Need,
    NotificationRule,
    Obligation,
    Party,
    Regime,
    RegimeId,
    Service,
    SetBy,
    Source,
    Term,
    Trigger,
    Value,
    Words,
)
from noli.regimes.period import Calendar, Period

T = TypeVar("T")
S = TypeVar("S", bound="_Value")


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What does not allow a key that it does not know."""


class _Words(_Strict, frozen=True, kw_only=True):
    en: str
    de: str


class _Source(_Strict, frozen=True, kw_only=True):
    title: str
    url: str
    checked: date
    by: str
    basis: Basis


class _Value(_Strict, frozen=True, kw_only=True):
    """What every value has. Exactly one of ``in_force`` and ``awaits`` is given."""

    source: str
    provision: str
    in_force: date | None = None
    awaits: str = ""
    until: date | None = None
    note: str = ""
    #: Where one value of a source was read otherwise than the rest.
    basis: Basis | None = None
    checked: date | None = None
    reviewed_by: str = ""
    reviewed_on: date | None = None


class _Plain(_Value, Generic[T], frozen=True, kw_only=True):
    value: T


class _Term(_Value, frozen=True, kw_only=True):
    set_by: SetBy
    words: str
    period: str = ""
    calendar: str = ""
    whole_days: bool = False


class _Field(_Strict, frozen=True, kw_only=True):
    name: Field
    value: tuple[_Plain[Need], ...]
    filers: frozenset[Filer] = frozenset(Filer)


class _Clock(_Strict, frozen=True, kw_only=True):
    duty: Duty
    trigger: Trigger
    value: tuple[_Term, ...]
    party: Party = Party.PLATFORM
    filers: frozenset[Filer] = frozenset(Filer)


class _Appeal(_Strict, frozen=True, kw_only=True):
    side: Party
    value: tuple[_Plain[bool], ...]


class _Notification(_Strict, frozen=True, kw_only=True):
    to: Party
    trigger: Trigger
    value: tuple[_Plain[frozenset[str]], ...]


class _Obligation(_Strict, frozen=True, kw_only=True):
    name: str
    value: tuple[_Plain[_Words], ...]


class _Regime(_Strict, frozen=True, kw_only=True):
    id: str
    jurisdiction: str
    name: _Words
    source: dict[str, _Source]
    in_force: tuple[_Plain[bool], ...]
    content: tuple[_Plain[frozenset[Content]], ...] = ()
    service: tuple[_Plain[frozenset[Service]], ...] = ()
    small_exempt: tuple[_Plain[bool], ...] = ()
    filer: tuple[_Plain[frozenset[Filer]], ...] = ()
    copies: tuple[_Plain[Copies], ...] = ()
    measure: tuple[_Plain[frozenset[Measure]], ...] = ()
    disclosure: tuple[_Plain[Disclosure], ...] = ()
    field: tuple[_Field, ...] = ()
    clock: tuple[_Clock, ...] = ()
    appeal: tuple[_Appeal, ...] = ()
    notification: tuple[_Notification, ...] = ()
    obligation: tuple[_Obligation, ...] = ()


class _Jurisdiction(_Strict, frozen=True, kw_only=True):
    name: _Words
    zone: str
    members: frozenset[str] = frozenset()


class _Calendar(_Strict, frozen=True, kw_only=True):
    weekend: frozenset[int]
    yearly: tuple[str, ...] = ()
    dates: frozenset[date] = frozenset()


class _Places(_Strict, frozen=True, kw_only=True):
    countries: frozenset[str] = frozenset()
    jurisdiction: dict[str, _Jurisdiction]
    calendar: dict[str, _Calendar] = {}


class _Questions(_Strict, frozen=True, kw_only=True):
    field: dict[Field, _Words]
    not_yours: _Words


def law(regimes: Mapping[str, Mapping[str, Any]], places: Mapping[str, Any], questions: Mapping[str, Any]) -> Law:
    """Read everything.

    Args:
        regimes: The content of each file by its name.
        places: Jurisdictions and calendars.
        questions: How each field is asked for.

    Raises:
        InputError: A file cannot be used; the text names it and the place.
    """
    jurisdictions, calendars, countries = _places(places)
    asked = _convert(questions, _Questions, "questions")
    if lacking := set(Field) - set(asked.field):
        msg = f"questions: no sentence asks for {', '.join(sorted(lacking))}."
        raise InputError(msg)
    read: dict[RegimeId, Regime] = {}
    for name, data in sorted(regimes.items()):
        regime = _Reader(name, jurisdictions, calendars).regime(data)
        if regime.id in read:
            msg = f"{name}: there is a regime {regime.id!r} already."
            raise InputError(msg)
        read[regime.id] = regime
    return Law(
        regimes=dict(sorted(read.items())),
        jurisdictions=jurisdictions,
        countries=countries,
        questions={field: _words(words) for field, words in asked.field.items()},
        not_yours=_words(asked.not_yours),
    )


def _convert(data: Mapping[str, Any], kind: type[T], name: str) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}."
        raise InputError(msg) from error


def _words(words: _Words) -> Words:
    return {"en": words.en, "de": words.de}


def _places(data: Mapping[str, Any]) -> tuple[dict[str, Jurisdiction], dict[str, Calendar], frozenset[str]]:
    read = _convert(data, _Places, "places")
    jurisdictions = {}
    for code, place in read.jurisdiction.items():
        try:
            zone = ZoneInfo(place.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            msg = f"places: jurisdiction {code!r} has an unknown time zone {place.zone!r}."
            raise InputError(msg) from error
        jurisdictions[code] = Jurisdiction(code, _words(place.name), zone, place.members)
    calendars = {}
    for name, each in read.calendar.items():
        # Year 2000 has every day that a year can have.
        yearly = [date.fromisoformat(f"2000-{day}") for day in each.yearly]
        calendars[name] = Calendar(name, each.weekend, frozenset((day.month, day.day) for day in yearly), each.dates)
    return jurisdictions, calendars, read.countries


class _Reader:
    """Reads one file; knows its name, for what it says of mistakes."""

    def __init__(self, name: str, jurisdictions: Mapping[str, Jurisdiction], calendars: Mapping[str, Calendar]) -> None:
        self._name, self._jurisdictions, self._calendars = name, jurisdictions, calendars
        self._sources: Mapping[str, _Source] = {}

    def regime(self, data: Mapping[str, Any]) -> Regime:
        read = _convert(data, _Regime, self._name)
        self._sources = read.source
        if not read.in_force:
            where = "in_force"
            raise self._wrong(where, "a regime says since when it is in force, or what is awaited")
        return Regime(
            id=RegimeId(read.id),
            names=_words(read.name),
            jurisdiction=self._known(self._jurisdictions, read.jurisdiction, "jurisdiction"),
            in_force=self._plain(read.in_force, "in_force"),
            content=self._plain(read.content, "content"),
            services=self._plain(read.service, "service"),
            small_exempt=self._plain(read.small_exempt, "small_exempt"),
            filers=self._plain(read.filer, "filer"),
            copies=self._plain(read.copies, "copies"),
            measures=self._plain(read.measure, "measure"),
            disclosure=self._plain(read.disclosure, "disclosure"),
            fields=tuple(FieldRule(each.name, self._plain(each.value, each.name), each.filers) for each in read.field),
            clocks=tuple(self._clock(each) for each in read.clock),
            appeals=tuple(AppealRule(each.side, self._plain(each.value, "appeal")) for each in read.appeal),
            notifications=tuple(
                NotificationRule(each.to, each.trigger, self._plain(each.value, "notification"))
                for each in read.notification
            ),
            obligations=tuple(
                Obligation(each.name, self._dated(each.value, each.name, lambda text: _words(text.value)))
                for each in read.obligation
            ),
        )

    def _clock(self, clock: _Clock) -> ClockRule:
        where = f"clock {clock.duty}"
        terms = self._dated(clock.value, where, lambda term: self._term(term, where))
        return ClockRule(duty=clock.duty, trigger=clock.trigger, party=clock.party, terms=terms, filers=clock.filers)

    def _term(self, term: _Term, where: str) -> Term:
        period = Period.parse(term.period) if term.period else None
        if period is not None and bool(period.business_days) != bool(term.calendar):
            raise self._wrong(where, "a period names a calendar where it counts business days, and only there")
        calendar = self._known(self._calendars, term.calendar, where) if term.calendar else None
        return Term(period=period, set_by=term.set_by, words=term.words, calendar=calendar, whole_days=term.whole_days)

    def _plain(self, values: Sequence[Any], where: str) -> Dated[Any]:
        return self._dated(values, where, lambda each: each.value)

    def _dated(self, values: Sequence[S], where: str, what: Callable[[S], T]) -> Dated[T]:
        days = [each.in_force for each in values if each.in_force]
        if len(days) != len(set(days)):
            raise self._wrong(where, "two values begin on the same day")
        return Dated(tuple(self._value(each, where, what(each)) for each in values))

    def _value(self, read: _Value, where: str, what: T) -> Value[T]:
        if (read.in_force is None) != bool(read.awaits):
            raise self._wrong(where, "a value says since when it is in force, or what is awaited")
        if bool(read.reviewed_by) != bool(read.reviewed_on):
            raise self._wrong(where, "a sign-off names the reviewer and the day")
        if not read.provision:
            raise self._wrong(where, "a value names its provision")
        source = self._known(self._sources, read.source, where)
        return Value(
            what=what,
            in_force=read.in_force,
            until=read.until,
            awaits=read.awaits,
            note=read.note,
            source=Source(
                title=source.title,
                url=source.url,
                provision=read.provision,
                checked=read.checked or source.checked,
                by=source.by,
                basis=read.basis or source.basis,
                reviewed_by=read.reviewed_by,
                reviewed_on=read.reviewed_on,
            ),
        )

    def _known(self, those: Mapping[str, T], name: str, where: str) -> T:
        if name not in those:
            raise self._wrong(where, f"{name!r} is not known; there are {', '.join(sorted(those))}")
        return those[name]

    def _wrong(self, where: str, what: str) -> InputError:
        return InputError(f"{self._name}: {where}: {what}.")
