# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire about notices and records.

Answers to writes hold nothing personal: they are kept for a while under their ``Idempotency-Key``. All that people
wrote is in the answer to reading one notice.
"""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from noli.casework.model import AgeAnswer
from noli.notices.model import Ground, Letter, Measure, NoticeState, Opening, Plea, Via
from noli.notices.records import AccountMeasure, PartyRole
from noli.notices.service import MAX_NAMED, MAX_REFERENCE, MAX_TEXT
from noli.regimes.model import Content as ContentKind
from noli.regimes.model import Duty, Field, Filer, Need, Party, SetBy
from noli.web.api.schemas import MAX_HASHES, NO_NUL, After, HashIn, Limit

#: Notices that one import may hold.
MAX_IMPORTED = 1000

Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=NO_NUL)]
Name = Annotated[str, Meta(max_length=MAX_REFERENCE, pattern=NO_NUL)]
Said = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=NO_NUL)]
Named = Annotated[str, Meta(min_length=1, max_length=MAX_REFERENCE, pattern=NO_NUL)]
Author = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=NO_NUL, description="Your own id of the person who decides.")
]
Time = Annotated[datetime, Meta(tz=True, description="With a zone: `2026-11-26T12:00:00Z`.")]
Language = Annotated[str, Meta(description="`en` or `de`.", extra_json_schema={"enum": ["en", "de"]})]


class ContentIn(Struct, forbid_unknown_fields=True):
    """Content that a notice is about: where it is, your id of it, who uploaded it, and its hashes if you have them."""

    url: Name = ""
    ref: Name = ""
    uploader: Name = ""
    hashes: Annotated[list[HashIn], Meta(max_length=MAX_HASHES)] = []


class OrderIn(Struct, forbid_unknown_fields=True):
    """An order of an authority or court."""

    authority: Named
    legal_basis: Named
    #: Where it has effect: codes of ISO 3166-1 (`DE` or `DE,AT`) or `EU`; empty for everywhere.
    territory: Name = ""
    due_at: Time | None = None
    #: Says that the order came after the time that it sets; else such a time is refused as a mistake.
    late: bool = False


class NoticeIn(Struct, forbid_unknown_fields=True):
    """A notice as it came in; what is missing is asked for, not refused."""

    #: Whether everybody shown is 18 or older. Anything but `adult` is refused and leaves no trace.
    age: AgeAnswer
    opening: Opening = Opening.REQUEST
    #: Who files, as they say; a trusted flagger is one by the evidence on their record.
    filer: Filer = Filer.ANYONE
    fields: dict[Field, Text] = {}
    contents: Annotated[list[ContentIn], Meta(max_length=MAX_NAMED)] = []
    kind: Annotated[list[ContentKind], Meta(max_length=2)] = []
    language: Language = "en"
    uploader_language: Language = "en"
    #: Your own id of who sent it, or their address: keeps their record.
    notifier: Name = ""
    #: Your own number for it; the same number from the same key is the same notice.
    reference: Name = ""
    order: OrderIn | None = None


class NoticesIn(Struct, forbid_unknown_fields=True):
    """Many notices."""

    notices: Annotated[list[NoticeIn], Meta(min_length=1, max_length=MAX_IMPORTED)]


class FieldsIn(Struct, forbid_unknown_fields=True):
    """What was missing."""

    fields: dict[Field, Text] = {}
    contents: Annotated[list[ContentIn], Meta(max_length=MAX_NAMED)] = []


class RulingIn(Struct, forbid_unknown_fields=True):
    """A decision: nothing is decided without reason, rule and author."""

    measure: Measure
    grounds: Annotated[list[Ground], Meta(min_length=1, max_length=10)]
    #: Why, for the file.
    reason: Said
    #: The provision, or the clause of your terms.
    rule: Named
    author: Author
    automated: bool = False
    #: Whether the rule is a clause of your terms, and no law.
    contractual: bool = False
    #: For `geo-restrict`: where it cannot be reached.
    territory: Name = ""
    until: Time | None = None
    #: What to tell who uploaded, in place of the statement that is built from the grounds.
    statement: Text = ""
    #: What to tell who sent the notice, in place of the built answer.
    answer: Text = ""
    #: Who notified, only where the uploader must strictly know it; never the person shown.
    disclose: Name = ""


class PreviewOut(Struct):
    """What would be told."""

    statement: str
    answer: str


class CopiesIn(Struct, forbid_unknown_fields=True):
    """Copies that a search found."""

    contents: Annotated[list[ContentIn], Meta(max_length=MAX_NAMED)] = []
    #: Whether the search is over.
    ended: bool = False


class ComplaintIn(Struct, forbid_unknown_fields=True):
    """A complaint about the decision that stands."""

    side: Party
    text: Said
    plea: Plea = Plea.COMPLAINT


class ComplaintRulingIn(Struct, forbid_unknown_fields=True):
    """The decision about a complaint, by another person than the first."""

    upheld: bool
    reason: Said
    rule: Named
    author: Author
    #: Where it is upheld: the decision that takes the first one's place, by the same author.
    instead: RulingIn | None = None


class WhyIn(Struct, forbid_unknown_fields=True):
    """Reason, rule and author of something."""

    reason: Said
    rule: Named
    author: Author


class HoldIn(WhyIn, forbid_unknown_fields=True):
    """A wish to preserve everything."""

    until: Time | None = None


class LiftIn(Struct, forbid_unknown_fields=True):
    """Who lets go of a hold."""

    author: Author


class MinorIn(Struct, forbid_unknown_fields=True):
    """Who says that somebody shown may be under 18."""

    author: Author


class MinorReportIn(Struct, forbid_unknown_fields=True):
    """Who reported that, and under which number."""

    author: Author
    reference: Named


class AssignIn(Struct, forbid_unknown_fields=True):
    """Who takes it; empty puts it back."""

    to: Annotated[str, Meta(max_length=64, pattern=NO_NUL)]


class DisputeIn(Struct, forbid_unknown_fields=True):
    """What a body outside took up or said."""

    body: Named
    outcome: Named


class ReportIn(Struct, forbid_unknown_fields=True):
    """Under which id the decision was reported to the public database; it must lead to nobody."""

    report: Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]


class NoticeQuery(Struct, forbid_unknown_fields=True):
    """Query of the queue."""

    state: NoticeState | None = None
    assigned_to: Annotated[str, Meta(max_length=64, pattern=NO_NUL)] | None = None
    #: Only what has something to be done.
    waiting: bool = False
    #: Only where a clock was missed.
    breached: bool = False
    #: Only what must be preserved.
    held: bool = False
    #: Only those that began so.
    opening: Opening | None = None
    #: Only the one that you sent under this number of yours; nothing else is looked at then.
    reference: Name = ""
    after: After = ""
    limit: Limit = 100


class ListedNotice(Struct):
    """A notice in the queue, with its strictest clock."""

    notice: str
    state: NoticeState
    opening: Opening
    filer: Filer
    #: Whether a trusted flagger by evidence sent it.
    evidence: bool
    #: Whether who sent it was suspended then.
    suspended: bool
    assigned_to: str
    #: The highest role that a clock was passed on to.
    escalated_to: str
    contents: int
    #: Uploads that checks saw.
    seen: int
    breaches: int
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    due_for: str
    due_under: str
    due_source: str
    #: False where the deadline was not read in the law or on an authority's page.
    due_verified: bool


class NoticePage(Struct):
    """Notices, the most urgent first."""

    notices: list[ListedNotice]
    #: `after` of the next page; null on the last.
    next: str | None


class LackOut(Struct):
    """What is missing, under which regime, and how to ask for it."""

    regime: str
    field: Field
    need: Need
    #: Where the regime asks for it; empty where the law was changed since.
    source: str
    #: False where that was not read in the law or on an authority's page.
    verified: bool


class ClockOut(Struct):
    """One clock with its source."""

    clock: str
    duty: Duty
    regime: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    breached: bool
    #: Whether a law, an authority or our own rules set it.
    set_by: SetBy
    verified: bool
    source: str
    words: str


class RulingOut(Struct):
    """A decision, without what people wrote."""

    ruling: int
    measure: Measure
    grounds: list[Ground]
    rule: str
    author: str
    automated: bool
    contractual: bool
    territory: str
    until: datetime | None
    decided_at: datetime
    reversed_at: datetime | None
    #: When it ended by itself.
    ended_at: datetime | None


class ComplaintOut(Struct):
    """A complaint, without what people wrote."""

    complaint: int
    side: Party
    plea: Plea
    ruling: int
    complained_at: datetime
    upheld: bool | None
    author: str
    decided_at: datetime | None


class ProposalOut(Struct):
    """What somebody else has to confirm."""

    rule: str
    author: str
    proposed_at: datetime


class NoticeOut(Struct):
    """A notice without anything personal."""

    notice: str
    state: NoticeState
    opening: Opening
    filer: Filer
    evidence: bool
    suspended: bool
    opened_at: datetime
    updated_at: datetime
    regimes: list[str]
    #: Since when it is valid, by regime.
    valid: dict[str, datetime]
    missing: list[LackOut]
    #: All that ever ran, strictest first.
    clocks: list[ClockOut]
    decisions: list[RulingOut]
    complaints: list[ComplaintOut]
    assigned_to: str
    escalated_to: str
    copies_open: bool
    held: bool
    #: A wish to destroy everything personal that waits for somebody else to confirm it.
    erasure: ProposalOut | None
    erased_at: datetime | None
    #: When somebody said that it may show somebody under 18: it is to be shown to nobody since, also not by you.
    minor_suspected_at: datetime | None
    #: When that was reported as the law asks.
    minor_reported_at: datetime | None


class ContentOut(Struct):
    """Content of a notice."""

    content: int
    via: Via
    url: str
    ref: str
    #: Id of the uploader's record.
    uploader: str | None
    entry: str | None
    bank: str
    kept_down: bool
    restricted: bool
    seen: int


class LetterOut(Struct):
    """A message to one of the sides, as it is to be sent or shown."""

    number: int
    to: Party
    letter: Letter
    language: str
    text: str
    written_at: datetime


class HoldOut(Struct):
    """A hold."""

    hold: int
    rule: str
    author: str
    placed_at: datetime
    until: datetime | None
    lifted_at: datetime | None


class DisputeOut(Struct):
    """What a body outside took up or said."""

    body: str
    outcome: str
    told_at: datetime


class FullNotice(NoticeOut):
    """A notice with all that people wrote; each time it is read is a ledger entry."""

    #: Id of the notifier's record.
    notifier: str | None
    reference: str
    fields: dict[str, str]
    contents: list[ContentOut]
    letters: list[LetterOut]
    #: Reasons by the number of the decision or complaint.
    reasons: dict[str, str]
    #: What was said in complaints, by their number.
    pleas: dict[str, str]
    order: OrderIn | None
    holds: list[HoldOut]
    disputes: list[DisputeOut]


class ImportedOut(Struct):
    """What became of one notice of an import."""

    line: int
    notice: str | None
    #: False where it was there already.
    created: bool
    state: NoticeState | None
    error: str


class ImportOut(Struct):
    """What became of an import, in its order."""

    results: list[ImportedOut]


class RecordIn(Struct, forbid_unknown_fields=True):
    """Whose record: what you call them."""

    role: PartyRole
    reference: Named


class FlaggerIn(Struct, forbid_unknown_fields=True):
    """Evidence that somebody is a trusted flagger, or (with `until` in the past) was one."""

    authority: Named
    since: date
    checked_by: Named
    checked_on: date
    source: Named
    until: date | None = None


class HearingIn(Struct, forbid_unknown_fields=True):
    """What they answered to a warning."""

    text: Said


class AccountWhyIn(WhyIn, forbid_unknown_fields=True):
    """Reason, rule and author of something about an account, and how it is written."""

    #: Whether the rule is a clause of your terms, and no law.
    contractual: bool = False
    language: Language = "en"


class WarningIn(AccountWhyIn, forbid_unknown_fields=True):
    """A warning."""

    #: What to write, in place of the text that is built from what is on record.
    text: Text = ""


class TerminationIn(AccountWhyIn, forbid_unknown_fields=True):
    """A proposal to close an account for good."""

    #: The statement of reasons, in place of the one that is built from what is on record.
    statement: Text = ""


class SuspensionIn(TerminationIn, forbid_unknown_fields=True, kw_only=True):
    """A measure for a while."""

    until: Time
    #: `restrict` (of who uploads) or `suspend`.
    measure: AccountMeasure = AccountMeasure.SUSPEND


class ContestIn(Struct, forbid_unknown_fields=True):
    """A complaint about the measure that stands."""

    text: Said


class ContestRulingIn(WhyIn, forbid_unknown_fields=True):
    """The decision about a complaint, by somebody who had no part in the measure."""

    #: Where it is upheld, the measure ends.
    upheld: bool


class ConductOut(Struct):
    """One notice in which they did what they should not."""

    notice: str
    ground: Ground
    noted_at: datetime


class MeasureOut(Struct):
    """A measure against an account."""

    number: int
    measure: AccountMeasure
    since: datetime
    #: Null where it is for good.
    until: datetime | None
    rule: str
    contractual: bool
    author: str
    #: Who proposed it, where it takes two.
    proposed_by: str
    lifted_at: datetime | None


class ContestOut(Struct):
    """A complaint about a measure, without what they wrote."""

    complaint: int
    measure: int
    complained_at: datetime
    upheld: bool | None
    author: str
    decided_at: datetime | None


class AccountLetterOut(Struct):
    """A message to whose record it is, as it is to be sent or shown."""

    number: int
    letter: Letter
    language: str
    text: str
    written_at: datetime


class RecordOut(Struct):
    """What is on record of somebody who sends notices or uploads."""

    record: str
    role: PartyRole
    notices: int
    conduct: list[ConductOut]
    flagger: FlaggerIn | None
    trusted: bool
    warned_at: datetime | None
    heard_at: datetime | None
    #: The measure that stands.
    standing: AccountMeasure | None
    suspended_until: datetime | None
    measures: list[MeasureOut]
    #: A termination that waits to be confirmed.
    proposed: ProposalOut | None
    complaints: list[ContestOut]


class FullRecord(RecordOut):
    """A record with all that people wrote; each time it is read is a ledger entry."""

    #: What you call them.
    reference: str
    letters: list[AccountLetterOut]
    #: What they said in complaints, by their number.
    pleas: dict[str, str]


class RecordPage(Struct):
    """Records with conduct, by id."""

    records: list[RecordOut]
    #: `after` of the next page; null on the last.
    next: str | None
