# SPDX-License-Identifier: Apache-2.0
"""A notice and all that belongs to it, as values.

A notice is a platform's file about some content: what it was told, or found itself, what it decided, and whom it told.
It is a fold over its events (``events.py``, ``rules.py``); nothing in here changes. Texts, addresses and references
that lead to somebody are personal data: kept out of ``repr``, and empty once the notice was erased.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from noli.bank.model import EntryId
from noli.base.errors import InputError
from noli.hashing.model import Hash
from noli.regimes.model import Content as ContentKind
from noli.regimes.model import Deadline, Duty, Field, Filer, Need, Party, RegimeId, SetBy, Trigger

#: Pseudonymous id of a notice: 80 random bits in base 32.
NoticeId = NewType("NoticeId", str)
#: Pseudonymous id of somebody who sends notices or uploads: a keyed digest of what the platform calls them.
PartyId = NewType("PartyId", str)
#: Numbers the contents, rulings, complaints, messages and holds of one notice: the sequence of the event that made it.
Number = int


class Opening(StrEnum):
    """How a notice began."""

    #: Somebody asked for it.
    REQUEST = "request"
    #: A court or authority ordered it.
    ORDER = "order"
    #: A check of ours matched.
    DETECTION = "detection"
    #: Somebody here saw content that is against the terms.
    POLICY = "policy"


class NoticeState(StrEnum):
    """Where the work on a notice stands."""

    #: Received, valid under no regime yet: something is missing.
    INCOMPLETE = "incomplete"
    #: Waits for a decision.
    OPEN = "open"
    #: Out of sight for now; waits for the decision.
    PROVISIONAL = "provisional"
    DECIDED = "decided"
    #: Decided; somebody complained, and waits.
    CONTESTED = "contested"
    #: Taken back by who sent it, or the order was revoked.
    WITHDRAWN = "withdrawn"


#: States in which somebody has to decide.
TO_DECIDE = (NoticeState.OPEN, NoticeState.PROVISIONAL, NoticeState.CONTESTED)


class Via(StrEnum):
    """How a content came into a notice."""

    NOTICE = "notice"
    MATCH = "match"
    COPY = "copy"


class Measure(StrEnum):
    """What was decided about the content; what becomes of an account is decided in its owner's record (``records``)."""

    REMOVE = "remove"
    DISABLE = "disable"
    #: Out of sight at once and reversible, until somebody has decided.
    PROVISIONAL_DISABLE = "provisional-disable"
    GEO_RESTRICT = "geo-restrict"
    #: An upload was refused because it matched a bank that blocks.
    REFUSE_UPLOAD = "refuse-upload"
    KEEP = "keep"

    @property
    def restricts(self) -> bool:
        """Whether somebody can do or see less afterwards."""
        return self is not Measure.KEEP

    @property
    def final(self) -> bool:
        """Whether it is a decision, and no measure until one."""
        return self is not Measure.PROVISIONAL_DISABLE


class Ground(StrEnum):
    """Why, as a fact that texts are built from in each language."""

    INTIMATE = "intimate-without-consent"
    SYNTHETIC = "synthetic-intimate"
    THREAT = "threat-to-publish"
    COPY = "copy-of-removed"
    MATCH = "matches-protected"
    ORDERED = "ordered"
    TERMS = "against-terms"
    PRECAUTION = "precaution"
    NOT_INTIMATE = "not-intimate"
    CONSENT_SHOWN = "consent-shown"
    NOT_ENTITLED = "not-person-or-agent"
    NOT_FOUND = "content-not-found"
    NEVER_COMPLETED = "never-completed"
    FALSE_MATCH = "false-match"
    MISTAKEN = "mistaken-notice"
    FRAUDULENT = "fraudulent-notice"
    MALICIOUS = "malicious-notice"
    REVOKED = "order-revoked"

    @property
    def restricts(self) -> bool:
        """Whether it speaks for a restriction; the others speak against one."""
        return self in _RESTRICTING

    @property
    def abuses(self) -> bool:
        """Whether it says that the notice was sent to harm or deceive."""
        return self in {Ground.FRAUDULENT, Ground.MALICIOUS}


_RESTRICTING = frozenset(
    {
        Ground.INTIMATE,
        Ground.SYNTHETIC,
        Ground.THREAT,
        Ground.COPY,
        Ground.MATCH,
        Ground.ORDERED,
        Ground.TERMS,
        Ground.PRECAUTION,
    }
)


