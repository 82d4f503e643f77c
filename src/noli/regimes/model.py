# SPDX-License-Identifier: Apache-2.0
"""A regime - one body of rules on intimate images without consent - as values.

Every value of a regime says since when it holds, in which provision it stands, where that was read, when and by whom,
and whether anything better than a second-hand account was read. What was not is *unverified*, and is shown so wherever
it is shown, until a named reviewer signs it off. Nothing in here is legal advice, and nothing in here names a country:
that is in the files under ``data``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, NewType, TypeVar
from zoneinfo import ZoneInfo

from noli.regimes.period import Calendar, Period

#: Id of a regime, such as the name of its file makes it: jurisdiction, hyphen, act.
RegimeId = NewType("RegimeId", str)

#: A text for people by language; English is always there.
Words = Mapping[str, str]

T = TypeVar("T")


class Trigger(StrEnum):
    """What starts a clock."""

    #: A request that holds all that the regime asks for.
    VALID_REQUEST = "valid-request"
    #: A request came in that lacks something.
    INCOMPLETE_REQUEST = "incomplete-request"
    #: A court or authority ordered something.
    ORDER = "order"
    #: An order was taken back.
    ORDER_REVOKED = "order-revoked"
    #: We found a copy ourselves, by its hash.
    OWN_DETECTION = "own-detection"
    #: Content is against our own terms; no law was invoked.
    POLICY = "policy"
    #: Somebody decided on a request or finding.
    DECISION = "decision"
    #: Content was removed, disabled or restricted.
    RESTRICTION = "restriction"
    #: Somebody was told of a decision that they may complain about.
    DECISION_TOLD = "decision-told"
    #: A complaint against a decision came in.
    COMPLAINT = "complaint"
    #: Somebody who looked thinks that it may show somebody under 18.
    POSSIBLE_MINOR = "possible-minor"
    #: Something suggests an offence that threatens somebody's life or safety.
    DANGER = "danger"


class Duty(StrEnum):
    """What has to be done when a clock ends; a person's own time to act is one, too."""

    ACKNOWLEDGE = "acknowledge"
    ASK_FOR_MISSING = "ask-for-missing"
    TRIAGE = "triage"
    REVIEW = "review"
    PROVISIONAL_DISABLE = "provisional-disable"
    REMOVE = "remove"
    REMOVE_COPIES = "remove-copies"
    RESTORE = "restore"
    TELL_NOTIFIER = "tell-notifier"
    TELL_UPLOADER = "tell-uploader"
    TELL_AUTHORITY = "tell-authority"
    REPORT_DECISION = "report-decision"
    RESOLVE = "resolve"
    DECIDE_COMPLAINT = "decide-complaint"
    REPORT_POSSIBLE_MINOR = "report-possible-minor"
    #: Not ours: until then a complaint may be made.
    COMPLAIN = "complain"
    #: Not ours: until then a body outside may be turned to.
    TURN_TO_BODY = "turn-to-body"


class Party(StrEnum):
    """Whose time runs, or who is told."""

    PLATFORM = "platform"
    NOTIFIER = "notifier"
    UPLOADER = "uploader"
    AUTHORITY = "authority"


class SetBy(StrEnum):
    """Where the number of a period comes from."""

    LAW = "law"
    #: An authority's public expectation, which is not in the law.
    AUTHORITY = "authority"
    #: The law has only words ("without undue delay") or is silent; the number is our working target.
    HOUSE = "house"


class Filer(StrEnum):
    """Who files a request."""

    SELF = "self"
    AGENT = "agent"
    HELPLINE = "helpline"
    TRUSTED_FLAGGER = "trusted-flagger"
    ANYONE = "anyone"


class Field(StrEnum):
    """The nine fields of a notice that serves every regime."""

    #: Where the content is: an exact address, or what is needed to find it.
    LOCATION = "location"
    #: That it is intimate, and that the person shown did not agree.
    STATEMENT = "statement"
    #: Why it is against the law.
    REASONS = "reasons"
    #: Whether the filer is the person shown or acts for them.
    CAPACITY = "capacity"
    NAME = "name"
    CONTACT = "contact"
    #: Said in good faith.
    GOOD_FAITH = "good-faith"
    #: Accurate and complete, to the best of the filer's knowledge.
    ACCURACY = "accuracy"
    #: A typed name or code is one.
    SIGNATURE = "signature"


