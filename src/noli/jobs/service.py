# SPDX-License-Identifier: Apache-2.0
"""Does jobs: takes one that is due, runs its task, and gives it back.

Any number of processes may run one over the same store. A process that dies while it works leaves its lease to expire;
one that is paused so long that it lost its lease cannot save anything for it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from noli.base.clock import Clock
from noli.jobs.model import Lane, Lease, Task
from noli.jobs.ports import Jobs, LeaseLost
from noli.jobs.rules import wait_after


class Runner:
    """Runs the tasks of an installation; safe to call from many threads."""

    def __init__(
        self,
        jobs: Jobs,
        clock: Clock,
        tasks: Sequence[Task],
        *,
        dice: Callable[[], float],
        report: Callable[[str, Exception], None],
    ) -> None:
        """Keep the collaborators.

        Args:
            jobs: Keeps jobs.
            clock: Tells the time.
            tasks: Everything that is done here, each kind once.
            dice: Returns numbers from 0 to 1.
            report: Told of the kind of a job that failed, and how.
        """
        self._jobs, self._clock, self._dice, self._report = jobs, clock, dice, report
        self._tasks = {task.kind: task for task in tasks}

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes on which there is anything to do."""
        return frozenset(task.lane for task in self._tasks.values())

    def prepare(self, lane: Lane) -> None:
        """Make sure that every periodic task of a lane has its job."""
        for task in self._of(lane):
            if task.every is not None:
                self._jobs.ensure(task, now=self._clock.now())

    def step(self, lane: Lane) -> bool:
        """Do one job of a lane.

        Returns:
            False where none is due.
        """
        lease = self._jobs.claim(self._of(lane), now=self._clock.now())
        if lease is None:
            return False
        task = self._tasks[lease.kind]
        try:
            due_at = self._run(task, lease)
        except Exception as error:  # noqa: BLE001 - the worker loop; one job's failure must not stop the others
            self._report(lease.kind, error)
            failures = lease.failures + 1
            due_at = self._clock.now() + wait_after(failures, every=task.every, dice=self._dice())
        else:
            failures = 0
        with suppress(LeaseLost):
            self._jobs.release(lease, due_at=due_at, failures=failures)
        return True

    def _of(self, lane: Lane) -> list[Task]:
        return [task for task in self._tasks.values() if task.lane is lane]

    def _run(self, task: Task, lease: Lease) -> datetime | None:
        due_at = task.run(lease)
        return self._clock.now() + task.every if task.every is not None else due_at
