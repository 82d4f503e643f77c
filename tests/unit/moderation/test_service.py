# SPDX-License-Identifier: Apache-2.0
"""Looks are counted before anything is shown; settings are each person's own."""

import pytest

from noli.moderation.model import Comfort, FoundKind, SavedView, Unshown
from noli.moderation.service import DeskService, NotShown, SteppedAside
from tests.support.casework import FakeClock
from tests.support.desk import MemoryDesk
from tests.support.secrecy import MemoryKeyring

PLAIN = {"confirmed": False, "contested": False, "young": False}


class World:
    """A desk in memory."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryDesk()
        self.desk = DeskService(self.store, self.clock, MemoryKeyring())


def test_settings_are_each_persons_own() -> None:
    """What one sets changes nothing for another; limits and views do not disturb each other."""
    world = World()
    world.desk.set_comfort("ada", Comfort(blur=False))
    world.desk.save_view("ada", SavedView("Short", "show=waiting"))
    assert not world.desk.settings("ada").comfort.blur
    assert world.desk.settings("ada").views == (SavedView("Short", "show=waiting"),)
    world.desk.forget_view("ada", "Short")
    assert (world.desk.settings("ada").views, world.desk.settings("bea").comfort) == ((), Comfort())


def test_a_look_is_counted_and_then_refused() -> None:
    """The limit is the own one, and a pause lifts it."""
    world = World()
    world.desk.set_comfort("ada", Comfort(most_looks=2))
    for number in range(2):
        shown = world.desk.look("ada", "N", number, f"entry {number}", **PLAIN)
        assert shown.most_looks == 2
    with pytest.raises(NotShown) as refused:
        world.desk.look("ada", "N", 3, "entry 3", **PLAIN)
    assert refused.value.why is Unshown.LIMIT
    assert world.desk.unshown("bea", "entry 3", **PLAIN) is None
    assert world.desk.looked_at("ada", "N")
    assert not world.desk.looked_at("ada", "M")
    world.clock.move(minutes=15)
    assert world.desk.exposure("ada").left == 2


def test_what_is_confirmed_is_seen_once() -> None:
    """The same subject in another notice is known again; without a name of it in the store."""
    world = World()
    world.desk.look("ada", "N1", 2, "entry 7", confirmed=True, contested=False, young=False)
    assert world.desk.unshown("bea", "entry 7", confirmed=True, contested=False, young=False) is Unshown.SEEN
    assert b"entry 7" not in world.store.before(world.desk.subject("entry 7"))[0].subject


def test_what_somebody_steps_aside_from_is_refused_to_them_alone() -> None:
    """Whoever knows the person shown, or cannot today; others go on."""
    world = World()
    world.desk.step_aside("ada", FoundKind.NOTICE, "N1")
    with pytest.raises(SteppedAside, match="does not come back"):
        world.desk.check_stays("ada", "N1")
    world.desk.check_stays("ada", "N2")
    world.desk.check_stays("bea", "N1")
    assert world.desk.left_to_others("ada") == world.store.left_to_others("ada") == frozenset({"N1"})
    assert world.desk.who_left("N1") == frozenset({"ada"})
