# SPDX-License-Identifier: Apache-2.0
"""What the ledger needs from outside: a place that appends and never changes, keys that sign, an authority on time.

One suite (``tests/contract/test_ledger.py``) holds every implementation of the store to this page.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from noli.evidence.model import Fact, LedgerEntry, Reference, SignedRoot, TimestampToken
from noli.evidence.proofs import Nodes
from noli.jobs.model import Lease

#: Tells whether, under a public key, a text has this signature.
SignatureCheck = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class WholeLedger:
    """Everything that a verification looks at, as one consistent state.

    Attributes:
        entries: All entries in order, as they are stored, without checking them.
        references: What other tables say of entries, in order of their sequence.
        referring: Kinds of facts that another table must know of.
        roots: Signed roots that are kept beside the ledger, smallest first.
        timestamps: What a time-stamp authority said of them.
    """

    entries: Iterator[LedgerEntry]
    references: Iterator[Reference]
    referring: frozenset[str]
    roots: Sequence[SignedRoot]
    timestamps: Sequence[TimestampToken]


class Ledger(Protocol):
    """Reads the ledger. Appending happens in the transaction of what is being recorded: see ``LedgerTransaction``."""

    def whole(self) -> AbstractContextManager[WholeLedger]:
        """Read all of it in one transaction, so that nothing that is appended meanwhile is seen by half."""
        ...

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """Stream entries in order, as they are stored, without checking them."""
        ...

    def entry(self, sequence: int) -> LedgerEntry:
        """Return one entry. Raises NotFound."""
        ...

    def page(
        self, *, subject: str = "", kind: str = "", day: date | None = None, before: int | None = None, limit: int = 100
    ) -> list[LedgerEntry]:
        """List entries, newest first: of one subject, kind and day (in UTC), or of all; those before an entry."""
        ...

    def nodes(self) -> AbstractContextManager[Nodes]:
        """Read nodes of the tree in one transaction: of level 0 leaves, counted from 0; of others what was kept."""
        ...


class Roots(Protocol):
    """Keeps signed roots beside the ledger; nothing of it is ever changed."""

    def last(self) -> tuple[SignedRoot, tuple[bytes, ...]] | None:
        """Return the largest signed root with its peaks."""
        ...

    def at(self, size: int) -> SignedRoot:
        """Return the signed root of a size. Raises NotFound."""
        ...

    def roots(self, *, before: int | None = None, limit: int = 100) -> list[SignedRoot]:
        """List signed roots, largest first."""
        ...

    def keep(
        self,
        signed: SignedRoot,
        *,
        peaks: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        lease: Lease | None,
    ) -> None:
        """Keep a signed root, and hashes of levels above 0 that proofs will be made from.

        Raises:
            Conflict: There is one of this size.
            LeaseLost: Another process has taken the work over.
        """
        ...

    def tokens(self, size: int) -> list[TimestampToken]:
        """Return what time-stamp authorities said of a root, oldest first."""
        ...

    def keep_token(self, token: TimestampToken) -> None:
        """Keep what a time-stamp authority said."""
        ...


class LedgerTransaction(Protocol):
    """Appends inside a transaction; a transaction that fails leaves no entry."""

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        """Append one fact."""
        ...


class Signer(Protocol):
    """Signs with the installation's key (Ed25519)."""

    def sign(self, text: bytes) -> tuple[bytes, bytes]:
        """Return the public key, 32 bytes, and the signature."""
        ...

    def signing_keys(self) -> Sequence[bytes]:
        """Return all public keys that ever signed here, oldest first; the last one signs now."""
        ...


class TimestampAuthority(Protocol):
    """Says when something existed (RFC 3161)."""

    @property
    def name(self) -> str:
        """Its address."""
        ...

    def stamp(self, text: bytes) -> tuple[datetime, bytes]:
        """Have the digest of a text time-stamped.

        Returns:
            The time that it says, and its answer, checked, as DER.

        Raises:
            Unavailable: It does not answer, or not in a way that can be believed.
        """
        ...

    def check(self, text: bytes, token: bytes) -> bool:
        """Tell whether an answer is the authority's and about this text."""
        ...


class NotedRoots(Protocol):
    """A place outside of the database where signed roots are noted."""

    def note(self, text: str) -> None:
        """Add a note."""
        ...

    def read(self) -> str:
        """Return all notes; empty where there are none."""
        ...
