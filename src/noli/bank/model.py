# SPDX-License-Identifier: Apache-2.0
"""Banks, their entries and what happened to them, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from noli.hashing.model import REGION_PLACE_BYTES, Hash, Regions

BankId = NewType("BankId", int)

#: 63 random bits, also the id under which the kernel's index holds the entry's hashes.
EntryId = NewType("EntryId", int)

#: Largest distance at which a bank may match, in bits. Source: the kernel's exact range.
MAX_THRESHOLD_BITS = 63

#: How much of a banked video an upload has to show for the bank's action: so many seconds, or such a share of it.
DEFAULT_VIDEO_SECONDS, DEFAULT_VIDEO_SHARE = 3.0, 0.5

#: Distance up to which PDQ copies are taken for the same picture. Source: facebook/ThreatExchange pdq/README.md.
DEFAULT_THRESHOLD_BITS = 31


class Action(StrEnum):
    """What a bank asks for when content matches it, strongest first."""

    BLOCK = "block"
    REVIEW = "review"
    LOG = "log"


class RegionUse(StrEnum):
    """What a match by regions alone may ask for; a bank's action stays the most."""

    #: No regions are kept, and those there were are forgotten.
    OFF = "off"
    REVIEW = "review"
    #: Also block, where so much agrees that another picture of the same scene is out of the question.
    BLOCK = "block"


class EntryState(StrEnum):
    """Whether an entry matches."""

    ACTIVE = "active"
    #: The depicted person (or who acts for them) took it back; stops matching for good.
    WITHDRAWN = "withdrawn"


class Sharing(StrEnum):
    """Whether an entry may leave for the partners that its bank is shared with."""

    #: Goes wherever its bank goes.
    OPEN = "open"
    #: Stays here: it is a case's without consent to share, or was received from a partner.
    WITHHELD = "withheld"
    #: The person consented.
    GRANTED = "granted"
    #: The person took the consent back: partners are told to withdraw it.
    ENDED = "ended"

    @property
    def leaves(self) -> bool:
        """Whether partners may have it now."""
        return self in {Sharing.OPEN, Sharing.GRANTED}


class OpinionKind(StrEnum):
    """What somebody thinks of an entry."""

    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"
    DISPUTED = "disputed"


class ChangeKind(StrEnum):
    """What the change sequence tells every process of an installation."""

    BANK = "bank"
    ENTRY_ADDED = "entry_added"
    ENTRY_WITHDRAWN = "entry_withdrawn"
    #: It may leave from now on, or must be offered to partners anew.
    ENTRY_SHARED = "entry_shared"
    #: It may not leave any more; partners are told to withdraw it.
    ENTRY_UNSHARED = "entry_unshared"
    #: Somebody thinks something else of it than before.
    ENTRY_OPINION = "entry_opinion"


@dataclass(frozen=True, slots=True)
class BankPolicy:
    """What may be set, and later changed, on a bank.

    Attributes:
        action: What a match asks for.
        threshold_bits: Largest distance that matches, 0-63, inclusive.
        negative: Entries veto matches of other banks instead of asking for an action (false-positive relief).
        enabled: Whether the bank is searched at all.
        note: Why the bank exists.
        video_seconds: Seconds of a banked video that an upload must show for the action; 0 for any single frame.
        video_share: Share of a banked video, 0-1, that is enough even where it is shorter than that.
        regions: What a match by regions alone may ask for; a negative bank never matches by them.
    """

    action: Action
    threshold_bits: int = DEFAULT_THRESHOLD_BITS
    negative: bool = False
    enabled: bool = True
    note: str = ""
    video_seconds: float = DEFAULT_VIDEO_SECONDS
    video_share: float = DEFAULT_VIDEO_SHARE
    regions: RegionUse = RegionUse.REVIEW


@dataclass(frozen=True, slots=True)
class Bank:
    """A curated set of entries with one policy. ``name`` is unique and never changes.

    ``epoch`` numbers the secrets under which its regions are hashed: it grows when they are forgotten.
    """

    id: BankId
    name: str
    policy: BankPolicy
    created_at: datetime
    entries: int = 0
    epoch: int = 1


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entry came from.

    Attributes:
        added_by: Key name, or "command line".
        source: Partner or system that supplied it; empty for our own.
        reference: The source's own id for it.
    """

    added_by: str
    source: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be registered: one picture with all hashes that stand for it.

    ``regions`` are never kept as they are: ``service.register`` hashes them under the bank's secret, or drops them.
    """

    hashes: tuple[Hash, ...]
    provenance: Provenance
    labels: tuple[str, ...] = ()
    note: str = ""
    sharing: Sharing = Sharing.OPEN
    at_most: Action | None = None
    regions: tuple[Regions, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyedRegions:
    """Regions of one picture of an entry, hashed under the secret of its bank.

    They are no part of an ``Entry``: whatever reads, shows, exports or exchanges entries cannot carry them.

    Attributes:
        size: Width and height of the picture in units.
        places: Where each lies, 8 bytes a region.
        hashes: 32 bytes a region.
        at_ms: When the picture is shown in its video; None for what is none.
    """

    size: tuple[int, int]
    places: bytes = field(repr=False)
    hashes: bytes = field(repr=False)
    at_ms: int | None = None

    def __len__(self) -> int:
        """Count them."""
        return len(self.places) // REGION_PLACE_BYTES


@dataclass(frozen=True, slots=True)
class Entry:
    """One protected picture in a bank: matched, disputed and withdrawn as one.

    ``at_most`` is the strongest action that it may ask for until somebody here has confirmed it; None: as its bank.
    ``shared_at`` says since when partners may have it, where that is not from the beginning.
    """

    id: EntryId
    bank: str
    state: EntryState
    provenance: Provenance
    labels: tuple[str, ...]
    note: str
    created_at: datetime
    hashes: tuple[Hash, ...] = ()
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    disputed: bool = False
    sharing: Sharing = Sharing.OPEN
    shared_at: datetime | None = None
    at_most: Action | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one party thinks of an entry; a party's newest opinion counts.

    ``author`` is the name of a key or of staff, ``partner:`` and the name of a partner, or ``noli:doubts`` for what the
    installation itself thinks of an entry that blocks too much.
    """

    entry: EntryId
    author: str
    kind: OpinionKind
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the installation's change sequence; ``at`` never goes back, whatever the clock does."""

    sequence: int
    kind: ChangeKind
    bank: BankId
    entry: EntryId | None
    at: datetime


# Entry ids are shown and typed in Crockford's base 32: 13 digits for 63 bits, no I, L, O, U.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_LENGTH = 13

# Two digits at a time, and Python's own digits of base 32 for ours; a million ids are written and read in a first load.
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_PAIR = (1 << 10) - 1
_PLAIN = {ord(character): "!" for character in "ILOU"} | {
    ord(ours): plain for ours, plain in zip(_DIGITS, "0123456789abcdefghijklmnopqrstuv", strict=True)
}


def entry_text(entry: EntryId) -> str:
    """Write an entry's id for people and programs: 13 base-32 digits."""
    return _DIGITS[entry >> 60 & 31] + "".join([_PAIRS[entry >> shift & _PAIR] for shift in (50, 40, 30, 20, 10, 0)])


def parse_entry(text: str) -> EntryId | None:
    """Read an entry's id, or return None where the text cannot be one."""
    if len(text) != _ID_LENGTH or not (text.isascii() and text.isalnum()):
        return None
    try:
        value = int(text.upper().translate(_PLAIN), 32)
    except ValueError:
        return None
    return EntryId(value) if value < 1 << 63 else None
