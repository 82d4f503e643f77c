# SPDX-License-Identifier: Apache-2.0
"""Notices when a key feels its way along the border of a match, and stops answering there.

A yes/no answer gives a banked hash away in about 280 near-duplicate queries, a distance in 257. Genuine copies of a
picture lie in a few clusters (re-encodings, this crop, that crop) with one answer each; feeling for the border needs
queries close to each other with different answers. So, for each key and around each matched picture, each distinct
query has a cost:

* one bit from an earlier query: the full cost, whatever the answer. Re-encoding does not do that: PDQ sets the bits
  above the median, so that genuine hashes differ by even numbers;
* within 8 bits of an earlier query that got another answer: the full cost, for the border lies between the two. Keys
  that see exact distances, whom the operator trusts, pay an eighth, for there any two re-encodings differ;
* elsewhere with another answer than the nearest copy's: a sixteenth, so that large random steps are bounded too.

Past the budget every further distinct query there is refused, hit or miss alike, so that the refusal tells nothing.

A neighbourhood reaches 63 bits from its first matched query: that query is within 31 of the entry, one just past the
border is 32 from it. It does not slow down evenly spread guessing; that is what rate limits are for.

All processes count together: what one told is written with the check that matched, or a moment later, and read by the
others before they answer a match, and after a restart. So what many processes give away at once is what each has in
hand. While the database is away each counts for itself. All of it is gone after a day.
"""

import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from noli.base.clock import Clock
from noli.base.errors import Throttled
from noli.matching.model import Answer, Probe
from noli.matching.ports import Checks, HammingIndex

#: How far a neighbourhood reaches from its first matched query, in bits: 31 + 32, see above.
REACH_BITS = 63

#: How long an answer counts against the budget.
WINDOW = timedelta(hours=24)

#: Neighbourhoods a key has at most, the least recently used goes first; about 100 MB in the worst case, when each is
#: full of queries, and a few hundred bytes each in the usual one.
MAX_NEIGHBOURHOODS = 2048

#: Answered queries a neighbourhood remembers at most, so that asking again is free.
MAX_REMEMBERED = 256

#: Queries that close to each other are taken for re-encodings of one copy, in bits. Source: JPEG, WebP and PNG copies
#: of one photograph stay within it (``make bench ROWS=formats``).
CLUSTER_BITS = 8

# Costs, see above, in sixteenths of one answer of the budget.
_FULL, _EXACT, _ELSEWHERE = 16, 2, 1

# Neighbourhoods of one query that are looked at; more overlap only where somebody builds them.
_MAX_OVERLAP = 64

# Answers kept for other processes while the database is away.
_MAX_UNTOLD = 10_000

# Numbers before the last one read that are read again, for transactions end in another order than they draw numbers;
# and how many are read at most, after a start or a pause.
_LATE, _MOST = 200, 50_000

# Removed centres after which a key's index is compacted.
_COMPACT_AFTER = 1024


@dataclass(slots=True)
class _Neighbourhood:
    usual: bytes
    nearest_bits: int
    touched: datetime
    spent: int = 0
    costs: deque[tuple[datetime, int]] = field(default_factory=deque)
    answered: OrderedDict[bytes, tuple[int, bytes]] = field(default_factory=OrderedDict)

    def take(self, query: bytes, answer: Answer, now: datetime) -> None:
        if cost := self._cost(query, answer):
            self.costs.append((now, cost))
            self.spent += cost
        if answer.distance_bits is not None and answer.distance_bits < self.nearest_bits:
            self.usual, self.nearest_bits = answer.seen, answer.distance_bits

    def _cost(self, query: bytes, answer: Answer) -> int:
        value = int.from_bytes(query)
        cost = _ELSEWHERE if answer.seen != self.usual else 0
        for other, seen in self.answered.values():
            apart = (value ^ other).bit_count()
            if apart == 1:
                return _FULL
            if apart <= CLUSTER_BITS and seen != answer.seen:
                cost = max(cost, _EXACT if answer.exact else _FULL)
        return cost

    def remember(self, query: bytes, answer: Answer, now: datetime) -> None:
        self.touched = now
        self.answered[query] = int.from_bytes(query), answer.seen
        self.answered.move_to_end(query)
        if len(self.answered) > MAX_REMEMBERED:
            self.answered.popitem(last=False)

    def forget_old(self, now: datetime) -> None:
        while self.costs and now - self.costs[0][0] >= WINDOW:
            self.spent -= self.costs.popleft()[1]


