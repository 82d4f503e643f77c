# SPDX-License-Identifier: Apache-2.0
"""Sweep everything that has a clock, and say how it stands.

In portions, each a transaction of its own, and so few of them a round that everything else that is due waits little;
what is left then waits for the next round. A kind that cannot be swept stops no other.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from noli.base.clock import Clock
from noli.base.retention import POLICY, SWEPT, Ending, Kind
from noli.jobs.model import Lease, Task
from noli.retention.model import Due, Standing
from noli.retention.ports import Eraser, Shelves

#: How often it is swept.
EVERY = timedelta(minutes=5)

#: What is due for longer than this was forgotten by whoever should sweep.
BEHIND_AFTER = timedelta(days=1)

# Rows that one transaction deletes, and things that one shreds, of which each takes an entry in the ledger.
_DELETED, _SHREDDED = 1000, 50

# Portions of one kind in a round.
_PORTIONS = 10


class Retention:
    """The use cases; safe to call from many threads and processes."""

    def __init__(
        self, shelves: Shelves, erasers: Mapping[str, Eraser], *, kept: Callable[[Kind], timedelta | None], clock: Clock
    ) -> None:
        """Keep the collaborators.

        Args:
            shelves: Counts what is due, and deletes what is simply deleted.
            erasers: What shreds, by name of the kind.
            kept: Says how long a kind is kept in this installation.
            clock: Tells the time.
        """
        self._shelves, self._erasers, self._kept, self._clock = shelves, erasers, kept, clock

    @property
    def task(self) -> Task:
        """What processes share among them, again and again."""
        return Task(kind="retention", run=self._run, every=EVERY)

    def sweep(self) -> dict[str, int]:
        """Let go of what is due, as much as one round does.

        Returns:
            How many, by name of the kind; without those of which nothing was due.

        Raises:
            Exception: That of the first kind that could not be swept, after all others were.
        """
        gone: dict[str, int] = {}
        failed: list[Exception] = []
        for kind in SWEPT:
            try:
                count = self._sweep(kind)
            except Exception as error:  # noqa: BLE001 - raised below; one kind's failure must not stop the others
                failed.append(error)
                continue
            if count:
                gone[kind.name] = count
        if failed:
            raise failed[0]
        return gone

    def standing(self) -> list[Standing]:
        """Say how it stands with every kind, in the order of the policy."""
        return [standing(kind, self._kept(kind), self._shelves, self._clock.now()) for kind in POLICY]

    def _run(self, _: Lease) -> None:
        self.sweep()

    def _sweep(self, kind: Kind) -> int:
        period = self._kept(kind)
        assert period is not None  # noqa: S101 - what is swept has a period
        before, gone = self._clock.now() - period, 0
        for _ in range(_PORTIONS):
            if kind.ending is Ending.SHREDDED:
                count = self._erasers[kind.name](before, _SHREDDED)
            else:
                count = self._shelves.forget(kind, before=before, limit=_DELETED)
            gone += count
            if not count:
                break
        return gone


def standing(kind: Kind, period: timedelta | None, shelves: Shelves, now: datetime) -> Standing:
    """Say how it stands with a kind."""
    if period is None:
        return Standing(kind, None, Due(0), behind=False)
    due = shelves.due(kind, before=now - period)
    return Standing(kind, period, due, behind=due.oldest is not None and due.oldest + period + BEHIND_AFTER < now)
