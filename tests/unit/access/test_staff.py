# SPDX-License-Identifier: Apache-2.0
"""Staff set up their account once, and enter it with password and one-time code, or not at all."""

from collections.abc import Callable

import pyotp
import pytest

from noli.access.delays import Delays
from noli.access.model import Role
from noli.access.sessions import SessionService
from noli.access.staff import StaffService
from noli.base.errors import Conflict, InputError, NotFound, Throttled, Unauthenticated
from tests.support.casework import FakeClock, MemorySessions
from tests.support.secrecy import CheapHasher, MemoryKeyring
from tests.support.staff import MemoryStaff

PASSWORD = "several words make one"


class World:
    """Staff in memory, one of them set up."""

    def __init__(self) -> None:
        self.clock, self.hasher, self.store = FakeClock(), CheapHasher(), MemoryStaff()
        self.sessions = SessionService(MemorySessions(), self.clock)
        self.staff = StaffService(
            self.store,
            self.sessions,
            hasher=self.hasher,
            keyring=MemoryKeyring(),
            delays=Delays(self.clock),
            clock=self.clock,
        )
        self.anna, self.token = self.staff.create("anna", Role.CASEWORKER)

    def code(self, steps: int = 0) -> str:
        """Return what the telephone shows, so many steps from now."""
        step = int(self.clock.now().timestamp()) // 30 + steps
        return pyotp.TOTP(self.store.secret(self.anna)).generate_otp(step)

    def set_up(self) -> None:
        """Let Anna set up her account, some time before now."""
        self.staff.set_up(self.token, password=PASSWORD, code=self.code())
        self.clock.move(minutes=5)

    def log_in(self, name: str = "anna", password: str = PASSWORD, code: str | None = None) -> str:
        """Log in and return the token."""
        code = self.code() if code is None else code
        return self.staff.log_in(name, password=password, code=code, caller=b"office").token


@pytest.fixture
def world() -> World:
    """One account that is set up."""
    made = World()
    made.set_up()
    return made


def test_an_account_is_set_up_once() -> None:
    """The token shows the secret until password and code are set; then it is worth nothing."""
    world = World()
    shown = world.staff.enrolment(world.token)
    assert shown == world.staff.enrolment(world.token)
    assert (shown.name, shown.secret) == ("anna", world.store.secret(world.anna))
    assert shown.uri.startswith("otpauth://totp/Noli:anna?secret=")
    assert shown.secret not in repr(shown)
    assert world.staff.set_up(world.token, password=PASSWORD, code=world.code()).set_up_at is not None
    for use in (world.staff.enrolment, lambda token: world.staff.set_up(token, password=PASSWORD, code="000000")):
        with pytest.raises(NotFound):
            use(world.token)


def test_two_windows_set_up_one_account() -> None:
    """Where the same link is completed twice at once, the second one is told."""
    world = World()
    anna = world.store.find(name="anna")
    assert anna is not None
    world.staff.set_up(world.token, password=PASSWORD, code=world.code())
    with pytest.raises(Conflict):
        world.store.set_up(anna, verifier="x", step=1, now=world.clock.now())


def test_a_set_up_token_expires() -> None:
    """After 48 hours a new one is needed."""
    world = World()
    world.clock.move(hours=48, seconds=1)
    with pytest.raises(NotFound):
        world.staff.enrolment(world.token)


@pytest.mark.parametrize("password", ["short", "x" * 257, "abcababcabcab", "i am Anna, remember"])
def test_a_weak_password_is_refused(password: str) -> None:
    """Too short, too long, of a few letters or with one's own name in it."""
    world = World()
    with pytest.raises(InputError):
        world.staff.set_up(world.token, password=password, code=world.code())


def test_the_code_is_tried_at_set_up() -> None:
    """A wrong code shows at once that the telephone was not set up well."""
    world = World()
    for wrong in ("000000", "", "12345", "1234567", "abcdef", "\u0661\u0661\u0661\u0661\u0661\u0661"):
        with pytest.raises(InputError, match="one-time code"):
            world.staff.set_up(world.token, password=PASSWORD, code=wrong)


def test_password_and_code_open_a_session(world: World) -> None:
    """With both somebody is let in, and the session says who."""
    assert world.staff.authenticate(world.log_in()).name == "anna"


def test_a_code_is_taken_once(world: World) -> None:
    """Whoever looked over a shoulder cannot use the code again, nor an older one."""
    world.log_in()
    for steps in (0, -1):
        with pytest.raises(Unauthenticated):
            world.log_in(code=world.code(steps))
    assert world.log_in(code=world.code(1))


