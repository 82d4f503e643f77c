# SPDX-License-Identifier: Apache-2.0
"""The record of somebody who sends notices or uploads: trusted by evidence, suspended by due process.

1. A trusted flagger is one for whom somebody looked: who awarded the status, since when, where that stands. A claim in
   a notice changes nothing.
2. Nobody is suspended without conduct on record, a warning, and a hearing: they answered, or a week has passed since
   the warning. The first term is 30 days at most, the second 90, each further one 180; longer is not proportional.
3. A suspension is decided like everything else: with a reason, a rule and an author. It can be lifted at any time.
4. Whoever speaks for themselves, as the person shown, is never suspended from sending notices: their notice counts
   whatever they sent before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from noli.base.errors import Conflict, InputError
from noli.evidence.events import PRIVATE, Codec
from noli.evidence.events import Recorded as AnyRecorded
from noli.notices.model import Because, Ground, NoticeId, PartyId

#: Longest suspension by how many came before, in days; the last also for every further one.
TERMS_DAYS = (30, 90, 180)

#: How long somebody who was warned has to answer.
HEARING = timedelta(days=7)


class PartyRole(StrEnum):
    """What somebody is here as."""

    NOTIFIER = "notifier"
    UPLOADER = "uploader"


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
class Suspension:
    """A suspension; ``lifted_at`` where it ended before its time."""

    at: datetime
    until: datetime
    rule: str
    author: str
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """One record as its events make it.

    Attributes:
        reference: How the platform or the form calls them; empty once erased.
        notices: How many notices they sent, or how many were about their uploads.
        warned_at: When they were warned last; None where a suspension followed it.
        heard_at: When they answered that warning.
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
    suspensions: tuple[Suspension, ...] = ()

    def suspended(self, now: datetime) -> Suspension | None:
        """Return the suspension that stands."""
        for each in self.suspensions:
            if each.lifted_at is None and each.at <= now < each.until:
                return each
        return None

    def trusted(self, now: datetime) -> bool:
        """Tell whether the evidence holds."""
        return self.flagger is not None and self.flagger.holds(now.date())


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
    """They were suspended for a term; ``conduct`` of ``notices`` weighed, with gravity and intention in the reason."""

    until: datetime
    rule: str
    author: str
    conduct: int
    notices: int
    reason: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionLifted:
    """A suspension ended before its time."""

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
    """Warn."""

    because: Because


