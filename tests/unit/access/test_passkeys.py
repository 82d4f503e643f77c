# SPDX-License-Identifier: Apache-2.0
"""A passkey answers a challenge of ours once, from the browser it was made for, and lets nobody else in."""

from dataclasses import replace
from typing import Any

import pytest

from noli.access.delays import Delays
from noli.access.model import Passkey, Role, SessionKind, Site, Staff
from noli.access.passkeys import MOST, PasskeyService
from noli.access.sessions import SessionService
from noli.access.staff import StaffService
from noli.base.errors import Conflict, InputError, Throttled, Unauthenticated
from tests.support.casework import FakeClock, MemorySessions
from tests.support.secrecy import CheapHasher, MemoryKeyring
from tests.support.staff import MemoryStaff

SITE = Site("noli.example", "https://noli.example")


class Devices:
    """Devices that answer ``id:counter``, and wrongly where the answer ends so: ``access.ports.Authenticators``."""

    def creation(self, site: Site, staff: Staff, known: list[Passkey], challenge: bytes) -> str:
        return f"{site.host} {staff.name} {len(known)} {challenge.hex()}"

    def created(self, site: Site, challenge: bytes, answer: str) -> tuple[bytes, bytes, int]:
        assert challenge.hex() in self.request(site, challenge)
        id_, count = self._read(answer)
        return id_, b"credential", count

    def request(self, site: Site, challenge: bytes) -> str:
        return f"{site.host} {challenge.hex()}"

    def answered(self, answer: str) -> bytes:
        return self._read(answer)[0]

    def verified(self, site: Site, challenge: bytes, passkey: Passkey, answer: str) -> int:
        assert passkey.id in answer.encode()
        return self.created(site, challenge, answer)[2]

    def _read(self, answer: str) -> tuple[bytes, int]:
        if answer.endswith("wrong"):
            msg = "wrong"
            raise InputError(msg)
        id_, _, count = answer.partition(":")
        return id_.encode(), int(count)


class World:
    """Staff in memory, one of them set up, with one passkey."""

    def __init__(self) -> None:
        self.clock, self.store, keyring = FakeClock(), MemoryStaff(), MemoryKeyring()
        self.sessions = SessionService(MemorySessions(), self.clock)
        delays = Delays(self.clock)
        staff = StaffService(
            self.store, self.sessions, hasher=CheapHasher(), keyring=keyring, delays=delays, clock=self.clock
        )
        self.staff = staff
        self.anna, _ = staff.create("anna", Role.LEAD)
        self.store.set_up(self.anna, verifier="v", step=1, now=self.clock.now())
        self.passkeys = PasskeyService(
            self.store, self.sessions, Devices(), keyring=keyring, delays=delays, clock=self.clock
        )
        self.add()

    def add(self, answer: str = "key:0", **more: Any) -> Passkey:
        challenge, _ = self.passkeys.to_add(self.anna, SITE, browser="b")
        given = {"browser": "b", "challenge": challenge, "name": "Telephone", **more}
        return self.passkeys.add(self.anna, SITE, answer=answer, **given)

    def log_in(self, answer: str = "key:0", *, challenge: str = "", browser: str = "b") -> str:
        asked = challenge or self.passkeys.to_log_in(SITE, browser="b")[0]
        opened = self.passkeys.log_in(SITE, browser=browser, challenge=asked, answer=answer, caller=b"office")
        return self.sessions.find(SessionKind.STAFF, opened.token).subject


@pytest.fixture
def world() -> World:
    """One account with a passkey."""
    return World()


def test_a_passkey_logs_in(world: World) -> None:
    """Again and again, each time with a new challenge; what the page gets names site and challenge."""
    assert world.log_in() == world.anna.id
    world.clock.move(seconds=1)
    assert world.log_in() == world.anna.id
    challenge, asked = world.passkeys.to_log_in(SITE, browser="b")
    assert asked == f"noli.example {challenge}"
    assert world.passkeys.to_add(world.anna, SITE, browser="b")[1].startswith("noli.example anna 1 ")


def test_nothing_is_answered_twice(world: World) -> None:
    """An answer that was overheard is worth nothing, nor is one to an older challenge."""
    older, _ = world.passkeys.to_log_in(SITE, browser="b")
    world.clock.move(seconds=1)
    challenge, _ = world.passkeys.to_log_in(SITE, browser="b")
    world.log_in(challenge=challenge)
    for again in (challenge, older):
        with pytest.raises(Unauthenticated):
            world.log_in(challenge=again)


@pytest.mark.parametrize("bad", ["", "xyz", "00" * 40])
def test_a_challenge_must_be_ours(world: World, bad: str) -> None:
    """What we did not make, made for another browser, or made too long ago is refused."""
    with pytest.raises(Unauthenticated):
        world.log_in(challenge=bad or "00")
    with pytest.raises(Unauthenticated):
        world.log_in(browser="another")
    challenge, _ = world.passkeys.to_log_in(SITE, browser="b")
    world.clock.move(minutes=6)
    with pytest.raises(Unauthenticated):
        world.log_in(challenge=challenge)


def test_who_is_refused(world: World) -> None:
    """An unknown passkey, a wrong answer, a closed account; many failures have to wait."""
    for wrong in ("other:0", "key:wrong"):
        with pytest.raises(Unauthenticated):
            world.log_in(wrong)
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            world.log_in("other:0")
    with pytest.raises(Throttled):
        world.log_in()
    world.clock.move(hours=2)
    passkey = world.passkeys.all(world.anna)[0]
    world.staff.disable("anna")
    world.store.add_passkey(passkey)
    with pytest.raises(Unauthenticated):
        world.log_in()


def test_a_copied_device_is_refused(world: World) -> None:
    """A device that counts must have counted on."""
    world.add("counting:5")
    assert world.log_in("counting:6") == world.anna.id
    world.clock.move(seconds=1)
    with pytest.raises(Unauthenticated):
        world.log_in("counting:6")


def test_adding_and_removing(world: World) -> None:
    """A passkey has a name, is added once, is only its owner's to remove, and there is an end to them."""
    with pytest.raises(InputError):
        world.add(name=" ")
    with pytest.raises(InputError):
        world.add(challenge="00")
    with pytest.raises(Conflict):
        world.add()
    other, _ = world.staff.create("bea", Role.LEAD)
    for who, id_ in ((other, b"key"), (world.anna, b"none")):
        world.passkeys.remove(who, id_)
    assert len(world.passkeys.all(world.anna)) == 1
    world.passkeys.remove(world.anna, b"key")
    assert world.passkeys.all(world.anna) == []
    for number in range(MOST):
        world.add(f"key-{number}:0")
    with pytest.raises(Conflict, match="at most"):
        world.add("one-more:0")
    assert replace(world.passkeys.all(world.anna)[0], name="x").staff == world.anna.id
