# SPDX-License-Identifier: Apache-2.0
"""Cases in memory: a complete small implementation of ``casework.ports.CaseStore`` with ledger and banks.

Transactions are serial and all or nothing, as in the database. Nothing is sealed: that is the database's business.
"""

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from noli.bank.model import EntryId
from noli.base.errors import Conflict, NotFound
from noli.casework.events import CODEC, NAMES, CaseErased, Event, ItemAdded, ItemReleased, Recorded
from noli.casework.model import Case, CaseFilter, CaseId, CaseSummary
from noli.casework.ports import Door, SeenMatch, SeenStep
from noli.casework.summaries import matches_filter, summary
from noli.casework.telling import told
from noli.evidence import rules as ledger_rules
from noli.evidence.events import Opening
from noli.evidence.model import Fact, LedgerEntry, Reference, SignedRoot, TimestampToken
from noli.evidence.ports import WholeLedger
from noli.evidence.proofs import Nodes
from noli.jobs.model import Lease
from noli.outbox.model import OutboxMessage
from tests.support.outbox import OutboxBook
from tests.support.store import MemoryBankTransaction, State


@dataclass
class World:
    """Everything there is."""

    banks: State = field(default_factory=State)
    doors: dict[CaseId, Door] = field(default_factory=dict)
    numbers: dict[CaseId, str] = field(default_factory=dict)
    salts: dict[CaseId, bytes] = field(default_factory=dict)
    histories: dict[CaseId, list[Recorded]] = field(default_factory=dict)
    listed: dict[CaseId, CaseSummary] = field(default_factory=dict)
    entries: dict[EntryId, CaseId] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    roots: list[tuple[SignedRoot, tuple[bytes, ...]]] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    tokens: list[TimestampToken] = field(default_factory=list)
    spent: dict[bytes, datetime] = field(default_factory=dict)
    seen: list[SeenMatch] = field(default_factory=list)
    steps: list[SeenStep] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    outbox: OutboxBook = field(default_factory=OutboxBook)


class MemoryCases:
    """Opens transactions on a world in memory."""

    def __init__(self) -> None:
        self.world = World()
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["MemoryCaseTransaction"]:
        """Open one; what it changed is forgotten where it fails, and where it only reads."""
        with self._lock:
            changed = copy.deepcopy(self.world)
            yield MemoryCaseTransaction(changed)
            if write:
                self.world = changed

    def found(self, *matches: SeenMatch) -> None:
        """Let checks have matched."""
        self.world.seen += matches

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """Read the ledger: ``evidence.ports.Ledger``."""
        return iter(self.world.ledger[after:])

    def page(self, *, subject: str = "", before: int | None = None, limit: int = 100) -> list[LedgerEntry]:
        """List the ledger, newest first."""
        kept = [e for e in self.world.ledger if subject in {"", e.fact.subject} and (not before or e.sequence < before)]
        return kept[::-1][:limit]

    @contextmanager
    def whole(self) -> Iterator[WholeLedger]:
        """Read all of the ledger, and what events say of it."""
        world = self.world
        yield WholeLedger(iter(world.ledger), iter(world.references), frozenset(NAMES.values()), [], [])

    def entry(self, sequence: int) -> LedgerEntry:
        """Return one entry."""
        if not 0 < sequence <= len(self.world.ledger):
            msg = "There is no such entry."
            raise NotFound(msg)
        return self.world.ledger[sequence - 1]

    @contextmanager
    def nodes(self) -> Iterator[Nodes]:
        """Read nodes of the tree."""

        def read(level: int, start: int, stop: int) -> list[bytes]:
            if level == 0:
                return [entry.leaf for entry in self.world.ledger[start:stop]]
            return [self.world.tiles[level, number] for number in range(start, stop)]

        yield read

    def last(self) -> tuple[SignedRoot, tuple[bytes, ...]] | None:
        """Return the largest signed root: ``evidence.ports.Roots``."""
        return self.world.roots[-1] if self.world.roots else None

    def at(self, size: int) -> SignedRoot:
        """Return a signed root."""
        for signed, _ in self.world.roots:
            if signed.root.size == size:
                return signed
        msg = "There is no such root."
        raise NotFound(msg)

    def roots(self, *, before: int | None = None, limit: int = 100) -> list[SignedRoot]:
        """List signed roots, largest first."""
        return [one for one, _ in self.world.roots[::-1] if before is None or one.root.size < before][:limit]

    def keep(
        self,
        signed: SignedRoot,
        *,
        peaks: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        lease: Lease | None,
    ) -> None:
        """Keep a signed root."""
        if lease is not None:
            self.world.outbox.jobs.held(lease)
        if any(one.root.size == signed.root.size for one, _ in self.world.roots):
            msg = "There is one of this size."
            raise Conflict(msg)
        self.world.roots = sorted([*self.world.roots, (signed, tuple(peaks))], key=lambda each: each[0].root.size)
        self.world.tiles |= tiles

    def tokens(self, size: int) -> list[TimestampToken]:
        """Return what was said of a root."""
        return sorted((token for token in self.world.tokens if token.size == size), key=lambda token: token.at)

    def keep_token(self, token: TimestampToken) -> None:
        """Keep what was said of a root."""
        self.world.tokens.append(token)


