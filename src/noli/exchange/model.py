# SPDX-License-Identifier: Apache-2.0
"""Partners, what they may see and what they sent, as values. Hashes are kept out of ``repr``."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from noli.bank.model import Action, EntryId, OpinionKind
from noli.hashing.model import Hash

PartnerId = NewType("PartnerId", int)

#: Entries that a partner may bring into our banks an hour before the rest is held for a look. A helpline registers
#: hundreds a day; whoever expects a first load of more raises it for that day.
DEFAULT_PER_HOUR = 10_000

#: Entries that a partner may call wrong or disputed in an hour, each of which then only asks for review. A platform
#: that looks at every match finds some dozens a day.
DEFAULT_DOUBTS_PER_HOUR = 500


class Protocol(StrEnum):
    """What a partner's software speaks."""

    #: Not said: whichever it calls.
    ANY = "any"
    NOLI = "noli"
    STOPNCII = "stopncii"
    NCMEC = "ncmec"
    THREATEXCHANGE = "threatexchange"
    HMA = "hma"
    #: No software: lists that somebody puts into a file.
    FILE = "file"

    @property
    def carries_withdrawals(self) -> bool:
        """Whether whoever speaks it, as it is commonly shipped, drops what is withdrawn.

        The common StopNCII client keeps withdrawn hashes (it compares the wrong field), and of an unknown client
        nothing can be promised.
        """
        return self in {Protocol.NOLI, Protocol.NCMEC, Protocol.THREATEXCHANGE, Protocol.HMA}


class PartnerState(StrEnum):
    """Whether anything flows."""

    ACTIVE = "active"
    #: By hand: nothing is served, fetched or taken until it is resumed.
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Import:
    """What is taken from a partner.

    Attributes:
        remote: The partner's name of the bank; empty takes whatever it sends.
        bank: Our bank that it goes into.
        at_most: The strongest action that it may ask for until somebody here has confirmed it.
    """

    remote: str
    bank: str
    at_most: Action = Action.REVIEW


@dataclass(frozen=True, slots=True)
class Source:
    """Where we fetch from a partner, and how we know that it is them.

    Attributes:
        url: Base address, or the path of a file.
        public_key: For Noli: the Ed25519 key that signs its feed, 64 hex digits; follows the partner's rotations.
        user: For NCMEC the user name, for ThreatExchange the privacy group, else empty.
    """

    url: str
    public_key: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that we exchange with.

    Attributes:
        id: Ours.
        name: Ours for it; persons read it before they consent to sharing.
        protocol: What it speaks.
        created_at: When it was added.
        state: Whether anything flows.
        honours_withdrawal: Whether a withdrawal that it is told of takes effect there.
        per_hour: Entries that it may bring an hour before the rest is held.
        doubts_per_hour: Entries that it may call wrong or disputed an hour before the rest is held.
        shares: Names of the banks that it may see.
        imports: What is taken from it.
        source: Where we fetch; None where only the partner calls us.
    """

    id: PartnerId
    name: str
    protocol: Protocol
    created_at: datetime
    state: PartnerState = PartnerState.ACTIVE
    honours_withdrawal: bool = False
    per_hour: int = DEFAULT_PER_HOUR
    doubts_per_hour: int = DEFAULT_DOUBTS_PER_HOUR
    shares: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class NewPartner:
    """What is agreed with a partner that is being added; fields as in ``Partner``.

    Attributes:
        secret: What we show the partner's server; kept sealed.
    """

    name: str
    protocol: Protocol = Protocol.ANY
    honours_withdrawal: bool | None = None
    per_hour: int = DEFAULT_PER_HOUR
    doubts_per_hour: int = DEFAULT_DOUBTS_PER_HOUR
    shares: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    source: Source | None = None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """What a partner's software shows us; told once.

    Attributes:
        token: For ``Authorization: Bearer …``, the NCMEC password, the ThreatExchange token and ``x-functions-key``.
        subscription: For StopNCII's ``Ocp-Apim-Subscription-Key``; follows from the token.
    """

    token: str = field(repr=False)
    subscription: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visible:
    """One step of what a partner may see: an entry as it is now.

    Attributes:
        sequence: Its place in the stream; ascending, gaps are what the partner may not see.
        at: When it happened; never earlier than that of a smaller sequence.
        entry: The entry; of a canary, one that only this partner was ever told of.
        bank: Name of its bank.
        created_at: When it was registered.
        withdrawn: True where it is to be dropped: withdrawn, consent taken back, or no longer shared.
        hashes: What stands for it, those of a withdrawn one included, for protocols that know entries by them.
        opinions: What people here, and only they, think of it: each kind once.
        disputed: Whether anybody says that it is wrong.
        labels: Its labels.
        personal: Whether a person's consent is what lets it leave: its sharing is told on their timeline.
    """

    sequence: int
    at: datetime
    entry: EntryId
    bank: str
    created_at: datetime
    withdrawn: bool
    hashes: tuple[Hash, ...] = field(repr=False)
    opinions: tuple[OpinionKind, ...] = ()
    disputed: bool = False
    labels: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a partner may see.

    Attributes:
        items: In order of their sequence; may be empty although there is more.
        next: Ask for what comes after this; never smaller than what was asked for.
        more: Whether there is more already.
    """

    items: tuple[Visible, ...]
    next: int
    more: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner tells of one of its entries.

    Attributes:
        reference: The partner's id for it.
        version: The partner's order: of two things told of one entry the larger counts; of equals, the withdrawal.
        withdrawn: Whether it is to be dropped.
        bank: The partner's name of the bank; empty where its protocol has none.
        hashes: What stands for it; may be empty where it is withdrawn.
        opinion: What the partner itself thinks of it, or None.
        labels: Its labels.
    """

    reference: str
    version: int
    withdrawn: bool
    bank: str = ""
    hashes: tuple[Hash, ...] = field(default=(), repr=False)
    opinion: OpinionKind | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bad:
    """A record of a partner that cannot be used.

    Attributes:
        reference: The partner's id, as far as there is one.
        reason: One sentence for a person.
    """

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A bad record as it was kept, for somebody to look at."""

    at: datetime
    reference: str
    reason: str


