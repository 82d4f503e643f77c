# SPDX-License-Identifier: Apache-2.0
"""What can happen to a notice, in the past tense; ``evidence/events.py`` says how an event is written down.

Contents, rulings, complaints, messages, holds and disputes are numbered by the event that made them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from noli.bank.model import EntryId
from noli.evidence.events import PRIVATE, Codec
from noli.evidence.events import Recorded as AnyRecorded
from noli.notices.model import Ground, Letter, Measure, Number, Opening, PartyId, Plea, Via
from noli.regimes.model import Content as ContentKind
from noli.regimes.model import Duty, Field, Filer, Need, Party, RegimeId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReceived:
    """A notice came in, or a match opened one."""

    opening: Opening
    filer: Filer
    kind: tuple[ContentKind, ...]
    language: str
    uploader_language: str
    regimes: tuple[RegimeId, ...]
    given: tuple[Field, ...]
    notifier: PartyId | None
    evidence: bool
    suspended: bool
    authority: str = ""
    legal_basis: str = ""
    territory: str = ""
    ordered_until: datetime | None = None
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False, metadata=PRIVATE)
    reference: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentAdded:
    """Content belongs to the notice: it was named, a check saw it, or a search for copies found it."""

    via: Via
    uploader: PartyId | None
    bank: str = ""
    url: str = field(default="", repr=False, metadata=PRIVATE)
    ref: str = field(default="", repr=False, metadata=PRIVATE)
    hashes: tuple[str, ...] = field(default=(), repr=False, metadata=PRIVATE)
    entry: EntryId | None = field(default=None, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsGiven:
    """Whoever sent the notice gave what was missing."""

    given: tuple[Field, ...]
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The notice was held against each regime: ``lacks`` are regime, field and need; ``valid`` are newly so."""

    lacks: tuple[tuple[RegimeId, Field, Need], ...]
    valid: tuple[RegimeId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SidesTold:
    """One of the sides was written to."""

    to: Party
    letter: Letter
    language: str
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """Somebody decided about the content or the account."""

    measure: Measure
    grounds: tuple[Ground, ...]
    rule: str
    author: str
    automated: bool
    contractual: bool
    territory: str = ""
    until: datetime | None = None
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingPlanned:
    """Somebody decided; it takes effect at ``effect_at`` unless it is taken back before."""

    measure: Measure
    grounds: tuple[Ground, ...]
    rule: str
    author: str
    automated: bool
    contractual: bool
    effect_at: datetime
    territory: str = ""
    until: datetime | None = None
    reason: str = field(default="", repr=False, metadata=PRIVATE)
    statement: str = field(default="", repr=False, metadata=PRIVATE)
    answer: str = field(default="", repr=False, metadata=PRIVATE)
    disclose: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDropped:
    """A planned decision was taken back before it took effect, or could not take effect any more."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten:
    """Somebody wrote something for colleagues."""

    by: str
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDown:
    """A removed content's hashes went into a bank, so that it stays down."""

    content: Number
    bank: str
    entry: EntryId | None = field(default=None, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetUp:
    """A content that was wrongly removed, or only for a time, may be uploaded again: what we banked was withdrawn."""

    content: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesSought:
    """A search for copies of what was removed began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesFound:
    """The search for copies ended."""

    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated:
    """A restriction was taken back: the uploader has the content or account again."""

    ruling: Number
    rule: str
    author: str
    grounds: tuple[Ground, ...]
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingEnded:
    """The time came that was set when it was decided: the restriction is over, and nobody was wrong."""

    ruling: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """One of the sides complained about a ruling."""

    side: Party
    plea: Plea
    ruling: Number
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDecided:
    """Another person than the first decided about a complaint."""

    complaint: Number
    upheld: bool
    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeTold:
    """A body outside took up a dispute, or said what it thinks."""

    body: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRevoked:
    """The authority took its order back."""

    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWithdrawn:
    """Whoever sent the notice took it back."""

    side: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Somebody asked that this be preserved."""

    rule: str
    author: str
    until: datetime | None
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted:
    """It need no longer be preserved."""

    hold: Number
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded:
    """The time came that was set when it was asked to be preserved: what is kept how long counts again."""

    hold: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReported:
    """The decision was reported to the public database, under an id that leads to nobody."""

    report: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Somebody took the notice, or (empty) put it back."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSeen:
    """A check saw the same upload, or another of the same entry, again."""

    content: Number
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A clock nears its end: ``hours`` before it, or half, a quarter or a tenth of a clock that is shorter than that.

    ``verified`` says whether the deadline was read where it stands.
    """

    clock: str
    duty: Duty
    regime: RegimeId
    due_at: datetime
    hours: int
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """A clock that nears its end, or was missed, was passed to the next role."""

    clock: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached:
    """A clock ended before what was due was done; ``verified`` as above."""

    clock: str
    duty: Duty
    regime: RegimeId
    due_at: datetime
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorSuspected:
    """Somebody who looked thinks that it may show somebody under 18: it is out of sight, and nobody looks again."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorReported:
    """It was reported as the law asks; ``reference`` is the number that the report was given."""

    by: str
    reference: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureProposed:
    """Somebody proposed to destroy everything personal; nothing is destroyed until another one confirms it."""

    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureDropped:
    """What was proposed is not done."""

    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeErased:
    """The notice's key was destroyed, and with it everything personal; by retention where nobody is named."""

    rule: str
    author: str = ""
    proposed_by: str = ""


Event = (
    NoticeReceived
    | ContentAdded
    | FieldsGiven
    | Examined
    | SidesTold
    | Ruled
    | RulingPlanned
    | PlanDropped
    | NoteWritten
    | KeptDown
    | LetUp
    | CopiesSought
    | CopiesFound
    | Reinstated
    | RulingEnded
    | Complained
    | ComplaintDecided
    | DisputeTold
    | OrderRevoked
    | NoticeWithdrawn
    | Held
    | HoldLifted
    | HoldEnded
    | DecisionReported
    | Taken
    | UploadSeen
    | Warned
    | Escalated
    | Breached
    | MinorSuspected
    | MinorReported
    | ErasureProposed
    | ErasureDropped
    | NoticeErased
)

#: Name under which each event is stored, its kind in the ledger, and its topic for webhooks.
NAMES: Mapping[type[Event], str] = {
    NoticeReceived: "notice.received",
    ContentAdded: "notice.content-added",
    FieldsGiven: "notice.fields-given",
    Examined: "notice.examined",
    SidesTold: "notice.told",
    Ruled: "notice.decided",
    RulingPlanned: "notice.planned",
    PlanDropped: "notice.plan-dropped",
    NoteWritten: "notice.note",
    KeptDown: "notice.kept-down",
    LetUp: "notice.let-up",
    CopiesSought: "notice.copies-sought",
    CopiesFound: "notice.copies-found",
    Reinstated: "notice.reinstated",
    RulingEnded: "notice.restriction-ended",
    Complained: "notice.complained",
    ComplaintDecided: "notice.complaint-decided",
    DisputeTold: "notice.dispute",
    OrderRevoked: "notice.order-revoked",
    NoticeWithdrawn: "notice.withdrawn",
    Held: "notice.held",
    HoldLifted: "notice.hold-lifted",
    HoldEnded: "notice.hold-ended",
    DecisionReported: "notice.reported",
    Taken: "notice.taken",
    UploadSeen: "notice.upload-seen",
    Warned: "notice.clock-warned",
    Escalated: "notice.escalated",
    Breached: "notice.clock-breached",
    MinorSuspected: "notice.minor-suspected",
    MinorReported: "notice.minor-reported",
    ErasureProposed: "notice.erasure-proposed",
    ErasureDropped: "notice.erasure-dropped",
    NoticeErased: "notice.erased",
}

#: Writes and reads the events of notices.
CODEC: Codec[Event] = Codec(NAMES)

Recorded = AnyRecorded[Event]
