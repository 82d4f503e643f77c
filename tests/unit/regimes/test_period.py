# SPDX-License-Identifier: Apache-2.0
"""When periods end."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.base.errors import InputError
from noli.regimes.period import Calendar, Period

_BERLIN = ZoneInfo("Europe/Berlin")
_OFFICE = Calendar("office", frozenset({6, 7}), frozenset({(12, 25)}), frozenset({date(2026, 12, 28)}))


def _end(period: str, start: str, *, calendar: Calendar | None = None, whole_days: bool = False) -> str:
    """Count in Berlin and write the end as its wall clocks show it."""
    begun = datetime.fromisoformat(start)
    begun = begun if begun.tzinfo else begun.replace(tzinfo=_BERLIN)
    end = Period.parse(period).end(begun, _BERLIN, calendar=calendar, whole_days=whole_days)
    assert end.tzinfo is UTC
    return end.astimezone(_BERLIN).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("PT48H", "2026-05-20T09:00", "2026-05-22T09:00+02:00"),
        ("PT90M", "2026-05-20T09:00", "2026-05-20T10:30+02:00"),
        ("P7D", "2026-05-20T09:00", "2026-05-27T09:00+02:00"),
        ("P2W", "2026-05-20T09:00", "2026-06-03T09:00+02:00"),
        ("P6M", "2026-05-20T09:00", "2026-11-20T09:00+01:00"),
        ("P1DT1H", "2026-05-20T09:00", "2026-05-21T10:00+02:00"),
    ],
)
def test_ordinary_days(period: str, start: str, end: str) -> None:
    """Hours, days, weeks and months are counted as one would."""
    assert _end(period, start) == end


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        # On 29 March 2026 clocks go from 2:00 to 3:00, on 25 October from 3:00 to 2:00.
        ("PT24H", "2026-03-28T12:00", "2026-03-29T13:00+02:00"),
        ("P1D", "2026-03-28T12:00", "2026-03-29T12:00+02:00"),
        ("PT24H", "2026-10-24T12:00", "2026-10-25T11:00+01:00"),
        ("P1D", "2026-10-24T12:00", "2026-10-25T12:00+01:00"),
        # 2:30 does not exist on that day, and exists twice on this one: the first counts.
        ("P1D", "2026-03-28T02:30", "2026-03-29T03:30+02:00"),
        ("P1D", "2026-10-24T02:30", "2026-10-25T02:30+02:00"),
        # Begun in the second 2:30 of the night: elapsed hours know which one it was.
        ("PT1H", "2026-10-25T01:30+00:00", "2026-10-25T03:30+01:00"),
    ],
)
def test_when_the_clocks_change(period: str, start: str, end: str) -> None:
    """Hours are elapsed time; days keep their time of day; a doubtful time is the earlier one."""
    assert _end(period, start) == end


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("P1M", "2027-01-31T10:00", "2027-02-28T10:00+01:00"),
        ("P1M", "2028-01-31T10:00", "2028-02-29T10:00+01:00"),
        ("P1Y", "2028-02-29T10:00", "2029-02-28T10:00+01:00"),
        ("P6M", "2026-08-31T10:00", "2027-02-28T10:00+01:00"),
        ("P12M", "2026-12-01T10:00", "2027-12-01T10:00+01:00"),
        ("P1D", "2028-02-28T10:00", "2028-02-29T10:00+01:00"),
    ],
)
def test_months_that_are_too_short(period: str, start: str, end: str) -> None:
    """A month ends on the day of the same number, or on the last that there is."""
    assert _end(period, start) == end


def test_to_the_end_of_the_day() -> None:
    """A right that lasts six months lasts to midnight after the last of them."""
    assert _end("P6M", "2026-05-20T09:00", whole_days=True) == "2026-11-21T00:00+01:00"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-12-21T09:00", "2026-12-24T09:00+01:00"),
        # Christmas, a weekend and a holiday of that year lie between.
        ("2026-12-23T09:00", "2026-12-30T09:00+01:00"),
        # Begun on a Saturday, Monday is the first day.
        ("2026-11-28T09:00", "2026-12-02T09:00+01:00"),
    ],
)
def test_business_days(start: str, end: str) -> None:
    """Weekends and holidays of the calendar do not count."""
    assert _end("P3BD", start, calendar=_OFFICE) == end


def test_business_days_need_a_calendar() -> None:
    """Nobody's holidays are assumed."""
    with pytest.raises(InputError, match="names no calendar"):
        _end("P3BD", "2026-12-21T09:00")


@pytest.mark.parametrize("weekend", [{1, 2, 3, 4, 5, 6, 7}, {0}, {8}])
def test_a_calendar_without_business(weekend: set[int]) -> None:
    """A calendar whose business days never come, or with an eighth day, is refused."""
    with pytest.raises(InputError, match="no day of business"):
        Calendar("never", frozenset(weekend))


@pytest.mark.parametrize("text", ["", "P", "PT", "P0D", "PT0H", "48H", "P1H", "PT1D", "P1D ", "P-1D", "p1d", "P1.5D"])
def test_what_is_no_period(text: str) -> None:
    """A period that cannot be read, or takes no time, is refused and says how to write one."""
    with pytest.raises(InputError, match="PT48H"):
        Period.parse(text)


def test_a_period_is_written_as_it_was_read() -> None:
    """The law's own unit stays: 48 hours are not two days."""
    assert str(Period.parse("PT48H")) == "PT48H"
    assert Period.parse("P1Y") == Period.parse("P12M")


_PERIODS = st.builds("P{}M{}DT{}H".format, st.integers(1, 30), st.integers(0, 90), st.integers(0, 200)) | st.integers(
    1, 500
).map("PT{}H".format)


@given(_PERIODS, st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1)), st.booleans())  # noqa: DTZ001 - made aware
def test_every_period_ends_later_than_it_begins(period: str, start: datetime, whole_days: bool) -> None:  # noqa: FBT001
    """Whatever the clocks do, time does not run backwards."""
    begun = start.replace(tzinfo=UTC)
    assert Period.parse(period).end(begun, _BERLIN, whole_days=whole_days) > begun
