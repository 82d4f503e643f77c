# SPDX-License-Identifier: Apache-2.0
"""The proof of work that an anonymous submission costs: little for a phone, much for a flood.

The exact rule, for whoever writes the solver:

1. ``Challenge.text`` is ASCII, ``Challenge.bits`` a number of bits.
2. A counter is a whole number from 0 on, written in decimal ASCII without leading zeros.
3. The proof is ``text + "." + counter``; it is what ``Intake.submit`` takes.
4. It holds where the first ``bits`` bits of SHA-256 of the proof's ASCII bytes are zero (most significant bit of byte 0
   first).
5. Expected tries: 2 to the power of ``bits``. Try counters in order; any that holds will do.

A challenge is signed, so the server keeps nothing until it is spent; it expires, and is spent once. It says nothing of
who asked. Form of ``text``: ``w1.<bits>.<expiry, seconds since 1970>.<16 random bytes, hex>.<signature, hex>``; solvers
need not look inside.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from noli.base.errors import InputError
from noli.base.secrecy import Keyring, Purpose
from noli.casework.model import Challenge

#: How long a challenge can be solved and sent: as long as somebody may need with the page open.
VALID_FOR = timedelta(hours=2)

_PARTS = 6
_LONGEST = 200
_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds; ``id`` is spent once."""

    id: bytes
    expires_at: datetime


def challenge(keyring: Keyring, *, bits: int, now: datetime) -> Challenge:
    """Make a challenge."""
    expires_at = now + VALID_FOR
    head = f"w1.{bits}.{int(expires_at.timestamp())}.{secrets.token_hex(16)}"
    return Challenge(f"{head}.{_signature(keyring, head)}", bits, expires_at)


def check(keyring: Keyring, proof: str, *, now: datetime) -> Proof:
    """Check a proof; spending it is left to the caller.

    Raises:
        InputError: It is none, has expired, or was made by another server. The text says to start anew.
    """
    head, signature, expires_at, bits = _parsed(proof)
    genuine = hmac.compare_digest(signature.encode(), _signature(keyring, head).encode())
    if not genuine or expires_at < now or not _holds(proof, bits):
        raise _refused()
    return Proof(hashlib.sha256(head.encode("ascii")).digest(), expires_at)


def solve(wanted: Challenge) -> str:
    """Do the work; what tests and command lines use, and what the page's solver must agree with."""
    counter = 0
    while not _holds(f"{wanted.text}.{counter}", wanted.bits):
        counter += 1
    return f"{wanted.text}.{counter}"


def _parsed(proof: str) -> tuple[str, str, datetime, int]:
    parts = proof.split(".")
    if len(proof) > _LONGEST or not proof.isascii() or len(parts) != _PARTS or parts[0] != "w1":
        raise _refused()
    bits, expiry, counter = parts[1], parts[2], parts[5]
    if not all(part.isdigit() and len(part) <= _DIGITS for part in (bits, expiry, counter)):
        raise _refused()
    if (counter != "0" and counter.startswith("0")) or int(expiry) >= 1 << 37:
        raise _refused()
    return ".".join(parts[:4]), parts[4], datetime.fromtimestamp(int(expiry), UTC), int(bits)


def _holds(proof: str, bits: int) -> bool:
    digest = int.from_bytes(hashlib.sha256(proof.encode("ascii")).digest())
    return digest >> max(0, 256 - bits) == 0


def _signature(keyring: Keyring, head: str) -> str:
    return keyring.digest(Purpose.CHALLENGE, head.encode("ascii")).hex()[:32]


def _refused() -> InputError:
    return InputError("What was sent is no longer valid; send it again from the page.")
