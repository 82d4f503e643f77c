# SPDX-License-Identifier: Apache-2.0
"""A keyring without a file and a hasher without cost, for tests of rules."""

import hashlib
import hmac

from noli.base.secrecy import Purpose, WrappedKey


class MemoryKeyring:
    """Digests with a fixed key; seals nothing."""

    def digest(self, purpose: Purpose, data: bytes) -> bytes:
        return hmac.digest(b"test|" + purpose.value.encode(), data, hashlib.sha256)

    def new_key(self) -> bytes:
        return bytes(32)

    def wrap(self, key: bytes, *, place: str) -> WrappedKey:
        return WrappedKey("none", place.encode() + b"|" + key)

    def unwrap(self, wrapped: WrappedKey, *, place: str) -> bytes:
        return wrapped.data.removeprefix(place.encode() + b"|")

    def seal(self, key: bytes, text: bytes, *, place: str) -> bytes:
        del key, place
        return text

    def open(self, key: bytes, sealed: bytes, *, place: str) -> bytes:
        del key, place
        return sealed


class CheapHasher:
    """Hashes at once; counts how often it was asked, because each costs the same."""

    def __init__(self) -> None:
        self.asked = 0

    def hash(self, secret: str) -> str:
        self.asked += 1
        return hashlib.sha256(secret.encode()).hexdigest()

    def verify(self, verifier: str | None, secret: str) -> bool:
        return hmac.compare_digest(self.hash(secret), verifier or "") and verifier is not None
