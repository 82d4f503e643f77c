# SPDX-License-Identifier: Apache-2.0
"""Made-up hashes at chosen distances."""

import random


def flipped(value: bytes, distance: int, *, seed: int = 0) -> bytes:
    """Return a hash that is exactly ``distance`` bits from ``value``."""
    changed = int.from_bytes(value)
    for bit in random.Random(seed).sample(range(256), distance):
        changed ^= 1 << bit
    return changed.to_bytes(32)


def some_hash(seed: int) -> bytes:
    """Return a hash that is far from that of every other seed."""
    return random.Random(seed).randbytes(32)
