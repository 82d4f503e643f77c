# SPDX-License-Identifier: Apache-2.0
"""What ``jobs.ports`` promises, held against memory, SQLite and PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.adapters.keyring import KeyFile
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.jobs import SqlJobs
from noli.jobs.model import Lease, Task
from noli.jobs.ports import Jobs, JobTransaction, LeaseLost
from noli.jobs.rules import LONGEST_TERM
from tests.conftest import opened
from tests.support.cases import MemoryCases
from tests.support.jobs import MemoryJobs

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ASKED = Task(kind="asked", run=lambda _: None, term=MINUTE)
DAILY = Task(kind="daily", run=lambda _: None, every=DAY, term=2 * MINUTE)


class Stores:
    """Jobs, and transactions that may ask for some."""

    def __init__(self, jobs: Jobs, transaction: Callable[..., AbstractContextManager[JobTransaction]]) -> None:
        self.jobs = jobs
        self._transaction = transaction

    @contextmanager
    def saving(self) -> Iterator[JobTransaction]:
        with self._transaction(write=True) as transaction:
            yield transaction

    def ask(self, kind: str, subject: str = "", *, due_at: datetime = NOW, urgent: bool = False) -> None:
        with self.saving() as transaction:
            transaction.schedule(kind, subject, due_at=due_at, urgent=urgent)

    def claim(self, now: datetime = NOW, *tasks: Task) -> Lease | None:
        return self.jobs.claim(tasks or (ASKED, DAILY), now=now)

    def taken(self, now: datetime = NOW, *tasks: Task) -> Lease:
        lease = self.claim(now, *tasks)
        assert lease is not None
        return lease

    def due(self, kind: str, subject: str = "") -> datetime | None:
        job = self.jobs.waiting(kind, subject)
        return None if job is None else job.due_at


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Each implementation of the ports, empty."""
    if request.param == "memory":
        memory = MemoryCases()
        yield Stores(MemoryJobs(lambda: memory.world.outbox.jobs), memory.transaction)
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    cases = SqlCases(database.engine, KeyFile.make(tmp_path / "keys.json"))
    yield Stores(SqlJobs(database.engine), cases.transaction)
    database.close()


def test_a_job_is_given_to_one_and_to_the_next_after_its_term(stores: Stores) -> None:
    """While a lease holds nobody else gets the job; when it has expired another does, under another token."""
    stores.ask("asked", "a")
    assert stores.claim(NOW - SECOND) is None
    first = stores.taken()
    assert (first.kind, first.subject, first.expires_at, first.failures) == ("asked", "a", NOW + MINUTE, 0)
    assert stores.claim(NOW + 59 * SECOND) is None
    second = stores.taken(NOW + MINUTE)
    assert second.token != first.token
    with pytest.raises(LeaseLost):
        stores.jobs.release(first, due_at=None)
    stores.jobs.release(second, due_at=None)
    assert stores.jobs.waiting("asked", "a") is None
    with pytest.raises(LeaseLost):
        stores.jobs.release(second, due_at=NOW)


def test_the_longest_waiting_comes_first_and_only_of_the_tasks_asked_for(stores: Stores) -> None:
    """Jobs are taken in the order in which they became due; other kinds are left alone."""
    for minutes, subject in ((3, "c"), (1, "a"), (2, "b")):
        stores.ask("asked", subject, due_at=NOW - minutes * MINUTE)
    stores.ask("other", due_at=NOW - DAY)
    assert [stores.taken().subject for _ in range(3)] == ["c", "b", "a"]
    assert stores.claim() is None


def test_a_periodic_task_has_one_job(stores: Stores) -> None:
    """It is made once, due at once, and given back for the next time."""
    stores.jobs.ensure(DAILY, now=NOW)
    stores.jobs.ensure(DAILY, now=NOW + DAY)
    assert stores.due("daily") == NOW
    lease = stores.taken()
    assert lease.expires_at == NOW + 2 * MINUTE
    stores.jobs.release(lease, due_at=NOW + DAY)
    assert stores.claim(NOW + DAY - SECOND) is None
    assert stores.taken(NOW + DAY).kind == "daily"


