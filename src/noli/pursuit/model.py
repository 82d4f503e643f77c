# SPDX-License-Identifier: Apache-2.0
"""A pursuit - what is done about the links of a case at one site - as values.

A pursuit is a fold over its events (``events.py``, ``rules.py``). Where a copy is, who was asked and what they answered
says much about a person: all of it is kept out of ``repr`` and of every log, and is empty once the case was erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from noli.casework.model import CaseId, LinkId
from noli.regimes.model import Content, Field, Filer, RegimeId, SetBy, Source

#: Pseudonymous id of a pursuit, like a case's.
PursuitId = NewType("PursuitId", str)


class Rung(StrEnum):
    """Who can do something about a link, in the order in which they are asked."""

    #: Who runs the site.
    SITE = "site"
    #: Whose machines it is on.
    HOST = "host"
    #: Whose network delivers it, and hides the host.
    CDN = "cdn"
    #: Who registered its name.
    REGISTRAR = "registrar"
    #: Who lets people find it.
    SEARCH = "search"
    #: Who lets it earn money.
    PAYMENT = "payment"


#: The rungs from the bottom up.
LADDER = tuple(Rung)


class ChannelKind(StrEnum):
    """How an addressee takes requests."""

    MAIL = "mail"
    #: A page of theirs: the text is copied there by hand.
    FORM = "form"


class FoundBy(StrEnum):
    """How we know who is responsible."""

    BOOK = "book"
    RDAP = "rdap"
    #: The usual address of a domain that takes mail (RFC 2142); nobody said that it is read.
    CONVENTION = "convention"
    STAFF = "staff"


class RequestState(StrEnum):
    """Where a request stands."""

    DRAFTED = "drafted"
    #: On its way by mail.
    QUEUED = "queued"
    #: The mail could not be delivered; another address is needed.
    UNDELIVERED = "undelivered"
    #: It was sent, and its clock runs.
    SENT = "sent"
    #: Somebody has answered; staff must read it. The clock runs on.
    ANSWERED = "answered"
    #: Its clock ran out.
    LAPSED = "lapsed"
    #: What became of it is on record.
    SETTLED = "settled"
    #: It was never sent.
    DROPPED = "dropped"


class Outcome(StrEnum):
    """What became of a request."""

    REMOVED = "removed"
    REFUSED = "refused"
    #: They say that somebody else is responsible.
    PASSED_ON = "passed-on"


class PursuitState(StrEnum):
    """Where a pursuit stands."""

    #: Nothing was sent.
    OPEN = "open"
    #: A clock runs.
    RUNNING = "running"
    #: Staff have to do something: read an answer, send a draft, find another address.
    WAITING = "waiting"
    #: The copies are gone.
    DONE = "done"


class ReplyKind(StrEnum):
    """What kind of mail came back."""

    ANSWER = "answer"
    #: A machine confirmed that it came in, or is away; it stops no clock and nobody has to read it.
    AUTOMATIC = "automatic"
    #: It could not be delivered.
    BOUNCE = "bounce"


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach an addressee.

    Attributes:
        kind: Mail or form.
        address: Mail address, or address of the form.
        languages: Languages that are read there, preferred first.
        note: What to know besides.
    """

    kind: ChannelKind
    address: str
    languages: tuple[str, ...] = ("en",)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One entry of the addressee book.

    Attributes:
        id: Short name.
        name: What it is called.
        rungs: What it can be asked as.
        channels: How it takes requests, preferred first.
        jurisdictions: Where it is bound by law: codes of countries and unions.
        domains: Names of its own sites.
        dns: Ends of names that stand in the DNS of whoever uses it: aliases and name servers.
        asns: Numbers of its networks.
        registrars: Its IANA numbers as a registrar.
        source: Where that was read, when and by whom.
    """

    id: str
    name: str
    rungs: frozenset[Rung]
    channels: tuple[Channel, ...]
    jurisdictions: frozenset[str]
    domains: tuple[str, ...]
    dns: tuple[str, ...]
    asns: frozenset[int]
    registrars: frozenset[str]
    source: Source


#: The addressee book, by id.
Book = Mapping[str, Addressee]


@dataclass(frozen=True, slots=True)
class Names:
    """What the DNS says of a host.

    Attributes:
        host: The name that was asked for.
        zone: The domain that it is in.
        aliases: Names that it stands for, in order.
        addresses: IP addresses.
        nameservers: Of the zone.
        mail: Where the zone takes mail.
    """

    host: str = field(repr=False)
    zone: str = field(repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)
    addresses: tuple[str, ...] = field(default=(), repr=False)
    nameservers: tuple[str, ...] = field(default=(), repr=False)
    mail: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a registry says of a domain: its registrar, and whom that lets complaints go to."""

    domain: str = field(repr=False)
    registrar: str = ""
    registrar_id: str = ""
    abuse: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """What a registry says of an IP address: whose it is, and of the network that announces it.

    Attributes:
        address: The IP address.
        name: Of who holds it.
        country: Two letters, where the registry tells.
        abuse: Where that takes complaints.
        asn: Number of the network that announces it; None where that is not known.
        announced_by: Name of who runs that network.
        upstream_abuse: Where that takes complaints.
    """

    address: str = field(repr=False)
    name: str = ""
    country: str = ""
    abuse: tuple[str, ...] = ()
    asn: int | None = None
    announced_by: str = ""
    upstream_abuse: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Traces:
    """All that a look-up found; ``problems`` are sentences on what could not be learned."""

    names: Names
    registration: Registration | None = None
    networks: tuple[Network, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """Somebody who can do something about the links of a pursuit.

    Attributes:
        rung: As what.
        name: What they are called.
        channels: How to reach them, preferred first; empty where nothing is known.
        addressee: Their entry in the book, or empty.
        found_by: How we know.
        why: What was seen, for staff: a sentence in English with places for ``seen``, to be translated before they
            are filled.
        seen: What stands in those places.
        jurisdictions: Where they are bound by law, as far as known.
        verified: Whether their way was read on a page of theirs, or in a registry.
    """

    rung: Rung
    name: str = field(repr=False)
    channels: tuple[Channel, ...] = field(default=(), repr=False)
    addressee: str = field(default="", repr=False)
    found_by: FoundBy
    why: str = field(default="", repr=False)
    seen: Mapping[str, str] = field(default_factory=dict, repr=False)
    jurisdictions: frozenset[str] = frozenset()
    verified: bool = False

    @property
    def key(self) -> tuple[Rung, str]:
        """What tells it apart within a pursuit."""
        return self.rung, self.addressee or self.name.casefold()

    @property
    def found_how(self) -> str:
        """What was seen, in English."""
        return self.why.format(**self.seen) if self.seen else self.why


@dataclass(frozen=True, slots=True)
class Copy:
    """A link of the case that the pursuit is about."""

    link: LinkId
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DueBy:
    """Until when an addressee has time, as it was told.

    Attributes:
        at: When.
        regime: Whose clock it is.
        set_by: Who set the number.
        words: What the law says.
        source: Where.
        verified: Whether that was read there.
    """

    at: datetime
    regime: RegimeId
    set_by: SetBy
    words: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of ours in a request's thread.

    Attributes:
        message_id: Its own, in angle brackets.
        text: What it says.
        queued_at: When somebody let it go.
        sent_at: When the mail server took it.
        failed: Why it could not be sent, or empty.
    """

    message_id: str = field(repr=False)
    text: str = field(repr=False)
    queued_at: datetime
    sent_at: datetime | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One mail that came back; what was attached stayed in the mailbox.

    Attributes:
        kind: Answer, automatic, bounce.
        sender: What it says it is from; anybody can write that.
        expected: Whether that is the domain that we wrote to.
        subject: Its subject.
        text: Its text, without any markup.
        message_id: Its own.
        attachments: How many were left alone.
        cut: Whether the text was longer.
        at: When it was taken in.
    """

    kind: ReplyKind
    sender: str = field(repr=False)
    expected: bool
    subject: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str = field(repr=False)
    attachments: int
    cut: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to one addressee.

    Attributes:
        number: 1 for the first of its pursuit.
        to: Whom.
        channel: How.
        regimes: On which laws it rests.
        filer: As whom we write.
        language: In which language.
        subject: Of the mail or form.
        text: What it says.
        reference: What ties answers to it; it stands in the subject.
        lacks: What a law asks for that it does not hold; it cannot be sent before.
        declared: Declarations that staff stood in for.
        fields: What was said for a field in place of the template.
        drafted_at: When.
        sent_at: When it was sent.
        due: Until when they have time.
        lapsed_at: When that was over, where nothing had happened.
        outcome: What became of it.
        settled_at: When that was put on record.
        dropped: Whether it was thrown away unsent.
        mails: Ours, in order.
        replies: Theirs, in order.
        unread: Whether an answer waits for staff.
    """

    number: int
    to: Responsible
    channel: Channel = field(repr=False)
    regimes: tuple[RegimeId, ...]
    filer: Filer
    language: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    reference: str = field(repr=False)
    lacks: tuple[Field, ...]
    declared: tuple[Field, ...] = ()
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False)
    drafted_at: datetime
    sent_at: datetime | None = None
    due: DueBy | None = None
    lapsed_at: datetime | None = None
    outcome: Outcome | None = None
    settled_at: datetime | None = None
    dropped: bool = False
    mails: tuple[Mail, ...] = ()
    replies: tuple[Reply, ...] = ()
    unread: bool = False

    @property
    def state(self) -> RequestState:
        """Where it stands."""
        if self.dropped:
            return RequestState.DROPPED
        if self.outcome is not None:
            return RequestState.SETTLED
        if self.sent_at is None:
            if not self.mails:
                return RequestState.DRAFTED
            return RequestState.UNDELIVERED if self.mails[-1].failed else RequestState.QUEUED
        if self.unread:
            return RequestState.ANSWERED
        if any(reply.kind is ReplyKind.BOUNCE for reply in self.replies):
            return RequestState.UNDELIVERED
        return RequestState.SENT if self.lapsed_at is None else RequestState.LAPSED

    @property
    def thread(self) -> tuple[str, ...]:
        """Message ids of the whole exchange, oldest first."""
        ours = [(mail.queued_at, mail.message_id) for mail in self.mails]
        theirs = [(reply.at, reply.message_id) for reply in self.replies if reply.message_id]
        return tuple(id_ for _, id_ in sorted(ours + theirs))


# Of a pursuit that was not opened.
_NO_CASE = CaseId("")


@dataclass(frozen=True, slots=True)
class Pursuit:
    """One pursuit as its events make it.

    Attributes:
        id: Pseudonymous id.
        version: How many events it has.
        case: Whose.
        site: Host name of the links.
        copies: The links.
        content: What they show; empty where that is not known.
        parties: Who can do something, from the bottom up.
        problems: What the last look-up could not learn.
        requests: What was asked of whom.
        proposed: The rung that staff should try next, after a clock ran out or somebody refused; None where nothing is
            left to propose, or nothing has to be.
    """

    id: PursuitId
    version: int = 0
    case: CaseId = _NO_CASE
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    site: str = field(default="", repr=False)
    copies: tuple[Copy, ...] = ()
    content: frozenset[Content] = frozenset()
    looked_up_at: datetime | None = None
    parties: tuple[Responsible, ...] = ()
    problems: tuple[str, ...] = field(default=(), repr=False)
    requests: tuple[Request, ...] = ()
    proposed: Rung | None = None

    @property
    def state(self) -> PursuitState:
        """Where it stands."""
        states = {request.state for request in self.requests}
        if any(request.outcome is Outcome.REMOVED for request in self.requests):
            return PursuitState.DONE
        if self.proposed is not None or states & _FOR_STAFF:
            return PursuitState.WAITING
        return PursuitState.RUNNING if states & {RequestState.SENT, RequestState.QUEUED} else PursuitState.OPEN

    @property
    def running(self) -> tuple[Request, ...]:
        """Requests whose clocks run, first due first."""
        found = [each for each in self.requests if each.due and each.state in _RUNNING and each.lapsed_at is None]
        return tuple(sorted(found, key=lambda each: each.due.at if each.due else each.drafted_at))


_FOR_STAFF = {RequestState.DRAFTED, RequestState.UNDELIVERED, RequestState.ANSWERED}
_RUNNING = {RequestState.SENT, RequestState.ANSWERED, RequestState.UNDELIVERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PursuitSummary:
    """What a list shows of a pursuit; nothing personal.

    Attributes:
        rung: The highest that was asked.
        due_at: When the next clock runs out.
        lapsed: How many clocks ran out.
    """

    id: PursuitId
    case: CaseId
    opened_at: datetime
    updated_at: datetime
    state: PursuitState
    rung: Rung | None
    copies: int
    requests: int
    due_at: datetime | None
    lapsed: int


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the organisation as letters name it.

    Attributes:
        organisation: Its name; stands for the field ``name`` and signs.
        contact: Mail address for answers.
        filer: As whom it writes under the laws: helpline, trusted flagger, agent.
    """

    organisation: str
    contact: str
    filer: Filer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What staff decide about a request before it is drafted.

    Attributes:
        regimes: Laws to invoke; empty for the one that fits best.
        channel: Address of the channel; empty for the preferred one.
        language: Empty for one that is read there.
        filer: None for what the organisation is.
        declared: Declarations that staff stand in for: statement, good faith, accuracy.
        fields: What is said for a field in place of the template.
        person: Name of the depicted person; refused where no law needs it.
    """

    regimes: tuple[RegimeId, ...] = ()
    channel: str = ""
    language: str = ""
    filer: Filer | None = None
    declared: frozenset[Field] = frozenset()
    fields: Mapping[Field, str] = field(default_factory=dict, repr=False)
    person: str = field(default="", repr=False)
