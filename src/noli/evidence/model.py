# SPDX-License-Identifier: Apache-2.0
"""Facts and the ledger that keeps them, as values.

A fact holds pseudonymous ids and a salted commitment, never personal data: erasing a case destroys the salt, and what
stays in the ledger then says of nobody anything, while the chain is whole.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, to be appended.

    Attributes:
        kind: What, as a noun and a past participle (``case.opened``, ``case.viewed``).
        subject: Pseudonymous id of what it happened to.
        actor: Who did it: ``person``, ``system`` or ``staff:`` and a staff id.
        commitment: SHA-256 of a salt and the details; empty where there are none. Whoever holds both can prove them.
    """

    kind: str
    subject: str
    actor: str
    commitment: bytes = b""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One fact in its place.

    Attributes:
        sequence: 1 for the first; without gaps.
        at: When it was appended, UTC.
        fact: What happened.
        leaf: RFC 6962 leaf hash of all of the above.
        link: Hash over the link before and this leaf; 32 zero bytes come before the first.
    """

    sequence: int
    at: datetime
    fact: Fact
    leaf: bytes
    link: bytes


@dataclass(frozen=True, slots=True)
class LedgerRoot:
    """What stands for the first ``size`` entries: note it elsewhere, and nothing before it can be changed unseen."""

    size: int
    root: bytes

    def __str__(self) -> str:
        """Write it as ``SIZE:ROOT``, the form in which it is printed and compared."""
        return f"{self.size}:{self.root.hex()}"


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """A root that this installation has vouched for.

    Attributes:
        root: The root.
        at: When it was signed, UTC.
        key: Id of the key, eight hexadecimal digits of its digest.
        signature: Ed25519, over the text that ``notes.py`` describes.
    """

    root: LedgerRoot
    at: datetime
    key: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class TimestampToken:
    """What a time-stamp authority said of a signed root (RFC 3161).

    Attributes:
        size: Size of the root.
        authority: Address of the authority.
        at: When it says that the root existed.
        token: Its answer as it came, DER.
    """

    size: int
    authority: str
    at: datetime
    token: bytes


@dataclass(frozen=True, slots=True)
class Reference:
    """What another table says of a ledger entry.

    Attributes:
        sequence: Which entry.
        at: When.
        fact: What; the commitment is made anew from what the table holds.
        checkable: Whether the commitment could be made: not once a case was erased, nor without the key file.
    """

    sequence: int
    at: datetime
    fact: Fact
    checkable: bool


@dataclass(frozen=True, slots=True)
class Flaw:
    """One place where the ledger is not what it was.

    Attributes:
        sequence: The number of the entry at which it was noticed.
        text: One sentence for the operator.
    """

    sequence: int
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found: the root of what is there, and every flaw."""

    root: LedgerRoot
    flaws: tuple[Flaw, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.flaws
