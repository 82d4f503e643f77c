# SPDX-License-Identifier: Apache-2.0
"""What time does to pursuits: clocks run out, and the next rung of the ladder is drafted.

Each clock has its job, asked for in the transaction that started it. What comes next is written at once, so that staff
only have to read it; it is sent by itself only where the operator has chosen that, the draft lacks nothing, and it goes
by mail to an address that a registry or the addressee's own page gave.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from noli.base.errors import Conflict
from noli.casework.files import SYSTEM
from noli.jobs.model import Lease, Task
from noli.pursuit import rules
from noli.pursuit.commands import QueueMail, Wake
from noli.pursuit.model import ChannelKind, Pursuit, PursuitId, Wishes
from noli.pursuit.ports import Mailer, PursuitTransaction
from noli.pursuit.service import WAKE, PursuitService, working

# What ends at a moment has run out just after it.
_MOMENT = timedelta(microseconds=1)


class Ladder:
    """The use cases of time; safe to call from many threads and processes."""

    def __init__(self, pursuits: PursuitService, *, mailer: Mailer | None, sends: bool) -> None:
        """Keep the collaborators; ``sends`` says whether the next step goes out by itself."""
        self._pursuits, self._mailer, self._sends = pursuits, mailer, sends

    @property
    def task(self) -> Task:
        """What the caretaker does when a clock may have run out."""
        return Task(kind=WAKE, run=self.wake)

    def wake(self, lease: Lease) -> datetime | None:
        """Look at one pursuit.

        Returns:
            When its next clock runs out; None where none runs.
        """
        service = self._pursuits
        with service.store.transaction(write=True) as transaction:
            pursuit = service.load(transaction, PursuitId(lease.subject))
            transaction.fence(lease)
            if not pursuit.site:
                return None
            woken = service.apply(transaction, pursuit, [Wake()], actor=SYSTEM)
            if woken.version != pursuit.version:
                with suppress(Conflict):
                    working(transaction, woken.case)
                    woken = self._climb(transaction, woken)
        running = woken.running
        return running[0].due.at + _MOMENT if running and running[0].due else None

    def _climb(self, transaction: PursuitTransaction, pursuit: Pursuit) -> Pursuit:
        """Write what comes next, as the request before it was written, and perhaps let it go."""
        service = self._pursuits
        lapsed = max((each for each in pursuit.requests if each.lapsed_at), key=lambda each: each.number)
        to = rules.next_party(pursuit, lapsed.to.rung)
        if to is None:
            return pursuit
        wishes = Wishes(filer=lapsed.filer, declared=frozenset(lapsed.declared), fields=lapsed.fields)
        draft = service.written(transaction, pursuit, to, wishes)
        drafted = service.apply(transaction, pursuit, [draft], actor=SYSTEM)
        last = drafted.requests[-1]
        certain = to.verified and last.channel.kind is ChannelKind.MAIL and not last.lacks
        if not (self._sends and self._mailer is not None and certain):
            return drafted
        message_id = self._mailer.new_id()
        transaction.tie(service.digest(message_id), pursuit.id, last.number)
        return service.apply(transaction, drafted, [QueueMail(last.number, message_id)], actor=SYSTEM)
