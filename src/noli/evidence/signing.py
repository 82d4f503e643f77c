# SPDX-License-Identifier: Apache-2.0
"""Sign the ledger's root every hour, have it time-stamped every day, and prove entries against signed roots.

A signed root is what an auditor notes: what was in the ledger when it was signed cannot be changed, removed or cut off
without the root telling. Each is also noted outside of the database. Signing goes on from the root before and looks at
every entry that came since, so that nothing is vouched for that was changed already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from noli.base.clock import Clock
from noli.base.errors import InputError, IntegrityError
from noli.evidence import proofs, rules
from noli.evidence.model import LedgerEntry, SignedRoot, TimestampToken
from noli.evidence.notes import key_id, signed_text, write_note
from noli.evidence.ports import Ledger, NotedRoots, Roots, Signer, TimestampAuthority
from noli.evidence.rules import MerkleRoot
from noli.jobs.model import Lane, Lease, Task
from noli.jobs.rules import LONGEST_TERM

#: The longest stretch of the ledger that rests on the database alone.
SIGNED_EVERY = timedelta(hours=1)

STAMPED_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the ledger of a root: what RFC 6962 calls an audit path."""

    entry: LedgerEntry
    signed: SignedRoot
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the ledger of one root goes on from that of another."""

    first: SignedRoot
    second: SignedRoot
    hashes: tuple[bytes, ...]


class RootService:
    """The use cases around signed roots."""

    def __init__(
        self,
        ledger: Ledger,
        roots: Roots,
        clock: Clock,
        *,
        signer: Signer,
        notes: NotedRoots,
        authority: TimestampAuthority | None = None,
    ) -> None:
        """Keep the collaborators; without an authority nothing is time-stamped."""
        self._ledger, self._roots, self._clock = ledger, roots, clock
        self._signer, self._notes, self._authority = signer, notes, authority

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What the caretaker does."""
        sign = Task(kind="ledger-sign", run=self._sign_as_job, every=SIGNED_EVERY, term=LONGEST_TERM)
        if self._authority is None:
            return (sign,)
        stamp = Task(kind="ledger-stamp", run=self._stamp_as_job, every=STAMPED_EVERY, lane=Lane.NETWORK)
        return (sign, stamp)

    def sign(self, *, lease: Lease | None = None) -> SignedRoot | None:
        """Sign the root of what is in the ledger now.

        Returns:
            The last signed root; None where the ledger is empty.

        Raises:
            IntegrityError: What came since the last root, or the root itself, was changed.
            Conflict: Another process is doing the same at this moment.
        """
        kept = self._roots.last()
        before, peaks = kept or (None, ())
        tree, leaves = self._grown(before, peaks)
        if before is not None and tree.size == before.root.size:
            return before
        if not tree.size:
            return None
        root, now = tree.root(), self._clock.now()
        public, signature = self._signer.sign(signed_text(root, now))
        signed = SignedRoot(root, now, key_id(public), signature)
        start = tree.size - len(leaves)
        with self._ledger.nodes() as nodes:
            tiles = proofs.complete_tiles(leaves, start=start, nodes=nodes)
        self._roots.keep(signed, peaks=tree.peaks, tiles=tiles, lease=lease)
        self._notes.note(write_note(signed))
        return signed

    def stamp(self) -> TimestampToken | None:
        """Have the last signed root time-stamped, unless it was already; None where there is none, or no authority.

        Raises:
            Unavailable: The authority does not answer.
        """
        before = self._roots.last()
        if before is None or self._authority is None:
            return None
        signed = before[0]
        made = [token for token in self._roots.tokens(signed.root.size) if token.authority == self._authority.name]
        if made:
            return made[0]
        at, token = self._authority.stamp(signed_text(signed.root, signed.at))
        stamped = TimestampToken(signed.root.size, self._authority.name, at, token)
        self._roots.keep_token(stamped)
        return stamped

    def public_keys(self) -> list[bytes]:
        """Return all public keys that ever signed, oldest first; the last one signs now."""
        return list(self._signer.signing_keys())

    def roots(self, *, before: int | None = None, limit: int = 100) -> list[SignedRoot]:
        """List signed roots, largest first."""
        return self._roots.roots(before=before, limit=limit)

    def tokens(self, size: int) -> list[TimestampToken]:
        """Return what time-stamp authorities said of a root."""
        return self._roots.tokens(size)

    def prove(self, sequence: int, *, size: int | None = None) -> Inclusion:
        """Prove that an entry is in the ledger of a signed root: that of ``size``, or the last one.

        Raises:
            NotFound: There is no such entry or root.
            InputError: The entry came after the root, or no root was signed yet.
            IntegrityError: The ledger was changed: what is there does not lead to the root.
        """
        signed = self._signed(size)
        entry = self._ledger.entry(sequence)
        if sequence > signed.root.size:
            msg = f"Entry {sequence} came after the root of {signed.root.size} entries; a later one will cover it."
            raise InputError(msg)
        with self._ledger.nodes() as nodes:
            hashes = proofs.inclusion(sequence - 1, signed.root.size, nodes)
        leaf = rules.leaf_of(entry.sequence, entry.at, entry.fact)
        root = signed.root
        shown = proofs.is_included(leaf, sequence - 1, size=root.size, proof=hashes, root=root.root)
        if leaf != entry.leaf or not shown:
            raise _changed(root.size)
        return Inclusion(entry, signed, tuple(hashes))

    def compare(self, first: int, second: int | None = None) -> Consistency:
        """Prove that one signed root goes on from another; the last one if ``second`` is None.

        Raises:
            NotFound: One of them is none.
            InputError: The second is the smaller.
            IntegrityError: The ledger was changed.
        """
        old, new = self._roots.at(first), self._signed(second)
        if new.root.size < old.root.size:
            msg = "The first root is the smaller one."
            raise InputError(msg)
        with self._ledger.nodes() as nodes:
            hashes = proofs.consistency(old.root.size, new.root.size, nodes)
        if not proofs.is_consistent(old.root.size, new.root.size, proof=hashes, old=old.root.root, new=new.root.root):
            raise _changed(new.root.size)
        return Consistency(old, new, tuple(hashes))

    def _signed(self, size: int | None) -> SignedRoot:
        if size is not None:
            return self._roots.at(size)
        before = self._roots.last()
        if before is None:
            msg = "No root was signed yet; 'noli ledger sign' signs one now."
            raise InputError(msg)
        return before[0]

    def _grown(self, before: SignedRoot | None, peaks: Sequence[bytes]) -> tuple[MerkleRoot, list[bytes]]:
        """Check what came since a root, and grow its tree.

        Returns:
            The tree, and its leaves from the last whole tile of the root before on.
        """
        size = before.root.size if before else 0
        start = size - size % proofs.TILE
        tree, leaves = MerkleRoot.of(start, peaks[: start.bit_count()]), list[bytes]()
        link = self._ledger.entry(start).link if start else rules.NO_LINK
        for entry in self._ledger.entries(after=start):
            if any(rules.flaws_of(entry, expected=tree.size + 1, before=link)):
                raise _changed(tree.size + 1)
            link = entry.link
            leaves.append(entry.leaf)
            tree.add(entry.leaf)
            if before is not None and tree.size == size and tree.root() != before.root:
                raise _changed(size)
        if tree.size < size or (before is not None and MerkleRoot.of(size, peaks).root() != before.root):
            raise _changed(size)
        return tree, leaves

    def _sign_as_job(self, lease: Lease) -> None:
        self.sign(lease=lease)

    def _stamp_as_job(self, _: Lease) -> None:
        self.stamp()


def _changed(size: int) -> IntegrityError:
    msg = f"The ledger was changed among its first {size} entries; 'noli ledger verify' says where."
    return IntegrityError(msg)
