# SPDX-License-Identifier: Apache-2.0
"""What pursuing needs from outside: a store, somebody who asks name servers and registries, a way to send mail.

One suite (``tests/contract/test_pursuit_store.py``) holds every implementation of the store to this page.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from noli.base.errors import Unavailable
from noli.casework.model import CaseId
from noli.casework.ports import CaseTransaction
from noli.evidence.events import Opening
from noli.evidence.ports import LedgerTransaction
from noli.jobs.ports import JobTransaction
from noli.pursuit.events import Event, Recorded
from noli.pursuit.model import PursuitId, PursuitState, PursuitSummary, ReplyKind, Traces


class PursuitTransaction(LedgerTransaction, JobTransaction, Protocol):
    """Reads and writes of one transaction; committed, with a completed fsync, when its context ends well.

    Events, their ledger entries, what lists show, jobs, and what the person's case says of it are one transaction.
    """

    @property
    def cases(self) -> CaseTransaction:
        """The cases, inside this transaction."""
        ...

    def open(self, listed: PursuitSummary) -> None:
        """Make an empty pursuit with a new data key."""
        ...

    def append(
        self, events: Sequence[Event], *, version: int, actor: str, now: datetime, listed: PursuitSummary
    ) -> None:
        """Append events with one ledger entry each, and keep what lists show.

        Personal fields are sealed under the pursuit's key, which goes with that of its case when the case is erased.

        Raises:
            Conflict: The pursuit has another version by now.
        """
        ...

    def history(self, pursuit: PursuitId) -> list[Recorded]:
        """Return all events in order; personal fields are empty once the case was erased. Raises NotFound."""
        ...

    def openings(self, pursuit: PursuitId) -> list[Opening[Event]]:
        """Return the same with what shows that the ledger holds each event, as it was stored. Raises NotFound."""
        ...

    def of_case(self, case: CaseId) -> list[PursuitSummary]:
        """List the pursuits of a case, oldest first."""
        ...

    def page(
        self,
        state: PursuitState | None,
        *,
        owner: str | None = None,
        after: PursuitId | None = None,
        limit: int = 100,
    ) -> list[PursuitSummary]:
        """List pursuits by their next deadline, those without one last, those after ``after``; ``owner`` as below."""
        ...

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[PursuitSummary]:
        """List pursuits in which a clock runs, by when the next one ends, those after a time and an id.

        Args:
            owner: Only where this person has the case; empty for cases of nobody, None for everybody's.
            after: Where the page before ended.
            limit: How many at most.
        """
        ...

    def ending(self, edges: Sequence[datetime]) -> list[int]:
        """Count the pursuits whose next clock ends by the first of some times, between two, and after the last."""
        ...

    def outlines(self, pursuits: Sequence[PursuitId]) -> dict[PursuitId, list[Recorded]]:
        """Return the events of many pursuits with nothing personal in them; nothing is unsealed, in one query."""
        ...

    def tie(self, reference: bytes, pursuit: PursuitId, number: int) -> None:
        """Let a digest of a reference or message id lead to a request."""
        ...

    def tied(self, reference: bytes) -> tuple[PursuitId, int] | None:
        """Return the request that a digest leads to."""
        ...

    def position(self, name: str) -> int:
        """Return how far the reading of a mailbox has come; 0 at first."""
        ...

    def advance(self, name: str, position: int) -> None:
        """Keep how far it has come."""
        ...


class PursuitStore(Protocol):
    """Opens transactions."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[PursuitTransaction]:
        """Open one transaction: one consistent view; with ``write`` it commits at the end or rolls back on error.

        Raises:
            StoreBusy: The database did not let us in within its time-out.
        """
        ...


class Tracer(Protocol):
    """Asks name servers and registries; caches what they said, and asks nobody too often."""

    def trace(self, host: str) -> Traces:
        """Find out about a host. What could not be learned stands in ``problems``; it raises nothing for that."""
        ...


class Domains(Protocol):
    """Knows under which names anybody can register."""

    def registered(self, host: str) -> str:
        """Return the domain that somebody registered and that a host is in; the host itself where there is none."""
        ...


class Undeliverable(Unavailable):
    """A mail server refused a mail for good; sending it again would not help."""

    code = "undeliverable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A mail to be sent; ``references`` are the message ids of the thread before it, oldest first."""

    message_id: str = field(repr=False)
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    references: tuple[str, ...] = field(default=(), repr=False)


class Mailer(Protocol):
    """Sends mail, signed with the installation's key."""

    def new_id(self) -> str:
        """Return a message id that nobody had before."""
        ...

    def send(self, mail: Outgoing, *, at: datetime) -> str:
        """Hand a mail to the mail server.

        Returns:
            The mail as it was handed over, headers and signature included; it is ASCII.

        Raises:
            Undeliverable: It was refused for good.
            Unavailable: It was not taken now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A mail as it was read: its headers and its text, no markup and nothing that was attached.

    Attributes:
        number: Its place in the mailbox; grows.
        message_id: Its own.
        references: Message ids that it says it answers.
        sender: What it says it is from.
        subject: Its subject.
        text: Its text.
        kind: Answer, automatic, bounce.
        attachments: How many parts were left alone.
        cut: Whether the text was longer.
    """

    number: int
    message_id: str = field(repr=False)
    references: tuple[str, ...] = field(repr=False)
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    kind: ReplyKind
    attachments: int
    cut: bool


class Mailbox(Protocol):
    """Reads the mailbox that answers come to; changes nothing in it."""

    def opened(self) -> AbstractContextManager["OpenMailbox"]:
        """Log in. Raises Unavailable."""
        ...


class OpenMailbox(Protocol):
    """A mailbox that was logged in to."""

    @property
    def name(self) -> str:
        """What its numbering belongs to; another where the server began to number anew."""
        ...

    def after(self, number: int) -> Iterator[Incoming]:
        """Read mails numbered above ``number``, in order. Raises Unavailable."""
        ...
