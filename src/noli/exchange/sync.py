# SPDX-License-Identifier: Apache-2.0
"""Fetches from partners and stores what came, each part with the checkpoint after it in one transaction.

1. The checkpoint is kept with what it stands for, so it is never ahead of what was stored: whoever is interrupted reads
   the same again, and reading it again changes nothing (``exchange.rules``).
2. Two processes that fetch from one partner at once do no harm: who finds another checkpoint than it began with stops.
3. A partner that does not answer, lies or floods is left alone for a while, longer each time, and its status says why.
   Others do not notice.
4. After fetching, what we think of its entries is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from noli.base.clock import Clock
from noli.base.errors import Conflict, InputError, NoliError, NotFound, PartnerDistrusted, PartnerUnreachable
from noli.exchange import rules
from noli.exchange.incoming import Flooded, Incoming
from noli.exchange.model import Bad, Counts, Fetched, Given, Partner, PartnerState, Protocol, SyncState, SyncStatus
from noli.exchange.ports import FETCH, ExchangeStore, Fetchers
from noli.jobs.model import Lane, Lease, Task
from noli.jobs.rules import wait_after

#: Time to the next fetch, where all went well and the protocol does not say when something is new.
EVERY = timedelta(minutes=5)

#: The same for Noli's own feed: it is asked again a second after it was asked last, or at once where it told something.
NOLI_EVERY = timedelta(seconds=1)

#: How long another Noli may hold its answer back, so that what happens there is here at once. Short, because a server
#: that is stopped waits for it.
LISTEN_S = 2.0

#: Partners that are listened to at once, each by a thread. Of more than these each is only asked, and the more there
#: are the more seldom: all of them together as often as so many, once a second.
LISTENED_TO = 8

#: How long a process may be silent before another one takes its fetch over. Short, because a killed process cannot give
#: its job back; a long first load that is taken over goes on from its last part, and whoever comes second stops.
TERM = timedelta(seconds=20)

# Ends a wait in the middle of its spread.
_MIDDLE = 0.5


class Syncer:
    """Exchanges with partners, one at a time; safe to call from many threads and processes."""

    def __init__(
        self,
        store: ExchangeStore,
        incoming: Incoming,
        fetchers: Fetchers,
        clock: Clock,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Keep the collaborators.

        Args:
            store: Keeps how far we are.
            incoming: Takes what partners tell.
            fetchers: Speak their protocols.
            clock: Tells the time.
            on_change: Called when banks have changed, so that this process follows at once.
        """
        self._store, self._incoming, self._fetchers = store, incoming, fetchers
        self._clock, self._on_change = clock, on_change

    @property
    def task(self) -> Task:
        """What servers do for each partner that is fetched from."""
        return Task(kind=FETCH, run=self._run, term=TERM, lane=Lane.LISTENING)

    def _run(self, lease: Lease) -> datetime | None:
        """Do the job of one partner; it ends where nothing is fetched from it any more."""
        with self._store.transaction() as transaction:
            turns = max(1, ceil(transaction.count_sources(Protocol.NOLI) / LISTENED_TO))
        try:
            state = self.run(lease.subject, wait_s=LISTEN_S if turns == 1 else 0, every=NOLI_EVERY * turns)
        except (InputError, NotFound):
            return None
        # Without a time for the next fetch, another process is at the first one, or was when it died.
        return state.next_at or self._clock.now() + TERM

    def due(self) -> list[Partner]:
        """List the partners that are to be fetched from now."""
        now = self._clock.now()
        with self._store.transaction() as transaction:
            return [
                partner
                for partner in transaction.partners()
                if partner.source is not None
                and partner.state is PartnerState.ACTIVE
                and _is_due(transaction.sync_state(partner.id), now)
            ]

    def run(self, name: str, *, wait_s: float = 0, every: timedelta = NOLI_EVERY) -> SyncState:
        """Fetch from one partner and send it what we think.

        Args:
            name: The partner.
            wait_s: Seconds for which it may hold its answer back until there is something new.
            every: How often it is asked where it is another Noli that has nothing to tell.

        Returns:
            How it went; trouble with the partner is in there and no error.

        Raises:
            NotFound: There is no such partner.
            InputError: Nothing is fetched from it.
            Unavailable: Our own database did not answer.
        """
        with self._store.transaction() as transaction:
            partner = transaction.partner(name)
            secret = transaction.secret(partner.id)
        if partner.source is None:
            msg = f"Nothing is fetched from {name}; 'noli partner set {name} --url …' says where."
            raise InputError(msg)
        if partner.state is not PartnerState.ACTIVE:
            msg = f"Exchange with {name} is suspended; 'noli partner set {name} --resume' goes on."
            raise InputError(msg)
        began, told = self._clock.now(), False
        try:
            fetcher = self._fetchers.open(partner, secret=secret)
            state = self._state(partner)
            for part in fetcher.pages(state.checkpoint, wait_s=wait_s):
                state, told = self._store_part(partner, part, before=state), True
            if state.sweeping:
                state = self._sweep(partner, rules.first_version(state.generation))
            self._give(partner, fetcher.give)
        except Conflict:
            # Another process was quicker; what it stored is as good.
            return self._state(partner)
        except Flooded as error:
            return self._failed(partner, SyncStatus.FLOODED, error)
        except PartnerDistrusted as error:
            return self._failed(partner, SyncStatus.DISTRUSTED, error)
        except PartnerUnreachable as error:
            return self._failed(partner, SyncStatus.UNREACHABLE, error)
        return self._succeeded(partner, began=began, told=told, every=every)

    def begin_anew(self, name: str) -> None:
        """Let the next fetch begin at the beginning; what the partner does not name any more is withdrawn at its end.

        Raises:
            NotFound: There is no such partner.
        """
        with self._store.transaction(write=True) as transaction:
            partner = transaction.partner(name)
            state = transaction.sync_state(partner.id)
            state = replace(
                state,
                checkpoint={},
                generation=state.generation + 1,
                sweeping=True,
                failures=0,
                next_at=None,
                reason="",
            )
            transaction.keep_sync_state(partner.id, state)
            transaction.fetch_soon(partner, now=self._clock.now())

    def _state(self, partner: Partner) -> SyncState:
        with self._store.transaction() as transaction:
            return transaction.sync_state(partner.id)

    def _store_part(self, partner: Partner, part: Fetched, *, before: SyncState) -> SyncState:
        near = self._incoming.near_common(part.told)
        with self._store.transaction(write=True) as transaction:
            state = transaction.sync_state(partner.id)
            if state.checkpoint != before.checkpoint or state.generation != before.generation:
                msg = "Another process is fetching from this partner."
                raise Conflict(msg)
            state = self._incoming.take(transaction, partner, state, part.told, part.bad, near=near)
            if part.drop_below is not None:
                below = rules.first_version(state.generation) + part.drop_below
                state = self._incoming.sweep(transaction, partner, state, below=below)
            counts = state.counts.plus(Counts(skipped=part.skipped))
            state = replace(state, checkpoint=dict(part.checkpoint), counts=counts)
            transaction.keep_sync_state(partner.id, state)
        if part.told or part.drop_below is not None:
            self._on_change()
        return state

    def _sweep(self, partner: Partner, below: int) -> SyncState:
        with self._store.transaction(write=True) as transaction:
            state = self._incoming.sweep(transaction, partner, transaction.sync_state(partner.id), below=below)
            state = replace(state, sweeping=False)
            transaction.keep_sync_state(partner.id, state)
        self._on_change()
        return state

    def _give(self, partner: Partner, give: Callable[[list[Given]], Sequence[Bad]]) -> None:
        while True:
            with self._store.transaction() as transaction:
                sent = transaction.sync_state(partner.id).opinions_sent
                given, reached = transaction.opinions_on_received(partner.id, after=sent)
            unsaid = give(given) if given else ()
            if reached == sent:
                return
            with self._store.transaction(write=True) as transaction:
                state = transaction.sync_state(partner.id)
                transaction.keep_sync_state(partner.id, replace(state, opinions_sent=reached))
                if unsaid:
                    transaction.quarantine(partner.id, unsaid, now=self._clock.now())
            if not given:
                return

    def _succeeded(self, partner: Partner, *, began: datetime, told: bool, every: timedelta) -> SyncState:
        now = self._clock.now()
        with self._store.transaction(write=True) as transaction:
            state = transaction.sync_state(partner.id)
            state = replace(
                state,
                status=SyncStatus.OK,
                reason="",
                attempted_at=now,
                succeeded_at=now,
                failures=0,
                next_at=due_again(partner, began=began, ended=now, told=told, every=every),
            )
            transaction.keep_sync_state(partner.id, state)
        return state

    def _failed(self, partner: Partner, status: SyncStatus, error: NoliError) -> SyncState:
        now = self._clock.now()
        with self._store.transaction(write=True) as transaction:
            state = transaction.sync_state(partner.id)
            state = replace(
                state,
                status=status,
                reason=error.public,
                attempted_at=now,
                failures=state.failures + 1,
                next_at=now + wait_after(state.failures + 1, dice=_MIDDLE),
            )
            transaction.keep_sync_state(partner.id, state)
        return state


def due_again(partner: Partner, *, began: datetime, ended: datetime, told: bool, every: timedelta) -> datetime:
    """Return when a partner is asked next after all went well.

    Another Noli at once where it told something, else so long after it was asked: where it holds its answers back for
    longer, that is at once, too, and where it does not, it is not asked without end.
    """
    if partner.protocol is not Protocol.NOLI:
        return ended + EVERY
    return ended if told else began + every


def _is_due(state: SyncState, now: datetime) -> bool:
    # A time further ahead than any wait was written by a clock that has been set back since.
    return state.next_at is None or not now < state.next_at <= now + EVERY * 12
