# SPDX-License-Identifier: Apache-2.0
"""Days and times as people write them, in letters and on pages."""

from datetime import UTC, date, datetime

from babel import dates

# How a day is written, by language, so that a sentence may hold it: "until 3 May 2026", "bis zum 3. Mai 2026".
_DAY = {"en": "d MMMM y", "de": "d. MMMM y"}


def day(at: date, language: str) -> str:
    """Write a day in a language that we write; of an aware time, its day in UTC."""
    utc = at.astimezone(UTC) if isinstance(at, datetime) else at
    return dates.format_date(utc, _DAY[language], locale=language)


def moment(at: datetime, language: str) -> str:
    """Write an aware time to the minute in a language that we write, in UTC, and say so."""
    return f"{day(at, language)}, {at.astimezone(UTC):%H:%M} UTC"
