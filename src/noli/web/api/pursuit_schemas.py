# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire about pursuits: who is responsible, requests, answers, clocks."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from noli.pursuit.model import ChannelKind, FoundBy, Outcome, PursuitState, ReplyKind, RequestState, Rung
from noli.pursuit.service import MAX_NAME, MAX_TEXT
from noli.regimes.model import Content, Field, Filer
from noli.web.api.schemas import NO_NUL, After, Limit

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Short = Annotated[str, Meta(max_length=MAX_NAME, pattern=NO_NUL)]
Long = Annotated[str, Meta(max_length=MAX_TEXT, pattern=NO_NUL)]


class PursuitQuery(Struct):
    """Query of the list of pursuits."""

    state: PursuitState | None = None
    after: After = ""
    limit: Limit = 100


class OpenIn(Struct, forbid_unknown_fields=True):
    """Begin to pursue links of a case."""

    #: Ids of links; all where none are named.
    links: list[Id] = field(default_factory=list)
    #: What the copies show.
    content: list[Content] = field(default_factory=list)


class PartyIn(Struct, forbid_unknown_fields=True):
    """Name somebody who is responsible: an entry of the addressee book, or a name and an address."""

    rung: Rung
    addressee: Short = ""
    name: Short = ""
    #: Mail address, or `https://…` of a form.
    address: Short = ""


class RequestIn(Struct, forbid_unknown_fields=True):
    """Draft a request."""

    rung: Rung
    #: Name of who is asked, or their id in the book; the first that can be reached where it is empty.
    name: Short = ""
    #: Laws to invoke; the one that fits best where none are named.
    regimes: list[Id] = field(default_factory=list)
    #: Address of the channel; the preferred one where it is empty.
    channel: Short = ""
    #: `en` or `de`; one that is read there where it is empty.
    language: Short = ""
    #: As whom it is written; as the organisation where it is null.
    filer: Filer | None = None
    #: Declarations that you stand in for: `statement`, `good-faith`, `accuracy`.
    declared: list[Field] = field(default_factory=list)
    #: What is said for a field in place of the template.
    fields: dict[Field, Long] = field(default_factory=dict)
    #: Name of the person shown; refused where no law needs it.
    person: Short = ""


class SendIn(Struct, forbid_unknown_fields=True):
    """Send a request by mail, or note that you sent it."""

    #: In place of the draft, or what to add to a request that was sent.
    text: Long = ""
    #: It was sent otherwise: nothing is mailed, and the clock starts.
    by_hand: bool = False


class OutcomeIn(Struct, forbid_unknown_fields=True):
    """Say what became of a request."""

    outcome: Outcome


class ChannelOut(Struct):
    """One way to reach somebody."""

    kind: ChannelKind
    address: str
    languages: list[str]
    note: str


class ResponsibleOut(Struct):
    """Somebody who can do something about the links."""

    rung: Rung
    name: str
    addressee: str
    found_by: FoundBy
    #: Whether the channels were read in a registry or on a page of theirs.
    verified: bool
    why: str
    channels: list[ChannelOut]
    #: Laws under which they can be asked, the one that fits best first.
    regimes: list[str]


class LackOut(Struct):
    """What a request lacks, with a sentence that asks for it."""

    field: Field
    ask: dict[str, str]


class DueOut(Struct):
    """Until when somebody has time."""

    at: datetime
    regime: str
    set_by: str
    words: str
    source: str
    #: Whether the law's text was read for it.
    verified: bool


class ReplyOut(Struct):
    """Mail that came back. Its text is a stranger's: show it as text."""

    kind: ReplyKind
    sender: str
    #: Whether it says that it is from where the request went.
    expected: bool
    subject: str
    text: str
    cut: bool
    #: Parts that were left in the mailbox.
    attachments: int
    at: datetime


class MailOut(Struct):
    """Mail of ours in the thread of a request."""

    text: str
    queued_at: datetime
    sent_at: datetime | None
    failed: str


class RequestOut(Struct):
    """One request to one addressee."""

    number: int
    rung: Rung
    name: str
    channel: ChannelOut
    state: RequestState
    regimes: list[str]
    filer: Filer
    language: str
    subject: str
    text: str
    reference: str
    lacks: list[LackOut]
    drafted_at: datetime
    sent_at: datetime | None
    due: DueOut | None
    lapsed_at: datetime | None
    outcome: Outcome | None
    settled_at: datetime | None
    mails: list[MailOut]
    replies: list[ReplyOut]


class PursuitOut(Struct):
    """What a list shows of a pursuit; nothing personal."""

    pursuit: str
    case: str
    state: PursuitState
    rung: Rung | None
    copies: int
    requests: int
    due_at: datetime | None
    lapsed: int
    opened_at: datetime
    updated_at: datetime


class CopyOut(Struct):
    """A link that is pursued."""

    link: str
    url: str


class FullPursuit(Struct):
    """A pursuit with everything in it."""

    pursuit: str
    case: str
    state: PursuitState
    site: str
    copies: list[CopyOut]
    content: list[Content]
    looked_up_at: datetime | None
    #: What the last look-up could not learn.
    problems: list[str]
    parties: list[ResponsibleOut]
    requests: list[RequestOut]
    #: The rung to try next, after a clock ran out or somebody refused.
    proposed: Rung | None


class PursuitPage(Struct):
    """Pursuits, the next deadline first."""

    pursuits: list[PursuitOut]
    #: `after` of the next page; null on the last.
    next: str | None


class PursuitList(Struct):
    """Pursuits of a case."""

    pursuits: list[FullPursuit]


class AddresseeOut(Struct):
    """One entry of the addressee book."""

    addressee: str
    name: str
    rungs: list[Rung]
    channels: list[ChannelOut]
    jurisdictions: list[str]
    source: str
    checked: str
    verified: bool


class BookOut(Struct):
    """The addressee book."""

    addressees: list[AddresseeOut]
