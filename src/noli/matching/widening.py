# SPDX-License-Identifier: Apache-2.0
"""A search that one entry cannot crowd: who asks for so many neighbours means entries, and a video has many hashes.

A video of hours that hardly moves has thousands of hashes that are near the same query. Where such an entry fills what
a search may report, it is asked anew for more, until there are enough entries or no more hashes.
"""

from collections.abc import Callable

from noli.bank.model import MAX_THRESHOLD_BITS
from noli.matching.ports import HammingIndex

#: Hashes that one search reports at most, however few entries they are of: more than the longest video has.
MOST_HITS = 65_536

# How much more is asked for each time.
_STEP = 8


def widened(
    index: HammingIndex,
    query: bytes,
    limit_bits: int,
    entries: int,
    *,
    exact_bits: int = MAX_THRESHOLD_BITS,
    entry_of: Callable[[int], object] = lambda id_: id_,
) -> tuple[list[tuple[int, int]], bool]:
    """Search one hash for so many entries.

    Args:
        index: Where.
        query: 32 bytes.
        limit_bits: Largest distance.
        entries: How many are enough.
        exact_bits: Distance up to which nothing is missed.
        entry_of: Which entry an id of the index belongs to.

    Returns:
        As the index does.
    """
    asked = entries
    while True:
        hits, more = index.search(query, limit_bits, asked, exact_bits)
        if not more or asked >= MOST_HITS or len({entry_of(id_) for id_, _ in hits}) >= entries:
            return hits, more
        asked = min(MOST_HITS, asked * _STEP)
