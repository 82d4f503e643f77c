# SPDX-License-Identifier: Apache-2.0
"""When a job may be taken, and when it is tried again: pure functions over times.

Clocks of machines differ and jump. A clock that jumps ahead takes leases too early: that is harmless, because nobody
can save anything under a lease that was taken over (``JobTransaction.fence``). A clock that jumped ahead and came back
leaves times that no honest clock would have written; they count as past.
"""

from datetime import datetime, timedelta

from noli.jobs.model import Task

#: The longest term of a lease.
LONGEST_TERM = timedelta(minutes=15)

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)

# 5 s doubled so often is longer than any wait; more would only overflow.
_DOUBLINGS = 12


def is_free(expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether nobody holds a lease that expires then."""
    return expires_at is None or not now < expires_at <= now + LONGEST_TERM


def is_due(task: Task, due_at: datetime, now: datetime) -> bool:
    """Tell whether a job of this task is to be done now."""
    return due_at <= now or (task.every is not None and due_at > now + task.every)


def wait_after(failures: int, *, every: timedelta | None = None, dice: float) -> timedelta:
    """Return how long to wait after so many failures in a row.

    Doubles each time, up to an hour, or up to the time between two runs of a periodic task. ``dice``, from 0 to 1,
    spreads it over the upper half, so that many who failed together do not come back together.
    """
    longest = _LONGEST_WAIT if every is None else min(every, _LONGEST_WAIT)
    wait = min(longest, _FIRST_WAIT * 2.0 ** min(failures - 1, _DOUBLINGS))
    return wait * (0.5 + dice / 2)