class Need(StrEnum):
    """How much a regime needs a field."""

    #: Without it the request is not valid.
    REQUIRED = "required"
    #: Asked for; the request counts without it.
    ASKED = "asked"


class Copies(StrEnum):
    """Which copies the duty to remove reaches."""

    NONE = "none"
    IDENTICAL = "identical"
    SUBSTANTIALLY_SAME = "substantially-same"
    EQUIVALENT = "equivalent"


class Measure(StrEnum):
    """What a regime lets or makes a platform do."""

    REMOVE = "remove"
    DISABLE = "disable"
    #: Taken out of sight at once and reversible, until somebody has decided.
    PROVISIONAL_DISABLE = "provisional-disable"
    GEO_RESTRICT = "geo-restrict"
    SUSPEND_ACCOUNT = "suspend-account"
    SUSPEND_NOTICES = "suspend-notices"
    DELIST = "delist"


class Content(StrEnum):
    """What a request is about."""

    AUTHENTIC = "authentic"
    #: Made or altered by a computer.
    SYNTHETIC = "synthetic"


class Service(StrEnum):
    """What kind of service is obliged; each of the first three is also what stands before it."""

    INTERMEDIARY = "intermediary"
    HOSTING = "hosting"
    #: Shows to the public what its users provide.
    PLATFORM = "platform"
    SEARCH = "search"


class Disclosure(StrEnum):
    """When an uploader may learn who notified. The depicted person's identity is never told."""

    NEVER = "never"
    STRICTLY_NECESSARY = "strictly-necessary"


