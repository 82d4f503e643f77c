# SPDX-License-Identifier: Apache-2.0
"""The caretaker does what is due on every lane, outlives failures, and stops when told."""

import threading
from datetime import timedelta
from typing import Any

from structlog.testing import capture_logs

from noli.adapters.caretaker import Caretaker, report
from noli.base.clock import SystemClock
from noli.base.errors import StoreBusy
from noli.jobs.model import Lane, Lease, Task
from noli.jobs.service import Runner
from tests.support.jobs import MemoryJobs


class _BusyJobs(MemoryJobs):
    """The first two looks fail."""

    looks = 0

    def claim(self, *arguments: Any, **named: Any) -> Lease | None:
        self.looks += 1
        if self.looks == 1:
            msg = "The database is busy."
            raise StoreBusy(msg)
        if self.looks == 2:
            raise RuntimeError
        return super().claim(*arguments, **named)


def test_it_goes_on_after_failures() -> None:
    """Whatever one look meets, the next one comes, on each lane; stopping twice, or without a start, is harmless."""
    done = {lane: threading.Event() for lane in Lane}
    tasks = [
        Task(kind=lane, run=lambda lease: done[Lane(lease.kind)].set(), every=timedelta(hours=1), lane=lane)
        for lane in Lane
    ]
    runner = Runner(_BusyJobs(), SystemClock(), tasks, dice=lambda: 0.5, report=report)
    caretaker = Caretaker(runner, round_s=0.001)
    caretaker.stop()
    caretaker = Caretaker(runner, round_s=0.001)
    with capture_logs() as logs:
        caretaker.start()
        assert all(event.wait(30) for event in done.values())
        caretaker.stop()
        caretaker.stop()
    assert sorted((line["log_level"], line["code"]) for line in logs) == [
        ("error", "unexpected"),
        ("warning", "store-busy"),
    ]
