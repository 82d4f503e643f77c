# SPDX-License-Identifier: Apache-2.0
"""What happens to notices by itself: clocks are watched, matches come in; what was kept long enough can be erased.

It is a job that processes share, and each step may be repeated all the same: what is done already is not done again. A
deadline is derived from events and law each time (``clocks.py``, and nowhere else); what is stored is only when to look
next, and by when somebody must have looked. Each round begins with one statement over all notices that finds every
alarm that was lost or is older than the law, and lets somebody look there at once. Besides, the sweep derives what is
stored of some notices anew, and so of all in turn, whatever is wrong with it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from noli.base.retention import NOTICES
from noli.jobs.model import Task
from noli.notices import commands as c
from noli.notices import rules
from noli.notices.events import Recorded
from noli.notices.model import Notice, NoticeId, Via
from noli.notices.ports import NoticeTransaction, SeenUpload
from noli.notices.service import NoticeService
from noli.notices.summaries import summary

#: Who did it, in events and the ledger.
SYSTEM = "system"

#: Checks younger than this are left for the next time: a check that got its number earlier may be committed later.
SETTLED_AFTER = timedelta(seconds=15)

#: How often somebody looks.
EVERY = timedelta(seconds=5)

#: Name under which the place in the feed of matches is kept.
UPLOADS = "notice-uploads"

# Matches, and notices or records, that one writing transaction looks at: no other writer waits long for it.
_UPLOADS, _NOTICES = 100, 50

# Notices that each round derives anew: at 100,000 all of them within the hour.
_SWEPT = 250

# Portions in a row: what is left waits for the next round.
_PORTIONS = 20


class NoticeUpkeep:
    """The use cases of time; safe to call from many threads and processes."""

    def __init__(self, notices: NoticeService, *, settled_after: timedelta = SETTLED_AFTER) -> None:
        """Keep the service."""
        self._notices, self._settled_after = notices, settled_after
        self._swept: NoticeId | None = None

    @property
    def task(self) -> Task:
        """What processes share among them, again and again."""
        return Task(kind="notices", run=lambda _: self.look_after(), every=EVERY)

    def look_after(self) -> None:
        """Do everything that time asks for, in portions that keep nobody waiting long."""
        self.raise_alarms()
        for _ in range(_PORTIONS):
            if not self.watch() + self.take_in():
                break
        self.sweep()

    def raise_alarms(self) -> int:
        """Let ``watch`` look wherever an alarm was lost.

        Returns:
            How many were lost.
        """
        with self._notices.store.transaction(write=True) as transaction:
            return transaction.raise_alarms(law=self._notices.law.version, now=self._notices.clock.now())

    def watch(self) -> int:
        """Look at every clock whose alarm is due.

        Returns:
            How many notices were looked at; 0 where none are left.
        """
        now = self._notices.clock.now()
        with self._notices.store.transaction() as transaction:
            due = transaction.alarmed(now, limit=_NOTICES)
        if due:
            with self._notices.writing() as transaction:
                for notice in _folded(transaction.outlines(due)):
                    if notice.plan is not None and notice.plan.effect_at <= now:
                        self._notices.carry_out(transaction, notice.id, actor=SYSTEM)
                    elif rules.decide(notice, c.WatchClocks(), self._notices.law, now):
                        self._notices.act(transaction, notice.id, [c.WatchClocks()], actor=SYSTEM)
                    else:
                        # An alarm without a cause: it was lost, or the law was changed since it was set.
                        transaction.relist(summary(notice, self._notices.law))
        return len(due)

    def sweep(self) -> int:
        """Put right what is stored of some notices; each call takes the next ones.

        Returns:
            How many were put right.
        """
        with self._notices.store.transaction() as transaction:
            some = transaction.portion(after=self._swept, limit=_SWEPT)
            outlines = transaction.outlines([each.id for each in some])
        law = self._notices.law
        wrong = [each.id for each in some if summary(rules.fold(each.id, outlines[each.id]), law) != each]
        if wrong:
            with self._notices.store.transaction(write=True) as transaction:
                for notice in _folded(transaction.outlines(wrong)):
                    transaction.relist(summary(notice, law))
        self._swept = some[-1].id if len(some) == _SWEPT else None
        return len(wrong)

    def take_in(self) -> int:
        """Turn matches that ask for a look, or that were blocked, into notices.

        Returns:
            How many matches were read; 0 where there are none left.
        """
        with self._notices.store.transaction() as transaction:
            if not self._unread(transaction):
                return 0
        with self._notices.writing() as transaction:
            # Read anew: another process may have been faster.
            seen = self._unread(transaction)
            self._taken(transaction, seen)
            for each in seen[-1:]:
                transaction.advance(UPLOADS, each.number)
        return len(seen)

    def _unread(self, transaction: NoticeTransaction) -> list[SeenUpload]:
        until = self._notices.clock.now() - self._settled_after
        return transaction.uploads(after=transaction.position(UPLOADS), until=until, limit=_UPLOADS)

    def _taken(self, transaction: NoticeTransaction, seen: Sequence[SeenUpload]) -> None:
        counted: Counter[tuple[str, c.NamedContent]] = Counter()
        for each in seen:
            content = c.NamedContent(Via.MATCH, ref=each.ref, entry=each.entry, bank=each.bank)
            counted[each.verdict, content] += 1
        for (verdict, content), count in counted.items():
            if verdict == "block":
                self._notices.refused(transaction, content, actor=SYSTEM)
            elif verdict == "review":
                self._notices.see(transaction, content, count=count, actor=SYSTEM)

    def erase_notices(self, before: datetime, limit: int) -> int:
        """Erase notices for which nothing was left to do since then; returns how many."""
        with self._notices.store.transaction(write=True) as transaction:
            notices = transaction.idle(before=before, limit=limit)
            for notice in notices:
                self._notices.act(transaction, notice, [c.Erase(NOTICES.rule)], actor=SYSTEM)
        return len(notices)

    def erase_records(self, before: datetime, limit: int) -> int:
        """Erase records to which nothing happened since then; returns how many."""
        with self._notices.store.transaction(write=True) as transaction:
            return transaction.erase_records(before=before, limit=limit)


def _folded(outlines: Mapping[NoticeId, list[Recorded]]) -> Iterable[Notice]:
    return (rules.fold(id_, history) for id_, history in outlines.items())
