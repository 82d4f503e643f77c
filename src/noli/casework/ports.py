# SPDX-License-Identifier: Apache-2.0
"""What casework needs from outside: a store for cases, word lists, a look at common pictures.

One suite (``tests/contract/test_case_store.py``) holds every implementation of the store to this page.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from noli.bank.model import EntryId
from noli.bank.ports import BankTransaction
from noli.casework.events import Event, Recorded
from noli.casework.model import Case, CaseFilter, CaseId, CaseSummary
from noli.evidence.events import Opening
from noli.evidence.model import LedgerEntry
from noli.evidence.ports import LedgerTransaction
from noli.hashing.model import Hash
from noli.jobs.ports import JobTransaction
from noli.outbox.ports import OutboxTransaction


@dataclass(frozen=True, slots=True)
class Door:
    """How a case is entered; nothing in it leads back to what the person holds.

    Attributes:
        case: The case.
        number: Keyed digest of the case number.
        verifier: Slow hash of the peppered passphrase.
        submission: SHA-256 of the submission token.
        language: Language of the words.
        opened_at: When the case was opened.
        recovery: Keyed digest of the recovery code, None where there is none.
    """

    case: CaseId
    number: bytes
    verifier: str
    submission: bytes
    language: str
    opened_at: datetime
    recovery: bytes | None = None


@dataclass(frozen=True, slots=True)
class SeenStep:
    """What happened to one bank entry at one partner, as the feed of such steps gives it.

    Attributes:
        number: Its place in the feed; grows with time.
        entry: The bank entry.
        recipient: Name of the partner.
        step: One of ``rules.SHARE_STEPS``.
    """

    number: int
    entry: EntryId
    recipient: str
    step: str


@dataclass(frozen=True, slots=True)
class SeenMatch:
    """One match in a recorded check, as the feed gives it.

    Attributes:
        number: Place of the check in the feed; grows with time.
        entry: The bank entry that was matched.
        platform: Name of the key that asked.
        verdict: What it was told.
        at: When.
    """

    number: int
    entry: EntryId
    platform: str
    verdict: str
    at: datetime


class CaseTransaction(LedgerTransaction, OutboxTransaction, JobTransaction, Protocol):
    """Reads and writes of one transaction; committed, with a completed fsync, when its context ends well.

    Events, their ledger entries, the messages that tell of them, jobs, the list of cases and what is registered in
    banks are one transaction. A reader sees all of it or nothing.
    """

    @property
    def banks(self) -> BankTransaction:
        """The banks, inside this transaction."""
        ...

    def open(self, door: Door, *, number: str) -> None:
        """Make an empty case with a new data key.

        Args:
            door: How it is entered.
            number: The case number itself; kept sealed, for the download and for recovery.

        Raises:
            Conflict: The number, submission or recovery code is taken.
        """
        ...

    def append(
        self, case: Case, events: Sequence[Event], *, version: int, actor: str, now: datetime
    ) -> list[LedgerEntry]:
        """Append events with one ledger entry each, tell of them (``telling.py``), and bring the list up to date.

        Args:
            case: As it is after the events; what the list shows is taken from it.
            events: At least one.
            version: How many events the case had before.
            actor: Who did it.
            now: When.

        Personal fields are sealed under the case's key. ``CaseErased`` destroys that key after it was written, and
        forgets which bank entries were the case's.

        Raises:
            Conflict: The case has another version by now.
            NotFound: There is no such case.
        """
        ...

    def history(self, case: CaseId) -> list[Recorded]:
        """Return all events in order; personal fields are empty once erased. Raises NotFound."""
        ...

    def openings(self, case: CaseId) -> list[Opening[Event]]:
        """Return the same with what shows that the ledger holds each event, as it was stored. Raises NotFound."""
        ...

    def door(self, *, number: bytes) -> Door | None:
        """Find how to enter a case by the digest of its number."""
        ...

    def door_of(self, case: CaseId) -> Door:
        """Find how to enter a case by its id. Raises NotFound."""
        ...

    def door_by_submission(self, submission: bytes) -> Door | None:
        """Find the case that a submission made."""
        ...

    def door_by_recovery(self, recovery: bytes) -> Door | None:
        """Find a case by the digest of its recovery code."""
        ...

    def replace_verifier(self, case: CaseId, verifier: str) -> None:
        """Keep the verifier of new words."""
        ...

    def number_of(self, case: CaseId) -> str:
        """Return the case number, or empty once erased. Raises NotFound."""
        ...

    def cases_of(self, entries: Sequence[EntryId]) -> dict[EntryId, CaseId]:
        """Return whose entries these are; those of no case, or of an erased one, are left out."""
        ...

    def due(self, now: datetime, *, limit: int = 100) -> list[CaseId]:
        """List cases whose withdrawal is due, longest waiting first."""
        ...

    def ended(self, *, before: datetime, limit: int = 100) -> list[CaseId]:
        """List cases that were withdrawn and not erased, and to which nothing happened since then, oldest first."""
        ...

    def page(self, wanted: CaseFilter, *, after: CaseId | None = None, limit: int = 100) -> list[CaseSummary]:
        """List cases, newest first, those after ``after``."""
        ...

    def owners(self, cases: Sequence[CaseId]) -> dict[CaseId, str]:
        """Return who has each of some cases, in one query; empty where nobody has it."""
        ...

    def spend(self, challenge: bytes, *, expires_at: datetime) -> bool:
        """Note that a proof-of-work challenge was used; False where it was already."""
        ...

    def matches(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenMatch]:
        """Read matches of recorded checks in order, those of checks numbered above ``after``, made before ``until``.

        A check is never cut in two: all its matches come in one call.
        """
        ...

    def share_steps(self, *, after: int, limit: int = 1000) -> list[SeenStep]:
        """Read what happened at partners to hashes that persons let leave, in order, from the step after ``after``."""
        ...

    def position(self, name: str) -> int:
        """Return how far a reader of a feed has come; 0 at first."""
        ...

    def advance(self, name: str, position: int) -> None:
        """Keep how far a reader has come."""
        ...


class CaseStore(Protocol):
    """Opens transactions."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[CaseTransaction]:
        """Open one transaction: one consistent view; with ``write`` it commits at the end or rolls back on error.

        Raises:
            StoreBusy: The database did not let us in within its time-out.
        """
        ...


class WordLists(Protocol):
    """Word lists by language."""

    def words(self, language: str) -> Sequence[str]:
        """Return at least 7,500 different words of lower-case ASCII letters; English where there is no such list."""
        ...


class CommonPictures(Protocol):
    """The banks of pictures that everybody has: nobody may have them blocked."""

    def near(self, hashes: Sequence[Hash]) -> bool:
        """Tell whether one of these is near a negative bank's entry; takes as long for both answers.

        Raises:
            Unavailable: The banks are not loaded.
        """
        ...


#: What each kind of exported value may be; see ``export.py``.
Exported = Mapping[str, object]
