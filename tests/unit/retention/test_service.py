# SPDX-License-Identifier: Apache-2.0
"""The sweep: in portions, nothing stops it, and how it stands can be seen."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from noli.base.config import Config
from noli.base.retention import CASES, CHECKS, LOOKS, NOTICES, POLICY, RECORDS, SESSIONS, Kind
from noli.jobs.model import Lease
from noli.retention.model import Due
from noli.retention.service import BEHIND_AFTER, Retention
from tests.support.casework import FakeClock


class MemoryShelves:
    """Times of things in memory: ``retention.ports.Shelves``."""

    def __init__(self) -> None:
        self.kept: dict[str, list[datetime]] = {}
        self.broken = ""

    def due(self, kind: Kind, *, before: datetime) -> Due:
        due = sorted(at for at in self.kept.get(kind.name, ()) if at <= before)
        return Due(len(due), due[0] if due else None)

    def forget(self, kind: Kind, *, before: datetime, limit: int) -> int:
        if kind.name == self.broken:
            msg = "It cannot be read."
            raise OSError(msg)
        mine = sorted(self.kept.get(kind.name, ()))
        gone = [at for at in mine if at <= before][:limit]
        self.kept[kind.name] = mine[len(gone) :]
        return len(gone)

    def eraser(self, kind: Kind) -> Callable[[datetime, int], int]:
        return lambda before, limit: self.forget(kind, before=before, limit=limit)


class World:
    """A sweep over shelves in memory."""

    def __init__(self, **settings: int) -> None:
        self.clock, self.shelves = FakeClock(), MemoryShelves()
        config = Config(**settings)  # type: ignore[arg-type] # all settings here are whole numbers
        erasers = {kind.name: self.shelves.eraser(kind) for kind in (NOTICES, RECORDS, CASES)}
        self.service = Retention(self.shelves, erasers, kept=config.kept, clock=self.clock)

    def keep(self, kind: Kind, count: int = 1) -> None:
        self.shelves.kept.setdefault(kind.name, []).extend([self.clock.now()] * count)

    def run(self) -> None:
        """Do the job once."""
        self.service.task.run(Lease("retention", "", "", self.clock.now(), 0, 0))


def test_each_kind_goes_when_its_time_is_over() -> None:
    """Not a second earlier, whatever the others' times are; what is set counts, not the default."""
    world = World(keep_looks_days=300)
    for kind in (SESSIONS, LOOKS, NOTICES):
        world.keep(kind)
    world.clock.move(hours=12, seconds=-1)
    assert world.service.sweep() == {}
    world.clock.move(seconds=1)
    assert world.service.sweep() == {"sessions": 1}
    world.clock.move(days=299)
    assert world.service.sweep() == {}
    world.clock.move(days=1)
    assert world.service.sweep() == {"looks": 1}
    world.clock.move(days=66)
    world.run()
    assert world.shelves.kept["notices"] == []


def test_a_round_is_bounded() -> None:
    """So many portions at most, so that clocks wait little; the next round goes on."""
    world = World()
    world.keep(CHECKS, 12_345)
    world.keep(NOTICES, 501)
    world.clock.move(days=400)
    assert world.service.sweep() == {"checks": 10_000, "notices": 500}
    assert world.service.sweep() == {"checks": 2_345, "notices": 1}
    assert world.service.sweep() == {}


def test_what_cannot_be_swept_stops_nothing_else() -> None:
    """The job fails and is tried again, and all others were swept."""
    world = World()
    world.keep(SESSIONS)
    world.keep(NOTICES)
    world.shelves.broken = "sessions"
    world.clock.move(days=400)
    with pytest.raises(OSError, match="cannot be read"):
        world.run()
    assert world.shelves.kept["notices"] == []


def test_it_can_be_seen_how_it_stands() -> None:
    """Every kind with its period; what is due, and whether it waits for longer than a sweep explains."""
    world = World()
    world.keep(CHECKS, 2)
    world.clock.move(days=200)

    def checks() -> tuple[int, bool]:
        [found] = [each for each in world.service.standing() if each.kind is CHECKS]
        return found.due.count, found.behind

    assert [each.kind for each in world.service.standing()] == list(POLICY)
    assert [each.period for each in world.service.standing() if each.kind.name == "ledger"] == [None]
    assert checks() == (2, False)
    world.clock.time += BEHIND_AFTER
    assert checks() == (2, False)
    world.clock.time += timedelta(seconds=1)
    assert checks() == (2, True)
    world.run()
    assert checks() == (0, False)
