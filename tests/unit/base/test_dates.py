# SPDX-License-Identifier: Apache-2.0
"""Tests of how days and times are written."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from noli.base import dates


@pytest.mark.parametrize(("language", "written"), [("en", "3 May 2026"), ("de", "3. Mai 2026")])
def test_a_day_can_stand_in_a_sentence(language: str, written: str) -> None:
    """A day is written as people write it in the middle of a sentence."""
    assert dates.day(date(2026, 5, 3), language) == written


def test_the_day_of_a_time_is_that_in_utc() -> None:
    """A time shortly after midnight elsewhere still belongs to the day before in UTC."""
    late = datetime(2026, 5, 4, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert dates.day(late, "en") == "3 May 2026"
    assert dates.moment(late, "en") == "3 May 2026, 22:30 UTC"


def test_a_time_says_its_zone() -> None:
    """A time is written to the minute, with its zone."""
    assert dates.moment(datetime(2026, 11, 26, 21, 26, 59, tzinfo=UTC), "de") == "26. November 2026, 21:26 UTC"
