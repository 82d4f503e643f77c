# SPDX-License-Identifier: Apache-2.0
"""A case and all that belongs to it, as values.

A case is a fold over its events (``events.py``, ``rules.py``); nothing in here changes. Texts that a person typed
(labels, links, messages, contact, narrative) are personal data: they are kept out of ``repr`` and of every log, and
are empty once the case was erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from noli.bank.model import EntryId
from noli.hashing.model import Hash

#: Pseudonymous id of a case: 80 random bits in base 32. Staff, sessions and the ledger use it; pages do not show it.
CaseId = NewType("CaseId", str)
ItemId = NewType("ItemId", str)
LinkId = NewType("LinkId", str)
MessageId = NewType("MessageId", str)
#: Pseudonymous id of a member of staff.
StaffId = NewType("StaffId", str)


class AgeAnswer(StrEnum):
    """The answer to "was everybody who is shown 18 or older?"."""

    ADULT = "adult"
    UNDER_18 = "under-18"
    UNSURE = "unsure"


class Situation(StrEnum):
    """What the person has."""

    FILES = "files"
    LINKS = "links"
    THREAT = "threat"


class Reporter(StrEnum):
    """Who submits: the depicted person, or whom they let act for them."""

    DEPICTED_PERSON = "depicted-person"
    HELPLINE = "helpline"
    LAWYER = "lawyer"
    #: Parent or guardian of an adult in care.
    GUARDIAN = "guardian"
    FRIEND = "friend"
    OTHER = "other"


class Recipient(StrEnum):
    """Kind of recipient that the person may consent to, each by itself."""

    #: Matching in this installation. Registering pictures needs it.
    HERE = "here"
    #: Partner platforms: they get the hashes.
    PARTNERS = "partners"
    #: Partner helplines: they may read and answer.
    HELPLINES = "helplines"


class Recovery(StrEnum):
    """Way back without the passphrase, chosen knowingly."""

    NONE = "none"
    #: A code, shown once, that gives new words.
    CODE = "code"


class WithdrawalDelay(StrEnum):
    """When a withdrawal takes effect; for whom shares a device, a while during which it can be revoked."""

    AT_ONCE = "at-once"
    AFTER_72_HOURS = "after-72-hours"

    @property
    def hours(self) -> int:
        """The delay in hours."""
        return 72 if self is WithdrawalDelay.AFTER_72_HOURS else 0


class ItemKind(StrEnum):
    """What was hashed."""

    IMAGE = "image"
    VIDEO = "video"


class ItemState(StrEnum):
    """Whether an item is protected."""

    PROTECTED = "protected"
    WITHDRAWN = "withdrawn"


class CaseState(StrEnum):
    """Where the work on a case stands; what the person may do does not depend on it."""

    OPEN = "open"
    IN_PROGRESS = "in-progress"
    #: For the person, or for somebody outside.
    WAITING = "waiting"
    CLOSED = "closed"


class Author(StrEnum):
    """Who wrote a message."""

    PERSON = "person"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class NewItem:
    """A picture or video to be protected, as the page hashed it.

    Attributes:
        kind: Image or video.
        label: What the person calls it; may be empty.
        hashes: All hashes that stand for it, with their variants; for a video those of all frames.
        times_ms: For a video, where each hash was seen: milliseconds from the start, one a hash; empty for an image.
    """

    kind: ItemKind
    label: str = field(repr=False)
    hashes: tuple[Hash, ...]
    times_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NewLink:
    """An address where a copy is, as the person gave it; never fetched on their behalf."""

    url: str = field(repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything that the person decided before sending.

    Attributes:
        age: The answer to the age question; anything but ``ADULT`` is refused and leaves no trace.
        situation: What they have.
        language: Language of the page, ``en`` or ``de``; the words come from its list.
        reporter: Who submits.
        representative: Name and organisation of a representative; empty for the depicted person.
        items: What to protect.
        links: Where copies are.
        consents: Recipients consented to.
        contact: Mail address or number, if they want to give one.
        narrative: What they want to tell; optional.
        recovery: Whether they want a recovery code.
        delay: When a withdrawal takes effect.
    """

    age: AgeAnswer
    situation: Situation
    language: str
    reporter: Reporter = Reporter.DEPICTED_PERSON
    representative: str = field(default="", repr=False)
    items: tuple[NewItem, ...] = ()
    links: tuple[NewLink, ...] = ()
    consents: frozenset[Recipient] = frozenset()
    contact: str = field(default="", repr=False)
    narrative: str = field(default="", repr=False)
    recovery: Recovery = Recovery.NONE
    delay: WithdrawalDelay = WithdrawalDelay.AT_ONCE


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the person must keep; shown once.

    Attributes:
        number: Case number, grouped: ``7KQM-2XRD-9TBE``.
        passphrase: Six words with spaces between them.
        recovery_code: If they wanted one, else empty.
        created: False where the same submission had been answered before.
    """

    number: str = field(repr=False)
    passphrase: str = field(repr=False)
    recovery_code: str = field(default="", repr=False)
    created: bool = True


@dataclass(frozen=True, slots=True)
class Challenge:
    """A proof of work to be done before submitting; its rule is in ``casework/work.py``.

    Attributes:
        text: Put before the counter.
        bits: Leading zero bits that the digest needs.
        expires_at: After this it is refused.
    """

    text: str
    bits: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A picture or video of a case.

    Attributes:
        id: Random, opaque.
        kind: Image or video.
        label: What the person calls it.
        entry: The bank entry that stands for it; None once erased.
        bank: Name of the bank that the entry is in.
        digest: Tells the same hashes submitted twice apart from new ones; keyed by nothing, so it is kept sealed.
        hashes: How many hashes stand for it.
        held: Near a common picture: it matches nothing until somebody has looked. Never shown to a visitor.
        state: Whether it is protected.
        added_at: When.
        matches: Copies that were found.
    """

    id: ItemId
    kind: ItemKind
    label: str = field(repr=False)
    entry: EntryId | None
    bank: str
    digest: str = field(repr=False)
    hashes: int
    held: bool
    state: ItemState
    added_at: datetime
    matches: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """An address where a copy is or was."""

    id: LinkId
    url: str = field(repr=False)
    note: str = field(repr=False)
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One message between the person and the caseworkers; ``staff`` is empty for the person's own."""

    id: MessageId
    author: Author
    staff: str
    text: str = field(repr=False)
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What staff wrote for staff; the person does not see it on the page, but gets it when they ask for their data."""

    staff: StaffId
    text: str = field(repr=False)
    written_at: datetime


@dataclass(frozen=True, slots=True)
class EvidencePackage:
    """A package of evidence that was made of the case; the file itself is kept elsewhere (``custody``).

    Attributes:
        digest: SHA-256 of the file, hexadecimal; it is also what the package is called.
        size: Bytes of the file.
        language: In which language it is.
        with_hashes: Whether the hashes of pictures are in it.
        made_at: When.
        made_by: Who, as events name it.
    """

    digest: str
    size: int
    language: str
    with_hashes: bool
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal that was asked for and has not taken effect.

    Attributes:
        requested_at: When it was asked for.
        due_at: When it takes effect; until then it can be revoked.
        erase: Whether contact, narrative, messages, links and labels are destroyed with it.
    """

    requested_at: datetime
    due_at: datetime
    erase: bool


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of what happened, for a page to put into words.

    Attributes:
        key: Message key, one of ``timeline.TIMELINE_KEYS`` (``case.opened``, ``item.registered``, ``match.found`` …).
        at: When, UTC.
        data: What the words need: labels, counts, dates in ISO 8601, names of enumeration members.
    """

    key: str
    at: datetime
    data: Mapping[str, str | int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """What one recipient was given and what it said, each as a time or None.

    Attributes:
        recipient: Name of the partner.
        shared_at: When the hashes were given.
        confirmed_at: When it confirmed that it has them.
        told_at: When it was told of the withdrawal.
        withdrawn_at: When it confirmed the withdrawal.
        refused: Key of the reason why it cannot honour a withdrawal, else empty.
    """

    recipient: str
    shared_at: datetime
    confirmed_at: datetime | None = None
    told_at: datetime | None = None
    withdrawn_at: datetime | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as its events make it.

    Attributes:
        id: Pseudonymous id.
        version: How many events it has; 0 before the first.
        ended_at: When a withdrawal took effect, else None.
        erased_at: When personal data were destroyed, else None.
        withdrawal: The withdrawal that waits, else None.
        waits_for_staff: Whether the person wrote last.
    """

    id: CaseId
    version: int = 0
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    situation: Situation = Situation.FILES
    language: str = "en"
    reporter: Reporter = Reporter.DEPICTED_PERSON
    representative: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    narrative: str = field(default="", repr=False)
    recovery: Recovery = Recovery.NONE
    delay: WithdrawalDelay = WithdrawalDelay.AT_ONCE
    consents: frozenset[Recipient] = frozenset()
    items: tuple[Item, ...] = ()
    links: tuple[Link, ...] = ()
    messages: tuple[Message, ...] = ()
    notes: tuple[Note, ...] = ()
    shares: tuple[Share, ...] = ()
    packages: tuple[EvidencePackage, ...] = ()
    matches: int = 0
    state: CaseState = CaseState.OPEN
    assigned_to: StaffId | None = None
    waits_for_staff: bool = False
    withdrawal: Withdrawal | None = None
    ended_at: datetime | None = None
    erased_at: datetime | None = None
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def protected(self) -> tuple[Item, ...]:
        """The items that are not withdrawn."""
        return tuple(item for item in self.items if item.state is ItemState.PROTECTED)


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What a list of cases shows; nothing personal, so nothing has to be decrypted for it."""

    id: CaseId
    opened_at: datetime
    updated_at: datetime
    situation: Situation
    reporter: Reporter
    language: str
    state: CaseState
    assigned_to: StaffId | None
    waits_for_staff: bool
    items: int
    held: int
    links: int
    matches: int
    withdrawal_due_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; None and False mean "does not matter".

    Attributes:
        state: Only in this state.
        assigned_to: Only of this member of staff.
        unassigned: Only of nobody.
        waits_for_staff: Only where the person wrote last.
        held: Only with held items.
    """

    state: CaseState | None = None
    assigned_to: StaffId | None = None
    unassigned: bool = False
    waits_for_staff: bool = False
    held: bool = False
