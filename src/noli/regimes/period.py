# SPDX-License-Identifier: Apache-2.0
"""Periods as laws write them, and when they end.

Written as ISO 8601 durations of one or more units (``PT48H``, ``P7D``, ``P6M``, ``P1Y``) with one unit added that the
standard lacks: ``P3BD`` is three business days of a calendar. Hours and minutes are elapsed time, whatever the clocks
on walls do. Days, months and years are counted on the calendar of the place, so that they keep their time of day over a
change of the clocks; where a month has no such day, its last one counts (31 January and a month: the end of February).

Where a wall clock shows a time twice, the first counts; where it skips one, the time is read as if it had not yet been
put forward. Both are the earlier reading, so that a duty is never put off by it.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from noli.base.errors import InputError

_FORM = re.compile(
    r"P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:(?P<business_days>\d+)BD)?(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?"
)

_MONTHS_A_YEAR, _DAYS_A_WEEK = 12, 7


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are business days.

    Attributes:
        name: As periods name it.
        weekend: Days of the week without business, Monday is 1 (ISO 8601).
        yearly: Holidays on the same day each year, as month and day.
        dates: Holidays on one day each.
    """

    name: str
    weekend: frozenset[int]
    yearly: frozenset[tuple[int, int]] = frozenset()
    dates: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a week without business: no period would ever end."""
        if not self.weekend < frozenset(range(1, _DAYS_A_WEEK + 1)):
            msg = f"The calendar {self.name!r} has days of the week that do not exist, or no day of business."
            raise InputError(msg)

    def open_on(self, day: date) -> bool:
        """Tell whether a day is a business day."""
        return not (day.isoweekday() in self.weekend or (day.month, day.day) in self.yearly or day in self.dates)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time; see the module for how it is counted."""

    months: int = 0
    days: int = 0
    business_days: int = 0
    minutes: int = 0
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a duration.

        Raises:
            InputError: It is not one, or is of no length.
        """
        found = _FORM.fullmatch(text)
        unit = {name: int(number or 0) for name, number in found.groupdict().items()} if found else {}
        if not any(unit.values()):
            msg = f"{text!r} is no period. Write one as 'PT48H', 'P7D', 'P3BD' or 'P6M'."
            raise InputError(msg)
        return cls(
            months=unit["years"] * _MONTHS_A_YEAR + unit["months"],
            days=unit["weeks"] * _DAYS_A_WEEK + unit["days"],
            business_days=unit["business_days"],
            minutes=unit["hours"] * 60 + unit["minutes"],
            text=text,
        )

    def __str__(self) -> str:
        """Write the period as it was read."""
        return self.text

    def end(
        self, start: datetime, zone: ZoneInfo, *, calendar: Calendar | None = None, whole_days: bool = False
    ) -> datetime:
        """Say when a period that begins at ``start`` is over.

        Args:
            start: An aware time.
            zone: Where days and months are counted.
            calendar: Which days are business days; needed by periods that count them.
            whole_days: Whether the period lasts to the end of its last day instead of the same time of day.

        Returns:
            The end, in UTC.

        Raises:
            InputError: Business days without a calendar.
        """
        if self.business_days and calendar is None:
            msg = f"The period {self} counts business days and names no calendar."
            raise InputError(msg)
        local = start.astimezone(zone)
        day = _add_months(local.date(), self.months) + timedelta(days=self.days)
        for _ in range(self.business_days if calendar else 0):
            day = _next_open(day, calendar)
        if whole_days:
            day, hour = day + timedelta(days=1), time()
        else:
            hour = local.timetz().replace(tzinfo=None)
        # Nothing but hours: elapsed time, so no wall clock comes into it.
        begun = start if day == local.date() else datetime.combine(day, hour.replace(fold=0), zone)
        return begun.astimezone(UTC) + timedelta(minutes=self.minutes)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _next_open(day: date, calendar: Calendar | None) -> date:
    day += timedelta(days=1)
    while calendar and not calendar.open_on(day):
        day += timedelta(days=1)
    return day
