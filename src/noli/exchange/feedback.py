# SPDX-License-Identifier: Apache-2.0
"""What partners think of what we shared with them, as their own protocols say it.

1. Feedback on what a partner was never given is passed over without a word: an answer that tells known from unknown
   would tell canaries from entries.
2. The same opinion again changes nothing, so that repeating it costs nobody anything.
3. A doubt (false positive, disputed) makes an entry ask for review alone. Who doubts more in an hour than was agreed
   would switch a bank off: beyond that, doubts are held until somebody has looked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from noli.bank.model import EntryId, Opinion, OpinionKind
from noli.bank.rules import PARTNER_PREFIX
from noli.base.clock import Clock
from noli.exchange import rules
from noli.exchange.holders import Holders, may_see
from noli.exchange.model import HeldDoubt, Partner
from noli.exchange.ports import ExchangeStore, ExchangeTransaction

# Held doubts that are released or forgotten in one transaction.
_ENDED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class HashFeedback:
    """An opinion on a hash.

    Attributes:
        value: The hash.
        kind: The opinion.
        note: More about it, in the partner's words.
    """

    value: bytes = field(repr=False)
    kind: OpinionKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class EntryFeedback:
    """An opinion on an entry; fields as above."""

    entry: EntryId
    kind: OpinionKind
    note: str = ""


class FeedbackService:
    """Keeps partners' opinions; safe to call from many threads and processes."""

    def __init__(self, store: ExchangeStore, holders: Holders, clock: Clock) -> None:
        """Keep the collaborators."""
        self._store, self._holders, self._clock = store, holders, clock

    def on_hashes(self, partner: Partner, given: Iterable[HashFeedback]) -> None:
        """Keep opinions on hashes. Raises Unavailable where the banks are not loaded."""
        now = self._clock.now()
        with self._store.transaction(write=True) as transaction:
            opinions = [
                HeldDoubt(entry.id, entry.bank, each.kind, each.note, now)
                for each in given
                for entry in self._holders.of(transaction, partner, each.value)
            ]
            self._keep(transaction, partner, opinions)

    def on_entries(self, partner: Partner, given: Sequence[EntryFeedback]) -> None:
        """Keep opinions on entries."""
        now = self._clock.now()
        with self._store.transaction(write=True) as transaction:
            found = transaction.banks.entries_by_id([each.entry for each in given])
            opinions = [
                HeldDoubt(each.entry, found[each.entry].bank, each.kind, each.note, now)
                for each in given
                if each.entry in found and may_see(partner, found[each.entry])
            ]
            self._keep(transaction, partner, opinions)

    def release(self, partner: Partner) -> int:
        """Believe all doubts that are held of a partner, whatever was agreed for an hour.

        Returns:
            How many.
        """
        return self._end(partner, _believe)

    def discard(self, partner: Partner) -> int:
        """Forget all doubts that are held of a partner.

        Returns:
            How many.
        """
        return self._end(partner, lambda *_: None)

    def _end(self, partner: Partner, act: Callable[[ExchangeTransaction, Partner, HeldDoubt], None]) -> int:
        """Do something with each held doubt, and hold it no longer."""
        ended = 0
        while True:
            with self._store.transaction(write=True) as transaction:
                held = transaction.held_doubts(partner.id, limit=_ENDED_AT_ONCE)
                if not held:
                    return ended
                for each in held:
                    act(transaction, partner, each)
                transaction.drop_doubts(partner.id, [each.entry for each in held])
            ended += len(held)

    def _keep(self, transaction: ExchangeTransaction, partner: Partner, given: Sequence[HeldDoubt]) -> None:
        before = transaction.sync_state(partner.id)
        state, allowed = rules.doubts_allowed(partner, before, now=self._clock.now())
        taken, held = 0, dict[EntryId, HeldDoubt]()
        for each in given:
            # What it thinks now takes the place of what it thought, held or not.
            held.pop(each.entry, None)
            if _newest(transaction, partner, each) == each.kind:
                continue
            if each.kind is not OpinionKind.TRUE_POSITIVE:
                if taken >= allowed:
                    held[each.entry] = each
                    continue
                taken += 1
            _believe(transaction, partner, each)
        transaction.drop_doubts(partner.id, [each.entry for each in given])
        transaction.hold_doubts(partner.id, list(held.values()))
        if taken:
            state = replace(state, doubts_count=state.doubts_count + taken)
            transaction.keep_sync_state(partner.id, state)


def _author(partner: Partner) -> str:
    return f"{PARTNER_PREFIX}{partner.name}"


def _newest(transaction: ExchangeTransaction, partner: Partner, given: HeldDoubt) -> OpinionKind | None:
    kinds = [one.kind for one in transaction.banks.opinions(given.bank, given.entry) if one.author == _author(partner)]
    return kinds[-1] if kinds else None


def _believe(transaction: ExchangeTransaction, partner: Partner, given: HeldDoubt) -> None:
    opinion = Opinion(given.entry, _author(partner), given.kind, given.note, given.at)
    transaction.banks.add_opinion(given.bank, opinion)
