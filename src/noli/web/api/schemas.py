# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire: request and response bodies, and the query parameters of lists.

These structs are read by the decoder, written by the encoder and described in the OpenAPI document;
nothing else says what a body looks like. Unknown fields are refused, so that a misspelt one is noticed.
Lengths are bounded here; whether a value is a hash is for ``noli.hashing`` to say.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from noli.bank.model import (
    DEFAULT_THRESHOLD_BITS,
    DEFAULT_VIDEO_SECONDS,
    DEFAULT_VIDEO_SHARE,
    MAX_THRESHOLD_BITS,
    Action,
    EntryState,
    OpinionKind,
    RegionUse,
)
from noli.bank.service import MAX_VIDEO_SECONDS
from noli.base.names import NAME_PATTERN
from noli.hashing.model import MAX_QUALITY, MAX_TIME_MS, Outcome, SignalType, Variant
from noli.matching.model import Closeness, MatchType, Verdict

#: Hashes that one call may bring. Source: design, "up to 10,000 hashes a call".
MAX_HASHES = 10_000

#: Characters of a platform's own reference to an upload.
MAX_REF = 256

# PostgreSQL keeps no NUL character in a text.
NO_NUL = r"^[^\x00]*$"

# The pattern and the list of types are documented here and checked by noli.hashing, whose errors say more.
Hex = Annotated[str, Meta(description="64 hexadecimal digits.", extra_json_schema={"pattern": "^[0-9a-fA-F]{64}$"})]
TypeName = Annotated[
    str, Meta(description="Signal type.", extra_json_schema={"enum": [str(each) for each in SignalType]})
]
Quality = Annotated[int, Meta(ge=0, le=MAX_QUALITY, description="PDQ quality; leave out where it is not known.")]
Ref = Annotated[
    str, Meta(max_length=MAX_REF, pattern=NO_NUL, description="Your own reference to the upload; kept with a match.")
]
BankName = Annotated[
    str, Meta(pattern=rf"^{NAME_PATTERN}$(?!\n)", description="Unique, never changes, stands in paths.")
]
Threshold = Annotated[int, Meta(ge=0, le=MAX_THRESHOLD_BITS, description="Largest distance that matches, in bits.")]
VideoSeconds = Annotated[
    float,
    Meta(ge=0, le=MAX_VIDEO_SECONDS, description="Seconds of a banked video that an upload must show for the action."),
]
VideoShare = Annotated[
    float, Meta(gt=0, le=1, description="Share of a banked video that is enough even where it is shorter.")
]
At = Annotated[
    int,
    Meta(ge=0, le=MAX_TIME_MS, description="Milliseconds from the start of the video, for hashes of type `vpdq`."),
]
Note = Annotated[str, Meta(max_length=2000, pattern=NO_NUL)]
Short = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]
EntryText = Annotated[str, Meta(description="13 base-32 digits.")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="Most items to return.")]
After = Annotated[str, Meta(max_length=200, pattern=NO_NUL, description="The `next` of the page before.")]


class HashIn(Struct, forbid_unknown_fields=True):
    """A hash to look for or to register."""

    value: Hex
    type: TypeName = "pdq"
    quality: Quality | None = None
    at_ms: At | None = None


class CheckIn(Struct, forbid_unknown_fields=True):
    """One upload, as the hashes of its frames."""

    hashes: Annotated[list[HashIn], Meta(min_length=1, max_length=MAX_HASHES)]
    content_ref: Ref = ""


class BatchHash(HashIn, forbid_unknown_fields=True):
    """One upload of a batch, as one hash."""

    content_ref: Ref = ""


class BatchIn(Struct, forbid_unknown_fields=True):
    """Many uploads, one hash each."""

    hashes: Annotated[list[BatchHash], Meta(min_length=1, max_length=MAX_HASHES)]


class SegmentOut(Struct):
    """What an upload shows of a banked video, in seconds; where it shows several parts, the place of the longest."""

    start: float
    end: float
    banked_start: float
    banked_end: float
    #: Seconds of the banked video that pass in one of the upload.
    speed: float
    #: How much of the banked video is shown, all parts together, and which share of it.
    seconds: float
    share: float


class MatchOut(Struct, omit_defaults=True):
    """One banked entry that the upload matches."""

    bank: str
    entry: str
    #: `pdq`: the whole picture, by its hash; `region`: parts of it, which lie as they lay in the entry's picture;
    #: `second_look`: the picture as it may have been before it was cut, turned or framed.
    type: MatchType
    closeness: Closeness
    verdict: Verdict
    reason: str
    #: In bits, for type `pdq`; only for keys with the scope `distances`.
    distance: int | None = None
    #: Where in the video the frame is that is nearest; only for videos.
    at_ms: int | None = None
    #: Only where both are videos.
    segment: SegmentOut | None = None


