# SPDX-License-Identifier: Apache-2.0
"""Doubts an entry that blocks uploads which cannot all be copies of one picture.

A template, a test card or a picture of hardly anything is near to much, and no threshold helps: whoever registered it,
in error or to harm, has other people's pictures blocked. Copies of one picture lie in few clusters of hashes, whatever
is done to it; strangers lie in as many as there are. So the uploads that an entry blocked within a day are counted,
those near each other once. From a number on the entry is disputed in the name of this installation: it asks for review
at most, other programs and the log are told, and what it matches goes on to people. Once somebody here has said that
the entry is right (an opinion, ``true_positive``) it asks for what its bank says again, and is not doubted any more.

Only matches by the hash of the whole count. Cuts of one picture are far from each other, and regions prove themselves
how much of it they show.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

from noli.bank.model import EntryId, EntryState, Opinion, OpinionKind
from noli.bank.ports import BankStore
from noli.bank.rules import DOUBTS, standing
from noli.base.clock import Clock
from noli.jobs.model import Task
from noli.matching.ports import Blocks

#: Uploads farther apart than this are taken for strangers, in bits: no bank's usual threshold calls them copies.
APART_BITS = 31

#: Blocked uploads count this long.
WINDOW = timedelta(hours=24)

#: How often somebody looks.
EVERY = timedelta(minutes=5)

# Blocked uploads of one entry that are compared, the newest first.
_LOOKED_AT = 2000


def strangers(values: Iterable[bytes], *, enough: int) -> int:
    """Count the uploads that are far from each other, and stop where there are enough.

    Args:
        values: Their hashes.
        enough: Where to stop.
    """
    apart: list[int] = []
    for value in values:
        number = int.from_bytes(value)
        if all((number ^ other).bit_count() > APART_BITS for other in apart):
            apart.append(number)
            if len(apart) >= enough:
                break
    return len(apart)


class Doubts:
    """Looks for such entries; safe to run in many processes, for an entry that is disputed blocks nothing."""

    def __init__(
        self,
        blocks: Blocks,
        store: BankStore,
        clock: Clock,
        *,
        after: int,
        tell: Callable[[], None],
    ) -> None:
        """Keep the collaborators.

        Args:
            blocks: What was blocked.
            store: Keeps opinions.
            clock: Tells the time.
            after: So many strangers within a day are too many; 0 for no limit.
            tell: Called for each entry that comes to be doubted.
        """
        self._blocks, self._store, self._clock = blocks, store, clock
        self._after, self._tell = after, tell

    @property
    def task(self) -> Task:
        """What processes share among them, again and again."""
        return Task(kind="doubts", run=lambda _: self.look(), every=EVERY)

    def look(self) -> None:
        """Dispute every entry that blocked too many strangers."""
        if not self._after:
            return
        since = self._clock.now() - WINDOW
        for entry in self._blocks.blocking(since=since, least=self._after):
            values = self._blocks.blocked(entry, since=since, limit=_LOOKED_AT)
            if strangers(values, enough=self._after) >= self._after:
                self._doubt(entry)

    def _doubt(self, number: EntryId) -> None:
        now = self._clock.now()
        with self._store.transaction(write=True) as transaction:
            entry = transaction.entries_by_id([number]).get(number)
            if entry is None or entry.state is not EntryState.ACTIVE or entry.disputed:
                return
            if standing(transaction.opinions(entry.bank, number)).confirmed:
                return
            note = f"blocked {self._after} or more uploads within a day that are not like each other"
            transaction.add_opinion(entry.bank, Opinion(number, DOUBTS, OpinionKind.DISPUTED, note, now))
        self._tell()
