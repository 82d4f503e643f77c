# SPDX-License-Identifier: Apache-2.0
"""What may be asked of a pursuit, in the imperative. ``rules.decide`` turns a command into events or refuses it.

Commands arrive checked, with every random text drawn and every letter written, so that deciding stays pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from noli.casework.model import CaseId
from noli.pursuit.model import Channel, Copy, DueBy, Outcome, ReplyKind, Responsible
from noli.regimes.model import Content, Field, Filer, RegimeId


@dataclass(frozen=True, slots=True)
class OpenPursuit:
    """Begin to pursue links at one site."""

    case: CaseId
    site: str = field(repr=False)
    content: frozenset[Content]


@dataclass(frozen=True, slots=True)
class AddCopies:
    """Pursue more links of the site; those that it has change nothing."""

    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class NoteParties:
    """Keep who a look-up says is responsible; whom staff named stays."""

    parties: tuple[Responsible, ...] = field(repr=False)
    problems: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddParty:
    """Name somebody else who is responsible."""

    party: Responsible = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """Keep a request that was written."""

    to: Responsible = field(repr=False)
    channel: Channel = field(repr=False)
    regimes: tuple[RegimeId, ...]
    filer: Filer
    language: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    reference: str = field(repr=False)
    lacks: tuple[Field, ...]
    declared: tuple[Field, ...]
    fields: Mapping[Field, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropDraft:
    """Throw a draft away."""

    number: int


@dataclass(frozen=True, slots=True)
class QueueMail:
    """Let a request go by mail; a later text goes into its thread."""

    number: int
    message_id: str = field(repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NoteMailSent:
    """Keep that the mail server took the last mail, and that mail; the first starts the clock."""

    number: int
    message_id: str = field(repr=False)
    due: DueBy | None
    eml: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NoteMailFailed:
    """Keep that the last mail cannot be sent."""

    number: int
    message_id: str = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class NoteSentByHand:
    """Keep that staff sent a request themselves, through a form or otherwise."""

    number: int
    due: DueBy | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReply:
    """Keep what came back; the same mail twice is once. ``expected`` says whether it is from where we wrote to."""

    number: int
    kind: ReplyKind
    expected: bool
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str = field(repr=False)
    attachments: int
    cut: bool


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Say that staff read what came back."""

    number: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Put on record what became of a request."""

    number: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Wake:
    """Look whether clocks ran out."""


Command = (
    OpenPursuit
    | AddCopies
    | NoteParties
    | AddParty
    | DraftRequest
    | DropDraft
    | QueueMail
    | NoteMailSent
    | NoteMailFailed
    | NoteSentByHand
    | NoteReply
    | MarkRead
    | Settle
    | Wake
)
