# SPDX-License-Identifier: Apache-2.0
"""The banks as this process searches them: one Hamming index a bank, kept up with the change sequence.

The store is the truth, this is a copy of it that says how far it has come (``sequence``). It never answers from a
part: before the first complete load, and after one that failed, every search raises ``Unavailable``. It makes no
decisions, and searches know nothing of disputes; what it remembers of them is for when the store is silent.

The processes of a host share the memory of a snapshot; each keeps for itself what came after. A snapshot is believed
where the store has its last change, and holds as many hashes as the store once both stand at the same change.
"""

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from noli.bank.model import MAX_THRESHOLD_BITS, Action, Bank, BankId, Change, ChangeKind, EntryId, RegionUse
from noli.bank.ports import BankStore, BankTransaction
from noli.bank.regions import RegionSecrets
from noli.base.errors import IntegrityError, Unavailable
from noli.hashing.model import PDQ_BYTES, Regions
from noli.matching.looks import entries_seen
from noli.matching.model import Neighbour
from noli.matching.ports import HammingIndex, HeldBank, IndexCache, Kept
from noli.matching.regions import RegionIndex
from noli.matching.widening import widened

#: Bytes of an entry id in the index.
ID_BYTES = 8

#: Changes applied in one step: large enough that a bulk import costs one append a bank, small in memory.
CHANGES_A_PAGE = 1000

_BANKS_A_PAGE = 100

_WEAKEST_FIRST = (Action.LOG, Action.REVIEW, Action.BLOCK)

#: A new snapshot is made once as many changes came as this part of the hashes; writing one again costs all of them.
SNAPSHOT_PART = 20

# Stands for the last change where nothing ever changed.
_NOTHING = Change(0, ChangeKind.BANK, BankId(0), None, datetime.min.replace(tzinfo=UTC))


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

    @property
    def has_hashes_alone(self) -> bool:
        """Whether it can match by nothing but hashes."""
        return not self.bank.policy.negative and not self.has_regions and len(self.index) > 0


@dataclass(frozen=True, slots=True)
class _State:
    """What readers see; replaced as a whole, never changed (the indexes inside swap atomically by themselves).

    ``last`` is the last change applied, ``kept`` the number of the last one in the snapshot that it is made from.
    """

    last: Change
    kept: int
    loaded: dict[BankId, _Loaded]
    enabled: tuple[_Loaded, ...]
    doubts: "_Doubts"

    @property
    def sequence(self) -> int:
        return self.last.sequence

    @property
    def hashes(self) -> int:
        return sum(len(one.index) for one in self.loaded.values())


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

    def after(self, changes: Sequence[Change], transaction: BankTransaction) -> "_Doubts":
        """Return them as they are after some changes."""
        kinds = ChangeKind.ENTRY_ADDED, ChangeKind.ENTRY_OPINION
        entries = [change.entry for change in changes if change.kind in kinds and change.entry is not None]
        if not entries:
            return self
        marked = transaction.marked(entries)
        doubts = self
        for bank in {bank for _, bank, _, _ in marked}:
            doubts = doubts.bound(bank, {bound for _, of, _, bound in marked if of == bank and bound is not None})
        disputed = {entry for entry, _, is_disputed, _ in marked if is_disputed}
        return replace(doubts, disputed=self.disputed.difference(entries) | disputed)


