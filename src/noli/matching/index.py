# SPDX-License-Identifier: Apache-2.0
"""The banks as this process searches them: one Hamming index a bank, kept up with the change sequence.

The store is the truth, this is a copy of it that says how far it has come (``sequence``). It never answers from a
part: before the first complete load, and after one that failed, every search raises ``Unavailable``. It makes no
decisions, and searches know nothing of disputes; what it remembers of them is for when the store is silent.
"""

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from noli.bank.model import Action, Bank, BankId, Change, ChangeKind, EntryId, RegionUse
from noli.bank.ports import BankStore, BankTransaction
from noli.bank.regions import RegionSecrets
from noli.base.errors import IntegrityError, Unavailable
from noli.hashing.model import PDQ_BYTES, Regions
from noli.matching.model import Neighbour
from noli.matching.ports import HammingIndex
from noli.matching.regions import RegionIndex
from noli.matching.rules import agrees

#: Bytes of an entry id in the index.
ID_BYTES = 8

#: Changes applied in one step: large enough that a bulk import costs one append a bank, small in memory.
CHANGES_A_PAGE = 1000

_BANKS_A_PAGE = 100

_WEAKEST_FIRST = (Action.LOG, Action.REVIEW, Action.BLOCK)


@dataclass(frozen=True, slots=True)
class _Loaded:
    bank: Bank
    index: HammingIndex
    regions: RegionIndex

    @property
    def has_regions(self) -> bool:
        """Whether it can match by regions."""
        policy = self.bank.policy
        return policy.regions is not RegionUse.OFF and not policy.negative and len(self.regions) > 0


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What readers see; replaced as a whole, never changed (the indexes inside swap atomically by themselves)."""

    sequence: int
    loaded: dict[BankId, _Loaded]
    enabled: tuple[_Loaded, ...]
    doubts: "_Doubts"


@dataclass(frozen=True, slots=True)
class _Doubts:
    """Which entries are disputed, and the weakest that unconfirmed entries of a bank were ever bound to.

    A bank may hold a million unconfirmed entries, so that they are not remembered one by one.
    """

    disputed: frozenset[EntryId] = frozenset()
    bounds: Mapping[BankId, Action] = field(default_factory=dict)

    def bound(self, bank: BankId, actions: Iterable[Action]) -> "_Doubts":
        """Return them with what some entries of a bank are bound to."""
        known = {*actions, *([self.bounds[bank]] if bank in self.bounds else ())}
        return replace(self, bounds={**self.bounds, bank: min(known, key=_WEAKEST_FIRST.index)}) if known else self


class BankIndexes:
    """Searches all enabled banks; any number of threads may read while one follows the changes."""

    def __init__(self, new_index: Callable[[], HammingIndex], secrets: RegionSecrets | None = None) -> None:
        """Start not ready.

        Args:
            new_index: Makes an empty index; the kernel's ``HammingIndex`` in production.
            secrets: Hashes the regions of uploads for each bank; without it none are searched.
        """
        self._secrets = secrets
        self._new_index = new_index
        self._snapshot: _Snapshot | None = None
        self._writing = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether searches are answered."""
        return self._snapshot is not None

    @property
    def sequence(self) -> int:
        """Number of the last change applied; 0 where none was or nothing is loaded."""
        snapshot = self._snapshot
        return 0 if snapshot is None else snapshot.sequence

    @property
    def hashes(self) -> int:
        """How many hashes the banks hold here, disabled banks included."""
        snapshot = self._snapshot
        return 0 if snapshot is None else sum(len(loaded.index) for loaded in snapshot.loaded.values())

    @property
    def regions(self) -> int:
        """How many regions the enabled banks hold; where there are none, an upload's need not be found."""
        snapshot = self._snapshot
        return 0 if snapshot is None else sum(len(one.regions) for one in snapshot.enabled if one.has_regions)

    def load(self, store: BankStore) -> None:
        """Read everything anew, in one transaction.

        Raises:
            IntegrityError: The store handed out damaged data.
            Unavailable: The store did not answer. After any failure nothing is ready until a load succeeds.
        """
        with self._writing:
            try:
                with store.transaction() as transaction:
                    sequence = transaction.last_sequence()
                    loaded, doubts = self._with_banks({}, transaction), _Doubts()
                    for bank_id, one in loaded.items():
                        doubts = doubts.bound(bank_id, transaction.bounds(bank_id))
                        doubts = replace(doubts, disputed=doubts.disputed.union(transaction.disputed(bank_id)))
                        for hashes, ids in transaction.active_hashes(bank_id):
                            _append(one.index, hashes, ids)
                        for entry, regions in transaction.active_regions(bank_id):
                            one.regions.append(entry, regions)
            except BaseException:
                self._snapshot = None
                raise
            self._snapshot = _snapshot(sequence, loaded, doubts)

    def catch_up(self, store: BankStore) -> int:
        """Apply the changes since the last one applied, each once, whoever calls.

        Returns:
            How many were applied.

        Raises:
            IntegrityError: The store handed out damaged data; nothing is ready until a load succeeds.
            Unavailable: Nothing is loaded, or the store did not answer; what was applied stays.
        """
        applied = 0
        with self._writing:
            while True:
                before = self._current()
                try:
                    with store.transaction() as transaction:
                        changes = transaction.changes(after=before.sequence, limit=CHANGES_A_PAGE)
                        if not changes:
                            return applied
                        loaded = self._apply(before.loaded, changes, transaction)
                        doubts = _following(before.doubts, changes, transaction)
                except IntegrityError:
                    self._snapshot = None
                    raise
                self._snapshot = _snapshot(changes[-1].sequence, loaded, doubts)
                applied += len(changes)

    def compact(self) -> bool:
        """Let each index fold its recent changes in; True where one had something to do."""
        snapshot = self._snapshot
        return snapshot is not None and (
            sum(one.index.compact() + one.regions.compact() for one in snapshot.loaded.values()) > 0
        )

    def neighbours(
        self, query: bytes, *, max_neighbours: int, banks: Collection[str] | None = None
    ) -> tuple[list[Neighbour], bool]:
        """Search one hash.

        Args:
            query: 32 bytes.
            max_neighbours: Hashes that one bank reports at most.
            banks: Names to search in; None for all that are enabled. Disabled banks are never searched.

        Returns:
            One neighbour an entry, at its smallest distance, in no order; whether a bank had more than it reported.

        Raises:
            Unavailable: Nothing is loaded.
        """
        found: list[Neighbour] = []
        capped = False
        for one in self._current().enabled:
            bank = one.bank
            if banks is not None and bank.name not in banks:
                continue
            hits, more = one.index.search(query, bank.policy.threshold_bits, max_neighbours)
            capped = capped or more
            if hits:
                found += _nearest(bank, hits)
        return found, capped

    def neighbours_batch(
        self, queries: Sequence[bytes], *, max_neighbours: int, banks: Collection[str] | None = None
    ) -> list[tuple[list[Neighbour], bool]]:
        """Search many hashes, bank by bank; each answer is what ``neighbours`` gives."""
        enabled = self._current().enabled
        found: list[list[Neighbour]] = [[] for _ in queries]
        capped: set[int] = set()
        joined = b"".join(queries)
        for one in enabled:
            bank = one.bank
            if not joined or (banks is not None and bank.name not in banks):
                continue
            raw = one.index.search_batch(joined, bank.policy.threshold_bits, max_neighbours)
            positions, ids, distances = (memoryview(raw[0]).cast("I"), memoryview(raw[1]).cast("Q"), raw[2])
            hits: dict[int, list[tuple[int, int]]] = {}
            for position, entry, distance in zip(positions, ids, distances, strict=True):
                hits.setdefault(position, []).append((entry, distance))
            for position, near in hits.items():
                found[position] += _nearest(bank, near)
            capped.update(memoryview(raw[3]).cast("I"))
        return [(near, position in capped) for position, near in enumerate(found)]

    def holding(self, value: bytes, *, banks: Collection[str]) -> list[EntryId]:
        """Find the entries of some banks, enabled or not, that hold this very hash.

        Raises:
            Unavailable: Nothing is loaded.
        """
        found: set[int] = set()
        for one in self._current().loaded.values():
            if one.bank.name in banks:
                hits, _ = one.index.search(value, 0, max(1, len(one.index)))
                found.update(entry for entry, _distance in hits)
        return [EntryId(entry) for entry in sorted(found)]

    def remembered(self, near: Iterable[Neighbour]) -> list[Neighbour]:
        """Mark neighbours by what is remembered of disputes and of what is unconfirmed, where the store is silent."""
        doubts = self._current().doubts
        return [
            replace(
                one,
                disputed=one.entry in doubts.disputed,
                at_most=doubts.bounds.get(one.bank.id),
                remembered=True,
            )
            for one in near
        ]

    def neighbours_by_regions(
        self, regions: Regions, *, max_neighbours: int, banks: Collection[str] | None = None
    ) -> list[Neighbour]:
        """Search the regions of one picture.

        Args:
            regions: Those that were looked for in it.
            max_neighbours: Regions that one bank reports at most for each of them.
            banks: Names to search in; None for all that are enabled.

        Returns:
            Entries whose regions agree, once for each of their pictures, at their bank's threshold.

        Raises:
            Unavailable: Nothing is loaded.
            ConfigError: The key file cannot be used.
        """
        found: list[Neighbour] = []
        secrets = self._secrets
        enabled = self._current().enabled
        if secrets is None:
            return found
        for one in enabled:
            bank = one.bank
            if not one.has_regions or not len(regions) or (banks is not None and bank.name not in banks):
                continue
            hashes = (
                secrets.hashes(bank, regions, mirrored=False),
                secrets.hashes(bank, regions, mirrored=True),
            )
            found += (
                Neighbour(bank, entry, bank.policy.threshold_bits, agreement=agreement)
                for entry, agreement in one.regions.search(regions, hashes, max_neighbours=max_neighbours)
                if agrees(agreement)
            )
        return found

    def _current(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            msg = "The banks are not loaded, so nothing can be checked; try again in a moment."
            raise Unavailable(msg)
        return snapshot

    def _apply(
        self, loaded: dict[BankId, _Loaded], changes: Sequence[Change], transaction: BankTransaction
    ) -> dict[BankId, _Loaded]:
        """Apply one page; may be repeated after a failure, for an entry's hashes may be in an index twice."""
        added = [c.entry for c in changes if c.kind is ChangeKind.ENTRY_ADDED and c.entry is not None]
        if any(c.kind is ChangeKind.BANK or c.bank not in loaded for c in changes):
            loaded = self._with_banks(loaded, transaction)
        hashes: dict[BankId, list[bytes]] = {}
        ids: dict[BankId, list[bytes]] = {}
        for entry, bank, value in transaction.hashes_of_many(added) if added else ():
            hashes.setdefault(bank, []).append(value)
            ids.setdefault(bank, []).append(_id_bytes(entry) * (len(value) // PDQ_BYTES))
        for entry, bank, regions in transaction.regions_of_many(added) if added else ():
            _loaded_of(loaded, bank).regions.append(entry, regions)
        for bank, values in hashes.items():
            _append(_index_of(loaded, bank), b"".join(values), b"".join(ids[bank]))
        # A withdrawal is for good and the hashes above are those of entries active now, so it may always come last.
        for bank, gone in _withdrawn(changes).items():
            _index_of(loaded, bank).tombstone(b"".join(map(_id_bytes, gone)))
            for entry in gone:
                _loaded_of(loaded, bank).regions.remove(entry)
        return loaded

    def _with_banks(self, loaded: dict[BankId, _Loaded], transaction: BankTransaction) -> dict[BankId, _Loaded]:
        """Read all policies; banks that are new get an empty index."""
        fresh: dict[BankId, _Loaded] = {}
        after = ""
        while page := transaction.banks(after=after, limit=_BANKS_A_PAGE):
            for bank in page:
                known = loaded.get(bank.id)
                index = self._new_index() if known is None else known.index
                regions = None if known is None or known.bank.epoch != bank.epoch else known.regions
                fresh[bank.id] = _Loaded(bank, index, RegionIndex(self._new_index) if regions is None else regions)
            after = page[-1].name
        return fresh


def _snapshot(sequence: int, loaded: dict[BankId, _Loaded], doubts: _Doubts) -> _Snapshot:
    return _Snapshot(sequence, loaded, tuple(one for one in loaded.values() if one.bank.policy.enabled), doubts)


def _following(doubts: _Doubts, changes: Sequence[Change], transaction: BankTransaction) -> _Doubts:
    """Return the doubts as they are after some changes."""
    kinds = ChangeKind.ENTRY_ADDED, ChangeKind.ENTRY_OPINION
    entries = [change.entry for change in changes if change.kind in kinds and change.entry is not None]
    if not entries:
        return doubts
    marked = transaction.marked(entries)
    disputed = {entry for entry, _, is_disputed, _ in marked if is_disputed}
    for bank in {bank for _, bank, _, _ in marked}:
        doubts = doubts.bound(bank, {bound for _, of, _, bound in marked if of == bank and bound is not None})
    return replace(doubts, disputed=doubts.disputed.difference(entries) | disputed)


def _append(index: HammingIndex, hashes: bytes, ids: bytes) -> None:
    if len(hashes) % PDQ_BYTES or len(hashes) // PDQ_BYTES * ID_BYTES != len(ids):
        msg = "The database holds a hash of the wrong length; restore it from a backup."
        raise IntegrityError(msg)
    if hashes:
        index.append(hashes, ids)


def _index_of(loaded: dict[BankId, _Loaded], bank: BankId) -> HammingIndex:
    return _loaded_of(loaded, bank).index


def _loaded_of(loaded: dict[BankId, _Loaded], bank: BankId) -> _Loaded:
    one = loaded.get(bank)
    if one is None:
        msg = "The change sequence names a bank that does not exist; restore the database from a backup."
        raise IntegrityError(msg)
    return one


def _withdrawn(changes: Iterable[Change]) -> dict[BankId, list[EntryId]]:
    gone: dict[BankId, list[EntryId]] = {}
    for change in changes:
        if change.kind is ChangeKind.ENTRY_WITHDRAWN and change.entry is not None:
            gone.setdefault(change.bank, []).append(change.entry)
    return gone


def _id_bytes(entry: EntryId) -> bytes:
    return entry.to_bytes(ID_BYTES, sys.byteorder)


def _nearest(bank: Bank, hits: Iterable[tuple[int, int]]) -> list[Neighbour]:
    """Keep one neighbour an entry: an entry has several hashes (its dihedral forms, its frames)."""
    nearest: dict[int, int] = {}
    for entry, distance in hits:
        if distance < nearest.get(entry, PDQ_BYTES * 8 + 1):
            nearest[entry] = distance
    return [Neighbour(bank, EntryId(entry), distance) for entry, distance in nearest.items()]
