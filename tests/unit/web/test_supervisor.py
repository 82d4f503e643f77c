# SPDX-License-Identifier: Apache-2.0
"""Processes behind one socket are started, watched, replaced and ended, whatever happens to them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from noli.web import supervisor as module
from noli.web.supervisor import HOPELESS, Start, Supervisor
from tests.support.server import eventually

# A process that says so when it is ready, waits for its end, and writes down how it was started.
_SCRIPT = """
import os, signal, socket, sys
folder, number, lifeline, late, mode = sys.argv[1:]
if mode == "fail":
    sys.exit(3)
if mode == "hopeless":
    sys.exit(2)
open(f"{folder}/{os.getpid()}.{number}.{late}", "w").close()
line = socket.socket(fileno=int(lifeline))
if mode == "good":
    line.send(b"1")
while line.recv(1):
    pass
"""


class _House:
    """A supervisor that runs in the main thread while a test acts from another one."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.mode, self.buried = folder, "good", list[int]()
        self.supervisor = Supervisor(self._command, [], count, self.buried.append)

    def _command(self, start: Start) -> list[str]:
        told = (str(self.folder), str(start.number), str(start.lifeline), str(start.late), self.mode)
        return [sys.executable, "-S", "-c", _SCRIPT, *told]

    def run(self, act: Callable[[], object]) -> int:
        """Run until the acts are done."""
        failed: list[BaseException] = []

        def acting() -> None:
            try:
                act()
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                failed.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=acting)
        thread.start()
        with structlog.testing.capture_logs() as self.logs:
            status = self.supervisor.run()
        thread.join()
        if failed:
            raise failed[0]
        return status

    def alive(self) -> dict[int, tuple[int, bool]]:
        """Return number and lateness of the processes that run, by process id."""
        found = {}
        for path in self.folder.iterdir():
            pid, number, late = path.name.split(".")
            if _runs(int(pid)):
                found[int(pid)] = int(number), late == "True"
        return found

    def ready(self, count: int) -> bool:
        """Tell whether so many run and said so."""
        workers = list(self.supervisor._workers)
        return len(workers) == count and all(worker.ready for worker in workers) and len(self.alive()) == count


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _House:
    """Two processes, looked at often."""
    monkeypatch.setattr(module, "_LOOK_S", 0.005)
    monkeypatch.setattr(module, "_WAIT_S", 0.01)
    return _House(tmp_path, 2)


def test_it_starts_so_many_and_ends_them_all(house: _House) -> None:
    """The first ones need not wait for others; at the end none is left."""

    def act() -> None:
        eventually(lambda: house.ready(2))
        assert sorted(house.alive().values()) == [(0, False), (1, False)]

    assert house.run(act) == 0
    assert house.alive() == {}
    assert sorted(house.buried) == [0, 1]


def test_one_that_is_killed_is_replaced_by_one_that_waits(house: _House) -> None:
    """Its successor takes the number over and answers only once it can."""

    def act() -> None:
        eventually(lambda: house.ready(2))
        [victim] = [pid for pid, (number, _) in house.alive().items() if number == 0]
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: victim not in house.alive() and house.ready(2))
        assert sorted(house.alive().values()) == [(0, True), (1, False)]

    house.run(act)
    assert [line["status"] for line in house.logs if line["event"] == "worker.died"] == [-signal.SIGKILL]


def test_all_are_replaced_one_by_one(house: _House) -> None:
    """On SIGHUP each ends only when its successor can answer, so that there are never fewer."""

    def act() -> None:
        eventually(lambda: house.ready(2))
        before = set(house.alive())
        os.kill(os.getpid(), signal.SIGHUP)
        eventually(lambda: not before & set(house.alive()) and house.ready(2))
        assert all(late for _, late in house.alive().values())

    house.run(act)
    events = [line["event"] for line in house.logs if line["event"] in {"worker.ready", "worker.ended"}]
    assert events == ["worker.ready", "worker.ready", *["worker.ready", "worker.ended"] * 2]


def test_successors_that_cannot_start_leave_everything_as_it_was(house: _House) -> None:
    """A setting that is wrong now takes nobody out."""

    def act() -> None:
        eventually(lambda: house.ready(2))
        before = set(house.alive())
        house.mode = "fail"
        os.kill(os.getpid(), signal.SIGHUP)
        eventually(lambda: len(house.buried) == 1 and house.ready(2))
        assert set(house.alive()) == before
        assert not house.supervisor._rolling

    house.run(act)


def test_one_that_dies_before_its_successor_is_ready_is_not_replaced_twice(house: _House) -> None:
    """There are as many as there should be, and no more."""

    def act() -> None:
        eventually(lambda: house.ready(2))
        before = set(house.alive())
        house.mode = "silent"
        os.kill(os.getpid(), signal.SIGHUP)
        eventually(lambda: len(house.alive()) == 3)
        house.mode = "good"
        [victim] = [worker.replaces for worker in house.supervisor._workers if worker.replaces is not None]
        victim.process.kill()
        eventually(lambda: len(before & set(house.alive())) == 0)
        eventually(lambda: len(house.supervisor._workers) == 2)

    house.run(act)


def test_who_dies_again_and_again_is_started_less_and_less_often(house: _House) -> None:
    """A broken installation is not started a thousand times a minute; the wait has an end."""
    dead = module._Worker(0, None, None, time.monotonic())  # type: ignore[arg-type]
    waits = [house.supervisor._wait_s(dead) for _ in range(30)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (module._WAIT_S, module._MOST_S)
    grown_up = module._Worker(0, None, None, time.monotonic() - 1e6)  # type: ignore[arg-type]
    assert house.supervisor._wait_s(grown_up) == module._WAIT_S


def test_settings_that_cannot_work_end_it_all(house: _House) -> None:
    """Where no process can ever start, the supervisor ends with their status instead of trying forever."""
    house.mode = "hopeless"
    with structlog.testing.capture_logs():
        assert house.supervisor.run() == HOPELESS
    assert len(house.buried) >= 2


def test_one_that_does_not_end_is_killed(house: _House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end comes in any case."""
    monkeypatch.setattr(module, "_END_S", 0.0)
    house.run(lambda: eventually(lambda: house.ready(2)))
    assert house.alive() == {}
