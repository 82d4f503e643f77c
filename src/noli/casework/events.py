# SPDX-License-Identifier: Apache-2.0
"""What can happen to a case, in the past tense, and how an event is written down.

Fields marked ``PRIVATE`` are personal data or lead to a bank entry: they are stored sealed under the case's own key and
read as their defaults once that key was destroyed. All others are stored in the open and must identify nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import msgspec

from noli.bank.model import EntryId
from noli.casework.model import (
    Author,
    CaseState,
    ItemId,
    ItemKind,
    LinkId,
    MessageId,
    Recipient,
    Recovery,
    Reporter,
    Situation,
    StaffId,
    WithdrawalDelay,
)

#: Marks a field as personal.
PRIVATE: Mapping[str, bool] = {"private": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """The person submitted."""

    situation: Situation
    language: str
    reporter: Reporter
    recovery: Recovery
    delay: WithdrawalDelay
    consents: tuple[Recipient, ...]
    representative: str = field(default="", repr=False, metadata=PRIVATE)
    contact: str = field(default="", repr=False, metadata=PRIVATE)
    narrative: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAdded:
    """A picture or video was registered in a bank."""

    item: ItemId
    kind: ItemKind
    hashes: int
    bank: str
    held: bool
    label: str = field(default="", repr=False, metadata=PRIVATE)
    entry: EntryId | None = field(default=None, metadata=PRIVATE)
    digest: str = field(default="", repr=False, metadata=PRIVATE)
    times_ms: tuple[int, ...] = field(default=(), repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReleased:
    """Staff looked at a held item: it is registered where it matches."""

    item: ItemId
    bank: str
    entry: EntryId | None = field(default=None, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAdded:
    """The person told where a copy is."""

    link: LinkId
    url: str = field(default="", repr=False, metadata=PRIVATE)
    note: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """Somebody wrote."""

    message: MessageId
    author: Author
    staff: str = ""
    text: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged:
    """The person gave, changed or took back how to reach them."""

    contact: str = field(default="", repr=False, metadata=PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged:
    """The person gave or took back consent for one kind of recipient."""

    recipient: Recipient
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseReplaced:
    """New words were made with the recovery code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchesFound:
    """Copies of an item were uploaded somewhere and stopped.

    ``platform`` is the name of the key that asked, ``verdict`` what it was told (``review``, ``block``, ``allow``).
    """

    item: ItemId
    platform: str
    verdict: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWith:
    """A recipient was given the hashes."""

    recipient: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareConfirmed:
    """A recipient confirmed that it has them."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalTold:
    """A recipient was told that they are withdrawn."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalConfirmed:
    """A recipient confirmed that it no longer uses them."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRefused:
    """A recipient cannot or will not honour the withdrawal; ``reason`` is a key for the page."""

    recipient: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRequested:
    """The person asked to withdraw everything."""

    due_at: datetime
    erase: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRevoked:
    """The person changed their mind in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Everything is withdrawn: nothing matches any more."""

    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseErased:
    """The case's key was destroyed, and with it everything personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """Staff moved the case."""

    state: CaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned:
    """A member of staff took the case, or it was handed over; None puts it back."""

    staff: StaffId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Staff wrote for staff."""

    staff: StaffId
    text: str = field(default="", repr=False, metadata=PRIVATE)


Event = (
    CaseOpened
    | ItemAdded
    | ItemReleased
    | LinkAdded
    | MessageSent
    | ContactChanged
    | ConsentChanged
    | PassphraseReplaced
    | MatchesFound
    | SharedWith
    | ShareConfirmed
    | WithdrawalTold
    | WithdrawalConfirmed
    | WithdrawalRefused
    | WithdrawalRequested
    | WithdrawalRevoked
    | Withdrawn
    | CaseErased
    | StateChanged
    | CaseAssigned
    | NoteAdded
)

#: Name under which each event is stored, and its kind in the ledger. Names stay; new events get new names.
NAMES: Mapping[type[Event], str] = {
    CaseOpened: "case.opened",
    ItemAdded: "item.added",
    ItemReleased: "item.released",
    LinkAdded: "link.added",
    MessageSent: "message.sent",
    ContactChanged: "contact.changed",
    ConsentChanged: "consent.changed",
    PassphraseReplaced: "passphrase.replaced",
    MatchesFound: "matches.found",
    SharedWith: "share.made",
    ShareConfirmed: "share.confirmed",
    WithdrawalTold: "withdrawal.told",
    WithdrawalConfirmed: "withdrawal.confirmed",
    WithdrawalRefused: "withdrawal.refused",
    WithdrawalRequested: "withdrawal.requested",
    WithdrawalRevoked: "withdrawal.revoked",
    Withdrawn: "case.withdrawn",
    CaseErased: "case.erased",
    StateChanged: "state.changed",
    CaseAssigned: "case.assigned",
    NoteAdded: "note.added",
}

_TYPES: Mapping[str, type[Event]] = {name: type_ for type_, name in NAMES.items()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in its place in a case's history.

    Attributes:
        sequence: 1 for the first of the case.
        at: When.
        actor: ``person``, ``system`` or ``staff:`` and a staff id.
        event: What happened.
    """

    sequence: int
    at: datetime
    actor: str
    event: Event


@dataclass(frozen=True, slots=True)
class Written:
    """An event as it is stored: its name, what is open, and what must be sealed."""

    name: str
    open: Mapping[str, Any]
    private: Mapping[str, Any] = field(repr=False)

    def canonical(self) -> bytes:
        """Return all of it as bytes that are the same whenever it is written."""
        content = [self.name, self.open, self.private]
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def write(event: Event) -> Written:
    """Take an event apart for storage."""
    secret = {f.name for f in fields(event) if f.metadata.get("private")}
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return Written(
        NAMES[type(event)],
        {name: value for name, value in plain.items() if name not in secret},
        {name: value for name, value in plain.items() if name in secret},
    )


def read(name: str, content: Mapping[str, Any], private: Mapping[str, Any] | None) -> Event:
    """Put an event together again; ``private`` is None where the key was destroyed."""
    return msgspec.convert({**content, **(private or {})}, _TYPES[name])
