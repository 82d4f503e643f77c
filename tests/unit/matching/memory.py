# SPDX-License-Identifier: Apache-2.0
"""The few store methods that matching reads, over plain lists; it counts what it is asked."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

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
    Provenance,
    Sharing,
)
from noli.base.errors import NotFound, StoreBusy
from noli.matching.model import Check, Probe

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryBanks:
    """Banks, entries and their change sequence; also the transaction of itself."""

    def __init__(self) -> None:
        self.all: dict[int, Bank] = {}
        self.held: dict[int, tuple[int, bytes]] = {}
        self.gone: set[int] = set()
        self.times: dict[int, list[tuple[int, bytes]]] = {}
        self.regions: dict[int, KeyedRegions] = {}
        self.wrong: set[int] = set()
        self.at_most: dict[int, Action] = {}
        self.withheld: set[int] = set()
        self.log: list[Change] = []
        self.busy = False
        self.reads = 0
        self.broken = False

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[Any]:
        """Open nothing; refuse while ``busy``."""
        del write
        if self.busy:
            msg = "The database is busy."
            raise StoreBusy(msg)
        yield self

    def _note(self, kind: ChangeKind, bank: int, entry: int | None = None) -> None:
        self.log.append(Change(len(self.log) + 1, kind, BankId(bank), None if entry is None else EntryId(entry), NOW))

    def put_bank(self, number: int, policy: BankPolicy | None = None, *, epoch: int = 1) -> None:
        """Create a bank or replace its policy."""
        policy = BankPolicy(Action.BLOCK) if policy is None else policy
        self.all[number] = Bank(BankId(number), f"bank{number}", policy, NOW, epoch=epoch)
        self._note(ChangeKind.BANK, number)

    def put(self, bank: int, entry: int, *hashes: bytes) -> None:
        """Register an entry."""
        self.held[entry] = (bank, b"".join(hashes))
        self._note(ChangeKind.ENTRY_ADDED, bank, entry)

    def withdraw_entry(self, entry: int) -> None:
        """Withdraw an entry."""
        self.gone.add(entry)
        self._note(ChangeKind.ENTRY_WITHDRAWN, self.held[entry][0], entry)

    def banks(self, *, after: str = "", limit: int = 100) -> list[Bank]:
        """List by name."""
        return sorted((b for b in self.all.values() if b.name > after), key=lambda b: b.name)[:limit]

    def say(self, entry: int) -> None:
        """Let somebody dispute an entry, or take that back."""
        self.wrong ^= {entry}
        self._note(ChangeKind.ENTRY_OPINION, self.held[entry][0], entry)

    def disputed(self, bank: int) -> list[EntryId]:
        """List a bank's disputed entries."""
        return [EntryId(e) for e in sorted(self.wrong) if e in self.held and self.held[e][0] == bank]

    def bounds(self, bank: int) -> set[Action]:
        """Return what a bank's unconfirmed entries ask for at most."""
        return {action for e, action in self.at_most.items() if e in self.held and self.held[e][0] == bank}

    def marked(self, entries: Sequence[int]) -> list[tuple[EntryId, BankId, bool, Action | None]]:
        """Return those entries that are disputed or unconfirmed."""
        found = [e for e in entries if e in self.wrong or e in self.at_most]
        return [(EntryId(e), BankId(self.held[e][0]), e in self.wrong, self.at_most.get(e)) for e in found]

    def changes(self, *, after: int, limit: int = 1000) -> list[Change]:
        """Read the sequence."""
        return self.log[after : after + limit]

    def last_sequence(self) -> int:
        """Return the newest number."""
        return len(self.log)

    def active_hashes(self, bank: int) -> Iterator[tuple[bytes, bytes]]:
        """Stream one entry at a time; cut one short where ``broken``."""
        for entry, (home, hashes) in self.held.items():
            if home == bank and entry not in self.gone:
                ids = entry.to_bytes(8, sys.byteorder) * (len(hashes) // 32)
                yield hashes[:-1] if self.broken else hashes, ids

    def hashes_of_many(self, entries: Sequence[int]) -> list[tuple[EntryId, BankId, bytes]]:
        """Return what is active."""
        return [
            (EntryId(e), BankId(self.held[e][0]), self.held[e][1])
            for e in entries
            if e in self.held and e not in self.gone
        ]

    def active_counts(self) -> dict[BankId, int]:
        """Count what is active."""
        counts = {bank.id: 0 for bank in self.all.values()}
        for entry, (home, hashes) in self.held.items():
            counts[BankId(home)] += len(hashes) // 32 if entry not in self.gone else 0
        return counts

    def timed_hashes(self, entries: Sequence[int]) -> dict[EntryId, list[tuple[int, bytes]]]:
        """Return the hashes of videos with their times."""
        return {EntryId(e): self.times[e] for e in entries if e in self.times}

    def put_video(self, bank: int, entry: int, frames: Sequence[tuple[int, bytes]]) -> None:
        """Register a video."""
        self.put(bank, entry, *(value for _, value in frames))
        self.times[entry] = list(frames)

    def put_regions(self, entry: int, regions: KeyedRegions) -> None:
        """Keep regions with an entry that is registered next."""
        self.regions[entry] = regions

    def active_regions(self, bank: int) -> Iterator[tuple[EntryId, KeyedRegions]]:
        """Stream those of a bank."""
        for entry, regions in self.regions.items():
            if entry in self.held and self.held[entry][0] == bank and entry not in self.gone:
                yield EntryId(entry), regions

    def regions_of_many(self, entries: Sequence[int]) -> list[tuple[EntryId, BankId, KeyedRegions]]:
        """Return those of active entries."""
        return [
            (EntryId(e), BankId(self.held[e][0]), self.regions[e])
            for e in entries
            if e in self.regions and e not in self.gone
        ]

    def entries_by_id(self, ids: Sequence[int]) -> dict[EntryId, Entry]:
        """Read entries and count the call."""
        self.reads += 1
        return {EntryId(i): self._entry(i) for i in ids if i in self.held}

    def _entry(self, number: int) -> Entry:
        state = EntryState.WITHDRAWN if number in self.gone else EntryState.ACTIVE
        bank = f"bank{self.held[number][0]}"
        return Entry(
            EntryId(number),
            bank,
            state,
            Provenance("test"),
            (),
            "",
            NOW,
            disputed=number in self.wrong,
            at_most=self.at_most.get(number),
            sharing=Sharing.WITHHELD if number in self.withheld else Sharing.OPEN,
        )


class MemoryChecks:
    """Keeps checks in a list; refuses while ``busy``."""

    def __init__(self) -> None:
        self.kept: list[Check] = []
        self.told: list[Probe] = []
        self.writes = 0
        self.busy = False

    def add(self, checks: list[Check], probes: Sequence[Probe] = ()) -> None:
        """Keep and count the call."""
        if self.busy:
            msg = "The database is busy."
            raise StoreBusy(msg)
        self.writes += 1
        self.kept += checks
        self.told += probes

    def probes(self, *, after: int, most: int) -> tuple[int, list[Probe]]:
        """Read on; numbers count from 1."""
        if self.busy:
            msg = "The database is busy."
            raise StoreBusy(msg)
        return max(after, len(self.told)), self.told[after:][-most:]

    def get(self, id: str) -> Check:  # noqa: A002 - the port's name
        """Read one."""
        for check in self.kept:
            if check.id == id:
                return check
        msg = "There is no such check."
        raise NotFound(msg)

    def page(self, *, after: str = "", limit: int = 100, key: str | None = None) -> list[Check]:
        """List newest first."""
        del after, key
        return self.kept[::-1][:limit]