def test_times_from_a_clock_that_was_wrong_stop_nothing(stores: Stores) -> None:
    """A due time beyond the period, and a lease beyond the longest term, are those of a clock that jumped back."""
    ahead = NOW + 3650 * DAY
    stores.jobs.ensure(DAILY, now=ahead)
    stores.jobs.release(stores.taken(ahead), due_at=ahead + DAY)
    stores.taken()
    stores.ask("asked", "a")
    taken_in_the_future = stores.taken(ahead, ASKED)
    assert taken_in_the_future.expires_at > NOW + LONGEST_TERM
    assert stores.taken(NOW, ASKED).token != taken_in_the_future.token


def test_asking_again_brings_forward_and_never_puts_off(stores: Stores) -> None:
    """The sooner of two times counts."""
    stores.ask("asked", "a", due_at=NOW + 2 * DAY)
    stores.ask("asked", "a", due_at=NOW + DAY)
    stores.ask("asked", "a", due_at=NOW + 3 * DAY)
    assert stores.due("asked", "a") == NOW + DAY


def test_what_failed_waits_unless_it_is_urgent(stores: Stores) -> None:
    """Asking for a job that has failed does not hurry it; an urgent request does, and forgets the failures."""
    stores.ask("asked", "a")
    stores.jobs.release(stores.taken(), due_at=NOW + DAY, failures=3)
    stores.ask("asked", "a", due_at=NOW)
    assert stores.due("asked", "a") == NOW + DAY
    stores.ask("asked", "a", due_at=NOW, urgent=True)
    lease = stores.taken()
    assert lease.failures == 0
    stores.jobs.release(lease, due_at=NOW + DAY, failures=1)
    assert stores.taken(NOW + DAY).failures == 1


@pytest.mark.parametrize("due_at", [None, NOW + DAY])
def test_what_is_asked_while_the_job_runs_is_done_afterwards(stores: Stores, due_at: datetime | None) -> None:
    """No request is lost between the last look of a running job and its end; after a failure it waits all the same."""
    stores.ask("asked", "a", due_at=NOW - SECOND)
    running = stores.taken()
    stores.ask("asked", "a")
    stores.jobs.release(running, due_at=due_at)
    again = stores.taken()
    stores.ask("asked", "a")
    stores.jobs.release(again, due_at=NOW + MINUTE, failures=1)
    assert stores.due("asked", "a") == NOW + MINUTE


def test_nothing_is_saved_under_a_lost_lease(stores: Stores) -> None:
    """A transaction that checks its lease goes through while it holds, and leaves nothing once it was taken over."""
    stores.ask("asked", "a")
    lease = stores.taken()
    with stores.saving() as transaction:
        transaction.fence(lease)
        transaction.schedule("effect", "1", due_at=NOW)
    stores.taken(NOW + MINUTE)

    def save(transaction: JobTransaction) -> None:
        transaction.schedule("effect", "2", due_at=NOW)
        transaction.fence(lease)

    with pytest.raises(LeaseLost), stores.saving() as transaction:
        save(transaction)
    assert stores.jobs.waiting("effect", "1") is not None
    assert stores.jobs.waiting("effect", "2") is None


def test_many_at_once_do_each_job_once(stores: Stores) -> None:
    """Eight threads that take what they can get take each of forty jobs exactly once."""
    with stores.saving() as transaction:
        for number in range(40):
            transaction.schedule("asked", str(number), due_at=NOW)
    done: list[str] = []

    def work() -> None:
        while lease := stores.claim():
            done.append(lease.subject)
            stores.jobs.release(lease, due_at=None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who finds the last ones locked by another goes home early.
    while lease := stores.claim():
        done.append(lease.subject)
        stores.jobs.release(lease, due_at=None)
    assert sorted(done, key=int) == [str(number) for number in range(40)]
