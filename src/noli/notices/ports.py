# SPDX-License-Identifier: Apache-2.0
"""What notices need from outside: a store, and a catalogue of what the platform has.

One suite (``tests/contract/test_notice_store.py``) holds every implementation of the store to this page.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from noli.bank.model import EntryId
from noli.bank.ports import BankTransaction
from noli.evidence.ports import LedgerTransaction
from noli.jobs.ports import JobTransaction
from noli.matching.model import Closeness
from noli.notices import records
from noli.notices.events import Event, Recorded
from noli.notices.figures import Load
from noli.notices.model import NoticeFilter, NoticeId, NoticeSummary, PartyId


@dataclass(frozen=True, slots=True)
class SeenUpload:
    """One match in a recorded check, as the feed gives it.

    Attributes:
        number: Place of the check in the feed; grows with time.
        entry: The bank entry that was matched, ``bank`` the name of its bank.
        platform: Name of the key that asked.
        verdict: What this match alone asked for.
        ref: The platform's own reference to the upload.
        at: When.
    """

    number: int
    entry: EntryId
    bank: str
    platform: str
    verdict: str
    ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FoundCopy:
    """Something that the platform has: its own id of it, and how far it is from what was searched, in bits."""

    ref: str
    distance_bits: int


class Catalogue(Protocol):
    """The hashes of everything that the platform has."""

    def near(self, hashes: Sequence[bytes], *, within_bits: int, limit: int) -> list[FoundCopy]:
        """Find what is near any of some hashes, nearest first, each id once, ``limit`` at most.

        Raises:
            Unavailable: Nothing is stored: that is no answer.
            IntegrityError: What is stored is damaged.
        """
        ...


@dataclass(frozen=True, slots=True)
class SeenMatch:
    """How close an upload was to an entry, as the check recorded it.

    Attributes:
        distance: Bits that differ; None where it was found by regions or as a video.
        closeness: The same as a word.
        platform: Name of the key that asked.
        at: When.
    """

    distance: int | None
    closeness: Closeness
    platform: str
    at: datetime


class NoticeTransaction(LedgerTransaction, JobTransaction, Protocol):
    """Reads and writes of one transaction; committed, with a completed fsync, when its context ends well.

    Events, their ledger entries, what lists show and what is registered in banks are one transaction.
    """

    @property
    def banks(self) -> BankTransaction:
        """The banks, inside this transaction."""
        ...

    def open(self, listed: NoticeSummary, *, source: bytes | None) -> None:
        """Make an empty notice with a new data key.

        Args:
            listed: What lists show of it, for now.
            source: Digest of who sent it and their own number for it; None where they gave none.

        Raises:
            Conflict: There is one of this source.
        """
        ...

    def append(
        self,
        notice: NoticeId,
        events: Sequence[Event],
        *,
        version: int,
        actor: str,
        now: datetime,
        listed: NoticeSummary,
    ) -> None:
        """Append events with one ledger entry each and keep what lists show.

        Personal fields are sealed under the notice's key. ``NoticeErased`` destroys that key after it was written.

        Raises:
            Conflict: The notice has another version by now.
            NotFound: There is no such notice.
        """
        ...

    def relist(self, listed: NoticeSummary) -> None:
        """Keep what lists show, alarm included, without an event: what the sweep does where it has to."""
        ...

    def history(self, notice: NoticeId) -> list[Recorded]:
        """Return all events in order; personal fields are empty once erased. Raises NotFound."""
        ...

    def outlines(self, notices: Sequence[NoticeId]) -> dict[NoticeId, list[Recorded]]:
        """Return the events of many notices with nothing personal in them: enough for clocks and lists.

        Nothing is unsealed for it, and it is one query.
        """
        ...

    def by_source(self, source: bytes) -> NoticeId | None:
        """Find a notice by the digest of its source."""
        ...

    def listed(self, notice: NoticeId) -> NoticeSummary:
        """Return what lists show of a notice. Raises NotFound."""
        ...

    def page(self, wanted: NoticeFilter, *, after: NoticeId | None = None, limit: int = 100) -> list[NoticeSummary]:
        """List notices in the order of the queue, those after ``after``."""
        ...

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[NoticeSummary]:
        """List notices on which a clock runs, by when the strictest ends, those after a time and an id.

        Args:
            owner: Only of this person; empty for those of nobody, None for everybody's.
            after: Where the page before ended.
            limit: How many at most.
        """
        ...

    def alarmed(self, now: datetime, *, limit: int = 100) -> list[NoticeId]:
        """List notices whose alarm is due, longest waiting first."""
        ...

    def raise_alarms(self, *, law: str, now: datetime) -> int:
        """Let somebody look at once wherever an alarm was lost, however many were.

        It is missing or later than ``look_by``, or what is listed follows from another law than this.

        Returns:
            How many were lost.
        """
        ...

    def portion(
        self, *, after: NoticeId | None, changed_since: datetime | None = None, limit: int = 500
    ) -> list[NoticeSummary]:
        """List notices in the order of their ids: all that are not erased, or all to which something happened since."""
        ...

    def idle(self, *, before: datetime, limit: int = 100) -> list[NoticeId]:
        """List notices that are idle since then or longer, not held and not erased."""
        ...

    def gather(self, entry: EntryId, notice: NoticeId | None) -> None:
        """Let an open notice gather the uploads of an entry, or (None) no longer."""
        ...

    def gathering(self, entry: EntryId) -> NoticeId | None:
        """Return the notice that gathers an entry's uploads."""
        ...

    def uploads(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenUpload]:
        """Read matches of recorded checks in order; a check is never cut in two."""
        ...

    def match(self, entry: EntryId, ref: str) -> SeenMatch | None:
        """Return the newest recorded match of an entry with an upload of this reference."""
        ...

    def left_by(self, notice: NoticeId) -> frozenset[str]:
        """Return who left a notice to others for good."""
        ...

    def count(self, day: date, counts: Mapping[str, int]) -> None:
        """Add to the counts of a day (``figures.counts``)."""
        ...

    def counted(self, *, since: date) -> Mapping[tuple[date, str], int]:
        """Return the counts of each day since then."""
        ...

    def load(self, now: datetime) -> Load:
        """Count the notices with something to do."""
        ...

    def position(self, name: str) -> int:
        """Return how far a reader of a feed has come; 0 at first."""
        ...

    def advance(self, name: str, position: int) -> None:
        """Keep how far a reader has come."""
        ...

    def open_record(self, record: PartyId, *, role: records.PartyRole, now: datetime) -> None:
        """Make an empty record with a new data key, where there is none."""
        ...

    def record_history(self, record: PartyId) -> list[records.Recorded]:
        """Return all events of a record in order; none where there is no record."""
        ...

    def record_outlines(self, found: Sequence[PartyId]) -> dict[PartyId, list[records.Recorded]]:
        """Return the events of many records with nothing personal in them, in one query."""
        ...

    def append_record(
        self,
        record: records.PartyRecord,
        events: Sequence[records.Event],
        *,
        version: int,
        actor: str,
        now: datetime,
    ) -> None:
        """Append events to a record with one ledger entry each. Raises Conflict."""
        ...

    def records(
        self,
        which: records.RecordList,
        *,
        now: datetime,
        role: records.PartyRole | None = None,
        after: PartyId | None = None,
        limit: int = 100,
    ) -> list[records.RecordSummary]:
        """List records, those after ``after``. Raises NotFound for ``after``."""
        ...

    def changed_records(self, *, since: datetime, after: PartyId | None = None, limit: int = 100) -> list[PartyId]:
        """List records to which something happened since then, in the order of their ids."""
        ...

    def erase_records(self, *, before: datetime, limit: int = 100) -> int:
        """Destroy the keys of records that nothing happened to since then. Returns how many."""
        ...


class NoticeStore(Protocol):
    """Opens transactions."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[NoticeTransaction]:
        """Open one transaction: one consistent view; with ``write`` it commits at the end or rolls back on error.

        Raises:
            StoreBusy: The database did not let us in within its time-out.
        """
        ...
