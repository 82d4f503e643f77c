# SPDX-License-Identifier: Apache-2.0
"""Jobs in memory: a complete small implementation of ``jobs.ports.Jobs``."""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from noli.jobs.model import Job, Lease, Task
from noli.jobs.ports import LeaseLost
from noli.jobs.rules import is_due, is_free


@dataclass
class Row:
    """One job as it is kept."""

    due_at: datetime
    failures: int = 0
    asked: int = 1
    token: str | None = None
    expires_at: datetime | None = None


@dataclass
class JobBook:
    """All jobs by kind and subject; part of a world, so that a transaction can ask for some."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        row = self.rows.get((kind, subject))
        if row is None:
            self.rows[kind, subject] = Row(due_at)
            return
        row.asked += 1
        row.failures = 0 if urgent else row.failures
        if not row.failures:
            row.due_at = min(row.due_at, due_at)

    def held(self, lease: Lease) -> Row:
        row = self.rows.get((lease.kind, lease.subject))
        if row is None or row.token != lease.token:
            msg = "Another process has taken this job over."
            raise LeaseLost(msg)
        return row


class MemoryJobs:
    """Keeps jobs in a book that may be part of somebody's world."""

    def __init__(self, book: Callable[[], JobBook] | None = None) -> None:
        own = JobBook()
        self._book = book or (lambda: own)
        self._lock = threading.RLock()

    @property
    def book(self) -> JobBook:
        return self._book()

    def ensure(self, task: Task, *, now: datetime) -> None:
        with self._lock:
            self.book.rows.setdefault((task.kind, ""), Row(now))

    def claim(self, tasks: Sequence[Task], *, now: datetime) -> Lease | None:
        by_kind = {task.kind: task for task in tasks}
        with self._lock:
            waiting = sorted(
                (row.due_at, kind, subject)
                for (kind, subject), row in self.book.rows.items()
                if kind in by_kind and is_free(row.expires_at, now) and is_due(by_kind[kind], row.due_at, now)
            )
            if not waiting:
                return None
            _, kind, subject = waiting[0]
            row = self.book.rows[kind, subject]
            row.token, row.expires_at = secrets.token_hex(16), now + by_kind[kind].term
            return Lease(kind, subject, row.token, row.expires_at, row.failures, row.asked)

    def release(self, lease: Lease, *, due_at: datetime | None, failures: int = 0) -> None:
        with self._lock:
            row = self.book.held(lease)
            again = row.asked != lease.asked
            if due_at is None and not again:
                del self.book.rows[lease.kind, lease.subject]
                return
            row.token, row.expires_at, row.failures = None, None, failures
            if due_at is not None and (failures or not again):
                row.due_at = due_at

    def waiting(self, kind: str, subject: str = "") -> Job | None:
        with self._lock:
            row = self.book.rows.get((kind, subject))
            return None if row is None else Job(kind, subject, row.due_at, row.failures)
