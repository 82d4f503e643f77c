# SPDX-License-Identifier: Apache-2.0
"""Several server processes behind one listening socket: started, watched, replaced, and ended together.

The socket is the supervisor's, so that no connection is lost while processes come and go. Each process holds one end
of a lifeline: it says on it when it can answer, and ends when the other end is gone. A process that dies is started
again, after a wait that doubles each time it dies young. ``SIGHUP`` replaces the processes one by one, each once its
successor can answer; settings and program are read anew. ``SIGTERM`` and ``SIGINT`` let them finish and end.
"""

import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

import structlog

#: What a process says on its lifeline once it can answer.
READY = b"1"

#: Exit status of a process that cannot work with its settings, however often it is started.
HOPELESS = 2

# Seconds between looks at the processes.
_LOOK_S = 0.05

# Seconds before a process that died is started again, at first and at most; and how long one lives that did not die
# young.
_WAIT_S = 0.1
_MOST_S = 30.0
_GROWN_UP_S = 3.0

# Seconds that processes are given to end; what they are given themselves is less.
_END_S = 60.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = structlog.get_logger()


@dataclass(slots=True)
class _Worker:
    number: int
    process: subprocess.Popen[bytes]
    lifeline: socket.socket
    started: float
    ready: bool = False
    #: The one that is to end once this one can answer.
    replaces: "_Worker | None" = None
    #: It was told to end.
    parting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a process is to be started with.

    Attributes:
        number: Tells it from those that run beside it.
        lifeline: Descriptor of its end of the lifeline.
        late: Whether others answer already, so that it should not before it can.
    """

    number: int
    lifeline: int
    late: bool


@dataclass(slots=True)
class Supervisor:
    """Keeps a number of processes running.

    Attributes:
        command: Makes the command line of a process.
        inherited: Descriptors that processes inherit besides.
        count: How many there are to be.
        ended: Called with the number of a process that has ended.
    """

    command: Callable[[Start], Sequence[str]]
    inherited: Sequence[int]
    count: int
    ended: Callable[[int], object] = lambda _: None
    _workers: list[_Worker] = field(default_factory=list)
    #: When a process is due in place of one that died.
    _vacancies: list[float] = field(default_factory=list)
    _rolling: deque[_Worker] = field(default_factory=deque)
    _deaths: int = 0
    _stopping: bool = False
    _roll: bool = False
    _status: int = 0

    def run(self) -> int:
        """Run until told to stop; returns the exit status."""
        with self._listening_to_signals():
            for _ in range(self.count):
                self._start(late=False)
            while not self._stopping:
                self._round()
                time.sleep(_LOOK_S)
            self._end()
        return self._status

    def _round(self) -> None:
        for worker in list(self._workers):
            self._hear(worker)
            if worker.process.poll() is not None:
                self._bury(worker)
        for due in [each for each in self._vacancies if time.monotonic() >= each]:
            self._vacancies.remove(due)
            self._start(late=True)
        if self._roll:
            self._roll = False
            self._rolling = deque(self._workers)
            _log.info("workers.replaced", count=len(self._rolling))
        self._replace()

    def _replace(self) -> None:
        """Start the next successor, once the last one has taken its place."""
        if any(worker.replaces is not None or worker.parting for worker in self._workers):
            return
        while self._rolling:
            worker = self._rolling.popleft()
            if worker in self._workers:
                self._start(late=True, replaces=worker)
                return

    def _start(self, *, late: bool, replaces: _Worker | None = None) -> None:
        number = next(n for n in range(2 * self.count + 1) if n not in {each.number for each in self._workers})
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        with theirs:
            command = self.command(Start(number=number, lifeline=theirs.fileno(), late=late))
            fds = (*self.inherited, theirs.fileno())
            process = subprocess.Popen(command, pass_fds=fds, start_new_session=True)  # noqa: S603 - our own
        self._workers.append(_Worker(number, process, ours, time.monotonic(), replaces=replaces))
        _log.info("worker.started", worker=number)

    def _hear(self, worker: _Worker) -> None:
        if worker.ready:
            return
        with suppress(BlockingIOError, OSError):
            worker.ready = worker.lifeline.recv(1) == READY
        if worker.ready:
            _log.info("worker.ready", worker=worker.number, seconds=round(time.monotonic() - worker.started, 3))
        if worker.ready and worker.replaces is not None:
            worker.replaces.parting = True
            worker.replaces.process.terminate()
            worker.replaces = None

    def _bury(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.lifeline.close()
        self.ended(worker.number)
        status = worker.process.returncode
        if worker.parting:
            _log.info("worker.ended", worker=worker.number, status=status)
            return
        _log.error("worker.died", worker=worker.number, status=status)
        for successor in self._workers:
            if successor.replaces is worker:
                successor.replaces = None
                return
        if worker.replaces is not None:
            self._rolling.clear()  # whom it was to replace goes on, and so do all others
        elif status == HOPELESS and not self._workers:
            self._status, self._stopping = status, True
        else:
            self._vacancies.append(time.monotonic() + self._wait_s(worker))

    def _wait_s(self, died: _Worker) -> float:
        """Say how long to wait before there is another one."""
        young = time.monotonic() - died.started < _GROWN_UP_S
        self._deaths = self._deaths + 1 if young else 0
        return min(_MOST_S, _WAIT_S * 2.0 ** max(0, self._deaths - self.count))

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        until = time.monotonic() + _END_S
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.lifeline.close()
            self.ended(worker.number)

    @contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._told) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _told(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._roll = True
        else:
            self._stopping = True
