# SPDX-License-Identifier: Apache-2.0
"""Guessing is slowed down; nobody is locked out, and no address is kept."""

import pytest

from noli.access import delays
from noli.access.delays import Callers, Delays, Quota
from noli.base.errors import Throttled
from tests.support.casework import FakeClock

ONE, OTHER = b"one", b"other"


def _wait(kept: Delays, target: bytes, caller: bytes) -> int:
    try:
        kept.admit(target, caller)
    except Throttled as refused:
        return refused.retry_after_s
    return 0


def _fail(kept: Delays, times: int, *, target: bytes = b"case", caller: bytes = ONE) -> None:
    for _ in range(times):
        kept.fail(target, caller)


def test_mistyping_costs_nothing_and_guessing_grows() -> None:
    """Five failures are free, then each doubles the wait, up to an hour; time and success make it good."""
    clock = FakeClock()
    kept = Delays(clock)
    _fail(kept, 4)
    assert _wait(kept, b"case", ONE) == 0
    waits = []
    for _ in range(14):
        _fail(kept, 1)
        waits.append(_wait(kept, b"case", ONE))
    assert waits == [3, 5, 9, 17, 33, 65, 129, 257, 513, 1025, 2049, 3601, 3601, 3601]
    clock.move(hours=1)
    assert _wait(kept, b"case", ONE) == 0
    kept.succeed(b"case", ONE)
    _fail(kept, 1)
    assert _wait(kept, b"case", ONE) == 0


def test_processes_that_share_a_port_allow_a_part_each() -> None:
    """Together no more than one alone, but each at least one."""
    for processes, free in ((1, 5), (2, 2), (5, 1), (64, 1)):
        kept = Delays(FakeClock(), processes=processes)
        _fail(kept, free - 1)
        assert _wait(kept, b"case", ONE) == 0
        _fail(kept, 1)
        assert _wait(kept, b"case", ONE) == 3


def test_a_day_forgets() -> None:
    """After a day without failures everything starts anew."""
    clock = FakeClock()
    kept = Delays(clock)
    _fail(kept, 30)
    clock.move(hours=24, seconds=1)
    _fail(kept, 1)
    assert _wait(kept, b"case", ONE) == 0


def test_the_owner_is_not_held_up_by_somebody_else() -> None:
    """However often others have failed at a case, whoever has not failed may try at once."""
    kept = Delays(FakeClock())
    for number in range(200):
        _fail(kept, 1, caller=b"%d" % number)
    assert _wait(kept, b"case", b"owner") == 0
    _fail(kept, 1, caller=b"owner")
    assert _wait(kept, b"case", b"owner") == 3


def test_trying_many_cases_is_guessing_too() -> None:
    """One caller who fails at many numbers has to wait at all of them."""
    kept = Delays(FakeClock())
    for number in range(delays.FREE_FOR_CALLER):
        _fail(kept, 1, target=b"%d" % number)
    assert _wait(kept, b"fresh", ONE) > 0
    assert _wait(kept, b"fresh", OTHER) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of numbers and callers does not fill the memory."""
    monkeypatch.setattr(delays, "_MAX_KEPT", 30)
    kept, quota = Delays(FakeClock()), Quota(FakeClock(), per_hour=1)
    for number in range(100):
        _fail(kept, 1, target=b"%d" % number, caller=b"%d" % number)
        quota.take(b"%d" % number)
    assert len(kept._failed) == len(quota._used) == 30


def test_an_address_stands_for_a_network_for_a_day() -> None:
    """Addresses of one network are one caller today and another one tomorrow; what is no address is one caller."""
    clock = FakeClock()
    callers = Callers(clock)
    today = callers.caller("203.0.113.77")
    assert today == callers.caller("203.0.113.1") == callers.caller("::ffff:203.0.113.9")
    assert today != callers.caller("203.0.114.77")
    assert callers.caller("2001:db8:0:12::1") == callers.caller("2001:db8:0:34::2")
    assert callers.caller("2001:db8:1::1") != callers.caller("2001:db8:0:34::2")
    assert callers.caller("") == callers.caller("unix:")
    assert b"203.0" not in today
    clock.move(days=1)
    assert callers.caller("203.0.113.77") != today
    assert Callers(clock).caller("203.0.113.77") != callers.caller("203.0.113.77")
