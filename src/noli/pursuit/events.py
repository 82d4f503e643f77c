# SPDX-License-Identifier: Apache-2.0
"""What can happen to a pursuit, in the past tense; ``evidence/events.py`` says how an event is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from noli.casework.model import CaseId, LinkId
from noli.evidence.events import PRIVATE, Codec
from noli.evidence.events import Recorded as AnyRecorded
from noli.pursuit.model import Channel, DueBy, Outcome, ReplyKind, Responsible, Rung
from noli.regimes.model import Content, Field, Filer, RegimeId


@dataclass(frozen=True, slots=True, kw_only=True)
class PursuitOpened:
    """Somebody began to pursue links of a case at one site."""

    case: CaseId
    content: tuple[Content, ...]
    site: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAdded:
    """A link belongs to the pursuit."""

    link: LinkId
    url: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """Registries and name servers were asked who is responsible."""

    rungs: tuple[Rung, ...]
    parties: tuple[Responsible, ...] = field(default=(), repr=False, metadata=PRIVATE)
    problems: tuple[str, ...] = field(default=(), repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyAdded:
    """Staff know of somebody else who is responsible."""

    rung: Rung
    party: Responsible | None = field(default=None, repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDrafted:
    """A request was written; it waits for somebody to send it."""

    number: int
    rung: Rung
    regimes: tuple[RegimeId, ...]
    filer: Filer
    language: str
    lacks: tuple[Field, ...]
    declared: tuple[Field, ...]
    to: Responsible | None = field(default=None, repr=False, metadata=PRIVATE)
    channel: Channel | None = field(default=None, repr=False, metadata=PRIVATE)
    subject: str = field(default="", repr=False, metadata=PRIVATE)
    text: str = field(default="", repr=False, metadata=PRIVATE)
    reference: str = field(default="", repr=False, metadata=PRIVATE)
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDropped:
    """A draft was thrown away."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQueued:
    """Somebody let a mail of a request go; it is on its way."""

    number: int
    message_id: str = field(default="", repr=False, metadata=PRIVATE)
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSent:
    """The mail server took the last mail of a request; ``eml`` is that mail, byte by byte."""

    number: int
    eml: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFailed:
    """The last mail of a request cannot be sent; ``reason`` is a sentence of our own."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSent:
    """A request went out, by mail or by hand, and its clock began."""

    number: int
    rung: Rung
    due: DueBy | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived:
    """Mail came back."""

    number: int
    kind: ReplyKind
    expected: bool
    attachments: int
    cut: bool
    sender: str = field(default="", repr=False, metadata=PRIVATE)
    subject: str = field(default="", repr=False, metadata=PRIVATE)
    text: str = field(default="", repr=False, metadata=PRIVATE)
    message_id: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliesRead:
    """Staff read what came back."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSettled:
    """What became of a request is on record."""

    number: int
    rung: Rung
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLapsed:
    """The clock of a request ran out."""

    number: int
    rung: Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProposed:
    """Staff should try this rung next."""

    rung: Rung


Event = (
    PursuitOpened
    | CopyAdded
    | LookedUp
    | PartyAdded
    | RequestDrafted
    | RequestDropped
    | MailQueued
    | MailSent
    | MailFailed
    | RequestSent
    | ReplyReceived
    | RepliesRead
    | RequestSettled
    | RequestLapsed
    | StepProposed
)

#: Name under which each event is stored, its kind in the ledger, and its topic for webhooks.
NAMES: Mapping[type[Event], str] = {
    PursuitOpened: "pursuit.opened",
    CopyAdded: "pursuit.copy-added",
    LookedUp: "pursuit.looked-up",
    PartyAdded: "pursuit.party-added",
    RequestDrafted: "request.drafted",
    RequestDropped: "request.dropped",
    MailQueued: "request.mail-queued",
    MailSent: "request.mail-sent",
    MailFailed: "request.mail-failed",
    RequestSent: "request.sent",
    ReplyReceived: "request.reply-received",
    RepliesRead: "request.replies-read",
    RequestSettled: "request.settled",
    RequestLapsed: "request.lapsed",
    StepProposed: "pursuit.step-proposed",
}

#: Writes and reads the events of pursuits.
CODEC: Codec[Event] = Codec(NAMES)

Recorded = AnyRecorded[Event]
