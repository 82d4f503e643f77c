# SPDX-License-Identifier: Apache-2.0
"""The record of somebody who sends notices or uploads, as values: what can happen to it, what may be asked of it.

The rules stand in ``record_rules.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from noli.evidence.events import PRIVATE, Codec
from noli.evidence.events import Recorded as AnyRecorded
from noli.notices.model import Because, Ground, Letter, NoticeId, Number, PartyId


class PartyRole(StrEnum):
    """What somebody is here as."""

    NOTIFIER = "notifier"
    UPLOADER = "uploader"


class AccountMeasure(StrEnum):
    """What was decided about an account, or about somebody's notices."""

    #: Uploading is closed to them for a while; the account is there.
    RESTRICT = "restrict"
    #: The account is closed for a while; of who sends notices: these are not processed.
    SUSPEND = "suspend"
    #: The account is closed for good.
    TERMINATE = "terminate"


class RecordList(StrEnum):
    """Which records a list shows; each in an order of its own."""

    #: Something was found against them; in the order of their ids.
    CONDUCT = "conduct"
    #: A closing that was proposed, or a complaint, waits; longest waiting first.
    WAITING = "waiting"
    #: A measure stands; the next to end first.
    MEASURED = "measured"
    #: Whose status as a trusted flagger was checked; longest unchecked first.
    TRUSTED = "trusted"
    #: Everybody, in the order of their ids.
    ALL = "all"


#: When a measure ends that is for good: long after all others.
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Flagger:
    """Evidence of a trusted flagger's status: who awarded it, from when to when, who looked, when and where."""

    authority: str
    since: date
    checked_by: str
    checked_on: date
    source: str
    until: date | None = None

    def holds(self, on: date) -> bool:
        """Tell whether the status holds on a day."""
        return self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Conduct:
    """One notice in which somebody did what they should not."""

    notice: NoticeId
    ground: Ground
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountRuling:
    """A measure against an account.

    Attributes:
        number: Its number in the record.
        measure: What.
        until: When it ends by itself; None where it is for good.
        author: Who decided.
        proposed_by: Who proposed it, where it takes two.
        contractual: Whether the rule is a clause of the terms, and no law.
        lifted_at: When it was taken back.
    """

    number: Number
    measure: AccountMeasure
    at: datetime
    until: datetime | None
    rule: str
    author: str
    proposed_by: str = ""
    contractual: bool = False
    lifted_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it has begun, and neither ended nor was taken back."""
        return self.lifted_at is None and self.at <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposed to do for good, and another one has to confirm."""

    number: Number
    rule: str
    author: str
    at: datetime
    contractual: bool
    language: str
    statement: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccountComplaint:
    """A complaint about a measure against an account; ``upheld`` is None while it waits."""

    number: Number
    ruling: Number
    text: str = field(repr=False)
    at: datetime
    upheld: bool | None = None
    author: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountLetter:
    """A message to whose record it is, as it was written."""

    number: Number
    letter: Letter
    language: str
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """One record as its events make it.

    Attributes:
        reference: How the platform or the form calls them; empty once erased.
        notices: How many notices they sent, or how many were about their uploads.
        warned_at: When they were warned last; None where a measure followed it.
        heard_at: When they answered that warning.
        rulings: Measures, in the order of their time.
        proposal: What waits for somebody else to confirm.
        language: Of the letter that was written last.
    """

    id: PartyId
    version: int = 0
    role: PartyRole = PartyRole.NOTIFIER
    reference: str = field(default="", repr=False)
    notices: int = 0
    flagger: Flagger | None = None
    conduct: tuple[Conduct, ...] = ()
    warned_at: datetime | None = None
    heard_at: datetime | None = None
    rulings: tuple[AccountRuling, ...] = ()
    proposal: Proposal | None = None
    complaints: tuple[AccountComplaint, ...] = ()
    letters: tuple[AccountLetter, ...] = ()
    language: str = "en"

    @property
    def waiting_since(self) -> datetime | None:
        """Since when somebody has to decide: about a closing that was proposed, or about a complaint."""
        waits = [each.at for each in self.complaints if each.upheld is None]
        return min(waits if self.proposal is None else [*waits, self.proposal.at], default=None)

    @property
    def measured_until(self) -> datetime | None:
        """When the newest measure ends, or ended; None where there is none, or it was taken back."""
        newest = self.rulings[-1] if self.rulings else None
        return None if newest is None or newest.lifted_at is not None else newest.until or FOR_GOOD

    def suspended(self, now: datetime) -> AccountRuling | None:
        """Return the measure that stands."""
        return next((each for each in self.rulings if each.stands(now)), None)

    def trusted(self, now: datetime) -> bool:
        """Tell whether the evidence holds."""
        return self.flagger is not None and self.flagger.holds(now.date())


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What a list of records shows; nothing personal, so nothing has to be decrypted for it.

    Attributes:
        conduct: How often something was found against them, and not reversed.
        waiting_since: Since when somebody has to decide; None where nothing waits.
        measured_until: When the newest measure ends, or ended; ``FOR_GOOD`` where it does not.
        checked_at: When the evidence for a trusted flagger's status was checked.
    """

    id: PartyId
    role: PartyRole
    opened_at: datetime
    updated_at: datetime
    notices: int
    conduct: int
    waiting_since: datetime | None
    measured_until: datetime | None
    checked_at: datetime | None


def listed(record: PartyRecord) -> Mapping[str, Any]:
    """Return what a list shows of a record, by the names of ``RecordSummary``: whatever follows from its events."""
    flagger = record.flagger
    return {
        "notices": record.notices,
        "conduct": len(record.conduct),
        "waiting_since": record.waiting_since,
        "measured_until": record.measured_until,
        "checked_at": None if flagger is None else datetime.combine(flagger.checked_on, time(), UTC),
    }


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOpened:
    """Somebody was seen for the first time."""

    role: PartyRole
    reference: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggerChecked:
    """Somebody looked at the evidence for a trusted flagger's status, and where it ends."""

    authority: str
    since: date
    until: date | None
    checked_by: str
    checked_on: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCounted:
    """A notice of theirs, or about their upload, came in."""

    notice: NoticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductNoted:
    """A decision found that they did what they should not."""

    notice: NoticeId
    ground: Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductCleared:
    """The decision behind it was reversed: what was on record for that notice is taken off."""

    notice: NoticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyWarned:
    """They were told that they will be suspended if it goes on."""

    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyHeard:
    """They answered."""

    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySuspended:
    """They were restricted or suspended for a term; gravity and intention of what was weighed are in the reason."""

    until: datetime
    rule: str
    author: str
    conduct: int
    notices: int
    measure: AccountMeasure = AccountMeasure.SUSPEND
    contractual: bool = False
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationProposed:
    """Somebody proposed to close the account for good; nothing is closed until another one confirms it."""

    rule: str
    author: str
    contractual: bool
    language: str
    statement: str = field(default="", repr=False, metadata=PRIVATE)
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationDropped:
    """What was proposed is not done."""

    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTerminated:
    """The account was closed for good: one person proposed it, another one decided."""

    rule: str
    author: str
    proposed_by: str
    contractual: bool
    conduct: int
    notices: int
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTold:
    """They were written to."""

    letter: Letter
    language: str
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureContested:
    """They complained about a measure."""

    ruling: Number
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestDecided:
    """Somebody who had no part in the measure decided about the complaint."""

    complaint: Number
    upheld: bool
    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionLifted:
    """A measure was taken back, or ended before its time."""

    rule: str
    author: str
    reason: str = field(default="", repr=False, metadata=PRIVATE)