class BankIndexes:
    """Searches all enabled banks; any number of threads may read while one follows the changes."""

    def __init__(
        self,
        new_index: Callable[[], HammingIndex],
        secrets: RegionSecrets | None = None,
        *,
        cache: IndexCache | None = None,
        keep_after: int = 1,
    ) -> None:
        """Start not ready.

        Args:
            new_index: Makes an empty index; the kernel's ``HammingIndex`` in production.
            secrets: Hashes the regions of uploads for each bank; without it none are searched.
            cache: Keeps a snapshot for the processes of this host; without it each loads all by itself.
            keep_after: Changes after which there is to be a new snapshot, at least; below as many there is none.
        """
        self._secrets = secrets
        self._new_index = new_index
        self._cache = cache
        self._keep_after = keep_after
        self._state: _State | None = None
        self._writing = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether searches are answered."""
        return self._state is not None

    @property
    def sequence(self) -> int:
        """Number of the last change applied; 0 where none was or nothing is loaded."""
        state = self._state
        return 0 if state is None else state.sequence

    @property
    def kept(self) -> int:
        """Number of the last change in the snapshot that this is made from; 0 where it is from the store alone."""
        state = self._state
        return 0 if state is None else state.kept

    @property
    def hashes(self) -> int:
        """How many hashes the banks hold here, disabled banks included."""
        state = self._state
        return 0 if state is None else state.hashes

    def hashes_in(self, banks: Collection[str]) -> int:
        """Return how many of them banks of these names hold."""
        state = self._state
        return 0 if state is None else sum(len(one.index) for one in state.loaded.values() if one.bank.name in banks)

    @property
    def regions(self) -> int:
        """How many regions the enabled banks hold; where there are none, an upload's need not be found."""
        state = self._state
        return 0 if state is None else sum(len(one.regions) for one in state.enabled if one.has_regions)

    @property
    def without_regions(self) -> int:
        """How many hashes the enabled banks hold that have no regions; without any, nothing is looked at again."""
        state = self._state
        return 0 if state is None else sum(len(one.index) for one in state.enabled if one.has_hashes_alone)

    def load(self, store: BankStore) -> None:
        """Take the snapshot and what came after, or read everything anew, in one transaction.

        Where there should be a snapshot and is none, one process of the host makes it while the others wait.

        Raises:
            IntegrityError: The store handed out damaged data.
            Unavailable: The store did not answer. After any failure nothing is ready until a load succeeds.
        """
        with self._writing:
            try:
                self._state = self._shared(store) or self._read(store)
            except BaseException:
                self._state = None
                raise

    def catch_up(self, store: BankStore) -> int:
        """Apply the changes since the last one applied, each once, whoever calls.

        Returns:
            How many were applied.

        Raises:
            IntegrityError: The store handed out damaged data; nothing is ready until a load succeeds.
            Unavailable: Nothing is loaded, or the store did not answer; what was applied stays. Or its history is
                another one than what was applied: nothing is ready until a load succeeds.
        """
        applied = 0
        with self._writing:
            while True:
                before = self._current()
                try:
                    with store.transaction() as transaction:
                        changes = _after(before, transaction)
                        if changes is None:
                            self._state = None
                            msg = (
                                "The database was set back, so the banks are being loaded anew; try again in a moment."
                            )
                            raise Unavailable(msg)
                        if not changes:
                            return applied
                        loaded = self._apply(before.loaded, changes, transaction)
                        doubts = before.doubts.after(changes, transaction)
                except IntegrityError:
                    self._state = None
                    raise
                self._state = _state(changes[-1], before.kept, loaded, doubts)
                applied += len(changes)

    def renew(self, store: BankStore) -> bool:
        """Go over to a newer snapshot, after making it where it is due; True where there was something to do.

        Raises:
            IntegrityError: The store handed out damaged data; what was there before stays.
            Unavailable: The store did not answer; likewise.
        """
        state, cache = self._state, self._cache
        if state is None or cache is None:
            return False
        if cache.newest() <= state.kept:
            if not self._due(state):
                return False
            with cache.turn(wait=False) as mine:
                if not mine:
                    return False
                with self._writing:
                    state = self._current()
                    held = _held(state)
                cache.keep(state.last, held)
        return self._exchange(cache, store)

    def compact(self) -> bool:
        """Let each index fold its recent changes in; True where one had something to do."""
        state = self._state
        return state is not None and (
            sum(one.index.compact() + one.regions.compact() for one in state.loaded.values()) > 0
        )

    def neighbours(
        self, query: bytes, *, max_neighbours: int, banks: Collection[str] | None = None
    ) -> tuple[list[Neighbour], bool]:
        """Search one hash.

        Args:
            query: 32 bytes.
            max_neighbours: Entries that one bank reports at most.
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
            hits, more = widened(one.index, query, bank.policy.threshold_bits, max_neighbours)
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
            for position in memoryview(raw[3]).cast("I"):
                hits[position], more = widened(one.index, queries[position], bank.policy.threshold_bits, max_neighbours)
                if more:
                    capped.add(position)
            for position, near in hits.items():
                found[position] += _nearest(bank, near)
        return [(near, position in capped) for position, near in enumerate(found)]

    def anything_near(self, queries: bytes, *, beyond_bits: int, banks: Collection[str] | None = None) -> set[int]:
        """Tell near which of many hashes anything is that is not cleared, farther out than the banks' thresholds.

        Args:
            queries: Hashes, one behind the other.
            beyond_bits: How much farther out; what lies beyond the threshold is found nearly always.
            banks: Names to search in; None for all that are enabled.

        Returns:
            Positions of those that something is near.

        Raises:
            Unavailable: Nothing is loaded.
        """
        found: set[int] = set()
        for one in self._current().enabled:
            policy = one.bank.policy
            if policy.negative or not queries or (banks is not None and one.bank.name not in banks):
                continue
            limit_bits = min(MAX_THRESHOLD_BITS, policy.threshold_bits + beyond_bits)
            found.update(memoryview(one.index.search_batch(queries, limit_bits, 1, policy.threshold_bits)[0]).cast("I"))
        return found

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
            Entries of which some regions agree, once for each of their pictures, at their bank's threshold; whether
            they are enough for a match is for ``rules.agrees`` to say.

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
            )
        return found

    def neighbours_by_looks(self, looks: bytes, *, banks: Collection[str] | None = None) -> list[Neighbour]:
        """Search the windows of a second look at one picture, in the enabled banks that have no regions.

        Args:
            looks: Their hashes.
            banks: Names to search in; None for all that are enabled.

        Returns:
            Each entry once for each bank, at its bank's threshold.

        Raises:
            Unavailable: Nothing is loaded.
        """
        found: list[Neighbour] = []
        for one in self._current().enabled:
            bank = one.bank
            if one.has_hashes_alone and (banks is None or bank.name in banks):
                bits = bank.policy.threshold_bits
                found += (
                    Neighbour(bank, EntryId(entry), bits, looked_again=True)
                    for entry in entries_seen(one.index, looks, threshold_bits=bits)
                )
        return found

    def _current(self) -> _State:
        state = self._state
        if state is None:
            msg = "The banks are not loaded, so nothing can be checked; try again in a moment."
            raise Unavailable(msg)
        return state

    def _due(self, state: _State) -> bool:
        return state.sequence - state.kept >= max(self._keep_after, state.hashes // SNAPSHOT_PART)

    def _shared(self, store: BankStore) -> _State | None:
        """Take the snapshot; make it first where there should be one. None where this process is to load by itself."""
        cache = self._cache
        if cache is None:
            return None
        state = self._mapped(cache, store)
        if state is not None:
            return state
        with store.transaction() as transaction:
            if transaction.last_sequence() < self._keep_after:
                return None
        with cache.turn(wait=True):
            state = self._mapped(cache, store)
            if state is None:
                state = self._read(store)
                cache.keep(state.last, _held(state))
                state = self._mapped(cache, store) or state
        return state

    def _read(self, store: BankStore) -> _State:
        """Read everything anew."""
        with store.transaction() as transaction:
            last = _change(transaction, transaction.last_sequence())
            loaded = self._with_banks({}, transaction)
            for bank_id, one in loaded.items():
                for hashes, ids in transaction.active_hashes(bank_id):
                    _append(one.index, hashes, ids)
                for entry, regions in transaction.active_regions(bank_id):
                    one.regions.append(entry, regions)
            doubts = _doubts(loaded, transaction)
        return _state(last, 0, loaded, doubts)

    def _mapped(self, cache: IndexCache, store: BankStore) -> _State | None:
        """Take the newest snapshot and bring it up to the store's last change; None where there is none to believe."""
        kept = cache.read()
        if kept is None:
            return None
        with store.transaction() as transaction:
            if _change(transaction, kept.at.sequence) != kept.at:
                cache.refuse(kept, why="the database has another history")
                return None
            loaded = self._with_kept(kept, transaction)
            state = _state(kept.at, kept.at.sequence, loaded, _doubts(loaded, transaction))
            state = self._followed(state, transaction)
            if {bank: len(one.index) for bank, one in state.loaded.items()} != transaction.active_counts():
                cache.refuse(kept, why="the database holds another number of hashes")
                return None
        return state

    def _exchange(self, cache: IndexCache, store: BankStore) -> bool:
        """Put the newest snapshot in place of what is there."""
        state = self._mapped(cache, store)
        if state is None:
            return False
        with self._writing:
            self._current()
            with store.transaction() as transaction:
                self._state = self._followed(state, transaction)
        return True

    def _followed(self, state: _State, transaction: BankTransaction) -> _State:
        """Apply everything that came after a state; where the history is another one, the next look will tell."""
        while changes := _after(state, transaction):
            loaded, doubts = self._apply(state.loaded, changes, transaction), state.doubts.after(changes, transaction)
            state = _state(changes[-1], state.kept, loaded, doubts)
        return state

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
        for bank in _banks(transaction):
            known = loaded.get(bank.id)
            index = self._new_index() if known is None else known.index
            regions = None if known is None or known.bank.epoch != bank.epoch else known.regions
            fresh[bank.id] = _Loaded(bank, index, RegionIndex(self._new_index()) if regions is None else regions)
        return fresh

    def _with_kept(self, kept: Kept, transaction: BankTransaction) -> dict[BankId, _Loaded]:
        """Read all policies; banks that the snapshot has get their indexes from it."""
        by_id = {one.bank: one for one in kept.banks}
        fresh: dict[BankId, _Loaded] = {}
        for bank in _banks(transaction):
            one = by_id.get(bank.id)
            regions = None if one is None or one.epoch != bank.epoch else RegionIndex(one.regions, one.pictures)
            index = self._new_index() if one is None else one.hashes
            fresh[bank.id] = _Loaded(bank, index, RegionIndex(self._new_index()) if regions is None else regions)
        return fresh


