# SPDX-License-Identifier: Apache-2.0
"""A session belongs to one token, ends by itself, and can be ended."""

import pytest

from noli.access.model import SessionKind
from noli.access.sessions import SessionService, csrf_of
from noli.base.errors import Forbidden, Unauthenticated
from tests.support.casework import FakeClock, MemorySessions

PERSON, STAFF = SessionKind.PERSON, SessionKind.STAFF


class World:
    """Sessions in memory."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.kept = MemorySessions()
        self.sessions = SessionService(self.kept, self.clock)

    def alive(self, token: str, kind: SessionKind = PERSON) -> bool:
        try:
            return self.sessions.find(kind, token).subject == "case"
        except Unauthenticated:
            return False


@pytest.fixture
def world() -> World:
    """No sessions yet."""
    return World()


def test_a_session_is_found_by_its_token_alone(world: World) -> None:
    """Only the digest is kept; another token, none, or another kind of session is refused."""
    opened = world.sessions.open(PERSON, "case")
    assert world.alive(opened.token)
    for wrong in ("", opened.token[:-1], "x" * 10_000, "\ud800"):
        assert not world.alive(wrong)
    assert not world.alive(opened.token, STAFF)
    assert opened.token.encode() not in b"".join(world.kept.kept)
    assert opened.token not in repr(opened)


def test_it_ends_after_half_an_hour_of_rest(world: World) -> None:
    """Use keeps it alive, rest ends it; an ended one is forgotten."""
    token = world.sessions.open(PERSON, "case").token
    for _ in range(3):
        world.clock.move(minutes=29)
        assert world.alive(token)
    world.clock.move(minutes=31)
    assert not world.alive(token)
    assert world.kept.kept == {}


def test_it_ends_after_twelve_hours(world: World) -> None:
    """However busy somebody is, after twelve hours they log in again."""
    token = world.sessions.open(PERSON, "case").token
    for _ in range(12 * 3):
        world.clock.move(minutes=20)
        assert world.alive(token)
    world.clock.move(minutes=1)
    assert not world.alive(token)


def test_a_clock_that_goes_back_prolongs_nothing(world: World) -> None:
    """Where the clock was set back, a session ends rather than live on."""
    token = world.sessions.open(PERSON, "case").token
    world.clock.move(seconds=-30)
    assert world.alive(token)
    world.clock.move(hours=-1)
    assert not world.alive(token)


def test_a_page_view_seldom_costs_a_write(world: World) -> None:
    """Uses within a minute are not written down."""
    opened = world.sessions.open(PERSON, "case")
    before = dict(world.kept.kept)
    world.clock.move(seconds=59)
    assert world.alive(opened.token)
    assert world.kept.kept == before
    world.clock.move(seconds=1)
    assert world.sessions.find(PERSON, opened.token).seen_at == world.clock.now()
    assert world.kept.kept != before


def test_sessions_are_ended(world: World) -> None:
    """Logging out ends one, elsewhere all but this one, or all."""
    tokens = [world.sessions.open(PERSON, "case").token for _ in range(4)]
    world.sessions.close(tokens[0])
    assert [world.alive(token) for token in tokens] == [False, True, True, True]
    world.sessions.close_all(PERSON, "case", but=tokens[1])
    assert [world.alive(token) for token in tokens] == [False, True, False, False]
    world.sessions.close_all(PERSON, "case")
    assert not world.alive(tokens[1])


def test_a_form_belongs_to_its_session(world: World) -> None:
    """What forms carry is bound to the session's token; anything else is refused."""
    opened, other = world.sessions.open(PERSON, "case"), world.sessions.open(PERSON, "case")
    assert opened.csrf == csrf_of(opened.token)
    world.sessions.check_csrf(opened.token, opened.csrf)
    for wrong in ("", other.csrf, "\ud800"):
        with pytest.raises(Forbidden):
            world.sessions.check_csrf(opened.token, wrong)


def test_somebody_sees_their_sessions_and_ends_one(world: World) -> None:
    """Newest first, ended ones left out; the id ends that session alone, and opens none."""
    first = world.sessions.open(STAFF, "case").token
    world.clock.move(minutes=20)
    second = world.sessions.open(STAFF, "case").token
    world.sessions.open(STAFF, "somebody else")
    own = world.sessions.of(STAFF, "case", token=second)
    assert [each.is_this for each in own] == [True, False]
    world.sessions.close_one(STAFF, "case", "unknown")
    world.sessions.close_one(STAFF, "case", own[1].id)
    assert (world.alive(first, STAFF), world.alive(second, STAFF), world.alive(own[0].id, STAFF)) == (
        False,
        True,
        False,
    )
    world.clock.move(minutes=40)
    assert world.sessions.of(STAFF, "case", token=second) == []
