# SPDX-License-Identifier: Apache-2.0
"""What the ledger needs from outside: a place that appends and never changes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from noli.evidence.model import Fact, LedgerEntry


class Ledger(Protocol):
    """Reads the ledger. Appending happens in the transaction of what is being recorded: see ``LedgerTransaction``."""

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """Stream entries in order, as they are stored, without checking them."""
        ...

    def page(self, *, subject: str = "", before: int | None = None, limit: int = 100) -> list[LedgerEntry]:
        """List entries, newest first: those of one subject, or of all."""
        ...

    def last_referred(self) -> int:
        """Return the highest ledger sequence that anything else in the store refers to, 0 where nothing does."""
        ...


class LedgerTransaction(Protocol):
    """Appends inside a transaction; a transaction that fails leaves no entry."""

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact."""
        ...