def _banks(transaction: BankTransaction) -> Iterator[Bank]:
    after = ""
    while page := transaction.banks(after=after, limit=_BANKS_A_PAGE):
        yield from page
        after = page[-1].name


def _state(last: Change, kept: int, loaded: dict[BankId, _Loaded], doubts: _Doubts) -> _State:
    return _State(last, kept, loaded, tuple(one for one in loaded.values() if one.bank.policy.enabled), doubts)


def _doubts(banks: Iterable[BankId], transaction: BankTransaction) -> _Doubts:
    doubts = _Doubts()
    for bank in banks:
        doubts = doubts.bound(bank, transaction.bounds(bank))
        doubts = replace(doubts, disputed=doubts.disputed.union(transaction.disputed(bank)))
    return doubts


def _change(transaction: BankTransaction, sequence: int) -> Change:
    """Return the change of this number, or another one where there is none."""
    found = transaction.changes(after=sequence - 1, limit=1)
    return found[0] if sequence and found else _NOTHING


def _after(state: _State, transaction: BankTransaction) -> Sequence[Change] | None:
    """Return some changes after those applied; None where the last one applied is not in the store, or another one."""
    if state.last is _NOTHING:
        return transaction.changes(after=0, limit=CHANGES_A_PAGE)
    changes = transaction.changes(after=state.sequence - 1, limit=CHANGES_A_PAGE + 1)
    return changes[1:] if changes and changes[0] == state.last else None


def _held(state: _State) -> list[HeldBank]:
    """Take hold of everything, while nothing is changed."""
    held = []
    for bank, one in state.loaded.items():
        regions, pictures = one.regions.hold()
        held.append(HeldBank(bank, one.bank.epoch, one.index.hold(), regions, pictures))
    return held


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
