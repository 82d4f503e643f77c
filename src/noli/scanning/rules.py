# SPDX-License-Identifier: Apache-2.0
"""What a scan will take, from a sample of it: pure arithmetic."""

from dataclasses import dataclass

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What was tried out: so many rows took so many seconds of one worker."""

    rows: int
    seconds: float

    @property
    def rows_per_s(self) -> float:
        """Rows a second of one worker; 0 where nothing was tried."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a scan is expected to take.

    Attributes:
        rows: Rows to scan.
        rows_per_s: Of all workers together.
        seconds: From begin to end, without what goes before (loading banks, starting an engine).
        core_hours: Work of all workers together.
        cost: In the currency of the price that was given; None where none was.
    """

    rows: int
    rows_per_s: float
    seconds: float
    core_hours: float
    cost: float | None


def estimate(
    rows: int, sample: Sample, *, workers: int, limit_rows_per_s: float = 0.0, price_per_core_hour: float | None = None
) -> Estimate | None:
    """Project a sample to the whole; None where the sample has nothing in it.

    Args:
        rows: Rows to scan.
        sample: What was tried out, on one worker.
        workers: How many will work at once.
        limit_rows_per_s: Rows a second that all of them may do at most; 0 for no limit.
        price_per_core_hour: What an hour of one worker costs.
    """
    if not sample.rows_per_s:
        return None
    speed = workers * sample.rows_per_s
    if limit_rows_per_s:
        speed = min(speed, limit_rows_per_s)
    hours = rows / sample.rows_per_s / _HOUR_S
    cost = None if price_per_core_hour is None else hours * price_per_core_hour
    return Estimate(rows, speed, rows / speed, hours, cost)
