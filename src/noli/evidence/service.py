# SPDX-License-Identifier: Apache-2.0
"""Verify and read the ledger. Appending is done where things happen, in their transaction (``LedgerTransaction``)."""

from noli.evidence import rules
from noli.evidence.model import LedgerEntry, LedgerRoot, Verification
from noli.evidence.ports import Ledger


class LedgerService:
    """The use cases around the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep the ledger."""
        self._ledger = ledger

    def verify(self, *, noted: LedgerRoot | None = None) -> Verification:
        """Read all of it and recompute everything; ``noted`` is a root that was noted earlier, elsewhere."""
        # Asked first: what is appended meanwhile makes the ledger longer, never shorter.
        referred = self._ledger.last_referred()
        return rules.verify(self._ledger.entries(), noted=noted, referred=referred)

    def page(self, *, subject: str = "", before: int | None = None, limit: int = 100) -> list[LedgerEntry]:
        """List entries, newest first: those of one subject, or of all."""
        return self._ledger.page(subject=subject, before=before, limit=limit)
