# SPDX-License-Identifier: Apache-2.0
"""An evidence package and what it is made from, as values. No picture comes near any of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from noli.casework.model import Case
from noli.evidence.events import Opening
from noli.evidence.model import SignedRoot, TimestampToken
from noli.evidence.signing import Inclusion
from noli.hashing.model import Hash
from noli.pursuit.model import Pursuit, PursuitId

#: Languages that packages are written in.
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Known:
    """What the installation knows of a case, read in one transaction.

    Attributes:
        case: The case.
        pursuits: What was done about its links, by id.
        openings: All events of both, each with the id of its file, in the order of the ledger.
        hashes: Of each item, by its id; empty where nobody asked for them.
    """

    case: Case
    pursuits: Mapping[PursuitId, Pursuit]
    openings: Sequence[tuple[str, Opening[Any]]] = field(repr=False)
    hashes: Mapping[str, Sequence[Hash]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """What shows to others that the ledger holds the events of a package.

    Attributes:
        signed: The root that all proofs lead to.
        inclusions: A proof for each entry.
        keys: Public keys that ever signed here.
        timestamps: What a time-stamp authority said of the root.
    """

    signed: SignedRoot
    inclusions: Sequence[Inclusion] = field(repr=False)
    keys: Sequence[bytes]
    timestamps: Sequence[TimestampToken]


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of a package's story.

    Attributes:
        at: When.
        actor: Who, as events name it.
        kind: Name of the event.
        ledger: Its ledger entry.
        says: What happened, in the package's language.
        files: Names of files in the package that belong to it.
    """

    at: datetime
    actor: str
    kind: str
    ledger: int
    says: str = field(repr=False)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Making:
    """How a package is made.

    Attributes:
        language: ``en`` or ``de``.
        with_hashes: Whether the hashes of pictures go with it.
        at: When.
        by: Who, as events name it.
        organisation: Whose installation it is; may be empty.
    """

    language: str
    with_hashes: bool
    at: datetime
    by: str
    organisation: str


@dataclass(frozen=True, slots=True)
class PackageFinding:
    """One thing that was looked at in a package, in words."""

    well: bool
    text: str


@dataclass(frozen=True, slots=True)
class PackageCheck:
    """What checking a package found.

    Attributes:
        findings: Everything that was looked at, in order.
        manifest: What the package says of itself; empty where that cannot be read.
    """

    findings: tuple[PackageFinding, ...]
    manifest: Mapping[str, Any]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.well for finding in self.findings)
