# SPDX-License-Identifier: Apache-2.0
"""What a scan will take follows from what a sample took."""

from noli.scanning.rules import Estimate, Sample, estimate


def test_workers_share_the_work() -> None:
    """Twice the workers take half the time, and the same work."""
    sample = Sample(rows=1000, seconds=2.0)
    assert estimate(3_600_000, sample, workers=2, price_per_core_hour=0.5) == Estimate(
        rows=3_600_000, rows_per_s=1000.0, seconds=3600.0, core_hours=2.0, cost=1.0
    )


def test_a_limit_stretches_the_time_not_the_work() -> None:
    """A throttled scan takes longer."""
    made = estimate(3_600_000, Sample(1000, 2.0), workers=2, limit_rows_per_s=100.0)
    assert made == Estimate(3_600_000, 100.0, 36_000.0, 2.0, None)


def test_nothing_follows_from_an_empty_sample() -> None:
    """Where nothing was tried out, no figure is made up."""
    assert estimate(10, Sample(0, 0.0), workers=1) is None
