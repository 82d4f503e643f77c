# SPDX-License-Identifier: Apache-2.0
"""Neighbours, matches and decisions, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from noli.bank.model import Action, Bank, EntryId
from noli.hashing.model import Hash, Outcome


class Closeness(StrEnum):
    """How close a match is, coarse on purpose: exact distances give a banked hash away in 257 queries."""

    SAME = "same"
    NEAR = "near"
    EDGE = "edge"


class Verdict(StrEnum):
    """What the caller should do with the content."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class MatchType(StrEnum):
    """What of an upload is like what is banked."""

    #: The whole picture, by its hash.
    PDQ = "pdq"
    #: A frame of a video, by its hash.
    VPDQ = "vpdq"
    #: Regions of it, which lie as they lay in the banked picture.
    REGION = "region"
    #: The whole picture as it may have been before it was cut, turned, framed or collaged.
    SECOND_LOOK = "second_look"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the regions of an upload agree with those of an entry.

    Attributes:
        votes: Regions that lie as one turn, scale and shift says.
        covered: Thousandths, by area, of the banked regions that the upload shows whole, that agree.
        shown: Thousandths of the banked picture that the upload shows.
        mirrored: Whether the upload is a mirror image.
        banked_ms: When the picture is shown in the banked video; None where it is in none.
    """

    votes: int
    covered: int
    shown: int
    mirrored: bool = False
    banked_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What an upload shows of a banked video; where it shows several parts, the place of the longest.

    Attributes:
        start_ms: Where the part begins in the upload; likewise the next three.
        end_ms: Where it ends.
        banked_start_ms: Where it begins in the banked video.
        banked_end_ms: Where it ends there.
        speed: Seconds of the banked video that pass in one of the upload.
        seconds: How much of the banked video is shown, all parts together.
        share: The same as a share of the banked video, 0-1.
        firm: Whether enough frames are near enough for the bank's action, and not only for a person to look at.
    """

    start_ms: int
    end_ms: int
    banked_start_ms: int
    banked_end_ms: int
    speed: float
    seconds: float
    share: float
    firm: bool

    def in_seconds(self) -> dict[str, float]:
        """Return what is told of it, times in seconds."""
        return {
            "start": self.start_ms / 1000,
            "end": self.end_ms / 1000,
            "banked_start": self.banked_start_ms / 1000,
            "banked_end": self.banked_end_ms / 1000,
            "speed": self.speed,
            "seconds": self.seconds,
            "share": self.share,
        }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A banked entry within its bank's threshold of a query hash.

    Attributes:
        bank: The bank with its policy.
        entry: The entry.
        distance_bits: Smallest distance between the query and any hash of the entry, 0-63; the bank's threshold where
            only regions agree or only a second look found it.
        disputed: Whether somebody says that the entry is wrong.
        at_most: The strongest action that the entry may ask for, until somebody here has confirmed it; None: any.
        remembered: The store could not be asked about the entry: ``at_most`` is the weakest of its bank.
        segment: Of two videos, what the one shows of the other; None where one of them is a picture.
        agreement: How far regions agree, where only they do.
        looked_again: Whether only a second look found it.
    """

    bank: Bank
    entry: EntryId
    distance_bits: int
    disputed: bool = False
    at_most: Action | None = None
    remembered: bool = False
    segment: Segment | None = None
    agreement: Agreement | None = None
    looked_again: bool = False

    @property
    def by_hash(self) -> bool:
        """Whether the hash of the whole upload, as it is, is so near."""
        return self.agreement is None and not self.looked_again


@dataclass(frozen=True, slots=True)
class Match:
    """A neighbour with what its bank's policy makes of it.

    Attributes:
        neighbour: The machine fact.
        closeness: The coarse distance.
        verdict: What this match alone asks for.
        reason: One sentence for a person.
        query: Which of the query's hashes (frames) it was, 0-based.
    """

    neighbour: Neighbour
    closeness: Closeness
    verdict: Verdict
    reason: str
    query: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy makes of one upload.

    Attributes:
        verdict: The strongest that stands.
        matches: What led to it, strongest and nearest first.
        reason: One sentence for a person, also where nothing matched.
        capped: More neighbours exist than were looked at.
    """

    verdict: Verdict
    matches: tuple[Match, ...]
    reason: str
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One upload that was checked and matched, as recorded.

    Attributes:
        id: Random, opaque.
        content_ref: The platform's own reference to the upload.
        key: Name of the API key that asked.
        outcome: What became of the file; ``HASHED`` where hashes were sent.
        decision: What was answered.
        hashes: What was looked for.
        checked_at: When.
    """

    id: str
    content_ref: str
    key: str
    outcome: Outcome
    decision: Decision
    hashes: tuple[Hash, ...]
    checked_at: datetime

    def type_of(self, match: Match) -> MatchType:
        """What of the upload a match is about."""
        if match.neighbour.agreement is not None:
            return MatchType.REGION
        if match.neighbour.looked_again:
            return MatchType.SECOND_LOOK
        return MatchType(self.hashes[match.query].type)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a key would get to see.

    Attributes:
        seen: All of it, as a digest; exact distances are part of it exactly if the key sees them.
        distance_bits: Smallest distance of a match, None for a miss.
        exact: Whether the key sees exact distances.
    """

    seen: bytes
    distance_bits: int | None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """One answer near a matched picture: to which key, to which query, when."""

    key: str
    query: bytes
    answer: Answer
    at: datetime
