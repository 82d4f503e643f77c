# SPDX-License-Identifier: Apache-2.0
"""What can happen to a case, in the past tense; ``evidence/events.py`` says how an event is written down."""

from collections.abc import Mapping
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
    Recovery,
    Reporter,
    Situation,
    StaffId,
    WithdrawalDelay,
)
from noli.evidence.events import PRIVATE, Codec
from noli.evidence.events import Recorded as AnyRecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """The person submitted."""

    situation: Situation
    language: str
    reporter: Reporter
    recovery: Recovery
    delay: WithdrawalDelay
    consents: tuple[Recipient, ...]
    representative: str = field(default="", repr=False, metadata=PRIVATE)
    contact: str = field(default="", repr=False, metadata=PRIVATE)
    narrative: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAdded:
    """A picture or video was registered in a bank."""

    item: ItemId
    kind: ItemKind
    hashes: int
    bank: str
    held: bool
    label: str = field(default="", repr=False, metadata=PRIVATE)
    entry: EntryId | None = field(default=None, metadata=PRIVATE)
    digest: str = field(default="", repr=False, metadata=PRIVATE)
    times_ms: tuple[int, ...] = field(default=(), repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReleased:
    """Staff looked at a held item: it is registered where it matches."""

    item: ItemId
    bank: str
    entry: EntryId | None = field(default=None, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAdded:
    """The person told where a copy is."""

    link: LinkId
    url: str = field(default="", repr=False, metadata=PRIVATE)
    note: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """Somebody wrote."""

    message: MessageId
    author: Author
    staff: str = ""
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged:
    """The person gave, changed or took back how to reach them."""

    contact: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged:
    """The person gave or took back consent for one kind of recipient."""

    recipient: Recipient
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseReplaced:
    """New words were made with the recovery code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchesFound:
    """Copies of an item were uploaded somewhere and stopped.

    ``platform`` is the name of the key that asked, ``verdict`` what it was told (``review``, ``block``, ``allow``).
    """

    item: ItemId
    platform: str
    verdict: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWith:
    """A recipient was given the hashes."""

    recipient: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareConfirmed:
    """A recipient confirmed that it has them."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalTold:
    """A recipient was told that they are withdrawn."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalConfirmed:
    """A recipient confirmed that it no longer uses them."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRefused:
    """A recipient cannot or will not honour the withdrawal; ``reason`` is a key for the page."""

    recipient: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStepped:
    """Something happened to a request that somebody act on the links; ``rung`` says as what they were asked.

    ``due_at`` is until when they have time, where a clock runs; ``by_law`` whether the law says so, or only we do.
    """

    step: str
    rung: str
    due_at: datetime | None = None
    by_law: bool = False
    addressee: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRequested:
    """The person asked to withdraw everything."""

    due_at: datetime
    erase: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRevoked:
    """The person changed their mind in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Everything is withdrawn: nothing matches any more."""

    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseErased:
    """The case's key was destroyed, and with it everything personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """Staff moved the case."""

    state: CaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned:
    """A member of staff took the case, or it was handed over; None puts it back."""

    staff: StaffId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Staff wrote for staff."""

    staff: StaffId
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceCaptured:
    """A package of evidence was made, for whoever has to believe it."""

    digest: str
    size: int
    language: str
    with_hashes: bool


Event = (
    CaseOpened
    | ItemAdded
    | ItemReleased
    | LinkAdded
    | MessageSent
    | ContactChanged
    | ConsentChanged
    | PassphraseReplaced
    | MatchesFound
    | SharedWith
    | ShareConfirmed
    | WithdrawalTold
    | WithdrawalConfirmed
    | WithdrawalRefused
    | RequestStepped
    | WithdrawalRequested
    | WithdrawalRevoked
    | Withdrawn
    | CaseErased
    | StateChanged
    | CaseAssigned
    | NoteAdded
    | EvidenceCaptured
)

#: Name under which each event is stored, and its kind in the ledger. Names stay; new events get new names.
NAMES: Mapping[type[Event], str] = {
    CaseOpened: "case.opened",
    ItemAdded: "item.added",
    ItemReleased: "item.released",
    LinkAdded: "link.added",
    MessageSent: "message.sent",
    ContactChanged: "contact.changed",
    ConsentChanged: "consent.changed",
    PassphraseReplaced: "passphrase.replaced",
    MatchesFound: "matches.found",
    SharedWith: "share.made",
    ShareConfirmed: "share.confirmed",
    WithdrawalTold: "withdrawal.told",
    WithdrawalConfirmed: "withdrawal.confirmed",
    WithdrawalRefused: "withdrawal.refused",
    RequestStepped: "case.request-stepped",
    WithdrawalRequested: "withdrawal.requested",
    WithdrawalRevoked: "withdrawal.revoked",
    Withdrawn: "case.withdrawn",
    CaseErased: "case.erased",
    StateChanged: "state.changed",
    CaseAssigned: "case.assigned",
    NoteAdded: "note.added",
    EvidenceCaptured: "evidence.captured",
}

#: Writes and reads the events of cases.
CODEC: Codec[Event] = Codec(NAMES)

Recorded = AnyRecorded[Event]
