# SPDX-License-Identifier: Apache-2.0
"""What may be asked of a notice, in the imperative. ``rules.decide`` turns a command into events or refuses it.

Whatever decides something takes a ``Because``: a reason, a rule and an author, none of them empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from noli.bank.model import EntryId
from noli.notices.model import Because, Ground, Measure, NewNotice, Number, PartyId, Plea, Via
from noli.regimes.model import Field, Party, RegimeId


@dataclass(frozen=True, slots=True)
class NamedContent:
    """Content with the record of who uploaded it, and the entry that stands for it where there is one."""

    via: Via
    url: str = field(default="", repr=False)
    ref: str = field(default="", repr=False)
    uploader: PartyId | None = None
    hashes: tuple[str, ...] = field(default=(), repr=False)
    entry: EntryId | None = None
    bank: str = ""


@dataclass(frozen=True, slots=True)
class BankedContent:
    """Content whose hashes have just been registered in the same transaction."""

    content: Number
    bank: str
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Receive:
    """Open a notice under the regimes that apply; ``evidence`` and ``suspended`` say what the sender's record holds."""

    notice: NewNotice
    regimes: tuple[RegimeId, ...]
    contents: tuple[NamedContent, ...]
    notifier: PartyId | None = None
    evidence: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class GiveFields:
    """Give what was missing."""

    fields: Mapping[Field, str] = field(repr=False)
    contents: tuple[NamedContent, ...] = ()


@dataclass(frozen=True, slots=True)
class AddContent:
    """Add content that a check saw or a search found; what is there already is counted."""

    content: NamedContent
    count: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """Decide.

    Attributes:
        measure: What.
        grounds: Why, at least one.
        because: Reason, rule and author.
        contractual: Whether the rule is a clause of the terms.
        territory: Where it has effect; empty for everywhere.
        until: When it ends by itself.
        banked: Contents whose hashes were registered so that they stay down.
        statement: What to tell who uploaded, where the built text was edited.
        answer: What to tell who sent the notice, where the built text was edited.
        disclose: Who notified, where telling the uploader is strictly necessary; never the person shown.
    """

    measure: Measure
    grounds: tuple[Ground, ...]
    because: Because
    contractual: bool = False
    territory: str = ""
    until: datetime | None = None
    banked: tuple[BankedContent, ...] = ()
    statement: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)
    disclose: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PlanRuling:
    """Decide, with effect a little later."""

    rule: Rule
    effect_at: datetime


@dataclass(frozen=True, slots=True)
class DropPlan:
    """Take a planned decision back before it takes effect; ``by`` is who does."""

    by: str


@dataclass(frozen=True, slots=True)
class WriteNote:
    """Write something for colleagues."""

    by: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndCopySearch:
    """Say that the search for copies has ended; what it found was added before."""

    copies: int


@dataclass(frozen=True, slots=True)
class Complain:
    """Complain about the ruling that stands."""

    side: Party
    text: str = field(repr=False)
    plea: Plea = Plea.COMPLAINT


@dataclass(frozen=True, slots=True)
class DecideComplaint:
    """Decide about a complaint; ``instead`` is the new ruling where one is upheld that asked for a restriction."""

    complaint: Number
    upheld: bool
    because: Because
    instead: Rule | None = None


@dataclass(frozen=True, slots=True)
class TellDispute:
    """Note what a body outside took up or said."""

    body: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RevokeOrder:
    """Note that the authority took its order back."""

    because: Because


@dataclass(frozen=True, slots=True)
class WithdrawNotice:
    """Take the notice back."""


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Preserve everything."""

    because: Because
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LiftHold:
    """Preserve no longer."""

    hold: Number
    author: str


@dataclass(frozen=True, slots=True)
class SuspectMinor:
    """Say that it may show somebody under 18."""

    by: str


@dataclass(frozen=True, slots=True)
class ReportMinor:
    """Note that it was reported, under which reference."""

    by: str
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportDecision:
    """Note that the decision was reported to the public database."""

    report: str


@dataclass(frozen=True, slots=True)
class Take:
    """Take the notice, or (empty) put it back."""

    by: str


@dataclass(frozen=True, slots=True)
class WatchClocks:
    """Look at the clocks: warn, pass on, record what was missed."""


@dataclass(frozen=True, slots=True)
class ProposeErasure:
    """Propose to destroy everything personal before its time; somebody else confirms it."""

    because: Because


@dataclass(frozen=True, slots=True)
class DropErasure:
    """Do not do what was proposed."""

    because: Because


@dataclass(frozen=True, slots=True)
class ConfirmErasure:
    """Destroy everything personal, as somebody else proposed."""

    because: Because


@dataclass(frozen=True, slots=True)
class Erase:
    """Destroy everything personal, by a rule of retention."""

    rule: str


Command = (
    Receive
    | GiveFields
    | AddContent
    | Rule
    | PlanRuling
    | DropPlan
    | WriteNote
    | EndCopySearch
    | Complain
    | DecideComplaint
    | TellDispute
    | RevokeOrder
    | WithdrawNotice
    | PlaceHold
    | LiftHold
    | SuspectMinor
    | ReportMinor
    | ReportDecision
    | Take
    | WatchClocks
    | ProposeErasure
    | DropErasure
    | ConfirmErasure
    | Erase
)
