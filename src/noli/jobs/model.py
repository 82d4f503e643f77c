# SPDX-License-Identifier: Apache-2.0
"""Jobs, leases and tasks, as values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Lane(StrEnum):
    """Which threads run a task; a slow stranger on the network never holds up what happens here."""

    #: Needs nothing but the database.
    LOCAL = "local"
    #: Waits for other machines.
    NETWORK = "network"
    #: Waits until other machines have something to tell.
    LISTENING = "listening"


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is to be done.

    Attributes:
        kind: Which task does it.
        subject: What it is about, as an id; empty where the task is about everything. Kind and subject are unique.
        due_at: When.
        failures: How often in a row it has failed.
    """

    kind: str
    subject: str
    due_at: datetime
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one process to do one job, for a while.

    Attributes:
        kind: The job's.
        subject: The job's.
        token: Random, made when the lease was taken: whoever lost the lease holds a token that is nobody's any more.
        expires_at: When others may take the job over.
        failures: How often in a row the job has failed before.
        asked: How often the job was asked for; by it is noticed what is asked while it runs.
    """

    kind: str
    subject: str
    token: str
    expires_at: datetime
    failures: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """How jobs of one kind are done.

    Attributes:
        kind: Which.
        run: Does one job. May be run again for the same job at any time, here or elsewhere: what is done already is not
            done again. Returns when the job is due next, or None where it is finished; of a periodic task, None.
        every: How often it is done by itself; None where jobs are asked for one by one.
        term: How long a process may take; after it another one takes over.
        lane: Which threads run it.
    """

    kind: str
    run: Callable[[Lease], datetime | None]
    every: timedelta | None = None
    term: timedelta = timedelta(minutes=1)
    lane: Lane = Lane.LOCAL
