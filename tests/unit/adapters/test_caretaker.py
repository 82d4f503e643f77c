# SPDX-License-Identifier: Apache-2.0
"""The caretaker looks after cases, outlives failures, and stops when told."""

import threading
from typing import Any

from noli.adapters.caretaker import Caretaker
from noli.base.errors import StoreBusy


class _Upkeep:
    """Counts rounds; the first two fail."""

    def __init__(self) -> None:
        self.rounds, self.told = 0, 0
        self.enough = threading.Event()

    def complete_withdrawals(self) -> int:
        self.rounds += 1
        if self.rounds == 1:
            msg = "The database is busy."
            raise StoreBusy(msg)
        if self.rounds == 2:
            raise RuntimeError
        return 0

    def record_matches(self) -> int:
        self.told += 1
        if self.told >= 6:
            self.enough.set()
        return self.told % 2


class _Notices:
    """Counts rounds."""

    def __init__(self) -> None:
        self.rounds = 0

    def look_after(self) -> None:
        self.rounds += 1


def test_it_goes_on_after_failures() -> None:
    """Whatever one round meets, the next one comes; stopping twice, or without a start, is harmless."""
    upkeep: Any = _Upkeep()
    notices: Any = _Notices()
    caretaker = Caretaker(upkeep, notices, round_s=0.001)
    caretaker.stop()
    caretaker = Caretaker(upkeep, notices, round_s=0.001)
    caretaker.start()
    assert upkeep.enough.wait(30)
    caretaker.stop()
    caretaker.stop()
    assert upkeep.rounds >= 3
    assert notices.rounds >= 1
