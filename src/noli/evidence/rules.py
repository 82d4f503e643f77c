# SPDX-License-Identifier: Apache-2.0
"""How the ledger is hashed and verified: pure functions over bytes.

1. A *leaf* is SHA-256 of 0x00 and the entry in canonical form: a version, then each part with its length before it
   (RFC 6962, section 2.1, calls this the leaf hash).
2. A *link* is SHA-256 of 0x02, the link before, and the leaf: a chain that names the very place where something was
   changed.
3. The *root* is the RFC 6962 Merkle tree hash over the leaves: inner nodes are SHA-256 of 0x01 and the two below.
   Signed roots (``notes.py``), inclusion and consistency proofs (``proofs.py``) rest on it.

The three first bytes differ, so that nothing of one kind can be passed off as another. A chain alone does not stop who
can write the whole database from rewriting it from a place on, or from cutting its end: that shows against a root that
was noted elsewhere.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from noli.evidence.model import Fact, Flaw, LedgerEntry, LedgerRoot, Reference, Verification

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

    @classmethod
    def of(cls, size: int, peaks: Sequence[bytes]) -> "MerkleRoot":
        """Go on from what ``peaks`` returned at that size."""
        tree = cls()
        tree.size, tree._peaks = size, list(peaks)
        return tree

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the complete trees from which the root is made, largest first."""
        return tuple(self._peaks)

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


def verify(
    entries: Iterable[LedgerEntry],
    *,
    references: Iterable[Reference] = (),
    referring: frozenset[str] = frozenset(),
    noted: Sequence[LedgerRoot] = (),
) -> Verification:
    """Recompute everything and say what is wrong.

    Args:
        entries: As stored, in order of their sequence.
        references: What other tables say of entries, in order of their sequence.
        referring: Kinds of facts that another table must know of.
        noted: Roots that were signed or noted earlier.

    Returns:
        The root over the leaves as recomputed, and the flaws in order, ``MAX_FLAWS`` at most.
    """
    flaws: list[Flaw] = []
    tree, others = MerkleRoot(), _References(references, referring)
    known = {root.size: root.root for root in noted}
    link, expected, found = NO_LINK, 1, {0: tree.root().root}
    for entry in entries:
        if len(flaws) < MAX_FLAWS:
            flaws += flaws_of(entry, expected=expected, before=link)
            flaws += others.flaws_of(entry)
        tree.add(leaf_of(entry.sequence, entry.at, entry.fact))
        link, expected = entry.link, entry.sequence + 1
        if tree.size in known:
            found[tree.size] = tree.root().root
    flaws += others.rest(expected - 1)
    flaws += _against(known, found, expected - 1)
    return Verification(tree.root(), tuple(flaws[:MAX_FLAWS]))


class _References:
    """Walks along the entries and compares each with what another table says of it."""

    def __init__(self, references: Iterable[Reference], referring: frozenset[str]) -> None:
        self._waiting, self._referring = iter(references), referring
        self._next = next(self._waiting, None)

    def flaws_of(self, entry: LedgerEntry) -> Iterator[Flaw]:
        found = False
        while self._next is not None and self._next.sequence <= entry.sequence:
            said, self._next = self._next, next(self._waiting, None)
            if said.sequence == entry.sequence:
                found = True
                if not _agree(said, entry):
                    text = f"The event that entry {entry.sequence} tells of was changed: the two disagree."
                    yield Flaw(entry.sequence, text)
        if not found and entry.fact.kind in self._referring:
            yield Flaw(entry.sequence, f"The event that entry {entry.sequence} tells of is gone.")

    def rest(self, last: int) -> Iterator[Flaw]:
        """Tell of events whose entries should come after the last one."""
        beyond = 0
        while self._next is not None:
            beyond, self._next = self._next.sequence, next(self._waiting, None)
        if beyond > last:
            yield Flaw(last, f"The end is cut off: other tables know entry {beyond}, the last one here is {last}.")


def _agree(said: Reference, entry: LedgerEntry) -> bool:
    fact = entry.fact
    same = (said.at, said.fact.kind, said.fact.subject, said.fact.actor) == (
        entry.at,
        fact.kind,
        fact.subject,
        fact.actor,
    )
    return same and (not said.checkable or said.fact.commitment == fact.commitment)


def flaws_of(entry: LedgerEntry, *, expected: int, before: bytes) -> Iterator[Flaw]:
    """Say what is wrong with one entry, given the sequence that it should have and the link before it."""
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


def _against(known: dict[int, bytes], found: dict[int, bytes], last: int) -> Iterator[Flaw]:
    cut = [size for size in known if size not in found]
    if cut:
        yield Flaw(last, f"The end is cut off: {max(cut)} entries were signed or noted, {last} are here.")
    for size in sorted(known):
        if size in found and found[size] != known[size]:
            yield Flaw(size, f"The first {size} entries are not those whose root was signed or noted.")
            # Every later root differs as well.
            return


def parse_root(text: str) -> LedgerRoot | None:
    """Read ``SIZE:ROOT``, or return None where the text is none."""
    size, _, root = text.strip().partition(":")
    if not size.isascii() or not size.isdigit() or len(root) != 64:  # noqa: PLR2004 - 32 bytes in hexadecimal
        return None
    try:
        return LedgerRoot(int(size), bytes.fromhex(root))
    except ValueError:
        return None
