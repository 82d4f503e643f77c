# SPDX-License-Identifier: Apache-2.0
"""Jobs are done once by whoever is quickest, taken over from the dead, and tried again after failures."""

from collections.abc import Callable
from datetime import datetime, timedelta

from noli.base.errors import Unavailable
from noli.jobs.model import Lane, Lease, Task
from noli.jobs.service import Runner
from tests.support.casework import FakeClock
from tests.support.jobs import MemoryJobs

MINUTE = timedelta(minutes=1)


class World:
    """Jobs, a clock, and a task that does what it is told."""

    def __init__(self, *, every: timedelta | None = MINUTE) -> None:
        self.clock, self.jobs = FakeClock(), MemoryJobs()
        self.reported: list[tuple[str, Exception]] = []
        self.done: list[Lease] = []
        self.act: Callable[[Lease], datetime | None] = lambda _: None
        self.task = Task(kind="work", run=self._run, every=every)
        self.runner = self.new_runner()

    def new_runner(self) -> Runner:
        report = lambda kind, error: self.reported.append((kind, error))  # noqa: E731 - one line in a world of a test
        return Runner(self.jobs, self.clock, [self.task], dice=lambda: 1.0, report=report)

    def _run(self, lease: Lease) -> datetime | None:
        self.done.append(lease)
        return self.act(lease)


def test_a_periodic_task_is_done_once_a_period_by_any_number_of_processes() -> None:
    """Who comes second finds it done; after the period it is due again; preparing twice changes nothing."""
    world = World()
    other = world.new_runner()
    for runner in (world.runner, other):
        assert runner.lanes == {Lane.LOCAL}
        runner.prepare(Lane.LOCAL)
        runner.prepare(Lane.NETWORK)
    assert [world.runner.step(Lane.LOCAL), other.step(Lane.LOCAL), other.step(Lane.NETWORK)] == [True, False, False]
    world.clock.move(seconds=59)
    assert not other.step(Lane.LOCAL)
    world.clock.move(seconds=1)
    assert other.step(Lane.LOCAL)
    assert len(world.done) == 2


def test_a_failure_is_reported_and_tried_again() -> None:
    """After a failure the job waits, longer each time; a success starts anew."""
    world = World(every=None)
    world.runner.prepare(Lane.LOCAL)
    assert not world.runner.step(Lane.LOCAL)
    world.jobs.book.schedule("work", "a", due_at=world.clock.now())

    def fail(_: Lease) -> datetime | None:
        msg = "Not now."
        raise Unavailable(msg)

    world.act = fail
    waits = []
    for _ in range(3):
        assert world.runner.step(Lane.LOCAL)
        job = world.jobs.waiting("work", "a")
        assert job is not None
        waits.append((job.due_at - world.clock.now()).total_seconds())
        world.clock.time = job.due_at
    assert waits == [5, 10, 20]
    assert [kind for kind, _ in world.reported] == ["work"] * 3
    again = world.clock.now() + MINUTE
    world.act = lambda _: again
    assert world.runner.step(Lane.LOCAL)
    job = world.jobs.waiting("work", "a")
    assert job is not None
    assert (job.due_at, job.failures) == (again, 0)
    world.act = lambda _: None
    world.clock.time = again
    assert world.runner.step(Lane.LOCAL)
    assert world.jobs.waiting("work", "a") is None


def test_who_lost_the_lease_gives_nothing_back() -> None:
    """A process that was paused beyond its term changes nothing of what the other made of the job."""
    world = World(every=None)
    world.jobs.book.schedule("work", "a", due_at=world.clock.now())
    other = world.new_runner()

    def paused(_: Lease) -> datetime | None:
        world.clock.move(minutes=2)
        world.act = lambda _: world.clock.now() + MINUTE
        assert other.step(Lane.LOCAL)
        return None

    world.act = paused
    assert world.runner.step(Lane.LOCAL)
    assert [lease.subject for lease in world.done] == ["a", "a"]
    job = world.jobs.waiting("work", "a")
    assert job is not None
    assert job.due_at == world.clock.now() + MINUTE
