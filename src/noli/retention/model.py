# SPDX-License-Identifier: Apache-2.0
"""How things stand with what is kept, as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from noli.base.retention import Kind


@dataclass(frozen=True, slots=True)
class Due:
    """What was kept long enough.

    Attributes:
        count: How many; counted no further than ``ports.COUNTED``.
        oldest: Since when the clock of the oldest runs; None where nothing is due.
    """

    count: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a kind of datum.

    Attributes:
        kind: Which.
        period: How long it is kept here; None where no clock runs.
        due: What was kept long enough and is still there.
        behind: Whether that is so for longer than the sweep can explain.
    """

    kind: Kind
    period: timedelta | None
    due: Due
    behind: bool