class MemoryCaseTransaction:
    """One transaction; its methods are described in ``casework.ports.CaseTransaction``."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def banks(self) -> MemoryBankTransaction:
        return MemoryBankTransaction(self._world.banks)

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        ledger = self._world.ledger
        ledger.append(ledger_rules.following(ledger[-1] if ledger else None, fact, now=now))
        return ledger[-1]

    def tell(self, message: OutboxMessage) -> None:
        self._world.outbox.tell(message)

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        self._world.outbox.jobs.schedule(kind, subject, due_at=due_at, urgent=urgent)

    def fence(self, lease: Lease) -> None:
        self._world.outbox.jobs.held(lease)

    def open(self, door: Door, *, number: str) -> None:
        for other in self._world.doors.values():
            codes = other.recovery is not None and other.recovery == door.recovery
            if other.number == door.number or other.submission == door.submission or codes:
                msg = "This case exists already."
                raise Conflict(msg)
        self._world.doors[door.case] = door
        self._world.numbers[door.case] = number
        self._world.salts[door.case] = door.submission
        self._world.histories[door.case] = []

    def append(
        self, case: Case, events: Sequence[Event], *, version: int, actor: str, now: datetime
    ) -> list[LedgerEntry]:
        if len(self._history(case.id)) != version:
            msg = "This case was changed meanwhile."
            raise Conflict(msg)
        made = [self._append(case.id, event, actor, now) for event in events]
        self._world.listed[case.id] = summary(case)
        return made

    def _append(self, case: CaseId, event: Event, actor: str, now: datetime) -> LedgerEntry:
        world = self._world
        recorded = Recorded(len(world.histories[case]) + 1, now, actor, event)
        salt = world.salts[case]
        commitment = ledger_rules.commitment(salt, CODEC.write(event).canonical()) if salt else b""
        world.histories[case].append(recorded if salt else _without_private(recorded))
        if isinstance(event, ItemAdded | ItemReleased) and event.entry is not None:
            world.entries[event.entry] = case
        if isinstance(event, CaseErased):
            world.histories[case] = [_without_private(one) for one in world.histories[case]]
            world.numbers[case] = ""
            world.salts[case] = b""
            world.entries = {entry: owner for entry, owner in world.entries.items() if owner != case}
        entry = self.record(Fact(NAMES[type(event)], case, actor, commitment), now=now)
        world.references.append(Reference(entry.sequence, now, entry.fact, checkable=bool(commitment)))
        self.tell(told(event, number=recorded.sequence, entry=entry))
        return entry

    def history(self, case: CaseId) -> list[Recorded]:
        return list(self._history(case))

    def openings(self, case: CaseId) -> list[Opening[Event]]:
        entries = [said for said in self._world.references if said.fact.subject == case]
        return [
            Opening(each, CODEC.write(each.event), self._world.salts[case], said.sequence)
            for each, said in zip(self._history(case), entries, strict=True)
        ]

    @property
    def ledger(self) -> list[LedgerEntry]:
        """The ledger as it is in this transaction."""
        return self._world.ledger

    def door(self, *, number: bytes) -> Door | None:
        return next((door for door in self._world.doors.values() if door.number == number), None)

    def door_of(self, case: CaseId) -> Door:
        self._history(case)
        return self._world.doors[case]

    def door_by_submission(self, submission: bytes) -> Door | None:
        return next((door for door in self._world.doors.values() if door.submission == submission), None)

    def door_by_recovery(self, recovery: bytes) -> Door | None:
        return next((door for door in self._world.doors.values() if door.recovery == recovery), None)

    def replace_verifier(self, case: CaseId, verifier: str) -> None:
        self._world.doors[case] = replace(self.door_of(case), verifier=verifier)

    def number_of(self, case: CaseId) -> str:
        self._history(case)
        return self._world.numbers[case]

    def cases_of(self, entries: Sequence[EntryId]) -> dict[EntryId, CaseId]:
        return {entry: self._world.entries[entry] for entry in entries if entry in self._world.entries}

    def due(self, now: datetime, *, limit: int = 100) -> list[CaseId]:
        waiting = [(s.withdrawal_due_at, s.id) for s in self._world.listed.values() if s.withdrawal_due_at is not None]
        return [case for at, case in sorted(waiting) if at <= now][:limit]

    def page(self, wanted: CaseFilter, *, after: CaseId | None = None, limit: int = 100) -> list[CaseSummary]:
        listed = sorted(self._world.listed.values(), key=lambda s: (s.opened_at, s.id), reverse=True)
        if after is not None:
            place = [s.id for s in listed].index(after)
            listed = listed[place + 1 :]
        return [one for one in listed if matches_filter(one, wanted)][:limit]

    def owners(self, cases: Sequence[CaseId]) -> dict[CaseId, str]:
        return {case: self._world.listed[case].assigned_to or "" for case in cases}

    def spend(self, challenge: bytes, *, expires_at: datetime) -> bool:
        if challenge in self._world.spent:
            return False
        self._world.spent[challenge] = expires_at
        return True

    def ended(self, *, before: datetime, limit: int = 100) -> list[CaseId]:
        over = [each for each in self._world.listed.values() if each.ended_at is not None and each.updated_at <= before]
        left = [
            each
            for each in over
            if not any(isinstance(one.event, CaseErased) for one in self._world.histories[each.id])
        ]
        return [each.id for each in sorted(left, key=lambda each: each.updated_at)][:limit]

    def matches(self, *, after: int, until: datetime, limit: int = 1000) -> list[SeenMatch]:
        waiting = [match for match in self._world.seen if match.number > after]
        stop = min((match.number for match in waiting if match.at > until), default=None)
        numbers = sorted({match.number for match in waiting if stop is None or match.number < stop})[:limit]
        return [match for match in waiting if match.number in numbers]

    def share_steps(self, *, after: int, limit: int = 1000) -> list[SeenStep]:
        return [step for step in self._world.steps if step.number > after][:limit]

    def position(self, name: str) -> int:
        return self._world.positions.get(name, 0)

    def advance(self, name: str, position: int) -> None:
        self._world.positions[name] = position

    def _history(self, case: CaseId) -> list[Recorded]:
        if case not in self._world.histories:
            msg = "There is no such case."
            raise NotFound(msg)
        return self._world.histories[case]


def _without_private(recorded: Recorded) -> Recorded:
    written = CODEC.write(recorded.event)
    return replace(recorded, event=CODEC.read(written.name, written.open, None))