def test_a_clock_may_be_a_step_off(world: World) -> None:
    """Codes from the step before to the step after are taken, others are not."""
    for steps in (-2, 2):
        with pytest.raises(Unauthenticated):
            world.log_in(code=world.code(steps))
    assert world.log_in(code=f" {world.code(-1)[:3]} {world.code(-1)[3:]} ")


def test_refusals_are_all_alike(world: World) -> None:
    """Wrong name, password or code, or an account that is not set up or closed: same words, same cost."""
    world.staff.create("new", Role.LEAD)
    world.staff.create("gone", Role.LEAD)
    world.staff.disable("gone")
    attempts: list[Callable[[], str]] = [
        lambda: world.log_in(name="nobody"),
        lambda: world.log_in(name="new"),
        lambda: world.log_in(name="gone"),
        lambda: world.log_in(password="something else entirely"),
        lambda: world.log_in(code="000000"),
        lambda: world.log_in(name="\ud800", password="\ud800"),
    ]
    said, cost = set(), set()
    for attempt in attempts:
        before = world.hasher.asked
        with pytest.raises(Unauthenticated) as refused:
            attempt()
        said.add(refused.value.public)
        cost.add(world.hasher.asked - before)
    assert (len(said), cost) == (1, {1})


def test_guessing_is_slowed_down(world: World) -> None:
    """After a few failures one waits, whether or not the account exists."""
    for name in ("anna", "nobody"):
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                world.log_in(name=name, password="something else entirely")
        with pytest.raises(Throttled):
            world.log_in(name=name)


def test_a_closed_account_is_out_at_once(world: World) -> None:
    """Closing an account ends its sessions; it cannot be closed, renewed or entered again, and keeps its name."""
    token = world.log_in()
    assert world.staff.disable("anna").disabled_at is not None
    with pytest.raises(Unauthenticated):
        world.staff.authenticate(token)
    for again in (world.staff.disable, world.staff.renew):
        with pytest.raises(NotFound):
            again("anna")
    with pytest.raises(Conflict):
        world.staff.create("anna", Role.ADMIN)


def test_an_open_session_of_a_closed_account_is_refused(world: World) -> None:
    """Even where a session was missed when the account was closed, it opens nothing."""
    token = world.log_in()
    world.store.disable(world.anna, now=world.clock.now())
    with pytest.raises(Unauthenticated, match="closed"):
        world.staff.authenticate(token)


def test_who_lost_the_telephone_starts_anew(world: World) -> None:
    """A renewed account has a new secret; what worked before does not work any more."""
    token = world.log_in()
    before = world.store.secret(world.anna)
    renewed, fresh = world.staff.renew("anna")
    assert renewed.set_up_at is None
    assert world.store.secret(world.anna) != before
    with pytest.raises(Unauthenticated):
        world.staff.authenticate(token)
    world.clock.move(hours=1)
    with pytest.raises(Unauthenticated):
        world.log_in()
    world.staff.set_up(fresh, password=PASSWORD, code=world.code())
    world.clock.move(minutes=5)
    assert world.log_in()


def test_a_set_up_link_of_a_closed_account_is_worth_nothing() -> None:
    """An account that was closed before it was set up stays closed."""
    world = World()
    world.staff.disable("anna")
    with pytest.raises(NotFound):
        world.staff.enrolment(world.token)


def test_everything_that_changes_accounts_is_on_record(world: World) -> None:
    """Making, setting up, renewing and closing each leave a fact; everybody can be listed."""
    world.staff.renew("anna")
    world.staff.disable("anna")
    assert [kind for kind, _ in world.store.facts] == [
        "staff.created",
        "staff.set_up",
        "staff.renewed",
        "staff.disabled",
    ]
    assert [each.name for each in world.staff.all()] == ["anna"]


def test_a_name_must_be_one() -> None:
    """Names are plain, as everywhere."""
    with pytest.raises(InputError):
        World().staff.create("a b", Role.LEAD)


def test_a_recovery_code_stands_for_a_one_time_code_once(world: World) -> None:
    """Where the telephone is lost: with the password, written as it may be, one time; new ones replace the old."""
    codes = world.staff.new_recovery(world.anna)
    assert world.staff.recovery_left(world.anna) == len(set(codes)) == 8
    assert world.log_in(code=codes[0].lower().replace("-", " "))
    for wrong in (codes[0], "ABCD-EFGH-IJKL-MNOP"):
        with pytest.raises(Unauthenticated):
            world.log_in(code=wrong)
    with pytest.raises(Unauthenticated):
        world.log_in(password="another one entirely", code=codes[1])
    assert world.staff.recovery_left(world.anna) == 7
    world.staff.new_recovery(world.anna)
    with pytest.raises(Unauthenticated):
        world.log_in(code=codes[1])
    world.staff.renew("anna")
    assert world.staff.recovery_left(world.anna) == 0
