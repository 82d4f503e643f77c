# SPDX-License-Identifier: Apache-2.0
"""Banks, keys and recorded checks in memory: complete, small, held to the same suites as the databases."""

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from noli.access.model import ApiKey
from noli.bank.model import (
    Action,
    Bank,
    BankId,
    BankPolicy,
    Change,
    ChangeKind,
    Entry,
    EntryId,
    EntryState,
    KeyedRegions,
    NewEntry,
    Opinion,
    RegionUse,
    Sharing,
)
from noli.bank.rules import standing
from noli.base.errors import Conflict, NotFound
from noli.matching.model import Check, Match, Probe, Verdict


@dataclass
class State:
    """Everything that banks in memory hold."""

    banks: dict[str, Bank] = field(default_factory=dict)
    entries: dict[EntryId, Entry] = field(default_factory=dict)
    opinions: list[Opinion] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    regions: dict[EntryId, list[KeyedRegions]] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[bytes, bytes]] = field(default_factory=dict)


class MemoryBanks:
    """Opens transactions on banks in memory: one writer at a time, on a copy that replaces the state at its end."""

    def __init__(self) -> None:
        """Start empty."""
        self._state = State()
        self._writing = threading.Lock()

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["MemoryBankTransaction"]:
        """Open one transaction."""
        if not write:
            yield MemoryBankTransaction(self._state)
            return
        with self._writing:
            changed = deepcopy(self._state)
            yield MemoryBankTransaction(changed)
            self._state = changed


