# SPDX-License-Identifier: Apache-2.0
"""Banks in memory: a complete small implementation of ``bank.ports`` for the use of the cases in memory."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from noli.bank.model import (
    Bank,
    BankId,
    BankPolicy,
    Change,
    ChangeKind,
    Entry,
    EntryId,
    EntryState,
    NewEntry,
    Opinion,
    OpinionKind,
    entry_text,
)
from noli.base.errors import Conflict, NotFound


class MemoryBanks:
    """One transaction's view of banks that are held in memory."""

    def __init__(self) -> None:
        self._banks: dict[str, Bank] = {}
        self._entries: dict[EntryId, Entry] = {}
        self._opinions: list[Opinion] = []
        self._changes: list[Change] = []
        self._kept: dict[tuple[str, str], tuple[bytes, bytes]] = {}

    def add_bank(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        if name in self._banks:
            msg = f"A bank named {name!r} exists already."
            raise Conflict(msg)
        self._banks[name] = Bank(BankId(len(self._banks) + 1), name, policy, now)
        self._note(ChangeKind.BANK, name)
        return self.bank(name)

    def set_policy(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        del now
        self._banks[name] = replace(self.bank(name), policy=policy)
        self._note(ChangeKind.BANK, name)
        return self.bank(name)

    def bank(self, name: str) -> Bank:
        if name not in self._banks:
            msg = f"There is no bank named {name!r}."
            raise NotFound(msg)
        active = [e for e in self._entries.values() if e.bank == name and e.state is EntryState.ACTIVE]
        return replace(self._banks[name], entries=len(active))

    def banks(self, *, after: str = "", limit: int = 100) -> list[Bank]:
        return [self.bank(name) for name in sorted(self._banks) if name > after][:limit]

    def add_entry(self, bank: str, entry: NewEntry, *, id: EntryId, now: datetime) -> Entry:  # noqa: A002 - the port's name
        self.add_entries(bank, [(id, entry)], now=now)
        return self.entry(bank, id)

    def add_entries(self, bank: str, entries: Sequence[tuple[EntryId, NewEntry]], *, now: datetime) -> None:
        self.bank(bank)
        for id_, new in entries:
            self._entries[id_] = Entry(
                id_, bank, EntryState.ACTIVE, new.provenance, new.labels, new.note, now, new.hashes
            )
            self._note(ChangeKind.ENTRY_ADDED, bank, id_)

    def entry(self, bank: str, id: EntryId) -> Entry:  # noqa: A002 - the port's name
        found = self._entries.get(id)
        if found is None or found.bank != bank:
            msg = f"There is no entry {entry_text(id)} in bank {bank!r}."
            raise NotFound(msg)
        return found

    def entries(self, bank: str, *, after: EntryId | None = None, limit: int = 100) -> list[Entry]:
        self.bank(bank)
        least = -1 if after is None else after
        return [self._entries[i] for i in sorted(self._entries) if i > least and self._entries[i].bank == bank][:limit]

    def entries_by_id(self, ids: Sequence[EntryId]) -> dict[EntryId, Entry]:
        return {id_: replace(self._entries[id_], hashes=()) for id_ in ids if id_ in self._entries}

    def withdraw(self, bank: str, id: EntryId, *, by: str, now: datetime) -> Entry:  # noqa: A002 - the port's name
        before = self.entry(bank, id)
        if before.state is EntryState.ACTIVE:
            self._entries[id] = replace(before, state=EntryState.WITHDRAWN, withdrawn_at=now, withdrawn_by=by)
            self._note(ChangeKind.ENTRY_WITHDRAWN, bank, id)
        return self._entries[id]

    def add_opinion(self, bank: str, opinion: Opinion) -> Entry:
        before = self.entry(bank, opinion.entry)
        self._opinions.append(opinion)
        newest = {one.author: one.kind for one in self._opinions if one.entry == opinion.entry}
        disputed = any(kind is not OpinionKind.TRUE_POSITIVE for kind in newest.values())
        self._entries[opinion.entry] = replace(before, disputed=disputed)
        return self._entries[opinion.entry]

    def opinions(self, bank: str, id: EntryId) -> list[Opinion]:  # noqa: A002 - the port's name
        self.entry(bank, id)
        return [one for one in self._opinions if one.entry == id]

    def changes(self, *, after: int, limit: int = 1000) -> list[Change]:
        return self._changes[after : after + limit]

    def active_hashes(self, bank: BankId) -> Iterator[tuple[bytes, bytes]]:
        for id_, home, value in self.hashes_of_many(list(self._entries)):
            if home == bank:
                yield value, id_.to_bytes(8, sys.byteorder) * (len(value) // 32)

    def hashes_of(self, entry: EntryId) -> bytes:
        return b"".join(value for _, _, value in self.hashes_of_many([entry]))

    def hashes_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bytes]]:
        found = [self._entries[id_] for id_ in entries if id_ in self._entries]
        return [
            (e.id, self._banks[e.bank].id, b"".join(h.value for h in e.hashes))
            for e in found
            if e.state is EntryState.ACTIVE
        ]

    def last_sequence(self) -> int:
        return len(self._changes)

    def recall(self, scope: str, key: str) -> tuple[bytes, bytes] | None:
        return self._kept.get((scope, key))

    def remember(self, scope: str, key: str, *, digest: bytes, response: bytes, now: datetime) -> None:
        del now
        if (scope, key) in self._kept:
            msg = "Another request with this idempotency key is being answered; try again in a moment."
            raise Conflict(msg)
        self._kept[scope, key] = digest, response

    def _note(self, kind: ChangeKind, bank: str, entry: EntryId | None = None) -> None:
        self._changes.append(Change(len(self._changes) + 1, kind, self._banks[bank].id, entry))
