# SPDX-License-Identifier: Apache-2.0
"""What may be asked of a case, in the imperative. ``rules.decide`` turns a command into events or refuses it.

Commands arrive checked (``limits.py``) and with every random id already drawn, so that deciding stays pure.
"""

from dataclasses import dataclass, field
from datetime import datetime

from noli.bank.model import EntryId
from noli.casework.model import (
    Author,
    CaseState,
    ItemId,
    ItemKind,
    LinkId,
    MessageId,
    Recipient,
    StaffId,
    Submission,
)


@dataclass(frozen=True, slots=True)
class BankedItem:
    """An item whose entry has just been registered in the same transaction."""

    id: ItemId
    kind: ItemKind
    label: str = field(repr=False)
    hashes: int
    times_ms: tuple[int, ...] = field(repr=False)
    entry: EntryId
    bank: str
    digest: str = field(repr=False)
    held: bool


@dataclass(frozen=True, slots=True)
class NumberedLink:
    """A link with its id."""

    id: LinkId
    url: str = field(repr=False)
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case; its items and links follow as commands of their own in the same transaction."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class AddItems:
    """Add items; those whose hashes the case has already are left out by the service beforehand."""

    items: tuple[BankedItem, ...]


@dataclass(frozen=True, slots=True)
class AddLinks:
    """Add links; an address that the case has already changes nothing."""

    links: tuple[NumberedLink, ...]


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Write to the other side."""

    id: MessageId
    author: Author
    text: str = field(repr=False)
    staff: str = ""


@dataclass(frozen=True, slots=True)
class ChangeContact:
    """Give, change or (empty) take back how to be reached."""

    contact: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeConsent:
    """Give or take back consent for one kind of recipient."""

    recipient: Recipient
    given: bool


@dataclass(frozen=True, slots=True)
class ReplacePassphrase:
    """Record that new words were made."""


@dataclass(frozen=True, slots=True)
class RequestWithdrawal:
    """Withdraw everything, at once or after the delay chosen at the start."""

    erase: bool


@dataclass(frozen=True, slots=True)
class RevokeWithdrawal:
    """Take back a withdrawal that waits."""


@dataclass(frozen=True, slots=True)
class CompleteWithdrawal:
    """Let a withdrawal take effect whose time has come."""


@dataclass(frozen=True, slots=True)
class EraseEnded:
    """Destroy what is personal in a case in which everything was withdrawn and that was kept long enough."""


@dataclass(frozen=True, slots=True)
class RecordMatches:
    """Tell that copies of an item were found."""

    item: ItemId
    platform: str
    verdict: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RecordShare:
    """Tell what a recipient was given or said; ``step`` is one of ``rules.SHARE_STEPS``."""

    recipient: str
    step: str
    items: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """Tell what became of asking somebody to act on the links; ``step`` is one of ``rules.REQUEST_STEPS``.

    ``rung`` says as what they were asked: site, host, cdn, registrar, search, payment. ``due_at`` is until when they
    have time, where a clock runs; ``by_law`` whether the law says so, or only we do.
    """

    step: str
    rung: str
    addressee: str = field(repr=False)
    due_at: datetime | None = None
    by_law: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """Let a held item match: its hashes were registered anew as ``entry`` in ``bank``."""

    item: ItemId
    entry: EntryId
    bank: str


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Move a case."""

    state: CaseState


@dataclass(frozen=True, slots=True)
class AssignCase:
    """Take a case, hand it over, or (None) put it back."""

    staff: StaffId | None


@dataclass(frozen=True, slots=True)
class AddNote:
    """Write for other staff."""

    staff: StaffId
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """Put on record that a package of evidence was made."""

    digest: str
    size: int
    language: str
    with_hashes: bool


Command = (
    OpenCase
    | AddItems
    | AddLinks
    | SendMessage
    | ChangeContact
    | ChangeConsent
    | ReplacePassphrase
    | RequestWithdrawal
    | RevokeWithdrawal
    | CompleteWithdrawal
    | EraseEnded
    | RecordMatches
    | RecordShare
    | RecordRequest
    | ReleaseItem
    | ChangeState
    | AssignCase
    | AddNote
    | RecordEvidence
)