class _Key:
    """The neighbourhoods of one API key."""

    def __init__(self, index: HammingIndex) -> None:
        self.index = index
        self.places: OrderedDict[int, _Neighbourhood] = OrderedDict()
        self._next = 1
        self._removed = 0

    def around(self, query: bytes, now: datetime) -> list[_Neighbourhood]:
        hits, _ = self.index.search(query, REACH_BITS, _MAX_OVERLAP)
        found = []
        for number, _distance in hits:
            place = self.places[number]
            place.forget_old(now)
            if now - place.touched >= WINDOW:
                self._remove(number)
                continue
            self.places.move_to_end(number)
            found.append(place)
        return found

    def open(self, query: bytes, answer: Answer, distance_bits: int, now: datetime) -> None:
        number = self._next
        self._next += 1
        self.places[number] = place = _Neighbourhood(answer.seen, distance_bits, now)
        place.remember(query, answer, now)
        self.index.append(query, number.to_bytes(8, sys.byteorder))
        if len(self.places) > MAX_NEIGHBOURHOODS:
            self._remove(next(iter(self.places)))

    def _remove(self, number: int) -> None:
        del self.places[number]
        self.index.tombstone(number.to_bytes(8, sys.byteorder))
        self._removed += 1
        if self._removed >= _COMPACT_AFTER:
            self.index.compact()
            self._removed = 0


class ProbingGuard:
    """Counts differing answers around matched pictures, for each key; safe to call from many threads."""

    def __init__(self, budget: int, clock: Clock, *, new_index: Callable[[], HammingIndex]) -> None:
        """Start with nothing remembered.

        Args:
            budget: Answers of full cost that a key gets around one matched picture in 24 hours, at least 1.
            clock: Tells the time.
            new_index: Makes an empty index.
        """
        self._budget = budget
        self._clock = clock
        self._new_index = new_index
        self._keys: dict[str, _Key] = {}
        self._lock = threading.Lock()
        self._untold: deque[Probe] = deque(maxlen=_MAX_UNTOLD)
        #: Queries refused since the start, for metrics.
        self.refused = 0

    def admit(self, key: str, query: bytes, answer: Answer) -> None:
        """Let an answer out, or refuse; misses cost something only near earlier matches.

        Args:
            key: Name of the API key.
            query: 32 bytes.
            answer: What the key would get to see.

        Raises:
            Throttled: The budget around here is spent, and this query has not been answered before.
        """
        if answer.distance_bits is None and key not in self._keys:
            return
        with self._lock:
            now = self._clock.now()
            probe, known = Probe(key, query, answer, now), self._known(key)
            places = known.around(query, now)
            self._refuse_spent(places, query, now)
            if _counted(probe, known, places):
                self._untold.append(probe)

    def untold(self) -> list[Probe]:
        """Hand out, once, what was answered and other processes do not know of."""
        return [self._untold.popleft() for _ in range(len(self._untold))] if self._untold else []

    def learn(self, probes: Iterable[Probe]) -> None:
        """Count what other processes answered, or this one before it was restarted; twice does no harm."""
        for probe in probes:
            with self._lock:
                if self._clock.now() - probe.at < WINDOW:
                    known = self._known(probe.key)
                    _counted(probe, known, known.around(probe.query, probe.at))

    def _known(self, key: str) -> _Key:
        known = self._keys.get(key)
        if known is None:
            known = self._keys[key] = _Key(self._new_index())
        return known

    def _refuse_spent(self, places: list[_Neighbourhood], query: bytes, now: datetime) -> None:
        if any(query in place.answered for place in places):
            return
        spent = [place for place in places if place.spent >= self._budget * _FULL]
        if spent:
            self.refused += 1
            wait = max(place.costs[0][0] for place in spent) + WINDOW - now
            msg = "Too many different near-copies of one picture were checked; this looks like probing."
            raise Throttled(msg, retry_after_s=max(1, ceil(wait.total_seconds())))


def _counted(probe: Probe, known: _Key, places: Iterable[_Neighbourhood]) -> bool:
    """Count an answer where it belongs; False where it was counted before, or is near nothing."""
    new, near = False, False
    for place in places:
        near = True
        if probe.query not in place.answered:
            place.take(probe.query, probe.answer, probe.at)
            new = True
        place.remember(probe.query, probe.answer, probe.at)
    if not near and probe.answer.distance_bits is not None:
        known.open(probe.query, probe.answer, probe.answer.distance_bits, probe.at)
        new = True
    return new


class SharedProbes:
    """Lets the guards of all processes count as one."""

    def __init__(self, guard: ProbingGuard, checks: Checks) -> None:
        """Start with nothing read."""
        self._guard, self._checks = guard, checks
        self._read = self._swept = 0

    def catch_up(self) -> None:
        """Read what others were told, before a match is answered. Raises Unavailable."""
        newest, probes = self._checks.probes(after=self._read, most=_MOST)
        self._guard.learn(probes)
        self._read = max(self._read, newest)

    def exchange(self) -> None:
        """Tell others what is not told yet, and read what came late; for one thread. Raises Unavailable."""
        if told := self._guard.untold():
            self._checks.add([], told)
        if self._checks.probes(after=self._swept, most=1)[1]:
            newest, probes = self._checks.probes(after=max(self._swept - _LATE, 0), most=_MOST)
            self._guard.learn(probes)
            self._swept = newest
            self._read = max(self._read, newest)
