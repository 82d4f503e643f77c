# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire about the ledger: signed roots, keys, proofs."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from noli.web.api.schemas import Limit

Size = Annotated[int, Meta(ge=1, le=2**63 - 1, description="Size of a signed root.")]


class RootQuery(Struct):
    """Query of the list of roots."""

    before: Annotated[int, Meta(ge=1, le=2**63 - 1, description="The `next` of the page before.")] | None = None
    limit: Limit = 100


class StampOut(Struct):
    """What a time-stamp authority said of a root (RFC 3161)."""

    authority: str
    at: datetime
    #: Its answer, DER in base 64.
    token: str


class RootOut(Struct):
    """A signed root."""

    size: int
    #: Hexadecimal.
    root: str
    at: datetime
    #: Id of the key that signed.
    key: str
    #: The same as a signed note; keep it elsewhere.
    note: str


class StampedRoot(RootOut):
    """A signed root with its time-stamps."""

    timestamps: list[StampOut]


class RootPage(Struct):
    """Signed roots, largest first."""

    roots: list[RootOut]
    #: `before` of the next page; null on the last.
    next: int | None


class KeyOut(Struct):
    """A key that signs, or signed, roots."""

    id: str
    #: As others' tools read it: `noli-ledger+ID+BASE64`.
    verifier_key: str
    signs_now: bool


class KeyList(Struct):
    """Keys, oldest first."""

    keys: list[KeyOut]


class EntryOfLedger(Struct):
    """An entry of the ledger; it holds pseudonymous ids and a commitment."""

    sequence: int
    at: datetime
    kind: str
    subject: str
    actor: str
    commitment: str
    leaf: str


class ProofQuery(Struct):
    """Query of a proof."""

    size: Size | None = None


class InclusionOut(Struct):
    """That an entry is among those of a signed root (RFC 6962, section 2.1.1)."""

    entry: EntryOfLedger
    signed: RootOut
    #: From the leaf upwards, hexadecimal.
    hashes: list[str]


class ConsistencyQuery(Struct):
    """Query of a consistency proof."""

    first: Size
    second: Size | None = None


class ConsistencyOut(Struct):
    """That the ledger of one signed root goes on from that of another (RFC 6962, section 2.1.2)."""

    first: RootOut
    second: RootOut
    hashes: list[str]
