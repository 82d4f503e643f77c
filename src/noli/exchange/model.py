# SPDX-License-Identifier: Apache-2.0
"""Partners, what they may see and what they sent, as values. Hashes are kept out of ``repr``."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from noli.bank.model import Action, EntryId, OpinionKind
from noli.hashing.model import Hash

PartnerId = NewType("PartnerId", int)

#: Entries that a partner may bring into our banks an hour before the rest is held for a look. A helpline registers
#: hundreds a day; whoever expects a first load of more raises it for that day.
DEFAULT_PER_HOUR = 10_000


class Protocol(StrEnum):
    """What a partner's software speaks."""

    #: Not said: whichever it calls.
    ANY = "any"
    NOLI = "noli"
    STOPNCII = "stopncii"
    NCMEC = "ncmec"
    THREATEXCHANGE = "threatexchange"
    HMA = "hma"
    #: No software: lists that somebody puts into a file.
    FILE = "file"

    @property
    def carries_withdrawals(self) -> bool:
        """Whether whoever speaks it, as it is commonly shipped, drops what is withdrawn.

        The common StopNCII client keeps withdrawn hashes (it compares the wrong field), and of an unknown client
        nothing can be promised.
        """
        return self in {Protocol.NOLI, Protocol.NCMEC, Protocol.THREATEXCHANGE, Protocol.HMA}


class PartnerState(StrEnum):
    """Whether anything flows."""

    ACTIVE = "active"
    #: By hand: nothing is served, fetched or taken until it is resumed.
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Import:
    """What is taken from a partner.

    Attributes:
        remote: The partner's name of the bank; empty takes whatever it sends.
        bank: Our bank that it goes into.
        at_most: The strongest action that it may ask for until somebody here has confirmed it.
    """

    remote: str
    bank: str
    at_most: Action = Action.REVIEW


@dataclass(frozen=True, slots=True)
class Source:
    """Where we fetch from a partner, and how we know that it is them.

    Attributes:
        url: Base address, or the path of a file.
        public_key: For Noli: the Ed25519 key that signs its feed, 64 hex digits; follows the partner's rotations.
        user: For NCMEC the user name, for ThreatExchange the privacy group, else empty.
    """

    url: str
    public_key: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that we exchange with.

    Attributes:
        id: Ours.
        name: Ours for it; persons read it before they consent to sharing.
        protocol: What it speaks.
        created_at: When it was added.
        state: Whether anything flows.
        honours_withdrawal: Whether a withdrawal that it is told of takes effect there.
        per_hour: Entries that it may bring an hour before the rest is held.
        shares: Names of the banks that it may see.
        imports: What is taken from it.
        source: Where we fetch; None where only the partner calls us.
    """

    id: PartnerId
    name: str
    protocol: Protocol
    created_at: datetime
    state: PartnerState = PartnerState.ACTIVE
    honours_withdrawal: bool = False
    per_hour: int = DEFAULT_PER_HOUR
    shares: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class NewPartner:
    """What is agreed with a partner that is being added; fields as in ``Partner``.

    Attributes:
        secret: What we show the partner's server; kept sealed.
    """

    name: str
    protocol: Protocol = Protocol.ANY
    honours_withdrawal: bool | None = None
    per_hour: int = DEFAULT_PER_HOUR
    shares: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    source: Source | None = None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """What a partner's software shows us; told once.

    Attributes:
        token: For ``Authorization: Bearer …``, the NCMEC password, the ThreatExchange token and ``x-functions-key``.
        subscription: For StopNCII's ``Ocp-Apim-Subscription-Key``; follows from the token.
    """

    token: str = field(repr=False)
    subscription: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visible:
    """One step of what a partner may see: an entry as it is now.

    Attributes:
        sequence: Its place in the stream; ascending, gaps are what the partner may not see.
        at: When it happened; never earlier than that of a smaller sequence.
        entry: The entry; of a canary, one that only this partner was ever told of.
        bank: Name of its bank.
        created_at: When it was registered.
        withdrawn: True where it is to be dropped: withdrawn, consent taken back, or no longer shared.
        hashes: What stands for it, those of a withdrawn one included, for protocols that know entries by them.
        opinions: What people here, and only they, think of it: each kind once.
        disputed: Whether anybody says that it is wrong.
        labels: Its labels.
        personal: Whether a person's consent is what lets it leave: its sharing is told on their timeline.
    """

    sequence: int
    at: datetime
    entry: EntryId
    bank: str
    created_at: datetime
    withdrawn: bool
    hashes: tuple[Hash, ...] = field(repr=False)
    opinions: tuple[OpinionKind, ...] = ()
    disputed: bool = False
    labels: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a partner may see.

    Attributes:
        items: In order of their sequence; may be empty although there is more.
        next: Ask for what comes after this; never smaller than what was asked for.
        more: Whether there is more already.
    """

    items: tuple[Visible, ...]
    next: int
    more: bool
