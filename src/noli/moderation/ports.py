# SPDX-License-Identifier: Apache-2.0
"""What the desk needs from outside: a place for settings and looks. Each call is one transaction of its own."""

from datetime import datetime
from typing import Protocol

from noli.moderation.model import DeskSettings, Look


class DeskStore(Protocol):
    """Keeps what people set, and what they were shown."""

    def settings(self, staff: str) -> DeskSettings:
        """Return what somebody set; the defaults where they set nothing."""
        ...

    def keep(self, staff: str, settings: DeskSettings) -> None:
        """Keep what somebody set."""
        ...

    def looks(self, staff: str, *, since: datetime) -> list[Look]:
        """List what somebody was shown since then, oldest first."""
        ...

    def before(self, subject: bytes) -> list[Look]:
        """List who was shown a subject, oldest first."""
        ...

    def add_look(self, look: Look) -> None:
        """Keep that somebody is shown something, with a ledger entry in the same transaction."""
        ...

    def forget_looks(self, *, before: datetime) -> int:
        """Forget looks that are older; the ledger keeps its entries. Returns how many."""
        ...
