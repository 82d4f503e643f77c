# SPDX-License-Identifier: Apache-2.0
"""What the desk needs from outside: a place for settings and looks, a finder. Each call is a transaction of its own."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from noli.moderation.model import Asked, DeskSettings, Found, FoundKind, Look


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

    def step_aside(self, staff: str, kind: FoundKind, subject: str, *, at: datetime) -> None:
        """Keep that somebody leaves a case or a notice to others, with a ledger entry; once is enough."""
        ...

    def left_to_others(self, staff: str) -> frozenset[str]:
        """Return the cases and notices that somebody stepped aside from."""
        ...

    def who_left(self, subject: str) -> frozenset[str]:
        """Return who stepped aside from a case or a notice."""
        ...


class Finder(Protocol):
    """Finds cases, notices and the like by indexes alone, whatever there is of them."""

    def find(self, asked: Asked, kinds: Collection[FoundKind], *, limit: int) -> list[Found]:
        """Find, at most ``limit`` of each kind: what a link or reference leads to, newest first, then numbers."""
        ...