class Basis(StrEnum):
    """What was read for a value."""

    #: The law's own text, in its place or word for word elsewhere.
    LAW = "law"
    #: An authority's page or a parliament's paper.
    OFFICIAL = "official"
    #: A law firm, a newspaper, a comment.
    SECONDARY = "secondary"
    #: Nothing; known from elsewhere.
    NOTHING = "nothing"
    #: Nothing to read: a rule of our own.
    HOUSE = "house"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value stands, and who looked.

    Attributes:
        title: The act, judgment or page.
        url: Where it is.
        provision: Article, section, paragraph.
        checked: When it was last looked at.
        by: Who looked.
        basis: What was read.
        reviewed_by: The lawyer or other named reviewer who signed the value off, or empty.
        reviewed_on: When.
    """

    title: str
    url: str
    provision: str
    checked: date
    by: str
    basis: Basis
    reviewed_by: str = ""
    reviewed_on: date | None = None

    @property
    def verified(self) -> bool:
        """Whether the value was read where it stands, or a named reviewer signed it off."""
        return bool(self.reviewed_by) or self.basis in {Basis.LAW, Basis.OFFICIAL, Basis.HOUSE}

    def __str__(self) -> str:
        """Write the source as one cites it."""
        return f"{self.title}, {self.provision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Generic[T]):
    """One value, since when it holds, and its source.

    Attributes:
        what: The value.
        in_force: First day on which it holds; None where that day is not known or not set yet.
        until: First day on which it no longer holds, where nothing took its place.
        awaits: What is awaited where ``in_force`` is None.
        source: Where it stands.
        note: What a reader should know besides.
    """

    what: T
    in_force: date | None
    source: Source
    until: date | None = None
    awaits: str = ""
    note: str = ""

    def holds(self, on: date) -> bool:
        """Tell whether the value holds on a day, later values aside."""
        return self.in_force is not None and self.in_force <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A fact of law through time: values are added, never edited."""

    values: tuple[Value[T], ...]

    def on(self, day: date) -> Value[T] | None:
        """Return the newest value that holds on a day; None where there is none."""
        holding = [each for each in self.values if each.holds(day)]
        return max(holding, key=lambda each: each.in_force or date.min, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a clock runs.

    Attributes:
        period: None where an order itself says until when.
        set_by: Where the number comes from.
        words: What the law says, in its words or shortened.
        calendar: Which days are business days, where the period counts them.
        whole_days: Whether it lasts to the end of its last day.
    """

    period: Period | None
    set_by: SetBy
    words: str
    calendar: Calendar | None = None
    whole_days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """A clock of a regime: what starts it, what ends it, whose it is, and for whose requests it runs."""

    duty: Duty
    trigger: Trigger
    party: Party
    terms: Dated[Term]
    filers: frozenset[Filer] = frozenset(Filer)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How much a regime needs a field; for whom it differs by who files, ``filers`` says whom it concerns."""

    field: Field
    need: Dated[Need]
    filers: frozenset[Filer] = frozenset(Filer)


@dataclass(frozen=True, slots=True)
class AppealRule:
    """Whether a statute gives one side a complaint; Noli gives it where none does."""

    side: Party
    granted: Dated[bool]


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """Who must be told of what, and what the message has to hold."""

    to: Party
    trigger: Trigger
    contents: Dated[frozenset[str]]


#: Name of the obligation to erase personal data when somebody asks for it.
ERASE_ON_REQUEST = "erase-on-request"


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty without a clock, or what the law criminalises, in words for people."""

    name: str
    texts: Dated[Words]


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A country or union: its code, what it is called, where its days are counted, which others belong to it."""

    code: str
    names: Words
    zone: ZoneInfo
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """One body of rules. What a regime says nothing about is an empty tuple or a fact that holds on no day."""

    id: RegimeId
    names: Words
    jurisdiction: Jurisdiction
    #: True from the first day on which it binds a platform.
    in_force: Dated[bool]
    content: Dated[frozenset[Content]]
    services: Dated[frozenset[Service]]
    #: True where micro and small enterprises need not follow it.
    small_exempt: Dated[bool]
    filers: Dated[frozenset[Filer]]
    copies: Dated[Copies]
    measures: Dated[frozenset[Measure]]
    disclosure: Dated[Disclosure]
    fields: tuple[FieldRule, ...]
    clocks: tuple[ClockRule, ...]
    appeals: tuple[AppealRule, ...]
    notifications: tuple[NotificationRule, ...]
    obligations: tuple[Obligation, ...]

    def day(self, at: datetime) -> date:
        """Return the day that an aware time falls on where the regime counts its days."""
        return at.astimezone(self.jurisdiction.zone).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When one thing is due under one regime.

    Attributes:
        regime: Whose clock it is.
        duty: What is due.
        trigger: What started it.
        party: Who has to act, or may.
        due_at: When, in UTC.
        period: As the law writes it (``PT48H``), or empty where an order set the time.
        set_by: Where the number comes from.
        words: What the law says.
        source: Where.
    """

    regime: RegimeId
    duty: Duty
    trigger: Trigger
    party: Party
    due_at: datetime
    period: str
    set_by: SetBy
    words: str
    source: Source

    @property
    def verified(self) -> bool:
        """Whether the law's text was read for this; shown wherever the deadline is."""
        return self.source.verified


@dataclass(frozen=True, slots=True)
class Missing:
    """What a request lacks under a regime, with a sentence that asks for it in plain words.

    Attributes:
        regime: Which regime asks.
        field: What is missing.
        need: Whether the request is valid without it.
        ask: The sentence by language.
        source: Where the regime asks for it.
    """

    regime: RegimeId
    field: Field
    need: Need
    ask: Words
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What decides whether a regime applies.

    Attributes:
        jurisdictions: Codes of where the service is offered; a member of a union brings the union's regimes with it.
        services: What the service is.
        small: Whether it is a micro or small enterprise.
        content: What the request is about; empty where that is not known, which excludes nothing.
    """

    jurisdictions: frozenset[str]
    services: frozenset[Service] = field(default_factory=lambda: frozenset({Service.PLATFORM}))
    small: bool = False
    content: frozenset[Content] = frozenset()


@dataclass(frozen=True, slots=True)
class Law:
    """Everything that the files hold: regimes by id, and how each field is asked for."""

    regimes: Mapping[RegimeId, Regime]
    #: By code, also those that have no regime of their own.
    jurisdictions: Mapping[str, Jurisdiction]
    #: Codes of all countries there are, whether their law is known or not.
    countries: frozenset[str]
    questions: Mapping[Field, Words]
    #: How a filer is told that a regime has no place for them.
    not_yours: Words
    #: Changes whenever anything in the files does.
    version: str = ""
