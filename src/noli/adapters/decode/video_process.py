# SPDX-License-Identifier: Apache-2.0
"""One child that reads one video, as the server sees it: start, give it the file, listen, end. Not thread-safe."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator

from noli.adapters.decode.process import START_TIMEOUT_S, ChildDied, ChildProcess, ChildTimedOut
from noli.adapters.decode.video_wire import ANSWER, MAX_ANSWER_BYTES, Portion, portion_from_json
from noli.adapters.decode.wire import Preview, preview_from_json
from noli.hashing.model import Outcome


class VideoChild(ChildProcess):
    """A child process that waits for its video."""

    def __init__(self, settings: str) -> None:
        """Start the process; does not wait until it is ready.

        Args:
            settings: What ``video_child.main`` takes.

        Raises:
            OSError: No process can be started.
        """
        self._socket, theirs = socket.socketpair()
        try:
            super().__init__("video_child", settings, theirs.fileno(), pipes=subprocess.DEVNULL)
        except BaseException:
            self._socket.close()
            raise
        finally:
            theirs.close()

    def give(self, file: int, **wanted: object) -> tuple[str, ...]:
        """Give it the descriptor of its file and what is wanted of it.

        Returns:
            The protections that hold in the child from here on.

        Raises:
            ChildDied: It ended instead.
            ChildTimedOut: It does not get ready.
        """
        until = time.monotonic() + START_TIMEOUT_S
        self._receive(until)
        try:
            socket.send_fds(self._socket, [json.dumps(wanted).encode()], [file])
        except OSError as error:
            raise ChildDied from error
        return tuple(str(name) for name in json.loads(self._receive(until)))

    def portions(self, *, timeout_s: float) -> Iterator[Portion]:
        """Listen to what it makes of its video; the last portion has ``ended``.

        Raises:
            ChildDied: It ended, or answered nonsense.
            ChildTimedOut: It has not come to the end within ``timeout_s`` seconds.
        """
        until = time.monotonic() + timeout_s
        while True:
            try:
                portion = portion_from_json(self._receive(until))
            except ValueError as error:
                raise ChildDied from error
            yield portion
            if portion.ended is not None:
                return

    def preview(self, *, timeout_s: float) -> Preview | Outcome:
        """Listen for the one picture that was wanted.

        Raises:
            ChildDied: It ended, or answered nonsense.
            ChildTimedOut: It has not answered within ``timeout_s`` seconds.
        """
        try:
            return preview_from_json(self._receive(time.monotonic() + timeout_s))
        except ValueError as error:
            raise ChildDied from error

    def kill(self) -> None:
        """End the process; safe to call twice and from any thread."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def _receive(self, until: float) -> bytes:
        (length,) = ANSWER.unpack(self._read_exactly(ANSWER.size, until))
        if length > MAX_ANSWER_BYTES:
            raise ChildDied
        return self._read_exactly(length, until)

    def _read_exactly(self, length: int, until: float) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise ChildTimedOut
            self._socket.settimeout(left_s)
            try:
                part = self._socket.recv(length - len(parts))
            except TimeoutError as error:
                raise ChildTimedOut from error
            except OSError as error:
                raise ChildDied from error
            if not part:
                raise ChildDied
            parts += part
        return bytes(parts)


def in_memory(data: bytes) -> int:
    """Put a video into memory that has a descriptor but no name; the caller closes it."""
    descriptor = os.memfd_create("noli-video")
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    return descriptor