class ReceivedState(StrEnum):
    """What became of a partner's entry here."""

    TAKEN = "taken"
    #: It waits for somebody to look; it matches nothing.
    HELD = "held"
    WITHDRAWN = "withdrawn"
    #: Somebody looked and did not take it.
    REFUSED = "refused"


class HeldReason(StrEnum):
    """Why an entry is held."""

    #: More came within an hour than was agreed.
    FLOOD = "flood"
    #: It is near a picture that is everywhere.
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Received:
    """A partner's entry as we have it.

    Attributes:
        reference: The partner's id.
        version: The newest that was told of it.
        state: What became of it.
        bank: Our bank.
        entry: Our entry, where it was taken at some time.
        reason: Why it is held, else None.
        hashes: Where it is held, what would be registered.
        labels: Its labels, where it is held.
    """

    reference: str
    version: int
    state: ReceivedState
    bank: str = ""
    entry: EntryId | None = None
    reason: HeldReason | None = None
    hashes: tuple[Hash, ...] = field(default=(), repr=False)
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldDoubt:
    """A partner's opinion that makes an entry doubtful and waits for somebody to look; until then it changes nothing.

    Attributes:
        entry: The entry.
        bank: Its bank.
        kind: What the partner thinks: false positive or disputed.
        note: More about it, in the partner's words.
        at: When it came.
    """

    entry: EntryId
    bank: str
    kind: OpinionKind
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PartnerReceipt:
    """What a partner said that it has, by coming back for more.

    Attributes:
        at: When.
        position: Everything that we told it up to this step of our change sequence.
        epoch: Of which of our feed's lives.
        digest: Of the page of our feed that ends there, 64 hexadecimal digits; empty in other protocols.
        key: The key with which the partner signed that; empty where its protocol has no signatures.
        signature: The signature, 128 hexadecimal digits; empty likewise.
        number: Ours, ascending; 0 before it is kept.
    """

    at: datetime
    position: int
    epoch: str
    digest: str = ""
    key: str = ""
    signature: str = ""
    number: int = 0


