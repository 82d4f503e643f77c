# SPDX-License-Identifier: Apache-2.0
"""What keeps secrets, as protocols: keys outside the database, and slow hashing of what people remember.

Implemented in ``adapters/keyring.py`` and ``adapters/passwords.py``. Nothing here computes.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    """What a keyed digest is for; each purpose has a key of its own, so that none can stand for another."""

    #: Finds a case by its number without storing the number.
    CASE_NUMBER = "case-number"
    #: Finds a case by its recovery code.
    RECOVERY = "recovery"
    #: Finds the case of a bank entry without storing which entry is whose.
    ENTRY = "entry"
    #: Finds the open notice of a bank entry; another key than ENTRY's, so that notices and cases cannot be joined.
    NOTICE_ENTRY = "notice-entry"
    #: Tells that a notice was sent before, by its caller and the caller's own number.
    NOTICE_SOURCE = "notice-source"
    #: Finds the record of a party without storing who it is.
    PARTY = "party"
    #: Public ids of statements of reasons, which tell nobody whose they are.
    STATEMENT = "statement"
    #: What a notifier shows to see what became of a notice, drawn from the notice's id.
    NOTICE_RECEIPT = "notice-receipt"
    #: Finds the request that a mail answers, by its reference or a message id.
    REQUEST = "request"
    #: Number and passphrase of a submission are drawn from its token.
    RECEIPT = "receipt"
    #: Signs proof-of-work challenges.
    CHALLENGE = "challenge"
    #: Seals what partners' servers are shown.
    PARTNER = "partner"
    #: Places and values of canaries.
    CANARY = "canary"
    #: Signs our feed.
    FEED = "feed"
    #: Seed of the first key that signs the ledger's roots.
    LEDGER = "ledger"
    #: Keyed step before slow hashing: without the key file a stolen verifier cannot be tried at all.
    PEPPER = "pepper"
    #: Shows that a challenge for a passkey is ours.
    PASSKEY = "passkey"
    #: Finds a recovery code without storing it.
    STAFF_RECOVERY = "staff-recovery"
    #: Finds a case or a notice by a link, a host or a reference without storing it.
    FOUND_BY = "found-by"
    #: Tells that the same thing was looked at before, without storing what.
    LOOK = "look"
    #: Regions of banked pictures are hashed under it, so that the database alone cannot compare or draw them.
    REGIONS = "regions"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key under the key-encryption key ``key_id``."""

    key_id: str
    data: bytes


class Keyring(Protocol):
    """Holds the keys of the key file. All texts are bound to where they stand by ``place`` (table, row, column)."""

    def digest(self, purpose: Purpose, data: bytes) -> bytes:
        """Return a 32-byte keyed digest (HMAC-SHA256)."""
        ...

    def new_key(self) -> bytes:
        """Return a new random data key."""
        ...

    def wrap(self, key: bytes, *, place: str) -> WrappedKey:
        """Encrypt a data key under the current key-encryption key."""
        ...

    def unwrap(self, wrapped: WrappedKey, *, place: str) -> bytes:
        """Decrypt a data key. Raises IntegrityError where it was changed, moved, or its key is gone."""
        ...

    def seal(self, key: bytes, text: bytes, *, place: str) -> bytes:
        """Encrypt under a data key, padded so that lengths tell little."""
        ...

    def open(self, key: bytes, sealed: bytes, *, place: str) -> bytes:
        """Decrypt. Raises IntegrityError where it was changed or moved."""
        ...


class SlowHasher(Protocol):
    """Hashes passphrases and passwords slowly, a bounded number at a time."""

    def hash(self, secret: str) -> str:
        """Return a verifier to store. Raises Throttled where too many wait already."""
        ...

    def verify(self, verifier: str | None, secret: str) -> bool:
        """Compare; takes as long for ``None`` (nobody there) and returns False. Raises Throttled as ``hash``."""
        ...