@dataclass(frozen=True, slots=True)
class HearParty:
    """Put down what they answered."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SuspendParty:
    """Suspend for a term."""

    because: Because
    until: datetime


@dataclass(frozen=True, slots=True)
class LiftSuspension:
    """End a suspension before its time."""

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
    | LiftSuspension
)


def decide(record: PartyRecord, command: Command, now: datetime) -> tuple[Event, ...]:  # noqa: C901, PLR0911 - one arm a command
    """Return what a command makes happen; none where its work is done already.

    Raises:
        Conflict: Due process does not allow it yet, or at all.
        InputError: The term is not proportional.
    """
    match command:
        case OpenRecord(role, reference):
            return () if record.version else (RecordOpened(role=role, reference=reference),)
        case CheckFlagger(flagger):
            return _checked(record, flagger)
        case CountNotice(notice):
            return (NoticeCounted(notice=notice),)
        case NoteConduct(notice, ground):
            known = {(each.notice, each.ground) for each in record.conduct}
            return () if (notice, ground) in known else (ConductNoted(notice=notice, ground=ground),)
        case ClearConduct(notice):
            return (ConductCleared(notice=notice),) if any(i.notice == notice for i in record.conduct) else ()
        case WarnParty(because):
            if not record.conduct:
                msg = "Nothing is on record that they could be warned about."
                raise Conflict(msg)
            return (PartyWarned(rule=because.rule, author=because.author, reason=because.reason),)
        case HearParty(text):
            return (PartyHeard(text=text),)
        case SuspendParty(because, until):
            return _suspended(record, because, until, now)
        case LiftSuspension(because):
            lifted = SuspensionLifted(rule=because.rule, author=because.author, reason=because.reason)
            return () if record.suspended(now) is None else (lifted,)
        case _:
            assert_never(command)


def fold(record: PartyId, history: Iterable[Recorded]) -> PartyRecord:
    """Return a record as its history makes it."""
    folded = PartyRecord(record)
    for recorded in history:
        folded = apply(folded, recorded)
    return folded


def apply(record: PartyRecord, recorded: Recorded) -> PartyRecord:
    """Return the record after one more event."""
    return replace(_applied(record, recorded.event, recorded.at), version=recorded.sequence)


def _applied(record: PartyRecord, event: Event, at: datetime) -> PartyRecord:  # noqa: PLR0911 - one arm an event
    match event:
        case RecordOpened(role=role, reference=reference):
            return replace(record, role=role, reference=reference)
        case FlaggerChecked():
            flagger = Flagger(
                event.authority, event.since, event.checked_by, event.checked_on, event.source, event.until
            )
            return replace(record, flagger=flagger)
        case NoticeCounted():
            return replace(record, notices=record.notices + 1)
        case ConductNoted(notice=notice, ground=ground):
            return replace(record, conduct=(*record.conduct, Conduct(notice, ground, at)))
        case ConductCleared(notice=notice):
            return replace(record, conduct=tuple(each for each in record.conduct if each.notice != notice))
        case PartyWarned():
            return replace(record, warned_at=at, heard_at=None)
        case PartyHeard():
            return replace(record, heard_at=at)
        case PartySuspended(until=until, rule=rule, author=author):
            suspension = Suspension(at, until, rule, author)
            return replace(record, suspensions=(*record.suspensions, suspension), warned_at=None, heard_at=None)
        case SuspensionLifted():
            standing = record.suspended(at)
            ended = (replace(each, lifted_at=at) if each is standing else each for each in record.suspensions)
            return replace(record, suspensions=tuple(ended))
        case _:
            assert_never(event)


def _checked(record: PartyRecord, flagger: Flagger) -> tuple[Event, ...]:
    if record.role is not PartyRole.NOTIFIER:
        msg = "A trusted flagger is somebody who sends notices."
        raise Conflict(msg)
    if flagger == record.flagger:
        return ()
    if not all((flagger.authority.strip(), flagger.checked_by.strip(), flagger.source.strip())):
        msg = "Evidence names the authority that awarded the status, where that stands, and who looked."
        raise InputError(msg)
    return (
        FlaggerChecked(
            authority=flagger.authority,
            since=flagger.since,
            until=flagger.until,
            checked_by=flagger.checked_by,
            checked_on=flagger.checked_on,
            source=flagger.source,
        ),
    )


def _suspended(record: PartyRecord, because: Because, until: datetime, now: datetime) -> tuple[Event, ...]:
    if record.suspended(now) is not None:
        msg = "A suspension stands; lift it before another one."
        raise Conflict(msg)
    if record.warned_at is None:
        msg = "Nobody is suspended without a warning before; warn first."
        raise Conflict(msg)
    if record.heard_at is None and now < record.warned_at + HEARING:
        msg = f"They have {HEARING.days} days after the warning to answer; wait, or put down what they said."
        raise Conflict(msg)
    if because.automated:
        msg = "No machine suspends anybody."
        raise Conflict(msg)
    longest = TERMS_DAYS[min(len(record.suspensions), len(TERMS_DAYS) - 1)]
    if not now < until <= now + timedelta(days=longest):
        msg = f"This suspension lasts {longest} days at most; more would not be proportional."
        raise InputError(msg)
    return (
        PartySuspended(
            until=until,
            rule=because.rule,
            author=because.author,
            conduct=len(record.conduct),
            notices=record.notices,
            reason=because.reason,
        ),
    )
