# SPDX-License-Identifier: Apache-2.0
"""What happens to cases by itself: withdrawals whose time has come, and matches that platforms were told of.

It is a job that processes share (``task``). Each step may be repeated all the same: what is done already is not done
again. Matching never waits for it: matches are read from the checks that were recorded, and how far reading has come is
kept in the transaction that records them, so none is told twice and none is lost.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from noli.casework import rules
from noli.casework.commands import CompleteWithdrawal, EraseEnded, RecordMatches, RecordShare
from noli.casework.files import SYSTEM, CaseFiles
from noli.casework.model import CaseId, ItemId
from noli.casework.ports import CaseTransaction, SeenMatch, SeenStep
from noli.jobs.model import Lease, Task

#: Checks younger than this are left for the next time: a check that got its number earlier may be committed later.
#: Longer than any transaction that records a check can wait for its locks.
SETTLED_AFTER = timedelta(seconds=15)

#: Names under which places in the feeds of matches and of steps at partners are kept.
MATCHES, SHARES = "case-matches", "case-shares"

#: Why a partner that was told cannot honour a withdrawal: what it speaks does not carry it.
REFUSED_REASON = "protocol"

#: How often cases are looked after: a person who looks again after a few seconds should find what happened.
EVERY = timedelta(seconds=5)

_AT_ONCE = 1000

# Portions of matches in a row, so that the lease's term is never used up.
_PORTIONS = 10


class Upkeep:
    """The use cases of time; safe to call from many threads and processes."""

    def __init__(self, files: CaseFiles, *, settled_after: timedelta = SETTLED_AFTER) -> None:
        """Keep the files."""
        self._files, self._settled_after = files, settled_after

    @property
    def task(self) -> Task:
        """What the caretaker does again and again."""
        return Task(kind="cases", run=self.look_after, every=EVERY)

    def look_after(self, _: Lease) -> None:
        """Do everything that time asks for."""
        self.complete_withdrawals()
        for _portion in range(_PORTIONS):
            if not self.record_matches() + self.record_shares():
                break

    def complete_withdrawals(self) -> int:
        """Let every withdrawal take effect that is due.

        Returns:
            How many cases.
        """
        with self._files.store.transaction() as transaction:
            due = transaction.due(self._files.clock.now())
        for case in due:
            self._files.act(case, lambda *_: [CompleteWithdrawal()], actor=SYSTEM)
        return len(due)

    def erase_ended(self, before: datetime, limit: int) -> int:
        """Erase cases that were withdrawn, and that nothing was written to since then; returns how many."""
        with self._files.store.transaction() as transaction:
            ended = transaction.ended(before=before, limit=limit)
        for case in ended:
            self._files.act(case, lambda *_: [EraseEnded()], actor=SYSTEM)
        return len(ended)

    def record_matches(self) -> int:
        """Tell cases of the copies that were found since the last time.

        Returns:
            How many matches were read, of whatever bank; 0 where there are none left.
        """
        with self._files.store.transaction(write=True) as transaction:
            after = transaction.position(MATCHES)
            until = self._files.clock.now() - self._settled_after
            seen = transaction.matches(after=after, until=until, limit=_AT_ONCE)
            if not seen:
                return 0
            whose = transaction.cases_of(sorted({match.entry for match in seen}))
            by_case: dict[CaseId, list[SeenMatch]] = {}
            for match in seen:
                if match.entry in whose:
                    by_case.setdefault(whose[match.entry], []).append(match)
            for case in sorted(by_case):
                self._tell(transaction, case, by_case[case])
            transaction.advance(MATCHES, seen[-1].number)
        return len(seen)

    def record_shares(self) -> int:
        """Tell cases of what partners were given and said since the last time.

        Returns:
            How many steps were read; 0 where there are none left.
        """
        with self._files.store.transaction(write=True) as transaction:
            seen = transaction.share_steps(after=transaction.position(SHARES), limit=_AT_ONCE)
            if not seen:
                return 0
            whose = transaction.cases_of(sorted({step.entry for step in seen}))
            by_case: dict[CaseId, list[SeenStep]] = {}
            for step in seen:
                if step.entry in whose:
                    by_case.setdefault(whose[step.entry], []).append(step)
            for id_ in sorted(by_case):
                self._tell_steps(transaction, id_, by_case[id_])
            transaction.advance(SHARES, seen[-1].number)
        return len(seen)

    def _tell_steps(self, transaction: CaseTransaction, id_: CaseId, seen: Sequence[SeenStep]) -> None:
        case = rules.fold(id_, transaction.history(id_))
        # Entries of one case go the same way within moments: each step is told once of all of them.
        together = Counter((step.recipient, step.step) for step in seen)
        for (recipient, step), items in together.items():
            if rules.is_news(case, recipient, step):
                reason = REFUSED_REASON if step == "refused" else ""
                command = RecordShare(recipient, step, items=items, reason=reason)
                case = self._files.apply(transaction, case, [command], actor=SYSTEM)

    def _tell(self, transaction: CaseTransaction, id_: CaseId, seen: Sequence[SeenMatch]) -> None:
        case = rules.fold(id_, transaction.history(id_))
        items = {item.entry: item.id for item in case.items}
        counts: Counter[tuple[ItemId, str, str]] = Counter()
        last: dict[tuple[ItemId, str, str], datetime] = {}
        for match in seen:
            if match.entry in items:
                key = items[match.entry], match.platform, match.verdict
                counts[key] += 1
                last[key] = max(last.get(key, match.at), match.at)
        commands = [RecordMatches(*key, count=count, last_at=last[key]) for key, count in counts.items()]
        self._files.apply(transaction, case, commands, actor=SYSTEM)
