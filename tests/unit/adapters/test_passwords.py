# SPDX-License-Identifier: Apache-2.0
"""Slow hashing is bounded, and costs the same whether or not there is anybody."""

import threading
from typing import Any

import pytest

from noli.adapters.passwords import Argon2Hasher
from noli.base.errors import IntegrityError, Throttled


def _cheap(**more: int) -> Argon2Hasher:
    return Argon2Hasher(**{"at_once": 1, "waiting": 0, "memory_kib": 8, "passes": 1, **more})


def test_a_secret_fits_its_own_verifier_alone() -> None:
    """The right secret fits; another one, or nobody's, does not; no verifier looks like another."""
    hasher = _cheap()
    verifier = hasher.hash("six words")
    assert verifier.startswith("$argon2id$")
    assert verifier != hasher.hash("six words")
    assert hasher.verify(verifier, "six words")
    assert not hasher.verify(verifier, "other words")
    assert not hasher.verify(None, "six words")
    assert not hasher.verify(None, "nobody")


def test_a_damaged_verifier_is_damage() -> None:
    """What was stored and cannot be read is reported, not taken for a wrong word."""
    for damaged in ("x", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"):
        with pytest.raises(IntegrityError):
            _cheap().verify(damaged, "x")


def test_the_usual_cost_is_that_of_the_standard() -> None:
    """64 MiB, three passes, one lane."""
    assert "$m=65536,t=3,p=1$" in Argon2Hasher(at_once=1, waiting=0).hash("x")


class _Held:
    """Stands in for Argon2 and waits until it is let go, so that a test can fill the slots."""

    def __init__(self) -> None:
        self.running, self.most = 0, 0
        self.entered, self.go = threading.Semaphore(0), threading.Event()
        self._lock = threading.Lock()

    def hash(self, secret: str) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.entered.release()
        self.go.wait(30)
        with self._lock:
            self.running -= 1
        return secret


def test_a_flood_is_sent_away_and_memory_stays_bounded() -> None:
    """With two at once and three waiting, the sixth is told to come back; never more than two run."""
    hasher, held = _cheap(at_once=2, waiting=3), _Held()
    slow: Any = hasher
    slow._hasher = held
    threads = [threading.Thread(target=hasher.hash, args=(str(number),)) for number in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        if number < 2:
            assert held.entered.acquire(timeout=30)
    while hasher._places._value:  # until the three others wait
        pass
    with pytest.raises(Throttled) as refused:
        hasher.hash("one too many")
    assert refused.value.retry_after_s > 0
    held.go.set()
    for thread in threads:
        thread.join()
    assert held.most == 2
    assert hasher.hash("again") == "again"