class MemoryBankTransaction:
    """One transaction on a state that nobody else changes meanwhile."""

    def __init__(self, state: State) -> None:
        """Keep the state."""
        self._state = state

    def add_bank(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        """Create a bank."""
        if name in self._state.banks:
            msg = f"A bank named {name!r} exists already."
            raise Conflict(msg)
        bank = Bank(BankId(len(self._state.banks) + 1), name, policy, now)
        self._state.banks[name] = bank
        self._note(ChangeKind.BANK, name, now=now)
        return bank

    def set_policy(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        """Replace a bank's policy."""
        before = self.bank(name)
        forgotten = policy.regions is RegionUse.OFF
        for entry in list(self._state.regions) if forgotten else ():
            if self._state.entries[entry].bank == name:
                del self._state.regions[entry]
        self._state.banks[name] = replace(before, policy=policy, entries=0, epoch=before.epoch + forgotten)
        self._note(ChangeKind.BANK, name, now=now)
        return self.bank(name)

    def bank(self, name: str) -> Bank:
        """Read one bank."""
        if name not in self._state.banks:
            msg = f"There is no bank named {name!r}."
            raise NotFound(msg)
        active = sum(e.bank == name and e.state is EntryState.ACTIVE for e in self._state.entries.values())
        return replace(self._state.banks[name], entries=active)

    def banks(self, *, after: str = "", limit: int = 100) -> list[Bank]:
        """List banks by name."""
        return [self.bank(name) for name in sorted(self._state.banks) if name > after][:limit]

    def add_entry(self, bank: str, entry: NewEntry, *, id: EntryId, now: datetime) -> Entry:  # noqa: A002 - the port's name
        """Register an entry."""
        self.add_entries(bank, [(id, entry)], now=now)
        return self._state.entries[id]

    def add_entries(self, bank: str, entries: Sequence[tuple[EntryId, NewEntry]], *, now: datetime) -> None:
        """Register many entries."""
        self.bank(bank)
        for number, new in entries:
            if number in self._state.entries:
                msg = "It exists already, or was made by another at the same moment."
                raise Conflict(msg)
            self._state.entries[number] = Entry(
                id=number,
                bank=bank,
                state=EntryState.ACTIVE,
                provenance=new.provenance,
                labels=new.labels,
                note=new.note,
                created_at=now,
                hashes=new.hashes,
                sharing=new.sharing,
                at_most=new.at_most,
            )
            self._note(ChangeKind.ENTRY_ADDED, bank, number, now=now)

    def entry(self, bank: str, id: EntryId) -> Entry:  # noqa: A002 - the port's name
        """Read one entry."""
        self.bank(bank)
        found = self._state.entries.get(id)
        if found is None or found.bank != bank:
            msg = f"There is no such entry in bank {bank!r}."
            raise NotFound(msg)
        return found

    def entries(
        self,
        bank: str,
        *,
        after: EntryId | None = None,
        limit: int = 100,
        withdrawn: bool = False,
        doubted: bool = False,
    ) -> list[Entry]:
        """List entries in id order."""
        self.bank(bank)
        found = sorted((e for e in self._state.entries.values() if e.bank == bank), key=lambda e: e.id)
        gone, there = EntryState.WITHDRAWN, EntryState.ACTIVE
        found = [
            e
            for e in found
            if (not withdrawn or e.state is gone) and (not doubted or (e.disputed and e.state is there))
        ]
        return [e for e in found if after is None or e.id > after][:limit]

    def entries_by_id(self, ids: Sequence[EntryId]) -> dict[EntryId, Entry]:
        """Read entries of any bank, without hashes."""
        return {i: replace(self._state.entries[i], hashes=()) for i in ids if i in self._state.entries}

    def withdraw(self, bank: str, id: EntryId, *, by: str, now: datetime) -> Entry:  # noqa: A002 - the port's name
        """Withdraw an entry."""
        before = self.entry(bank, id)
        if before.state is EntryState.WITHDRAWN:
            return before
        self._state.entries[id] = replace(before, state=EntryState.WITHDRAWN, withdrawn_at=now, withdrawn_by=by)
        self._state.regions.pop(id, None)
        self._note(ChangeKind.ENTRY_WITHDRAWN, bank, id, now=now)
        return self._state.entries[id]

    def set_sharing(self, bank: str, id: EntryId, *, given: bool, now: datetime) -> Entry:  # noqa: A002 - the port's name
        """Let an entry leave, or end that."""
        before = self.entry(bank, id)
        if given == before.sharing.leaves or (not given and before.sharing is Sharing.WITHHELD):
            return before
        changed = (
            replace(before, sharing=Sharing.GRANTED, shared_at=now) if given else replace(before, sharing=Sharing.ENDED)
        )
        self._state.entries[id] = changed
        self._note(ChangeKind.ENTRY_SHARED if given else ChangeKind.ENTRY_UNSHARED, bank, id, now=now)
        return changed

    def offer(self, bank: str, *, now: datetime) -> None:
        """Put a bank's active entries into the change sequence anew."""
        for entry in self.entries(bank, limit=len(self._state.entries)):
            if entry.state is EntryState.ACTIVE:
                self._note(ChangeKind.ENTRY_SHARED, bank, entry.id, now=now)

    def add_opinion(self, bank: str, opinion: Opinion) -> Entry:
        """Keep an opinion."""
        before = self.entry(bank, opinion.entry)
        self._state.opinions.append(opinion)
        stands = standing(self.opinions(bank, opinion.entry))
        at_most = None if stands.confirmed else before.at_most
        self._state.entries[opinion.entry] = replace(before, disputed=stands.disputed, at_most=at_most)
        self._note(ChangeKind.ENTRY_OPINION, bank, opinion.entry, now=opinion.created_at)
        return self._state.entries[opinion.entry]

    def opinions(self, bank: str, id: EntryId) -> list[Opinion]:  # noqa: A002 - the port's name
        """List opinions, oldest first."""
        self.entry(bank, id)
        return [one for one in self._state.opinions if one.entry == id]

    def opinions_by(self, author: str, *, limit: int = 100) -> list[tuple[str, Opinion]]:
        """Return what somebody thinks of entries, newest first."""
        theirs = [one for one in reversed(self._state.opinions) if one.author == author]
        return [(self._state.entries[one.entry].bank, one) for one in theirs[:limit]]

    def disputed(self, bank: BankId) -> list[EntryId]:
        """List a bank's active, disputed entries."""
        held = self._state.entries.values()
        return sorted(
            e.id for e in held if e.disputed and e.state is EntryState.ACTIVE and self._state.banks[e.bank].id == bank
        )

    def bounds(self, bank: BankId) -> set[Action]:
        """Return what a bank's unconfirmed entries ask for at most."""
        held = self._state.entries.values()
        return {e.at_most for e in held if e.at_most is not None and self._state.banks[e.bank].id == bank}

    def marked(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bool, Action | None]]:
        """Return those entries that are disputed or unconfirmed."""
        found = [self._state.entries[i] for i in entries if i in self._state.entries]
        return [
            (e.id, self._state.banks[e.bank].id, e.disputed, e.at_most)
            for e in found
            if e.disputed or e.at_most is not None
        ]

    def changes(self, *, after: int, limit: int = 1000) -> list[Change]:
        """Read the change sequence."""
        return self._state.changes[after : after + limit]

    def active_hashes(self, bank: BankId) -> Iterator[tuple[bytes, bytes]]:
        """Stream what a bank's index holds."""
        for entry in self._state.entries.values():
            if entry.state is EntryState.ACTIVE and self._state.banks[entry.bank].id == bank:
                ids = entry.id.to_bytes(8, sys.byteorder) * len(entry.hashes)
                yield b"".join(one.value for one in entry.hashes), ids

    def active_counts(self) -> dict[BankId, int]:
        """Count the active hashes of each bank."""
        counts = {bank.id: 0 for bank in self._state.banks.values()}
        for entry in self._state.entries.values():
            if entry.state is EntryState.ACTIVE:
                counts[self._state.banks[entry.bank].id] += len(entry.hashes)
        return counts

    def hashes_of(self, entry: EntryId) -> bytes:
        """Return an active entry's hashes."""
        return b"".join(value for _, _, value in self.hashes_of_many([entry]))

    def hashes_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bytes]]:
        """Return the hashes of active entries."""
        found = [self._state.entries[i] for i in entries if i in self._state.entries]
        return [
            (e.id, self._state.banks[e.bank].id, b"".join(one.value for one in e.hashes))
            for e in found
            if e.state is EntryState.ACTIVE
        ]

    def timed_hashes(self, entries: Sequence[EntryId]) -> dict[EntryId, list[tuple[int, bytes]]]:
        """Return the hashes of active videos with their times."""
        found = [self._state.entries[i] for i in entries if i in self._state.entries]
        timed = {
            e.id: [(one.at_ms, one.value) for one in e.hashes if one.at_ms is not None]
            for e in found
            if e.state is EntryState.ACTIVE
        }
        return {entry: hashes for entry, hashes in timed.items() if hashes}

    def add_regions(self, entry: EntryId, regions: Sequence[KeyedRegions]) -> None:
        """Keep the regions of an entry."""
        if regions:
            self._state.regions[entry] = list(regions)

    def active_regions(self, bank: BankId) -> Iterator[tuple[EntryId, KeyedRegions]]:
        """Stream the regions of a bank's entries."""
        for entry, kept in self._state.regions.items():
            if self.bank(self._state.entries[entry].bank).id == bank:
                yield from ((entry, each) for each in kept)

    def regions_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, KeyedRegions]]:
        """Return the regions of active entries."""
        return [
            (entry, self.bank(self._state.entries[entry].bank).id, each)
            for entry in entries
            for each in self._state.regions.get(entry, ())
        ]

    def last_sequence(self) -> int:
        """Return the newest number."""
        return len(self._state.changes)

    def recall(self, scope: str, key: str) -> tuple[bytes, bytes] | None:
        """Return what is kept under an idempotency key."""
        return self._state.answers.get((scope, key))

    def remember(self, scope: str, key: str, *, digest: bytes, response: bytes, now: datetime) -> None:
        """Keep a response."""
        del now
        self._state.answers[scope, key] = (digest, response)

    def _note(self, kind: ChangeKind, bank: str, entry: EntryId | None = None, *, now: datetime) -> None:
        changes = self._state.changes
        at = max(now, changes[-1].at) if changes else now
        changes.append(Change(len(changes) + 1, kind, self._state.banks[bank].id, entry, at))


