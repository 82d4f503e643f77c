# SPDX-License-Identifier: Apache-2.0
"""Jobs in SQL: ``jobs.ports.Jobs``, and asking for them inside a transaction that another repository opened."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction
from noli.jobs.model import Job, Lease, Task
from noli.jobs.ports import LeaseLost
from noli.jobs.rules import LONGEST_TERM

# Bytes of randomness in a lease's token.
_TOKEN_BYTES = 16

_job = t.job.c


class SqlJobs:
    """Keeps jobs."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    def ensure(self, task: Task, *, now: datetime) -> None:
        """Make sure that a periodic task has its job."""
        if self.waiting(task.kind) is None:
            with transaction(self._engine, write=True) as connection:
                schedule(connection, task.kind, due_at=now)

    def claim(self, tasks: Sequence[Task], *, now: datetime) -> Lease | None:
        """Take the job that has waited longest."""
        query = _claimable(tasks, now)
        # Looked at first without a lock: mostly nothing is due.
        with transaction(self._engine) as connection:
            if connection.execute(query).first() is None:
                return None
        with transaction(self._engine, write=True) as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            term = next(task.term for task in tasks if task.kind == row.kind)
            token, expires_at = secrets.token_hex(_TOKEN_BYTES), now + term
            which = t.job.update().where(_job.kind == row.kind, _job.subject == row.subject)
            connection.execute(which.values(token=token, expires_at=expires_at))
        return Lease(row.kind, row.subject, token, expires_at, row.failures, row.asked)

    def release(self, lease: Lease, *, due_at: datetime | None, failures: int = 0) -> None:
        """Give a job back."""
        held = (_job.kind == lease.kind, _job.subject == lease.subject, _job.token == lease.token)
        unasked = _job.asked == lease.asked
        free: dict[str, Any] = {"token": None, "expires_at": None, "failures": failures}
        with transaction(self._engine, write=True) as connection:
            if due_at is None and connection.execute(t.job.delete().where(*held, unasked)).rowcount:
                return
            # Where it was asked for meanwhile, ``due_at`` still says when it was due before: that is now.
            then = _job.due_at if due_at is None else sa.literal(due_at, t.UtcDateTime())
            wanted = then if failures else sa.case((unasked, then), else_=_job.due_at)
            if connection.execute(t.job.update().where(*held).values(due_at=wanted, **free)).rowcount == 0:
                raise _lost()

    def waiting(self, kind: str, subject: str = "") -> Job | None:
        """Return a job."""
        query = t.job.select().where(_job.kind == kind, _job.subject == subject)
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Job(row.kind, row.subject, row.due_at, row.failures)


def schedule(connection: Connection, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
    """Ask for a job in a transaction; see ``jobs.ports.JobTransaction``."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    wanted = sa.literal(due_at, t.UtcDateTime())
    sooner = sa.case((_job.due_at > wanted, wanted), else_=_job.due_at)
    change: dict[str, Any] = {
        "asked": _job.asked + 1,
        "due_at": sooner if urgent else sa.case((_job.failures > 0, _job.due_at), else_=sooner),
        "failures": 0 if urgent else _job.failures,
    }
    fresh = insert(t.job).values(kind=kind, subject=subject, due_at=due_at, failures=0, asked=1)
    connection.execute(fresh.on_conflict_do_update(index_elements=[_job.kind, _job.subject], set_=change))


def fence(connection: Connection, lease: Lease) -> None:
    """Hold a lease's job until the transaction ends. Raises LeaseLost."""
    held = t.job.select().where(_job.kind == lease.kind, _job.subject == lease.subject, _job.token == lease.token)
    if connection.execute(held.with_for_update()).one_or_none() is None:
        raise _lost()


def _claimable(tasks: Sequence[Task], now: datetime) -> sa.Select[*tuple[Any, ...]]:
    # The same as ``jobs.rules.is_due`` and ``is_free``; the contract suite holds them together.
    kinds = sa.and_(_job.kind.in_([task.kind for task in tasks]), _job.due_at <= now)
    from_the_future = [
        sa.and_(_job.kind == task.kind, _job.due_at > now + task.every) for task in tasks if task.every is not None
    ]
    free = sa.or_(_job.expires_at.is_(None), _job.expires_at <= now, _job.expires_at > now + LONGEST_TERM)
    return t.job.select().where(free, sa.or_(kinds, *from_the_future)).order_by(_job.due_at).limit(1)


def _lost() -> LeaseLost:
    return LeaseLost("Another process has taken this job over.")
