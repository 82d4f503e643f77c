# SPDX-License-Identifier: Apache-2.0
"""The text of a signed root, and of the key that checks it.

Both are those of the transparency-log world (C2SP: tlog-checkpoint, signed-note), so that others' tools read them:

1. Signed is: a line with the origin, one with the size, one with base 64 of the root, one with the time.
2. An empty line follows, and a line ``— ORIGIN BASE64`` with four bytes of the key's digest and the signature.
3. A verifier key is ``ORIGIN+DIGEST+BASE64``: eight hexadecimal digits, and base 64 of 0x01 and the Ed25519 key.
"""

import binascii
import hashlib
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from noli.evidence.model import LedgerRoot, SignedRoot

#: What comes from a ledger of Noli; which one, says the key.
ORIGIN = "noli-ledger"

# Algorithm byte of Ed25519 in signed notes.
_ED25519 = b"\x01"

_DIGEST_BYTES, _KEY_BYTES, _ROOT_BYTES, _SIGNATURE_BYTES = 4, 32, 32, 64

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


def signed_text(root: LedgerRoot, at: datetime) -> bytes:
    """Return what is signed."""
    lines = (ORIGIN, str(root.size), _text(root.root), at.astimezone(UTC).strftime(_TIME))
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def key_id(public: bytes) -> str:
    """Return the id of a key."""
    named = ORIGIN.encode("ascii") + b"\n" + _ED25519 + public
    return hashlib.sha256(named).digest()[:_DIGEST_BYTES].hex()


def verifier_key(public: bytes) -> str:
    """Write a public key as it is given to whoever checks."""
    return f"{ORIGIN}+{key_id(public)}+{_text(_ED25519 + public)}"


def parse_key(text: str) -> bytes | None:
    """Read a verifier key, or return None where the text is none."""
    origin, digest, key = (*text.strip().split("+", 2), "", "")[:3]
    public = _bytes(key, 1 + _KEY_BYTES)
    if origin != ORIGIN or public is None or public[:1] != _ED25519 or key_id(public[1:]) != digest:
        return None
    return public[1:]


def write_note(signed: SignedRoot) -> str:
    """Write a signed root as a note."""
    line = f"— {ORIGIN} {_text(bytes.fromhex(signed.key) + signed.signature)}"
    return f"{signed_text(signed.root, signed.at).decode('ascii')}\n{line}\n"


def parse_notes(text: str) -> list[SignedRoot]:
    """Read all notes of a text, one after the other; what is none is passed over."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line == ORIGIN]
    found = (_parse_note(lines[start : start + 6]) for start in starts)
    return [note for note in found if note is not None]


def _parse_note(lines: list[str]) -> SignedRoot | None:
    try:
        _, size, root_text, time_text, empty, line = lines
        root, signature = _bytes(root_text, _ROOT_BYTES), _bytes(line.split(" ")[-1], _DIGEST_BYTES + _SIGNATURE_BYTES)
        at = datetime.strptime(time_text, _TIME).replace(tzinfo=UTC)
        count = int(size)
    except ValueError:
        return None
    if root is None or signature is None or empty or not line.startswith(f"— {ORIGIN} "):
        return None
    return SignedRoot(LedgerRoot(count, root), at, signature[:_DIGEST_BYTES].hex(), signature[_DIGEST_BYTES:])


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _bytes(text: str, length: int) -> bytes | None:
    try:
        found = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == length else None
