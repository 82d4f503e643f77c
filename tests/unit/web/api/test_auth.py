# SPDX-License-Identifier: Apache-2.0
"""Keys are asked for again and again, and believed for a while where nobody can be asked."""

import asyncio
from datetime import UTC, datetime

import pytest

from noli.access.model import ApiKey, Scope
from noli.base.errors import Forbidden, Unauthenticated, Unavailable
from noli.web.api.auth import Authenticator

KEY = ApiKey("platform", frozenset({Scope.CHECKS}), datetime(2026, 1, 1, tzinfo=UTC))
SCOPE = {"client": ("127.0.0.1", 1)}


class _Desk:
    """Knows one token; may be away, may have revoked it. Time goes by as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.now = 0, 0.0
        self.fails: Exception | None = None
        self.waits: asyncio.Event | None = None
        self.authenticator = Authenticator(self._find, failed_per_min=100)
        monkeypatch.setattr("noli.web.api.auth.monotonic", lambda: self.now)

    async def _find(self, token: str) -> ApiKey:
        assert token == "good"
        self.asked += 1
        if self.waits is not None:
            await self.waits.wait()
        if self.fails is not None:
            raise self.fails
        return KEY

    async def call(self) -> ApiKey:
        """Do what a request does."""
        return self.authenticator.remembered(b"Bearer good") or await self.authenticator.key(
            SCOPE, b"Bearer good", how=""
        )


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> _Desk:
    """A desk that has confirmed the key once."""
    made = _Desk(monkeypatch)
    asyncio.run(made.call())
    return made


def test_a_key_is_asked_for_again_within_a_second(desk: _Desk) -> None:
    """And a revoked one is refused then."""
    desk.now = 0.4
    assert asyncio.run(desk.call()) == KEY
    assert desk.asked == 1
    desk.now, desk.fails = 0.6, Unauthenticated("revoked")
    with pytest.raises(Unauthenticated):
        asyncio.run(desk.call())
    with pytest.raises(Unauthenticated):
        asyncio.run(desk.call())


def test_a_confirmed_key_outlives_the_database_for_an_hour(desk: _Desk) -> None:
    """Matching goes on from memory; who was not confirmed before is not let in."""
    desk.now, desk.fails = 3500.0, Unavailable("away")
    assert asyncio.run(desk.call()) == KEY
    desk.now = 3700.0
    with pytest.raises(Unavailable):
        asyncio.run(desk.call())
    desk.fails = None
    assert asyncio.run(desk.call()) == KEY


def test_a_suspended_partner_is_refused_at_once_and_not_believed_in_an_outage(desk: _Desk) -> None:
    """What was confirmed before counts no more, and no other request is let through meanwhile."""
    desk.now, desk.fails = 0.6, Forbidden("suspended")
    for _ in range(2):
        with pytest.raises(Forbidden):
            asyncio.run(desk.call())
    desk.fails = Unavailable("away")
    with pytest.raises(Unavailable):
        asyncio.run(desk.call())


def test_a_key_that_nobody_confirmed_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage lets no stranger in."""
    desk = _Desk(monkeypatch)
    desk.fails = Unavailable("away")
    with pytest.raises(Unavailable):
        asyncio.run(desk.call())


def test_one_request_asks_for_all(desk: _Desk) -> None:
    """While the database takes its time, others with the same key are answered."""

    async def together() -> None:
        desk.now, desk.waits = 1.0, asyncio.Event()
        first = asyncio.create_task(desk.call())
        await asyncio.sleep(0)
        assert await desk.call() == KEY
        assert desk.asked == 2
        desk.waits.set()
        assert await first == KEY

    asyncio.run(together())
