# SPDX-License-Identifier: Apache-2.0
"""Days that staff write into forms."""

from datetime import date

from noli.base.errors import InputError


def read_day(text: str) -> date:
    """Read a day as browsers send it, ``2026-03-01``. Raises InputError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = "Write the day as year-month-day, as in 2026-03-01."
        raise InputError(msg) from error