class MemoryKeys:
    """API keys in memory."""

    def __init__(self) -> None:
        """Start empty."""
        self._keys: dict[bytes, ApiKey] = {}

    def add(self, key: ApiKey, *, digest: bytes) -> None:
        """Keep a key."""
        if any(kept.name == key.name for kept in self._keys.values()):
            msg = f"A key named {key.name!r} exists already."
            raise Conflict(msg)
        self._keys[digest] = key

    def find(self, digest: bytes) -> ApiKey | None:
        """Return the key with this token digest."""
        return self._keys.get(digest)

    def all(self) -> list[ApiKey]:
        """List by name."""
        return sorted(self._keys.values(), key=lambda key: key.name)

    def revoke(self, key: ApiKey) -> None:
        """Keep ``revoked_at``."""
        for digest, kept in self._keys.items():
            if kept.name == key.name:
                self._keys[digest] = replace(kept, revoked_at=key.revoked_at)
                return
        msg = f"There is no key named {key.name!r}."
        raise NotFound(msg)


class MemoryChecks:
    """Checks that matched, in memory."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: list[Check] = []
        self._told: list[Probe] = []

    def add(self, checks: list[Check], probes: Sequence[Probe] = ()) -> None:
        """Keep checks, and what was told besides."""
        self._kept += checks
        self._told += probes

    def probes(self, *, after: int, most: int) -> tuple[int, list[Probe]]:
        """Read on; numbers count from 1."""
        return max(after, len(self._told)), self._told[after:][-most:]

    def get(self, id: str) -> Check:  # noqa: A002 - the port's name
        """Read one."""
        return self._kept[self._position(id)]

    def page(self, *, after: str = "", limit: int = 100, key: str | None = None) -> list[Check]:
        """List newest first."""
        end = self._position(after) if after else len(self._kept)
        return [check for check in self._kept[:end][::-1] if key in {None, check.key}][:limit]

    def blocking(self, *, since: datetime, least: int) -> list[EntryId]:
        """List the entries that blocked often."""
        counted = Counter(match.neighbour.entry for _, match in self._blocked(since))
        return [entry for entry, count in counted.items() if count >= least]

    def blocked(self, entry: EntryId, *, since: datetime, limit: int) -> list[bytes]:
        """Return what an entry blocked."""
        found = [check.hashes[m.query].value for check, m in self._blocked(since) if m.neighbour.entry == entry]
        return found[::-1][:limit]

    def _blocked(self, since: datetime) -> Iterator[tuple[Check, Match]]:
        for check in self._kept:
            for match in check.decision.matches if check.checked_at >= since else ():
                if match.verdict is Verdict.BLOCK and match.neighbour.by_hash:
                    yield check, match

    def _position(self, wanted: str) -> int:
        for position, check in enumerate(self._kept):
            if check.id == wanted:
                return position
        msg = f"There is no recorded check {wanted!r}."
        raise NotFound(msg)
