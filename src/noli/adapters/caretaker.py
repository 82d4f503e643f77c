# SPDX-License-Identifier: Apache-2.0
"""The background thread that looks after cases and notices: withdrawals, clocks, matches to be told or looked at.

Any number of processes may run one; what one has done, the others find done. A failure is logged by its kind and tried
again; matching does not depend on it.
"""

import threading

import structlog

from noli.adapters.log import describe
from noli.base.errors import NoliError
from noli.casework.upkeep import Upkeep
from noli.notices.upkeep import NoticeUpkeep

# Seconds between rounds: a person who looks again after a few seconds should find what happened.
_ROUND_S = 5.0

_JOIN_S = 10.0

_log = structlog.get_logger()


class Caretaker:
    """Runs the upkeep of cases and notices until it is stopped."""

    def __init__(self, upkeep: Upkeep, notices: NoticeUpkeep, *, round_s: float = _ROUND_S) -> None:
        """Keep the collaborators; nothing runs yet."""
        self._upkeep, self._notices, self._round_s = upkeep, notices, round_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="noli-caretaker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; safe to call twice and without a start."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(self._round_s):
            try:
                self._upkeep.complete_withdrawals()
                while self._upkeep.record_matches() and not self._stopping.is_set():
                    pass
                self._notices.look_after()
            except Exception as error:  # noqa: BLE001 - the worker loop; it must outlive whatever a round meets
                code = error.code if isinstance(error, NoliError) else "unexpected"
                _log.error("cases.not_kept_up", code=code, **describe(error))
