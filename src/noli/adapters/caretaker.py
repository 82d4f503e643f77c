# SPDX-License-Identifier: Apache-2.0
"""The background threads that do what nobody waits for: upkeep of cases, deliveries, everything that is due.

Any number of processes may run them; leases share the work out. A failure is logged by its kind and tried again;
matching does not depend on it.
"""

import threading

import structlog

from noli.adapters.log import describe
from noli.base.errors import NoliError, Unavailable
from noli.exchange.sync import LISTENED_TO
from noli.jobs.model import Lane
from noli.jobs.service import Runner

# Seconds between looks where nothing was due.
_ROUND_S = 1.0

_JOIN_S = 10.0

# Threads of each lane. Strangers on the network are waited for by several, so that one of them holds up little; who
# listens holds a thread nearly all the time, and leaves some to those that are only asked.
_THREADS = {Lane.LOCAL: 1, Lane.NETWORK: 3, Lane.LISTENING: LISTENED_TO + 4}

_log = structlog.get_logger()


def report(kind: str, error: Exception) -> None:
    """Log that a job failed: what is tried again and may well work then as a warning."""
    code = error.code if isinstance(error, NoliError) else "unexpected"
    level = _log.warning if isinstance(error, Unavailable) else _log.error
    level("job.failed", job=kind, code=code, **describe(error))


def report_doubt() -> None:
    """Log that an entry blocks too much and asks for review from now on: somebody has to look."""
    _log.warning("entry.doubted")


class Caretaker:
    """Runs jobs until it is stopped."""

    def __init__(self, runner: Runner, *, round_s: float = _ROUND_S) -> None:
        """Keep the collaborators; nothing runs yet."""
        self._runner, self._round_s = runner, round_s
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for lane in sorted(self._runner.lanes):
            for number in range(_THREADS[lane]):
                name = f"noli-caretaker-{lane}-{number}"
                thread = threading.Thread(target=self._run, args=(lane,), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)

    def stop(self) -> None:
        """End the threads; safe to call twice and without a start."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
        self._threads.clear()

    def _run(self, lane: Lane) -> None:
        prepared = False
        while not self._stopping.is_set():
            try:
                if not prepared:
                    self._runner.prepare(lane)
                    prepared = True
                while not self._stopping.is_set() and self._runner.step(lane):
                    pass
            except Exception as error:  # noqa: BLE001 - the worker loop; it must outlive whatever a round meets
                report(lane, error)
            self._stopping.wait(self._round_s)
