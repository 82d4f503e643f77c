# SPDX-License-Identifier: Apache-2.0
"""How the ledger is hashed and verified: pure functions over bytes.

1. A *leaf* is SHA-256 of 0x00 and the entry in canonical form: a version, then each part with its length before it
   (RFC 6962, section 2.1, calls this the leaf hash).
2. A *link* is SHA-256 of 0x02, the link before, and the leaf: a chain that names the very place where something was
   changed.
3. The *root* is the RFC 6962 Merkle tree hash over the leaves: inner nodes are SHA-256 of 0x01 and the two below.
   Checkpoints, inclusion and consistency proofs of issue 4 rest on it.

The three first bytes differ, so that nothing of one kind can be passed off as another. A chain alone does not stop who
can write the whole database from rewriting it from a place on, or from cutting its end: that shows against a root that
was noted elsewhere.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from noli.evidence.model import Fact, Flaw, LedgerEntry, LedgerRoot, Verification

#: The link before the first.
NO_LINK = bytes(32)

#: Flaws that a verification lists at most; after a removed entry every later one is out of place.
MAX_FLAWS = 100

_VERSION = b"noli ledger 1"
_LEAF, _NODE, _LINK = b"\x00", b"\x01", b"\x02"


def leaf_of(sequence: int, at: datetime, fact: Fact) -> bytes:
    """Return the leaf hash of an entry."""
    parts = (
        _VERSION,
        str(sequence).encode("ascii"),
        at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode("ascii"),
        fact.kind.encode("utf-8"),
        fact.subject.encode("utf-8"),
        fact.actor.encode("utf-8"),
        fact.commitment,
    )
    return hashlib.sha256(_LEAF + b"".join(len(part).to_bytes(4) + part for part in parts)).digest()


def link_of(before: bytes, leaf: bytes) -> bytes:
    """Return the link of an entry, given the link before it."""
    return hashlib.sha256(_LINK + before + leaf).digest()


def following(before: LedgerEntry | None, fact: Fact, *, now: datetime) -> LedgerEntry:
    """Return the entry that comes after another; None for the first."""
    sequence = 1 if before is None else before.sequence + 1
    leaf = leaf_of(sequence, now, fact)
    return LedgerEntry(sequence, now, fact, leaf, link_of(NO_LINK if before is None else before.link, leaf))


def commitment(salt: bytes, details: bytes) -> bytes:
    """Return what stands in the ledger for details that must stay out of it."""
    return hashlib.sha256(len(salt).to_bytes(4) + salt + details).digest()


class MerkleRoot:
    """The Merkle tree hash of a growing list of leaves, in memory that grows with its logarithm."""

    def __init__(self) -> None:
        """Start with no leaf."""
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = hashlib.sha256(_NODE + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> LedgerRoot:
        """Return the root over what was added; SHA-256 of nothing where nothing was."""
        if not self._peaks:
            return LedgerRoot(0, hashlib.sha256().digest())
        peaks = iter(reversed(self._peaks))
        node = next(peaks)
        for peak in peaks:
            node = hashlib.sha256(_NODE + peak + node).digest()
        return LedgerRoot(self.size, node)


def verify(entries: Iterable[LedgerEntry], *, noted: LedgerRoot | None = None, referred: int = 0) -> Verification:
    """Recompute everything and say what is wrong.

    Args:
        entries: As stored, in order of their sequence.
        noted: A root that was noted earlier, elsewhere.
        referred: The highest sequence that other tables refer to.

    Returns:
        The root over the leaves as recomputed, and the flaws in order, ``MAX_FLAWS`` at most.
    """
    flaws: list[Flaw] = []
    tree = MerkleRoot()
    link, expected = NO_LINK, 1
    at_noted = tree.root() if noted is not None and noted.size == 0 else None
    for entry in entries:
        flaws += _flaws(entry, expected, link)
        tree.add(leaf_of(entry.sequence, entry.at, entry.fact))
        link, expected = entry.link, entry.sequence + 1
        if noted is not None and tree.size == noted.size:
            at_noted = tree.root()
    flaws += _end(expected - 1, at_noted, noted, referred)
    return Verification(tree.root(), tuple(flaws[:MAX_FLAWS]))


def _flaws(entry: LedgerEntry, expected: int, before: bytes) -> Iterator[Flaw]:
    number = entry.sequence
    if number > expected:
        gone = str(expected) if number == expected + 1 else f"{expected} to {number - 1}"
        yield Flaw(expected, f"Entry {gone} is missing.")
    elif number < expected:
        yield Flaw(number, f"Entry {number} is there twice or out of order.")
    if leaf_of(number, entry.at, entry.fact) != entry.leaf:
        yield Flaw(number, f"Entry {number} was changed: it does not have the hash it was given.")
    elif link_of(before, entry.leaf) != entry.link:
        yield Flaw(number, f"Entry {number} does not follow the one before it: one of them was replaced or removed.")


def _end(last: int, found: LedgerRoot | None, noted: LedgerRoot | None, referred: int) -> Iterator[Flaw]:
    if referred > last:
        yield Flaw(last, f"The end is cut off: other tables know entry {referred}, the last one here is {last}.")
    if noted is None:
        return
    if found is None:
        yield Flaw(last, f"The end is cut off: {noted.size} entries were noted, {last} are here.")
    elif found.root != noted.root:
        yield Flaw(noted.size, f"The first {noted.size} entries are not those whose root was noted.")


def parse_root(text: str) -> LedgerRoot | None:
    """Read ``SIZE:ROOT``, or return None where the text is none."""
    size, _, root = text.strip().partition(":")
    if not size.isascii() or not size.isdigit() or len(root) != 64:  # noqa: PLR2004 - 32 bytes in hexadecimal
        return None
    try:
        return LedgerRoot(int(size), bytes.fromhex(root))
    except ValueError:
        return None