class SyncStatus(StrEnum):
    """How the last exchange with a partner went."""

    NEVER = "never"
    OK = "ok"
    #: It did not answer; tried again, later each time.
    UNREACHABLE = "unreachable"
    #: What came cannot be from it, or contradicts what it said before; nothing of it was taken.
    DISTRUSTED = "distrusted"
    #: So much is held that no more is read until somebody has looked.
    FLOODED = "flooded"


@dataclass(frozen=True, slots=True)
class Counts:
    """What came from a partner, since it was added."""

    taken: int = 0
    withdrawn: int = 0
    held: int = 0
    refused: int = 0
    #: Records of types that are not taken: of videos, of other hashes.
    skipped: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Add up."""
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Counts)))

    def minus(self, other: "Counts") -> "Counts":
        """Return what came since."""
        return Counts(*(getattr(self, field.name) - getattr(other, field.name) for field in fields(Counts)))


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far we are with a partner, and how it goes.

    Attributes:
        checkpoint: Where the next fetch goes on, in the words of its protocol; never ahead of what was stored.
        generation: Counts the beginnings: what an earlier one told is older than anything of a later one.
        sweeping: A fetch from the beginning is under way; what it does not name is withdrawn at its end.
        status: How the last attempt went.
        reason: Why it failed, one sentence; empty where it did not.
        attempted_at: When it was last tried.
        succeeded_at: When it last went well.
        failures: Attempts that failed in a row.
        next_at: Not before this.
        hour_at: When the hour that is being counted began.
        hour_count: Entries taken since.
        doubts_at: When the hour began in which its doubts are being counted.
        doubts_count: Doubts taken since.
        counts: Since the partner was added.
        opinions_sent: The step of the change sequence up to which our opinions were sent.
    """

    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    generation: int = 0
    sweeping: bool = False
    status: SyncStatus = SyncStatus.NEVER
    reason: str = ""
    attempted_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    next_at: datetime | None = None
    hour_at: datetime | None = None
    hour_count: int = 0
    doubts_at: datetime | None = None
    doubts_count: int = 0
    counts: Counts = Counts()
    opinions_sent: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with one partner, as it is read of many at once.

    Attributes:
        sync: How far we are with what it tells, and how it goes.
        held: Entries of it that wait for a look.
        held_doubts: Doubts of it that wait for a look.
        confirmed: The step of our change sequence up to which it has what we tell, on Noli's own feed; else 0.
        receipt: The newest that it said about having what we tell; None where it never did.
        has_refused: Whether there are records of it that could not be used.
    """

    sync: SyncState = SyncState()
    held: int = 0
    held_doubts: int = 0
    confirmed: int = 0
    receipt: PartnerReceipt | None = None
    has_refused: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A part of what was fetched from a partner.

    Attributes:
        told: What it tells.
        bad: Records that cannot be used.
        checkpoint: Where to go on once this is stored.
        drop_below: What this partner told with a smaller version, and not since, is withdrawn; None for nothing.
        skipped: Records of types that are not taken.
    """

    told: tuple[Told, ...]
    bad: tuple[Bad, ...]
    checkpoint: Mapping[str, Any]
    drop_below: int | None = None
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """What we think of a partner's entry, to be sent there.

    Attributes:
        sequence: Its place in the change sequence.
        reference: The partner's id.
        kind: What we think.
        hashes: What stands for the entry, for protocols that know entries by them.
        labels: Its labels.
    """

    sequence: int
    reference: str
    kind: OpinionKind
    hashes: tuple[Hash, ...] = field(default=(), repr=False)
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedIdentity:
    """Who we are on our own feed.

    Attributes:
        installation: Random; never changes.
        epoch: Random; changes where the history was set back.
        generation: How often the signing key was changed.
    """

    installation: str
    epoch: str
    generation: int


class ShareStep(StrEnum):
    """What happened to hashes that a person let leave, at one partner."""

    SHARED = "shared"
    #: It came back for more: it has what was shared.
    CONFIRMED = "confirmed"
    TOLD = "told"
    #: It came back for more: it knows of the withdrawal and honours it.
    WITHDRAWN = "withdrawn"
    #: It knows of the withdrawal, but what it speaks does not carry it.
    REFUSED = "refused"
