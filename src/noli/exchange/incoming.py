# SPDX-License-Identifier: Apache-2.0
"""Takes what partners tell into our banks, or holds it, or refuses it: the same rules whichever way it came.

What belongs together is written together: entries, what is known of the partner's ids, counters and (by the caller) the
checkpoint are one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from noli.bank.model import Action, EntryId, NewEntry, Opinion, Provenance, Sharing
from noli.bank.rules import PARTNER_PREFIX
from noli.bank.service import register
from noli.base.clock import Clock
from noli.base.errors import Throttled
from noli.exchange import rules
from noli.exchange.model import (
    Bad,
    Counts,
    HeldReason,
    Partner,
    Received,
    ReceivedState,
    SyncState,
    Told,
)
from noli.exchange.ports import CommonPictures, ExchangeStore, ExchangeTransaction
from noli.exchange.rules import Step
from noli.hashing.model import Hash

#: Entries of one partner that are held at most; beyond it nothing more is read until somebody has looked.
MAX_HELD = 100_000

# Held entries that are released in one transaction.
_RELEASED_AT_ONCE = 1000

_FLOODED_S = 3600


class Flooded(Throttled):
    """A partner sent far more than was agreed; nothing of the last part was taken."""

    code = "flooded"


class Incoming:
    """Takes what partners tell; safe to call from many threads and processes."""

    def __init__(self, store: ExchangeStore, common: CommonPictures, clock: Clock, *, max_held: int = MAX_HELD) -> None:
        """Keep the collaborators."""
        self._store, self._common, self._clock, self._max_held = store, common, clock, max_held

    def submit(self, partner: Partner, told: Sequence[Told], bad: Sequence[Bad] = ()) -> Counts:
        """Take what a partner sent by itself.

        Returns:
            What became of it.

        Raises:
            Flooded: Too much of it is held already; nothing was taken.
            Unavailable: The store or the look at common pictures did not answer; nothing was taken.
        """
        near = self.near_common(told)
        with self._store.transaction(write=True) as transaction:
            before = transaction.sync_state(partner.id)
            after = self.take(transaction, partner, before, told, bad, near=near)
            transaction.keep_sync_state(partner.id, after)
        return after.counts.minus(before.counts)

    def near_common(self, told: Sequence[Told]) -> frozenset[str]:
        """Return the ids of entries that are near common pictures; asked before the transaction is opened."""
        hashes = [(each.reference, one.value) for each in told if not each.withdrawn for one in each.hashes]
        near = self._common.near([value for _, value in hashes])
        return frozenset(reference for (reference, _), is_near in zip(hashes, near, strict=True) if is_near)

    def take(
        self,
        transaction: ExchangeTransaction,
        partner: Partner,
        state: SyncState,
        told: Sequence[Told],
        bad: Sequence[Bad],
        *,
        near: frozenset[str],
    ) -> SyncState:
        """Take a part of what a partner tells, in a transaction that the caller opened.

        Args:
            transaction: Open for writing.
            partner: Who tells.
            state: As it is; the caller keeps what is returned.
            told: What it tells, in any order.
            bad: Records that could not even be read.
            near: What ``near_common`` said.

        Returns:
            The state with what was counted.

        Raises:
            Flooded: More would be held than is kept.
        """
        now = self._clock.now()
        refused = list(bad)
        placed = []
        for each in told:
            one = rules.placed(each, generation=state.generation)
            if isinstance(one, Bad):
                refused.append(one)
            else:
                placed.append(one)
        kept = rules.newest(placed)
        known = transaction.received(partner.id, list(kept))
        gone, fresh = [], []
        for each in kept.values():
            step = rules.step(known.get(each.reference), each)
            if step is Step.WITHDRAW:
                gone.append(each)
            if step is not Step.ADD:
                continue
            wrong = rules.fault(partner, each)
            if wrong is None:
                fresh.append(each)
            else:
                refused.append(wrong)
        dropped = self._drop(transaction, partner, gone, known, now=now)
        state, counts = self._add(transaction, partner, state, fresh, known, near=near, now=now)
        if refused:
            transaction.quarantine(partner.id, refused, now=now)
        counts = replace(counts, withdrawn=dropped, refused=len(refused))
        return replace(state, counts=state.counts.plus(counts))

    def sweep(self, transaction: ExchangeTransaction, partner: Partner, state: SyncState, *, below: int) -> SyncState:
        """Withdraw what a partner no longer names: all that it last told with a version below this whole one."""
        now, dropped = self._clock.now(), 0
        for one in transaction.received_below(partner.id, below):
            told = Told(one.reference, one.version, withdrawn=True)
            dropped += self._drop(transaction, partner, [told], {one.reference: one}, now=now)
        return replace(state, counts=state.counts.plus(Counts(withdrawn=dropped)))

    def release(self, partner: Partner, *, reason: HeldReason | None = None) -> int:
        """Take everything that is held of a partner, whatever was agreed for an hour.

        Returns:
            How many entries.
        """
        released = 0
        while True:
            with self._store.transaction(write=True) as transaction:
                held = transaction.held(partner.id, reason=reason, limit=_RELEASED_AT_ONCE)
                if not held:
                    return released
                told = [
                    Told(one.reference, one.version, withdrawn=False, hashes=one.hashes, labels=one.labels)
                    for one in held
                ]
                banks = {one.reference: one.bank for one in held}
                taken = self._register(transaction, partner, told, banks)
                transaction.keep_received(
                    partner.id,
                    [
                        Received(one.reference, one.version, ReceivedState.TAKEN, one.bank, taken[one.reference])
                        for one in held
                    ],
                    now=self._clock.now(),
                )
                state = transaction.sync_state(partner.id)
                counts = state.counts.plus(Counts(taken=len(held)))
                transaction.keep_sync_state(partner.id, replace(state, counts=counts))
            released += len(held)

    def discard(self, partner: Partner, *, reason: HeldReason | None = None) -> int:
        """Refuse everything that is held of a partner; it is taken only if the partner tells something newer of it.

        Returns:
            How many entries.
        """
        discarded = 0
        while True:
            with self._store.transaction(write=True) as transaction:
                held = transaction.held(partner.id, reason=reason, limit=_RELEASED_AT_ONCE)
                if not held:
                    return discarded
                gone = [Received(one.reference, one.version, ReceivedState.REFUSED, one.bank) for one in held]
                transaction.keep_received(partner.id, gone, now=self._clock.now())
            discarded += len(held)

    def _drop(
        self,
        transaction: ExchangeTransaction,
        partner: Partner,
        gone: Sequence[Told],
        known: Mapping[str, Received],
        *,
        now: datetime,
    ) -> int:
        """Withdraw entries; ids that were never seen are kept as withdrawn, so that what comes late is not taken."""
        dropped, kept = 0, []
        for each in gone:
            before = known.get(each.reference)
            if before is not None and before.state is ReceivedState.TAKEN and before.entry is not None:
                transaction.banks.withdraw(before.bank, before.entry, by=_author(partner), now=now)
                dropped += 1
            kept.append(
                Received(
                    each.reference,
                    each.version,
                    ReceivedState.WITHDRAWN,
                    "" if before is None else before.bank,
                    None if before is None else before.entry,
                )
            )
        if kept:
            transaction.keep_received(partner.id, kept, now=now)
        return dropped

    def _add(
        self,
        transaction: ExchangeTransaction,
        partner: Partner,
        state: SyncState,
        fresh: Sequence[Told],
        known: Mapping[str, Received],
        *,
        near: frozenset[str],
        now: datetime,
    ) -> tuple[SyncState, Counts]:
        banks = {each.reference: _bank(partner, each) for each in fresh}
        state, allowed = rules.allowance(partner, state, now=now)
        takes: list[Told] = []
        kept: list[Received] = []
        same: list[Received] = []
        for each in fresh:
            before = known.get(each.reference)
            if before is not None and before.state is ReceivedState.TAKEN:
                if self._unchanged(transaction, before, each, banks[each.reference]):
                    same.append(replace(before, version=each.version))
                    continue
                transaction.banks.withdraw(before.bank, _entry(before), by=_author(partner), now=now)
            if each.reference in near:
                kept.append(_held(each, banks[each.reference], HeldReason.COMMON))
            elif len(takes) >= allowed:
                kept.append(_held(each, banks[each.reference], HeldReason.FLOOD))
            else:
                takes.append(each)
        if kept and transaction.count_held(partner.id) + len(kept) > self._max_held:
            msg = f"More than {self._max_held} entries of this partner are held; 'noli partner held' shows them."
            raise Flooded(msg, retry_after_s=_FLOODED_S)
        made = self._register(transaction, partner, takes, banks)
        taken = [
            Received(one.reference, one.version, ReceivedState.TAKEN, banks[one.reference], made[one.reference])
            for one in takes
        ]
        if taken or kept or same:
            transaction.keep_received(partner.id, [*taken, *kept, *same], now=now)
        self._opinions(transaction, partner, fresh, {one.reference: one for one in [*taken, *same]}, now=now)
        state = replace(state, hour_count=state.hour_count + len(takes))
        return state, Counts(taken=len(takes), held=len(kept))

    def _unchanged(self, transaction: ExchangeTransaction, before: Received, told: Told, bank: str) -> bool:
        if before.bank != bank:
            return False
        return _values(transaction.banks.entry(before.bank, _entry(before)).hashes) == _values(told.hashes)

    def _register(
        self, transaction: ExchangeTransaction, partner: Partner, told: Sequence[Told], banks: Mapping[str, str]
    ) -> dict[str, EntryId]:
        ceilings = {each.bank: each.at_most for each in partner.imports}
        by_bank: dict[str, list[Told]] = {}
        for each in told:
            by_bank.setdefault(banks[each.reference], []).append(each)
        made: dict[str, EntryId] = {}
        for bank, some in sorted(by_bank.items()):
            ceiling = ceilings.get(bank, Action.REVIEW)
            entries = [
                NewEntry(
                    each.hashes,
                    Provenance(_author(partner), partner.name, each.reference),
                    each.labels,
                    sharing=Sharing.WITHHELD,
                    at_most=None if ceiling is Action.BLOCK else ceiling,
                )
                for each in some
            ]
            numbered = register(transaction.banks, bank, entries, now=self._clock.now())
            made |= {each.reference: entry for each, (entry, _) in zip(some, numbered, strict=True)}
        return made

    def _opinions(
        self,
        transaction: ExchangeTransaction,
        partner: Partner,
        told: Sequence[Told],
        taken: Mapping[str, Received],
        *,
        now: datetime,
    ) -> None:
        """Keep what the partner itself thinks of its entries, where that is new."""
        for each in told:
            one = taken.get(each.reference)
            if one is None or each.opinion is None:
                continue
            before = [o.kind for o in transaction.banks.opinions(one.bank, _entry(one)) if o.author == _author(partner)]
            if before[-1:] != [each.opinion]:
                transaction.banks.add_opinion(one.bank, Opinion(_entry(one), _author(partner), each.opinion, "", now))


def _author(partner: Partner) -> str:
    return f"{PARTNER_PREFIX}{partner.name}"


def _bank(partner: Partner, told: Told) -> str:
    agreed = rules.import_for(partner, told)
    assert agreed is not None  # noqa: S101 - rules.fault refused the others
    return agreed.bank


def _entry(one: Received) -> EntryId:
    assert one.entry is not None  # noqa: S101 - what was taken has an entry
    return one.entry


def _held(told: Told, bank: str, reason: HeldReason) -> Received:
    return Received(
        told.reference,
        told.version,
        ReceivedState.HELD,
        bank,
        reason=reason,
        hashes=told.hashes,
        labels=told.labels,
    )


def _values(hashes: Sequence[Hash]) -> list[tuple[str, bytes]]:
    return sorted((one.type.value, one.value) for one in hashes)
