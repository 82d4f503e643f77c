# SPDX-License-Identifier: Apache-2.0
"""Slow hashing with Argon2id, a bounded number at a time, so that logging in never starves matching.

64 MiB, three passes, one lane: the memory of RFC 9106's second recommendation; one lane because a hash that takes both
cores of a small machine would take them from matching. What is hashed has gone through a keyed step already
(``Purpose.PEPPER``): without the key file a verifier cannot be tried at all.

Hashing runs in the caller's thread (handlers run in threads; the library lets go of the interpreter meanwhile). A slot
bounds how many run at once, and so memory; whoever finds too many waiting before is sent away at once.
"""

import secrets
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from noli.base.errors import IntegrityError, Throttled

#: Cost of one hash: KiB of memory, passes, lanes.
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 1

_RETRY_S = 5


class Argon2Hasher:
    """Hashes and verifies: ``base.secrecy.SlowHasher``. Safe to call from many threads."""

    def __init__(self, *, at_once: int, waiting: int, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        """Set the bounds.

        Args:
            at_once: Hashes that run at the same time, 1 or 2.
            waiting: Callers that wait for their turn at most; further ones are refused.
            memory_kib: Memory of one hash.
            passes: Passes over that memory.
        """
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
        )
        self._slots = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)
        # Who does not exist is compared with a verifier of the same cost that no secret fits, so that it takes the same
        # time. It is drawn and not hashed: whoever only shows a session does not wait for a hash.
        salt, drawn = (b64encode(secrets.token_bytes(size)).decode("ascii").rstrip("=") for size in (16, 32))
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={passes},p={LANES}${salt}${drawn}"

    def hash(self, secret: str) -> str:
        """Return a verifier."""
        with self._turn():
            return self._hasher.hash(secret)

    def verify(self, verifier: str | None, secret: str) -> bool:
        """Compare; see the port."""
        with self._turn():
            try:
                self._hasher.verify(verifier or self._nobody, secret)
            except VerifyMismatchError:
                return False
            except (InvalidHashError, VerificationError) as error:
                msg = "A stored verifier is damaged; restore the database from a backup."
                raise IntegrityError(msg) from error
            return verifier is not None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            msg = "Too many people are logging in at this moment; try again in a few seconds."
            raise Throttled(msg, retry_after_s=_RETRY_S)
        try:
            with self._slots:
                yield
        finally:
            self._places.release()
