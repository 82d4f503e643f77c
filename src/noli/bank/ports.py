# SPDX-License-Identifier: Apache-2.0
"""What banks need from outside: a store that keeps what it has acknowledged.

One suite (``tests/contract/test_bank_store.py``) holds every implementation to this page.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from noli.bank.model import Action, Bank, BankId, BankPolicy, Change, Entry, EntryId, KeyedRegions, NewEntry, Opinion


class BankTransaction(Protocol):
    """Reads and writes of one transaction; committed, with a completed fsync, when its context ends well."""

    def add_bank(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        """Create a bank. Raises Conflict where the name is taken."""
        ...

    def set_policy(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        """Replace a bank's policy; ``RegionUse.OFF`` deletes its regions and raises its epoch. Raises NotFound."""
        ...

    def bank(self, name: str) -> Bank:
        """Read one bank with its count of active entries. Raises NotFound."""
        ...

    def banks(self, *, after: str = "", limit: int = 100) -> list[Bank]:
        """List banks by name, those after ``after``, at most ``limit``."""
        ...

    def add_entry(self, bank: str, entry: NewEntry, *, id: EntryId, now: datetime) -> Entry:  # noqa: A002 - the field's name
        """Register an entry and append to the change sequence. Raises NotFound for the bank."""
        ...

    def add_entries(self, bank: str, entries: Sequence[tuple[EntryId, NewEntry]], *, now: datetime) -> None:
        """Register many entries of one bank, all or none. Raises NotFound for the bank."""
        ...

    def entry(self, bank: str, id: EntryId) -> Entry:  # noqa: A002 - the field's name
        """Read one entry with its hashes. Raises NotFound."""
        ...

    def entries(
        self,
        bank: str,
        *,
        after: EntryId | None = None,
        limit: int = 100,
        withdrawn: bool = False,
        doubted: bool = False,
    ) -> list[Entry]:
        """List entries of a bank in id order; only withdrawn ones, or only active ones that somebody doubts."""
        ...

    def entries_by_id(self, ids: Sequence[EntryId]) -> dict[EntryId, Entry]:
        """Read entries of any bank, without hashes; unknown ids are left out."""
        ...

    def withdraw(self, bank: str, id: EntryId, *, by: str, now: datetime) -> Entry:  # noqa: A002 - the field's name
        """Withdraw an entry and delete its regions; a second time changes nothing. Raises NotFound."""
        ...

    def add_opinion(self, bank: str, opinion: Opinion) -> Entry:
        """Keep an opinion. Raises NotFound.

        What all opinions make of the entry says ``bank.rules.standing``: a false-positive or disputed one marks it
        disputed until its author's newest opinion says otherwise; a confirmed one may ask for what its bank says.
        """
        ...

    def set_sharing(self, bank: str, id: EntryId, *, given: bool, now: datetime) -> Entry:  # noqa: A002 - the field's name
        """Let a case's entry leave for partners, or end that; a second time changes nothing. Raises NotFound."""
        ...

    def offer(self, bank: str, *, now: datetime) -> None:
        """Put all active entries of a bank into the change sequence anew; for whom may see it only now, or no longer.

        Raises:
            NotFound: There is no such bank.
        """
        ...

    def opinions(self, bank: str, id: EntryId) -> list[Opinion]:  # noqa: A002 - the field's name
        """List opinions on an entry, oldest first. Raises NotFound."""
        ...

    def opinions_by(self, author: str, *, limit: int = 100) -> list[tuple[str, Opinion]]:
        """Return what somebody thinks of entries, newest first, each with the name of its bank."""
        ...

    def disputed(self, bank: BankId) -> list[EntryId]:
        """List a bank's active entries that somebody says are wrong, in id order."""
        ...

    def bounds(self, bank: BankId) -> set[Action]:
        """Return what entries of a bank ask for at most that nobody has confirmed, withdrawn ones included."""
        ...

    def marked(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bool, Action | None]]:
        """Return (entry, its bank, disputed, asks for at most) of those entries that are disputed or unconfirmed."""
        ...

    def changes(self, *, after: int, limit: int = 1000) -> list[Change]:
        """Read the change sequence in order. A sequence number is never visible before a smaller one."""
        ...

    def active_hashes(self, bank: BankId) -> Iterator[tuple[bytes, bytes]]:
        """Stream what the index of a bank holds: pairs of buffers (n x 32 hash bytes, n x 8 id bytes, native order)."""
        ...

    def active_counts(self) -> dict[BankId, int]:
        """Return how many active hashes each bank has, as counted by those who add and withdraw."""
        ...

    def hashes_of(self, entry: EntryId) -> bytes:
        """Return an active entry's hashes as n x 32 bytes; empty where it is withdrawn or unknown."""
        ...

    def hashes_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bytes]]:
        """Return (entry, its bank, n x 32 hash bytes) of active entries; withdrawn and unknown ones are left out."""
        ...

    def timed_hashes(self, entries: Sequence[EntryId]) -> dict[EntryId, list[tuple[int, bytes]]]:
        """Return time in milliseconds and value of the hashes of active videos; pictures are left out."""
        ...

    # Regions go in here and come out to the index of this installation alone. Keep it so: they show more of a picture
    # than its hash, and under another installation's secret they are worthless. An export or exchange reads entries,
    # and entries have none.

    def add_regions(self, entry: EntryId, regions: Sequence[KeyedRegions]) -> None:
        """Keep the regions of an entry that was added in this transaction."""
        ...

    def active_regions(self, bank: BankId) -> Iterator[tuple[EntryId, KeyedRegions]]:
        """Stream the regions of a bank's entries."""
        ...

    def regions_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, KeyedRegions]]:
        """Return the regions of active entries; those that have none are left out."""
        ...

    def last_sequence(self) -> int:
        """Return the newest sequence number, 0 where nothing ever changed."""
        ...

    def recall(self, scope: str, key: str) -> tuple[bytes, bytes] | None:
        """Return (request digest, response) kept under an idempotency key, or None."""
        ...

    def remember(self, scope: str, key: str, *, digest: bytes, response: bytes, now: datetime) -> None:
        """Keep a response under an idempotency key that ``recall``, in the same transaction, did not know."""
        ...


class BankStore(Protocol):
    """Opens transactions."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[BankTransaction]:
        """Open one transaction: one consistent view; with ``write`` it commits at the end or rolls back on error.

        While one is open with ``write``, no other is, in no process of the installation.

        Raises:
            StoreBusy: The database did not let us in within its time-out.
        """
        ...
