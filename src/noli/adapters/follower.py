# SPDX-License-Identifier: Apache-2.0
"""The two background threads of a server: one keeps the index up with the change sequence, one compacts and shares it.

Neither decides anything. A failure is logged by its kind and tried again; meanwhile matching goes on with what
the index holds, and ``behind`` tells the readiness probe.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from noli.adapters.log import describe
from noli.bank.ports import BankStore
from noli.base.errors import NoliError, Unavailable
from noli.matching.index import BankIndexes

# Seconds between attempts to load after one has failed.
_RETRY_S = 1.0

# Seconds the compactor rests when there is nothing to fold in.
_REST_S = 1.0

# Seconds that a thread is given to end.
_JOIN_S = 10.0

_log = structlog.get_logger()


class Listener(Protocol):
    """Waits for changes of other processes."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until something changed, or the time is over; False, at once, where it cannot listen."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Follower:
    """Loads the index and follows the change sequence until it is stopped."""

    def __init__(
        self,
        indexes: BankIndexes,
        store: BankStore,
        listener: Listener | None,
        *,
        interval_s: float,
        max_lag_s: float = 60.0,
        also: Callable[[], object] = lambda: None,
    ) -> None:
        """Keep the collaborators; nothing runs yet.

        Args:
            indexes: What is kept up.
            store: Where changes are read.
            listener: Wakes the follower early, where the database can.
            interval_s: Seconds between looks at the change sequence.
            max_lag_s: Seconds without a successful look after which this process calls itself behind.
            also: Called after each look, for what else other processes tell.
        """
        self._also = also
        self._indexes, self._store, self._listener, self._interval_s = indexes, store, listener, interval_s
        self._max_lag_s = max_lag_s
        self._stopping = threading.Event()
        self._seen_at = time.monotonic()
        self._threads: list[threading.Thread] = []

    @property
    def lag_s(self) -> float:
        """Seconds since the last successful look at the change sequence began: what was acknowledged before is here."""
        return time.monotonic() - self._seen_at

    @property
    def behind(self) -> bool:
        """Whether that look is too long ago."""
        return self.lag_s > self._max_lag_s

    def start(self) -> None:
        """Start both threads."""
        for target, name in ((self._follow, "noli-follower"), (self._compact, "noli-compactor")):
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End both threads; safe to call twice and without a start."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
        self._threads.clear()
        if self._listener is not None:
            self._listener.close()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception as error:  # noqa: BLE001 - the worker loop; it must outlive whatever a step meets
                code = error.code if isinstance(error, NoliError) else "unexpected"
                _log.error("index.not_followed", code=code, **describe(error))
                self._stopping.wait(_RETRY_S)

    def _step(self) -> None:
        indexes = self._indexes
        if not indexes.ready:
            started = time.monotonic()
            indexes.load(self._store)
            seconds = round(time.monotonic() - started, 3)
            _log.info("index.loaded", hashes=indexes.hashes, snapshot=indexes.kept, seconds=seconds)
        elif self._listener is None or not self._listener.wait(self._interval_s):
            self._stopping.wait(self._interval_s)
        began = time.monotonic()
        indexes.catch_up(self._store)
        self._seen_at = began
        self._also()

    def _compact(self) -> None:
        while not self._stopping.is_set():
            try:
                worked = self._indexes.renew(self._store) or self._indexes.compact()
            except Unavailable:
                worked = False  # the follower tells of it
            except Exception as error:  # noqa: BLE001 - the worker loop; searching goes on without compaction
                _log.error("index.not_compacted", **describe(error))
                worked = False
            if not worked:
                self._stopping.wait(_REST_S)
