# SPDX-License-Identifier: Apache-2.0
"""What jobs need from outside: a place that keeps them and gives each to one process at a time.

One suite (``tests/contract/test_jobs.py``) holds every implementation to this page.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from noli.base.errors import Conflict
from noli.jobs.model import Job, Lease, Task


class LeaseLost(Conflict):
    """Another process has taken the job over; nothing may be saved for it here."""

    code = "lease-lost"


class JobTransaction(Protocol):
    """Asks for jobs, and checks leases, inside a transaction that saves something."""

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        """Ask for a job: done once it is due and this transaction is committed.

        A job that waits already is brought forward, never put off. One that has failed keeps its wait, unless it is
        ``urgent``; one that is being done is done again afterwards.
        """
        ...

    def fence(self, lease: Lease) -> None:
        """Make sure that this transaction is committed only under a lease that is still held.

        Raises:
            LeaseLost: Another process has taken the job over.
        """
        ...


class Jobs(Protocol):
    """Keeps jobs; safe to call from many threads and processes."""

    def ensure(self, task: Task, *, now: datetime) -> None:
        """Make sure that a periodic task has its job; due at once where it is new."""
        ...

    def claim(self, tasks: Sequence[Task], *, now: datetime) -> Lease | None:
        """Take the job of these tasks that has waited longest; None where none is due and free."""
        ...

    def release(self, lease: Lease, *, due_at: datetime | None, failures: int = 0) -> None:
        """Give a job back.

        Args:
            lease: The lease.
            due_at: When it is due next; None where it is finished and forgotten. Where it was asked for while it ran,
                and did not fail, it is due at once.
            failures: How often in a row it has failed by now.

        Raises:
            LeaseLost: Another process has taken the job over.
        """
        ...

    def waiting(self, kind: str, subject: str = "") -> Job | None:
        """Return a job, None where it is not asked for."""
        ...
