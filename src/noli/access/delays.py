# SPDX-License-Identifier: Apache-2.0
"""Who guesses waits: delays that grow with each failure, for a target and for a caller, without locking anyone out.

1. Failures count for the pair of caller and target, and for the caller over all targets. Past a few free ones each
   further failure doubles the wait, up to an hour; a success forgets the pair.
2. Failures also count for the target over all callers. Past ``_TARGET_MANY`` a caller has one free try instead of five
   at this target: many callers together get no further, and whoever knows the right words still gets in at once from an
   address that has not failed.
3. A target is counted whether or not it exists, and an attempt that has to wait is refused before anything is looked
   up, so that refusals tell nothing.

Kept in this process's memory, bounded, the least recently used forgotten first; processes that share a port allow a
part each. Addresses are kept nowhere: a caller is an HMAC of a part of the address under a key that lives for a day and
only in memory.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from noli.base.clock import Clock
from noli.base.errors import Throttled

#: Failures that cost nothing: people mistype.
FREE_FOR_PAIR, FREE_FOR_CALLER = 5, 20

#: Failures at one target after which a new caller has a single free try.
_TARGET_MANY = 50

_FIRST_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(hours=1)
_FORGOTTEN_AFTER = timedelta(hours=24)
_MAX_KEPT = 200_000

# Part of an address that stands for a caller: what a provider gives to one customer. Source: RFC 6177 for IPv6.
_PREFIX_V4, _PREFIX_V6 = 24, 56


class Callers:
    """Turns addresses into callers."""

    def __init__(self, clock: Clock) -> None:
        """Draw the first day's key."""
        self._clock = clock
        self._day, self._key = clock.now().date(), secrets.token_bytes(32)
        self._lock = threading.Lock()

    def caller(self, address: str) -> bytes:
        """Return who an address stands for today; all that are no addresses are one caller."""
        with self._lock:
            today = self._clock.now().date()
            if today != self._day:
                self._day, self._key = today, secrets.token_bytes(32)
            key = self._key
        return hmac.new(key, _network(address), hashlib.sha256).digest()[:16]


def _network(address: str) -> bytes:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return b"none"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    prefix = _PREFIX_V4 if parsed.version == 4 else _PREFIX_V6  # noqa: PLR2004 - the protocol's number
    return ipaddress.ip_network((parsed, prefix), strict=False).network_address.packed


class Delays:
    """Counts failures and says how long to wait; safe to call from many threads."""

    def __init__(self, clock: Clock, *, processes: int = 1) -> None:
        """Start with nothing counted; of so many processes that share the attempts, each allows its part."""
        self._clock = clock
        self._free_for_pair, self._free_for_caller, self._target_many = (
            max(1, each // processes) for each in (FREE_FOR_PAIR, FREE_FOR_CALLER, _TARGET_MANY)
        )
        self._lock = threading.Lock()
        self._failed: OrderedDict[bytes, tuple[int, datetime]] = OrderedDict()

    def admit(self, target: bytes, caller: bytes) -> None:
        """Let an attempt through, or refuse it.

        Args:
            target: What is being entered: a digest of the case number or the name, existing or not.
            caller: From ``Callers``.

        Raises:
            Throttled: The caller has to wait.
        """
        now = self._clock.now()
        with self._lock:
            at_target, _ = self._count(b"target" + target, now)
            free = self._free_for_pair if at_target < self._target_many else 1
            wait = max(
                self._wait(b"pair" + target + caller, free, now),
                self._wait(b"caller" + caller, self._free_for_caller, now),
            )
        if wait > timedelta(0):
            msg = "Too many attempts; wait a little, then try again."
            raise Throttled(msg, retry_after_s=int(wait.total_seconds()) + 1)

    def fail(self, target: bytes, caller: bytes) -> None:
        """Count a failure."""
        now = self._clock.now()
        with self._lock:
            for name in (b"target" + target, b"pair" + target + caller, b"caller" + caller):
                self._failed[name] = self._count(name, now)[0] + 1, now
                self._failed.move_to_end(name)
            while len(self._failed) > _MAX_KEPT:
                self._failed.popitem(last=False)

    def succeed(self, target: bytes, caller: bytes) -> None:
        """Forget the failures of this caller at this target."""
        with self._lock:
            self._failed.pop(b"pair" + target + caller, None)

    def _count(self, name: bytes, now: datetime) -> tuple[int, datetime]:
        count, last = self._failed.get(name, (0, now))
        return (0, now) if now - last > _FORGOTTEN_AFTER else (count, last)

    def _wait(self, name: bytes, free: int, now: datetime) -> timedelta:
        count, last = self._count(name, now)
        if count < free:
            return timedelta(0)
        doubled: timedelta = _FIRST_WAIT * (1 << min(count - free, 20))
        return min(_LONGEST_WAIT, doubled) - (now - last)


class Quota:
    """So many of something an hour for one caller; safe to call from many threads."""

    def __init__(self, clock: Clock, *, per_hour: int) -> None:
        """Start with nothing counted."""
        self._clock, self._per_hour = clock, per_hour
        self._lock = threading.Lock()
        self._used: OrderedDict[bytes, tuple[datetime, int]] = OrderedDict()

    def take(self, caller: bytes) -> None:
        """Count one. Raises Throttled past the quota."""
        now = self._clock.now()
        with self._lock:
            since, used = self._used.get(caller, (now, 0))
            if now - since >= timedelta(hours=1):
                since, used = now, 0
            self._used[caller] = since, used + 1
            self._used.move_to_end(caller)
            if len(self._used) > _MAX_KEPT:
                self._used.popitem(last=False)
        if used >= self._per_hour:
            wait = since + timedelta(hours=1) - now
            msg = "Too many submissions from this network within an hour; try again later, or from another one."
            raise Throttled(msg, retry_after_s=int(wait.total_seconds()) + 1)
