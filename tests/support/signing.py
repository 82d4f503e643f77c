# SPDX-License-Identifier: Apache-2.0
"""A signer, a place for notes and a time-stamp authority in memory."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from noli.base.errors import Unavailable


class FakeSigner:
    """Signs with a digest; whoever knows the public key can forge, which no test does."""

    def __init__(self) -> None:
        self.publics = [b"1" * 32]

    def sign(self, text: bytes) -> tuple[bytes, bytes]:
        return self.publics[-1], signature(self.publics[-1], text)

    def signing_keys(self) -> Sequence[bytes]:
        return self.publics


def signature(public: bytes, text: bytes) -> bytes:
    """Sign."""
    return hashlib.sha512(public + text).digest()


def is_signed(public: bytes, text: bytes, given: bytes) -> bool:
    """Check."""
    return signature(public, text) == given


class FakeNotes:
    """Notes in memory."""

    def __init__(self) -> None:
        self.text = ""

    def note(self, text: str) -> None:
        self.text += text

    def read(self) -> str:
        return self.text


class FakeAuthority:
    """Says always the same time; answers while it is there."""

    name = "https://time.example/"
    time = datetime(2026, 3, 1, 13, tzinfo=UTC)

    def __init__(self) -> None:
        self.there, self.asked = True, 0

    def stamp(self, text: bytes) -> tuple[datetime, bytes]:
        self.asked += 1
        if not self.there:
            msg = "Not there."
            raise Unavailable(msg)
        return self.time, hashlib.sha256(text).digest()

    def check(self, text: bytes, token: bytes) -> bool:
        return hashlib.sha256(text).digest() == token
