# SPDX-License-Identifier: Apache-2.0
"""Proofs over the ledger's Merkle tree: that an entry is in it, and that one root continues another.

Made as RFC 6962 defines them (sections 2.1.1 and 2.1.2), checked as RFC 9162 does (2.1.3.2 and 2.1.4.2). The tree's
nodes are handed in by a function; every eighth level is kept, so that a proof reads hundreds of hashes and not all of
them.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

#: Leaves under a hash of level 1, hashes of level 1 under one of level 2, and so on.
TILE = 256

_TILE_BITS = 8

_NODE = b"\x01"

#: Returns hashes of a level from one number up to another: of level 0 leaves, of level n roots of ``TILE ** n`` leaves.
Nodes = Callable[[int, int, int], Sequence[bytes]]

#: Hashes of a level by their number.
Tiles = dict[tuple[int, int], bytes]


def inclusion(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Prove that a leaf is among the first ``size``; ``index`` counts from 0 and lies below ``size``."""
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, nodes))
            high = middle
        else:
            path.append(_range(low, middle, nodes))
            low = middle
    return path[::-1]


def consistency(first: int, second: int, nodes: Nodes) -> list[bytes]:
    """Prove that the first ``first`` of ``second`` leaves are those of an earlier root; 0 < first <= second."""
    path: list[bytes] = []
    low, high, whole = 0, second, True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(_range(middle, high, nodes))
            high = middle
        else:
            path.append(_range(low, middle, nodes))
            low, whole = middle, False
    return ([] if whole else [_range(low, high, nodes)]) + path[::-1]


def is_included(leaf: bytes, index: int, *, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Check an inclusion proof."""
    if not 0 <= index < size:
        return False
    number, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            node = _join(sibling, node)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            node = _join(node, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(first: int, second: int, *, proof: Sequence[bytes], old: bytes, new: bytes) -> bool:
    """Check a consistency proof between the root ``old`` of size ``first`` and ``new`` of size ``second``."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old == new
    path = [old, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = _join(sibling, before), _join(sibling, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = _join(after, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old and after == new


def complete_tiles(leaves: Iterable[bytes], *, start: int, nodes: Nodes) -> Tiles:
    """Return the hashes of all levels above 0 that become complete.

    Args:
        leaves: New leaves in order.
        start: Number of the first of them; a multiple of ``TILE``, before which everything complete is kept.
        nodes: What is kept already.
    """
    found: Tiles = {}
    level, first, fresh = 1, start // TILE, _complete(leaves)
    while fresh:
        found |= {(level, first + number): node for number, node in enumerate(fresh)}
        block = first - first % TILE
        kept = list(nodes(level, block, first)) if block < first else []
        fresh, first, level = _complete([*kept, *fresh]), block // TILE, level + 1
    return found


def _complete(hashes: Iterable[bytes]) -> list[bytes]:
    found, some = [], list[bytes]()
    for each in hashes:
        some.append(each)
        if len(some) == TILE:
            found.append(_reduced(some))
            some = []
    return found


def _range(low: int, high: int, nodes: Nodes) -> bytes:
    """Return the tree hash of leaves ``low`` to ``high``; ``low`` is where such a range begins in a tree."""
    parts = []
    while low < high:
        size = _aligned(low, high)
        level = (size.bit_length() - 1) // _TILE_BITS
        width = TILE**level
        parts.append(_reduced(list(nodes(level, low // width, (low + size) // width))))
        low += size
    node = parts.pop()
    while parts:
        node = _join(parts.pop(), node)
    return node


def _aligned(low: int, high: int) -> int:
    """Return the size of the largest complete tree that begins at ``low`` and ends by ``high``."""
    return 1 << ((high - low).bit_length() - 1)


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def _reduced(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [_join(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
