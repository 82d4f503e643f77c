# SPDX-License-Identifier: Apache-2.0
"""How somebody works, and what they were shown, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Comfort:
    """What somebody set for themselves.

    Blur and greyscale are comfort and no protection: what helps is not to have to look. The limits are the person's
    own, for their own good; nobody else sees whether they reach them.

    Attributes:
        greyscale: Whether previews have no colours.
        blur: Whether previews are blurred until a key is held.
        side_px: Longest side of a preview, in pixels.
        most_looks: Previews in one sitting; then only a pause brings more.
        break_after_min: Minutes of a sitting after which a pause is suggested.
        undo_s: Seconds in which a decision can be taken back.
    """

    greyscale: bool = True
    blur: bool = True
    side_px: int = 200
    most_looks: int = 25
    break_after_min: int = 45
    undo_s: int = 15


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list with its filters under a name."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Everything that somebody set."""

    comfort: Comfort = Comfort()
    views: tuple[SavedView, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One time that somebody was shown a preview.

    Attributes:
        staff: Whom.
        notice: Of which notice.
        content: Number of the content in it.
        subject: Keyed digest of what was on it, so that it is known in another notice, too.
        at: When.
    """

    staff: str
    notice: str
    content: int
    subject: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much somebody looked at; for their own eyes.

    Attributes:
        sitting: Previews since the last pause.
        today: Previews in the last 24 hours.
        left: Previews until the own limit.
        pause_due: Whether a pause is suggested.
        pause_until: When the limit ends that was reached; None where it was not.
    """

    sitting: int
    today: int
    left: int
    pause_due: bool
    pause_until: datetime | None


class Unshown(StrEnum):
    """Why a preview is not shown."""

    #: The own limit is reached; a pause brings more.
    LIMIT = "limit"
    #: It is confirmed, and somebody has looked at it.
    SEEN = "seen"
    #: Somebody said that it may show somebody under 18: nobody looks again.
    YOUNG = "young"


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview as somebody sees it: a picture, or what a video shows at one moment. Never kept.

    Attributes:
        png: The picture, drawn anew.
        at_ms: When it is shown in the video; None where it is a picture.
        duration_ms: How long the video is; 0 where its file does not say.
    """

    png: bytes = field(repr=False)
    at_ms: int | None = None
    duration_ms: int = 0


class NoPreview(StrEnum):
    """Why there is nothing to show, though somebody asked."""

    #: The platform answers that it has none.
    MISSING = "missing"
    #: The platform cannot be reached, or its address is none that may be called.
    UNREACHABLE = "unreachable"
    #: More bytes, pixels or memory than allowed.
    TOO_LARGE = "too_large"
    #: Neither a picture nor a video that is read here.
    UNSUPPORTED = "unsupported"
    #: Damaged or cut short.
    CORRUPT = "corrupt"
    #: Not decoded within the seconds allowed.
    TIMED_OUT = "timed_out"


class FoundKind(StrEnum):
    """What can be found."""

    CASE = "case"
    NOTICE = "notice"
    PURSUIT = "pursuit"
    ENTRY = "entry"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for, taken apart.

    Attributes:
        begins: How a number begins; empty where nothing of it can be one.
        terms: What a link, a host or a reference is found by.
        parties: Ids of the records that a reference would have.
    """

    begins: str = ""
    terms: tuple[str, ...] = field(default=(), repr=False)
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found; nothing personal.

    Attributes:
        id: Its number.
        at: When it began.
        state: Where it stands; of a record its role.
        place: Name of the bank of an entry; else empty.
    """

    kind: FoundKind
    id: str
    at: datetime
    state: str
    place: str = ""
