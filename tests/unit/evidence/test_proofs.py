# SPDX-License-Identifier: Apache-2.0
"""Proofs are those of RFC 6962, hold for what they prove, and for nothing else."""

import hashlib
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from noli.evidence import proofs
from noli.evidence.proofs import TILE, Tiles

_LEAVES = [hashlib.sha256(b"\x00" + number.to_bytes(4)).digest() for number in range(2000)]


def _root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return hashlib.sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _split(size: int) -> int:
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1, as it is written there."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*_path(index, leaves[:split]), _root(leaves[split:])]
    return [*_path(index - split, leaves[split:]), _root(leaves[:split])]


def _proof(first: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962, section 2.1.2, as it is written there."""
    if first == len(leaves):
        return [] if whole else [_root(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_proof(first, leaves[:split], whole=whole), _root(leaves[split:])]
    return [*_proof(first - split, leaves[split:], whole=False), _root(leaves[:split])]


class Kept:
    """Nodes as a store keeps them, with a count of what was read."""

    def __init__(self, tiles: Tiles | None = None) -> None:
        self.tiles = tiles or {}
        self.read = 0

    def __call__(self, level: int, start: int, stop: int) -> list[bytes]:
        self.read += stop - start
        return _LEAVES[start:stop] if level == 0 else [self.tiles[level, number] for number in range(start, stop)]


SIZES = st.one_of(st.integers(1, 40), st.integers(1, 2000), st.sampled_from([255, 256, 257, 511, 512, 513, 1024, 2000]))


def _kept(size: int) -> Kept:
    return Kept(proofs.complete_tiles(_LEAVES[:size], start=0, nodes=Kept()))


@given(SIZES, st.data())
def test_inclusion_proofs_are_those_of_rfc_6962_and_hold(size: int, data: st.DataObject) -> None:
    """Each proof equals the standard's definition, and proves the leaf under the root."""
    index = data.draw(st.integers(0, size - 1))
    proof = proofs.inclusion(index, size, _kept(size))
    assert proof == _path(index, _LEAVES[:size])
    root = _root(_LEAVES[:size])
    assert proofs.is_included(_LEAVES[index], index, size=size, proof=proof, root=root)


@given(SIZES, st.data())
def test_inclusion_proofs_prove_nothing_else(size: int, data: st.DataObject) -> None:
    """Another leaf, place, root, or a proof with anything changed, added or left out is refused."""
    index = data.draw(st.integers(0, size - 1))
    proof, root = proofs.inclusion(index, size, _kept(size)), _root(_LEAVES[:size])
    leaf = _LEAVES[index]
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not proofs.is_included(leaf, other, size=size, proof=proof, root=root)
    assert not proofs.is_included(bytes(32), index, size=size, proof=proof, root=root)
    assert not proofs.is_included(leaf, index, size=size, proof=proof, root=bytes(32))
    assert not proofs.is_included(leaf, index, size=size, proof=[*proof, bytes(32)], root=root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not proofs.is_included(leaf, index, size=size, proof=proof[:at] + proof[at + 1 :], root=root)
        changed = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert not proofs.is_included(leaf, index, size=size, proof=changed, root=root)


@given(SIZES, st.data())
def test_consistency_proofs_are_those_of_rfc_6962_and_hold(second: int, data: st.DataObject) -> None:
    """Each proof equals the standard's definition, and proves that the later root continues the earlier one."""
    first = data.draw(st.integers(1, second))
    proof = proofs.consistency(first, second, _kept(second))
    assert proof == _proof(first, _LEAVES[:second])
    old, new = _root(_LEAVES[:first]), _root(_LEAVES[:second])
    assert proofs.is_consistent(first, second, proof=proof, old=old, new=new)


@given(SIZES, st.data())
def test_consistency_proofs_prove_nothing_else(second: int, data: st.DataObject) -> None:
    """Other roots or sizes, or a proof with anything changed, added or left out, are refused."""
    first = data.draw(st.integers(1, second))
    proof = proofs.consistency(first, second, _kept(second))
    old, new = _root(_LEAVES[:first]), _root(_LEAVES[:second])

    def holds(first: int = first, second: int = second, **changed: object) -> bool:
        given: dict[str, object] = {"proof": proof, "old": old, "new": new, **changed}
        return proofs.is_consistent(first, second, **given)  # type: ignore[arg-type] # as they are named

    assert not holds(old=bytes(32))
    assert not holds(new=bytes(32))
    assert not holds(proof=[*proof, bytes(32)])
    assert not holds(first=0)
    assert not holds(first=second + 1)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not holds(proof=proof[:at] + proof[at + 1 :])
        assert not holds(proof=[*proof[:at], bytes(32), *proof[at + 1 :]])
        assert not holds(proof=[])


@given(st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_tiles_grow_with_the_leaves(steps: list[int]) -> None:
    """However the leaves arrive, the same hashes are kept as if they had come at once."""
    kept, size = Kept(), 0
    for step in steps:
        start, size = size - size % TILE, min(size + step, len(_LEAVES))
        kept.tiles |= proofs.complete_tiles(_LEAVES[start:size], start=start, nodes=kept)
    assert kept.tiles == _kept(size).tiles
    assert set(kept.tiles) == {(1, number) for number in range(size // TILE)}


def test_higher_levels_are_kept_and_proofs_read_little() -> None:
    """Above 65,536 leaves a second level is kept, and a proof reads hundreds of hashes, not all."""
    leaves = [hashlib.sha256(number.to_bytes(4)).digest() for number in range(TILE * TILE + 300)]
    tiles: Tiles = {}
    read = 0

    def nodes(level: int, start: int, stop: int) -> list[bytes]:
        nonlocal read
        read += stop - start
        return leaves[start:stop] if level == 0 else [tiles[level, number] for number in range(start, stop)]

    middle = TILE * 200
    tiles |= proofs.complete_tiles(leaves[:middle], start=0, nodes=nodes)
    tiles |= proofs.complete_tiles(leaves[middle:], start=middle, nodes=nodes)
    assert (2, 0) in tiles
    read = 0
    proof = proofs.inclusion(12_345, len(leaves), nodes)
    assert read < 2000
    root = _root(leaves)
    assert proofs.is_included(leaves[12_345], 12_345, size=len(leaves), proof=proof, root=root)
    later = proofs.consistency(TILE, len(leaves), nodes)
    assert proofs.is_consistent(TILE, len(leaves), proof=later, old=_root(leaves[:TILE]), new=root)