Event = (
    RecordOpened
    | FlaggerChecked
    | NoticeCounted
    | ConductNoted
    | ConductCleared
    | PartyWarned
    | PartyHeard
    | PartySuspended
    | TerminationProposed
    | TerminationDropped
    | PartyTerminated
    | RecordTold
    | MeasureContested
    | ContestDecided
    | SuspensionLifted
)

#: Name under which each event is stored, its kind in the ledger, and its topic for webhooks.
NAMES: Mapping[type[Event], str] = {
    RecordOpened: "record.opened",
    FlaggerChecked: "record.flagger-checked",
    NoticeCounted: "record.notice-counted",
    ConductNoted: "record.conduct-noted",
    ConductCleared: "record.conduct-cleared",
    PartyWarned: "record.warned",
    PartyHeard: "record.heard",
    PartySuspended: "record.suspended",
    TerminationProposed: "record.termination-proposed",
    TerminationDropped: "record.termination-dropped",
    PartyTerminated: "record.terminated",
    RecordTold: "record.told",
    MeasureContested: "record.complained",
    ContestDecided: "record.complaint-decided",
    SuspensionLifted: "record.suspension-lifted",
}

#: Writes and reads the events of records.
CODEC: Codec[Event] = Codec(NAMES)

Recorded = AnyRecorded[Event]


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """Open a record where there is none."""

    role: PartyRole
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckFlagger:
    """Put down the evidence for a trusted flagger's status, or (with ``until``) where it ends."""

    flagger: Flagger


@dataclass(frozen=True, slots=True)
class CountNotice:
    """Count a notice."""

    notice: NoticeId


@dataclass(frozen=True, slots=True)
class NoteConduct:
    """Put down what a decision found; once for each notice and ground."""

    notice: NoticeId
    ground: Ground


@dataclass(frozen=True, slots=True)
class ClearConduct:
    """Take off what was on record for a notice."""

    notice: NoticeId


@dataclass(frozen=True, slots=True)
class WarnParty:
    """Warn; ``text`` is what to write where the built letter was edited."""

    because: Because
    contractual: bool = False
    language: str = "en"
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HearParty:
    """Put down what they answered."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SuspendParty:
    """Restrict or suspend for a term.

    Attributes:
        because: Reason, rule and author.
        until: When it ends by itself.
        measure: Which of the two.
        contractual: Whether the rule is a clause of the terms.
        language: Of who is written to.
        statement: The statement of reasons, where the built text was edited.
    """

    because: Because
    until: datetime
    measure: AccountMeasure = AccountMeasure.SUSPEND
    contractual: bool = False
    language: str = "en"
    statement: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ProposeTermination:
    """Propose to close the account for good; fields as of ``SuspendParty``."""

    because: Because
    contractual: bool = False
    language: str = "en"
    statement: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DropTermination:
    """Do not do what was proposed."""

    because: Because


@dataclass(frozen=True, slots=True)
class ConfirmTermination:
    """Close the account for good, as somebody else proposed."""

    because: Because


@dataclass(frozen=True, slots=True)
class ContestMeasure:
    """Complain about the measure that stands."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DecideContest:
    """Decide about a complaint; where it is upheld the measure ends."""

    complaint: Number
    upheld: bool
    because: Because


@dataclass(frozen=True, slots=True)
class LiftSuspension:
    """Take a measure back, or end it before its time."""

    because: Because


Command = (
    OpenRecord
    | CheckFlagger
    | CountNotice
    | NoteConduct
    | ClearConduct
    | WarnParty
    | HearParty
    | SuspendParty
    | ProposeTermination
    | DropTermination
    | ConfirmTermination
    | ContestMeasure
    | DecideContest
    | LiftSuspension
)
