# SPDX-License-Identifier: Apache-2.0
"""When a job may be taken and when it is tried again, whatever clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.jobs.model import Task
from noli.jobs.rules import LONGEST_TERM, is_due, is_free, wait_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY = Task(kind="hourly", run=lambda _: None, every=timedelta(hours=1))
ASKED = Task(kind="asked", run=lambda _: None)


@pytest.mark.parametrize(
    ("expires", "free"),
    [
        (None, True),
        (timedelta(0), True),
        (timedelta(seconds=1), False),
        (LONGEST_TERM, False),
        (LONGEST_TERM + timedelta(seconds=1), True),
        (timedelta(days=-3650), True),
        (timedelta(days=3650), True),
    ],
)
def test_a_lease_holds_for_its_term_and_no_longer(expires: timedelta | None, *, free: bool) -> None:
    """A lease that expired, or whose end no honest clock could have written, stops nobody."""
    assert is_free(None if expires is None else NOW + expires, NOW) is free


@pytest.mark.parametrize(
    ("task", "due", "is_it"),
    [
        (HOURLY, timedelta(0), True),
        (HOURLY, timedelta(minutes=59), False),
        (HOURLY, timedelta(minutes=61), True),
        (ASKED, timedelta(days=30), False),
        (ASKED, timedelta(days=-30), True),
    ],
)
def test_a_periodic_job_is_never_put_off_for_longer_than_its_period(task: Task, due: timedelta, *, is_it: bool) -> None:
    """A clock that was ahead and came back does not silence a periodic task; what was asked for later waits."""
    assert is_due(task, NOW + due, NOW) is is_it


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_double_up_to_a_bound(failures: int, dice: float) -> None:
    """No wait is shorter than half of the first or longer than an hour, or than a periodic task's period."""
    assert timedelta(seconds=2.5) <= wait_after(failures, dice=dice) <= timedelta(hours=1)
    assert wait_after(failures, every=timedelta(seconds=4), dice=dice) <= timedelta(seconds=4)
    assert wait_after(failures + 1, dice=dice) >= wait_after(failures, dice=dice)
