# SPDX-License-Identifier: Apache-2.0
"""The ledger for auditors: signed roots, the keys that signed, and proofs that anybody can check."""

from base64 import b64encode

from noli.base.errors import NotFound
from noli.evidence.model import SignedRoot
from noli.evidence.notes import key_id, verifier_key, write_note
from noli.web.api import schemas_ledger as schemas
from noli.web.api.operation import Call

# Digits of the largest number that a database keeps.
_MAX_DIGITS = 18


def roots(call: Call) -> schemas.RootPage:
    """List signed roots."""
    query: schemas.RootQuery = call.query
    found = call.app.roots.roots(before=query.before, limit=query.limit)
    return schemas.RootPage([_root(each) for each in found], found[-1].root.size if len(found) == query.limit else None)


def root(call: Call) -> schemas.StampedRoot:
    """Read one signed root with its time-stamps."""
    size = _number(call.path["size"])
    found = call.app.roots.compare(size, size).first
    stamps = [
        schemas.StampOut(token.authority, token.at, b64encode(token.token).decode("ascii"))
        for token in call.app.roots.tokens(size)
    ]
    shown = _root(found)
    return schemas.StampedRoot(shown.size, shown.root, shown.at, shown.key, shown.note, stamps)


def keys(call: Call) -> schemas.KeyList:
    """List the keys that signed."""
    found = call.app.roots.public_keys()
    return schemas.KeyList([schemas.KeyOut(key_id(each), verifier_key(each), each == found[-1]) for each in found])


def prove(call: Call) -> schemas.InclusionOut:
    """Prove that an entry is in the ledger."""
    proof = call.app.roots.prove(_number(call.path["sequence"]), size=call.query.size)
    entry, fact = proof.entry, proof.entry.fact
    shown = schemas.EntryOfLedger(
        sequence=entry.sequence,
        at=entry.at,
        kind=fact.kind,
        subject=fact.subject,
        actor=fact.actor,
        commitment=fact.commitment.hex(),
        leaf=entry.leaf.hex(),
    )
    return schemas.InclusionOut(shown, _root(proof.signed), [each.hex() for each in proof.hashes])


def consistency(call: Call) -> schemas.ConsistencyOut:
    """Prove that one root goes on from another."""
    proof = call.app.roots.compare(call.query.first, call.query.second)
    return schemas.ConsistencyOut(_root(proof.first), _root(proof.second), [each.hex() for each in proof.hashes])


def _root(signed: SignedRoot) -> schemas.RootOut:
    return schemas.RootOut(signed.root.size, signed.root.root.hex(), signed.at, signed.key, write_note(signed))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        msg = "There is nothing of this number."
        raise NotFound(msg)
    return int(text)
