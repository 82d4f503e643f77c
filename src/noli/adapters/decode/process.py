# SPDX-License-Identifier: Apache-2.0
"""A decoding child as the server sees it: start, ask with a deadline, end. Not thread-safe; ``pool`` sees to that."""

import json
import mmap
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import noli
from noli.adapters.decode.wire import ANSWER, MAX_ANSWER_BYTES, REQUEST, Ask

#: Of the memory through which files are handed over, bytes that are kept from one file to the next: most pictures fit.
_KEPT_BYTES = 4 * 1024 * 1024

#: Seconds a child may take to import everything; 0.3 on a quiet machine.
START_TIMEOUT_S = 60.0

#: Variables a child needs: where libraries lie, and which kernel path was demanded. No secrets.
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "NOLI_KERNEL")

#: One heap, and memory kept between files: fresh pages for every plane cost more than the kernel's work on it.
_FIXED_VARIABLES = MappingProxyType(
    {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "67108864"}
)

_BOOT = (
    "import sys; sys.path[:0] = [sys.argv[1]]; "
    "from noli.adapters.decode.{program} import main; main(sys.argv[2], int(sys.argv[3]))"
)


class ChildDied(Exception):
    """The child ended instead of answering."""


class ChildTimedOut(Exception):
    """The child did not answer in time."""


class ChildProcess:
    """A process that decodes, and how it ended."""

    def __init__(self, program: str, settings: str, descriptor: int, *, pipes: int) -> None:
        """Start the process; does not wait until it is ready.

        Args:
            program: Module of this package with the child's ``main``.
            settings: What ``main`` takes.
            descriptor: Through which it hears of its files.
            pipes: Its standard input and output, as ``subprocess`` calls them.

        Raises:
            OSError: No process can be started.
        """
        source = str(Path(noli.__file__).parent.parent)
        boot = _BOOT.format(program=program)
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-I", "-c", boot, source, settings, str(descriptor)],
            stdin=pipes,
            stdout=pipes,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**_FIXED_VARIABLES, **kept},
            bufsize=0,
            start_new_session=True,
            pass_fds=(descriptor,),
        )

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        status = self._process.wait()
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def signal_end(self) -> None:
        """End the process; the thread that talks to it notices. May be called from any thread."""
        self._process.kill()


class Child(ChildProcess):
    """A decoding child process.

    Attributes:
        files: How many files it was given.
    """

    def __init__(self, settings: str, *, max_bytes: int) -> None:
        """Start the process; does not wait until it is ready.

        Args:
            settings: What ``child.main`` takes.
            max_bytes: Largest file it will be given.

        Raises:
            OSError: No process can be started.
        """
        window = os.memfd_create("noli-file")
        try:
            os.ftruncate(window, max_bytes)
            self._window = mmap.mmap(window, max_bytes)
            super().__init__("child", settings, window, pipes=subprocess.PIPE)
        finally:
            os.close(window)
        if self._process.stdin is None or self._process.stdout is None:  # pragma: no cover - both are pipes
            raise OSError
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._from, False)
        self._protections: tuple[str, ...] | None = None
        self.files = 0

    def wait_ready(self) -> tuple[str, ...]:
        """Wait until it has given up its rights; returns at once the second time.

        Returns:
            The protections that hold.

        Raises:
            ChildDied: It ended instead.
            ChildTimedOut: It took too long.
        """
        if self._protections is None:
            said = json.loads(self._receive(time.monotonic() + START_TIMEOUT_S))
            self._protections = tuple(str(name) for name in said)
        return self._protections

    def ask(self, what: Ask, data: bytes, *, timeout_s: float) -> bytes:
        """Send a request and wait for its answer.

        The file lies in memory that the child can read, before the request goes through the pipe: the child wakes once
        and finds everything there.

        Raises:
            ChildDied: It ended, or answered nonsense.
            ChildTimedOut: No answer within ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        self.files += 1
        self._window[: len(data)] = data
        try:
            os.write(self._to, REQUEST.pack(what, len(data)))
        except OSError as error:
            raise ChildDied from error
        answer = self._receive(deadline)
        if len(data) > _KEPT_BYTES:
            self._window.madvise(mmap.MADV_REMOVE, _KEPT_BYTES, len(data) - _KEPT_BYTES)
        return answer

    def kill(self) -> None:
        """End the process and release its pipes; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._window.close()

    def _receive(self, deadline: float) -> bytes:
        """Read one answer, waiting for it until the deadline."""
        (length,) = ANSWER.unpack(self._read_exactly(ANSWER.size, deadline))
        if length > MAX_ANSWER_BYTES:
            raise ChildDied
        return self._read_exactly(length, deadline)

    def _read_exactly(self, length: int, deadline: float) -> bytes:
        """Read so many bytes."""
        parts = bytearray()
        while len(parts) < length:
            try:
                part = os.read(self._from, length - len(parts))
            except BlockingIOError:
                _wait(self._from, deadline)
                continue
            except OSError as error:
                raise ChildDied from error
            if not part:
                raise ChildDied
            parts += part
        return bytes(parts)


def _wait(descriptor: int, deadline: float) -> None:
    """Wait until there is something to read, or the end of the pipe.

    Raises:
        ChildTimedOut: The deadline passed first.
    """
    left_s = deadline - time.monotonic()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if left_s <= 0 or not poll.poll(left_s * 1000):
        raise ChildTimedOut
