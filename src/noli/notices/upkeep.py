# SPDX-License-Identifier: Apache-2.0
"""What happens to notices by itself: clocks are watched, matches come in, what was kept long enough is erased.

It is a job that processes share, and each step may be repeated all the same: what is done already is not done again. A
deadline is derived from events and law each time; what is stored is only when to look next, and the sweep puts that
right wherever it is not what it should be: lost, or older than the law.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from noli.jobs.model import Task
from noli.notices import commands as c
from noli.notices.model import NoticeId, NoticeSummary, Via
from noli.notices.ports import NoticeTransaction, SeenUpload
from noli.notices.retention import NOTICE, NOTICE_TIME, RECORD_TIME
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

# Matches, notices and records that one transaction looks at: no other writer waits long for it.
_UPLOADS, _NOTICES, _SWEPT = 100, 20, 50

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
        for _ in range(_PORTIONS):
            if not self.watch() + self.take_in():
                break
        self.sweep()
        self.expire()

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
                for notice in due:
                    self._look(transaction, notice)
        return len(due)

    def _look(self, transaction: NoticeTransaction, notice: NoticeId) -> None:
        before = self._notices.load(transaction, notice)
        self._notices.carry_out(transaction, notice, actor=SYSTEM)
        after = self._notices.act(transaction, notice, [c.WatchClocks()], actor=SYSTEM)
        if after.version == before.version:
            # An alarm without a cause: the law was changed since it was set.
            transaction.relist(self._right(transaction, notice))

    def sweep(self) -> int:
        """Put right what is stored of some notices, alarms above all; each call takes the next ones.

        Returns:
            How many were put right.
        """
        with self._notices.store.transaction() as transaction:
            some = transaction.portion(after=self._swept, limit=_SWEPT)
            wrong = [each.id for each in some if self._right(transaction, each.id) != each]
        if wrong:
            with self._notices.store.transaction(write=True) as transaction:
                for notice in wrong:
                    transaction.relist(self._right(transaction, notice))
        self._swept = some[-1].id if len(some) == _SWEPT else None
        return len(wrong)

    def _right(self, transaction: NoticeTransaction, notice: NoticeId) -> NoticeSummary:
        return summary(self._notices.load(transaction, notice), self._notices.law)

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

    def expire(self) -> int:
        """Erase what was kept as long as the policy says.

        Returns:
            How many notices and records were erased; 0 where none are left.
        """
        now = self._notices.clock.now()
        with self._notices.store.transaction(write=True) as transaction:
            notices = transaction.idle(before=now - NOTICE_TIME, limit=_NOTICES)
            for notice in notices:
                self._notices.act(transaction, notice, [c.Erase(NOTICE.rule)], actor=SYSTEM)
            erased = transaction.erase_records(before=now - RECORD_TIME, limit=_NOTICES)
        return len(notices) + erased
