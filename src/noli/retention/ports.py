# SPDX-License-Identifier: Apache-2.0
"""What the sweep needs from outside.

One suite (``tests/contract/test_retention.py``) holds the implementation to this page, on each database.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from noli.base.retention import Kind
from noli.retention.model import Due

#: What is due is counted no further.
COUNTED = 10_000

#: Lets go of what a clock ran out for before a time, so many at most, in one transaction; returns how many.
Eraser = Callable[[datetime, int], int]


class Shelves(Protocol):
    """Where things are kept; safe to call from many threads and processes."""

    def due(self, kind: Kind, *, before: datetime) -> Due:
        """Count what a kind's clock began at or before a time for, and what nothing stops from going."""
        ...

    def forget(self, kind: Kind, *, before: datetime, limit: int) -> int:
        """Delete of it what is due, ``limit`` at most in one transaction; returns how many.

        For kinds that are ``Ending.GONE``. Doing it twice, or at the same time elsewhere, is harmless.
        """
        ...