class HashOut(Struct, omit_defaults=True, kw_only=True):
    """A hash that was looked for."""

    type: SignalType
    value: str
    quality: int | None
    #: Where in its video it is shown; only for `vpdq`.
    at_ms: int | None = None


class CheckOut(Struct):
    """What became of one upload. Only checks that matched can be read back by their id."""

    check_id: str
    decision: Verdict
    outcome: Outcome
    reason: str
    matches: list[MatchOut]
    hashes: list[HashOut]
    #: More entries match than are listed.
    capped: bool


class BatchOut(Struct):
    """Results in the order of the hashes."""

    results: list[CheckOut]


class RecordedCheck(CheckOut):
    """A check that matched, as it was recorded."""

    content_ref: str
    key: str
    checked_at: datetime


class CheckPage(Struct):
    """Recorded checks, newest first."""

    checks: list[RecordedCheck]
    #: `after` of the next page; null on the last.
    next: str | None


class BankIn(Struct, forbid_unknown_fields=True):
    """A bank to create."""

    name: BankName
    action: Action = Action.REVIEW
    threshold: Threshold = DEFAULT_THRESHOLD_BITS
    negative: bool = False
    enabled: bool = True
    note: Note = ""
    video_seconds: VideoSeconds = DEFAULT_VIDEO_SECONDS
    video_share: VideoShare = DEFAULT_VIDEO_SHARE
    #: What a match by regions alone may ask for; `off` keeps none and forgets those there are.
    regions: RegionUse = RegionUse.REVIEW


class BankChange(Struct, forbid_unknown_fields=True):
    """What to change of a bank's policy; what is left out stays."""

    action: Action | None = None
    threshold: Threshold | None = None
    negative: bool | None = None
    enabled: bool | None = None
    note: Note | None = None
    video_seconds: VideoSeconds | None = None
    video_share: VideoShare | None = None
    regions: RegionUse | None = None


class BankOut(Struct):
    """A bank with its policy and its count of active entries."""

    name: str
    action: Action
    threshold: int
    negative: bool
    enabled: bool
    note: str
    video_seconds: float
    video_share: float
    regions: RegionUse
    entries: int
    created_at: datetime


class BankPage(Struct):
    """Banks by name."""

    banks: list[BankOut]
    #: `after` of the next page; null on the last.
    next: str | None


class ProvenanceIn(Struct, forbid_unknown_fields=True):
    """Where an entry came from."""

    source: Short = ""
    reference: Short = ""


class EntryIn(Struct, forbid_unknown_fields=True):
    """One picture to protect, as all hashes that stand for it."""

    hashes: Annotated[list[HashIn], Meta(min_length=1, max_length=MAX_HASHES)]
    note: Note = ""
    labels: Annotated[list[Short], Meta(max_length=32)] = []
    provenance: ProvenanceIn | None = None


class ProvenanceOut(Struct):
    """Who added an entry, and from where."""

    added_by: str
    source: str
    reference: str


class EntryHash(HashOut, omit_defaults=True, kw_only=True):
    """A hash of an entry, with the form of the picture it stands for."""

    variant: Variant


class EntryOut(Struct):
    """One protected picture in a bank."""

    entry: str
    bank: str
    state: EntryState
    disputed: bool
    note: str
    labels: list[str]
    provenance: ProvenanceOut
    hashes: list[EntryHash]
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str


class EntryPage(Struct):
    """Entries by id, withdrawn ones included."""

    entries: list[EntryOut]
    #: `after` of the next page; null on the last.
    next: str | None


class OpinionIn(Struct, forbid_unknown_fields=True):
    """What the caller thinks of an entry."""

    kind: OpinionKind
    note: Note = ""


class OpinionOut(Struct):
    """What one party thinks of an entry."""

    entry: str
    author: str
    kind: OpinionKind
    note: str
    created_at: datetime


class OpinionList(Struct):
    """Opinions on an entry, oldest first."""

    opinions: list[OpinionOut]


class FileForm(Struct):
    """A picture file to check."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]
    content_ref: Ref = ""


class EntryForm(Struct):
    """A picture file to protect."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]
    note: Note = ""
    source: Short = ""
    reference: Short = ""


class PageQuery(Struct):
    """Query of a list."""

    after: After = ""
    limit: Limit = 100


class RefQuery(Struct):
    """Query of a check whose body is the file itself."""

    content_ref: Ref = ""


class Ready(Struct):
    """Whether this process can answer."""

    ready: bool
    #: Last change of the installation that is in the index.
    sequence: int
    #: Changes that are not in it yet; null where the database does not say so at this moment.
    lag: int | None
    #: Seconds since this process last asked for changes and was answered: what was acknowledged before is in.
    lag_s: float


class Alive(Struct):
    """This process runs."""

    alive: bool = True
