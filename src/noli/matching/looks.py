# SPDX-License-Identifier: Apache-2.0
"""Second looks: an upload near which nothing is, as it may have been before it was cut, turned, framed or collaged.

The kernel lays windows over the picture (``native/looks.h``); here their hashes are searched in one bank.
"""

from noli.matching.ports import HammingIndex

#: Largest distance at which a window finds an entry, in bits. There are hundreds of them, and other pictures of one
#: scene come nearer with each, so it is less than a hash may be off (``make bench-robustness``).
LOOK_BITS = 28

# Hashes that a bank reports at most for one window.
_MOST = 20


def entries_seen(index: HammingIndex, looks: bytes, *, threshold_bits: int) -> list[int]:
    """Search the windows of a second look.

    Args:
        index: The hashes of a bank.
        looks: Hashes of the windows.
        threshold_bits: The bank's own; it goes no further than that.

    Returns:
        The ids that are near one of them, in their order.
    """
    ids = index.search_batch(looks, min(LOOK_BITS, threshold_bits), _MOST)[1]
    return sorted(set(memoryview(ids).cast("Q")))