class Letter(StrEnum):
    """What a message to one of the sides is."""

    RECEIPT = "receipt"
    MISSING = "missing"
    DECISION = "decision"
    #: The statement of reasons to who uploaded.
    STATEMENT = "statement"
    #: What follows if it goes on.
    WARNING = "warning"
    COMPLAINT_RECEIPT = "complaint-receipt"
    COMPLAINT_DECISION = "complaint-decision"
    RESTORED = "restored"
    #: A restriction has ended when its time was over.
    ENDED = "ended"
    EFFECT = "effect"


class Plea(StrEnum):
    """What a complaint is."""

    COMPLAINT = "complaint"
    #: The uploader says that the person shown agreed, or that nobody is shown as the notice says.
    COUNTER_NOTICE = "counter-notice"


@dataclass(frozen=True, slots=True)
class Because:
    """Why somebody decided something: nothing is decided without a reason, a rule and an author.

    Attributes:
        reason: In words, for the file.
        rule: The provision, or the clause of the terms.
        author: Who decided: an id that the platform gives its people, or ``policy:`` and a name where nobody did.
        automated: Whether a machine decided.
    """

    reason: str = field(repr=False)
    rule: str
    author: str
    automated: bool = False

    def __post_init__(self) -> None:
        """Refuse what is empty. Raises InputError."""
        for name in ("reason", "rule", "author"):
            if not getattr(self, name).strip():
                msg = f"Every decision needs a {name}; this one has none."
                raise InputError(msg)

    def is_by(self, author: str) -> bool:
        """Tell whether it is by the same author, however that was typed."""
        return _typed(self.author) == _typed(author)


def _typed(author: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", author).casefold().split())


@dataclass(frozen=True, slots=True)
class NewContent:
    """Content that a notice is about, as the platform names it.

    Attributes:
        url: Where it is.
        ref: The platform's own id of it.
        uploader: The platform's own id of who uploaded it.
        hashes: Its hashes, where the platform knows them.
    """

    url: str = field(default="", repr=False)
    ref: str = field(default="", repr=False)
    uploader: str = field(default="", repr=False)
    hashes: tuple[Hash, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """Who ordered what, where a notice is an authority's order.

    Attributes:
        authority: Who ordered it.
        legal_basis: By which law.
        territory: Where it has effect, as codes (``DE`` or ``DE,AT``): only the laws of these places have clocks for
            it. Empty for everywhere.
        due_at: The time that it sets.
        late: Whether that was over when it came in; whoever sends it on has to say so.
    """

    authority: str
    legal_basis: str
    territory: str = ""
    due_at: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice as it comes in.

    Attributes:
        opening: How it began.
        filer: Who files, as they say.
        fields: What they filled in; a declaration that was made is any text.
        contents: What it is about.
        kind: Whether the content is authentic or synthetic; empty where nobody said.
        language: Of who files, ``en`` or ``de``.
        uploader_language: Of who uploaded.
        notifier: How the platform or the form calls who files, for their record; empty where there is none.
        reference: The caller's own number for it.
        order: For orders.
    """

    opening: Opening = Opening.REQUEST
    filer: Filer = Filer.ANYONE
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False)
    contents: tuple[NewContent, ...] = ()
    kind: frozenset[ContentKind] = frozenset()
    language: str = "en"
    uploader_language: str = "en"
    notifier: str = field(default="", repr=False)
    reference: str = field(default="", repr=False)
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class NoticedContent:
    """Content that a notice is about.

    Attributes:
        number: Its number in the notice.
        via: How it came in.
        uploader: The record of who uploaded it; None where that is not known.
        entry: The bank entry that stands for it; None where there is none.
        bank: Name of that entry's bank.
        kept_down: Whether we put the entry there when the content was removed.
        restricted: Whether it is out of sight.
        seen: How often it was uploaded, where checks of ours tell.
    """

    number: Number
    via: Via
    url: str = field(repr=False)
    ref: str = field(repr=False)
    uploader: PartyId | None
    hashes: tuple[str, ...] = field(repr=False)
    entry: EntryId | None = None
    bank: str = ""
    kept_down: bool = False
    restricted: bool = False
    seen: int = 1


@dataclass(frozen=True, slots=True)
class Lack:
    """What a notice lacks under one regime."""

    regime: RegimeId
    field: Field
    need: Need


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision about a notice.

    Attributes:
        number: Its number in the notice.
        measure: What was decided.
        grounds: Why.
        rule: The provision, or the clause of the terms.
        author: Who decided.
        automated: Whether a machine decided.
        contractual: Whether the rule is a clause of the terms, and no law.
        reason: In words; empty once erased.
        territory: Where it has effect; empty for everywhere.
        until: When it ends by itself; None where it does not.
        at: When.
        reversed_at: When it was taken back: the content was restored.
        ended_at: When it ended by itself, likewise.
    """

    number: Number
    measure: Measure
    grounds: tuple[Ground, ...]
    rule: str
    author: str
    automated: bool
    contractual: bool
    reason: str = field(repr=False)
    territory: str
    until: datetime | None
    at: datetime
    reversed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether something is restricted by it."""
        return self.measure.restricts and self.reversed_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision that was made and takes effect a little later; until then it can be taken back without a trace.

    Attributes:
        ruling: What was decided, when, under the number that the plan has in the notice.
        statement: What to tell who uploaded, where the built text was edited.
        answer: What to tell who sent the notice, likewise.
        disclose: Who notified, where the uploader must strictly know it.
        effect_at: When it takes effect.
    """

    ruling: Ruling
    statement: str = field(repr=False)
    answer: str = field(repr=False)
    disclose: str = field(repr=False)
    effect_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeNote:
    """What somebody wrote for colleagues; empty once erased."""

    number: Number
    by: str
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint about a ruling.

    Attributes:
        number: Its number in the notice.
        side: Who complained.
        plea: What it is.
        ruling: About which ruling.
        text: What they say.
        upheld: What was decided; None while it waits.
        author: Who decided.
        rule: By which rule.
        reason: Why, in words.
    """

    number: Number
    side: Party
    plea: Plea
    ruling: Number
    text: str = field(repr=False)
    at: datetime
    upheld: bool | None = None
    author: str = ""
    rule: str = ""
    reason: str = field(default="", repr=False)
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A message to one of the sides, as it was written."""

    number: Number
    to: Party
    letter: Letter
    language: str
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody must be able to see this later: nothing of it is erased while one stands.

    Attributes:
        until: When it ends by itself; None where somebody has to lift it.
        lifted_at: When it was lifted, or ended.
    """

    number: Number
    rule: str
    author: str
    at: datetime
    until: datetime | None
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ErasureProposal:
    """Somebody proposed to destroy everything personal; another one has to confirm it."""

    rule: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dispute:
    """A body outside decides between the sides; what it says does not bind."""

    number: Number
    body: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Start:
    """Something happened, as event ``number``, from which clocks run: under one regime, or (None) under all."""

    trigger: Trigger
    number: Number
    at: datetime
    regime: RegimeId | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Something was done, as event ``number``, that one duty asked for, or (None) after which nothing is due.

    ``subject`` is the complaint that was decided, else 0.
    """

    duty: Duty | None
    number: Number
    at: datetime
    subject: Number = 0


@dataclass(frozen=True, slots=True)
class Running:
    """One clock of a notice.

    Attributes:
        key: Tells it from the notice's other clocks.
        deadline: What is due, when, under which regime and provision, and whether that was verified.
        started_at: When it began.
        met_at: When what was due was done; None while it runs.
    """

    key: str
    deadline: Deadline
    started_at: datetime
    met_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its events make it.

    Attributes:
        version: How many events it has; 0 before the first.
        evidence: Whether who sent it is a trusted flagger by evidence, not by claim.
        suspended: Whether who sent it was suspended then.
        lacks: What is missing, under which regime.
        valid: Since when it is valid, by regime.
        starts: From what its clocks run.
        done: What was done that clocks ask for.
        warned: Keys of clocks, with the hours before the end at which somebody was warned.
        breached: Keys of clocks that were missed.
        escalated_to: The highest role that was told; empty where none was.
        copies_open: Whether a search for copies was asked for and has not ended.
        plan: A decision that takes effect soon; None where there is none.
        notes: What was written for colleagues.
        young_at: When somebody said that it may show somebody under 18; nobody looks at it since.
        young_reported_at: When that was reported.
        worked_at: When something happened to it last, other than that it was preserved or no longer: what is kept how
            long is counted from here.
    """

    id: NoticeId
    version: int = 0
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    worked_at: datetime | None = None
    opening: Opening = Opening.REQUEST
    filer: Filer = Filer.ANYONE
    notifier: PartyId | None = None
    evidence: bool = False
    suspended: bool = False
    language: str = "en"
    uploader_language: str = "en"
    kind: frozenset[ContentKind] = frozenset()
    regimes: tuple[RegimeId, ...] = ()
    order: Order | None = None
    reference: str = field(default="", repr=False)
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False)
    given: frozenset[Field] = frozenset()
    lacks: tuple[Lack, ...] = ()
    valid: Mapping[RegimeId, datetime] = field(default_factory=dict)
    contents: tuple[NoticedContent, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    messages: tuple[Told, ...] = ()
    holds: tuple[Hold, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    starts: tuple[Start, ...] = ()
    done: tuple[Done, ...] = ()
    warned: frozenset[tuple[str, int]] = frozenset()
    breached: frozenset[str] = frozenset()
    escalated_to: str = ""
    assigned_to: str = ""
    copies_open: bool = False
    plan: Plan | None = None
    notes: tuple[NoticeNote, ...] = ()
    young_at: datetime | None = None
    young_reported_at: datetime | None = None
    withdrawn_at: datetime | None = None
    erasure: ErasureProposal | None = None
    erased_at: datetime | None = None

    @property
    def ruling(self) -> Ruling | None:
        """The newest decision, which takes the place of those before; None where there is none."""
        return self.rulings[-1] if self.rulings else None

    @property
    def ending(self) -> Ruling | None:
        """The restriction that ends by itself; what may show somebody under 18 stays out of sight all the same."""
        ruling = self.ruling
        ends = ruling is not None and ruling.stands and ruling.until is not None and self.young_at is None
        return ruling if ends else None

    @property
    def open_complaints(self) -> tuple[Complaint, ...]:
        """Complaints that wait."""
        return tuple(each for each in self.complaints if each.upheld is None)

    @property
    def state(self) -> NoticeState:
        """Where the work stands."""
        ruling = self.ruling
        if self.withdrawn_at is not None:
            return NoticeState.WITHDRAWN
        if self.open_complaints:
            return NoticeState.CONTESTED
        if ruling is not None:
            if ruling.measure.final:
                return NoticeState.DECIDED
            return NoticeState.PROVISIONAL if ruling.stands else NoticeState.OPEN
        if self.opening is Opening.REQUEST and not self.valid:
            return NoticeState.INCOMPLETE
        return NoticeState.OPEN

    @property
    def standing(self) -> tuple[Hold, ...]:
        """Holds that stand."""
        return tuple(each for each in self.holds if each.lifted_at is None)

    @property
    def held(self) -> bool:
        """Whether nothing may be erased."""
        return bool(self.standing)


@dataclass(frozen=True, slots=True)
class NoticeSummary:
    """What a list of notices shows; nothing personal, so nothing has to be decrypted for it.

    Attributes:
        queue_at: Its place in the queue: when the strictest clock ends, or for a trusted flagger when it came in.
        due_at: When the strictest clock that runs ends; None where none runs.
        due_for: What is then due (``remove``), ``due_under`` which regime, ``due_source`` where that stands.
        due_verified: Whether that was read where it stands.
        alarm_at: When somebody looks at its clocks next.
        look_by: When somebody must have looked at the latest: the first moment at which a clock counts as missed, or a
            hold ends. An alarm that is later, or missing where this is not, was lost.
        law: Version of the law that all this follows from.
        idle_at: Since when nothing is to be done; None while something is.
        planned_at: When a decision that was made takes effect; None where none waits.
    """

    id: NoticeId
    opened_at: datetime
    updated_at: datetime
    state: NoticeState
    opening: Opening
    filer: Filer
    evidence: bool
    suspended: bool
    assigned_to: str
    escalated_to: str
    contents: int
    seen: int
    breaches: int
    queue_at: datetime
    due_at: datetime | None
    due_for: str
    due_under: str
    due_source: str
    due_verified: bool
    due_set_by: SetBy | None
    alarm_at: datetime | None
    look_by: datetime | None
    law: str
    held: bool
    idle_at: datetime | None
    erased_at: datetime | None
    planned_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices to list; None and False mean "does not matter".

    Attributes:
        state: Only in this state.
        assigned_to: Only of this person; empty for those of nobody.
        waiting: Only with something to do.
        breached: Only where a clock was missed.
        opening: Only those that began so.
        undecided: Only where somebody has to decide, and no decision waits for its effect.
        held: Only what must be preserved.
    """

    state: NoticeState | None = None
    assigned_to: str | None = None
    waiting: bool = False
    breached: bool = False
    opening: Opening | None = None
    undecided: bool = False
    held: bool = False
