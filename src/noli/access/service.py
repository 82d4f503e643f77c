# SPDX-License-Identifier: Apache-2.0
"""Issue, check and revoke API keys. A token is shown once; only its SHA-256 is kept.

The token has 256 random bits, so a plain digest is enough: there is nothing to guess, and so nothing to slow down.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace

from noli.access.model import ApiKey, Scope
from noli.access.ports import Keys
from noli.base.clock import Clock
from noli.base.errors import InputError, NotFound, Unauthenticated
from noli.base.names import check_name

#: Start of every token, so that scanners for leaked secrets can know one when they see it.
TOKEN_PREFIX = "noli_"  # noqa: S105 - a prefix, not a secret

_TOKEN_BYTES = 32


class AccessService:
    """The use cases around API keys."""

    def __init__(self, keys: Keys, clock: Clock) -> None:
        """Keep the collaborators."""
        self._keys = keys
        self._clock = clock

    def create(self, name: str, scopes: Iterable[Scope]) -> tuple[ApiKey, str]:
        """Issue a key.

        Args:
            name: What ``check_name`` takes; unique for good.
            scopes: What it may do, at least one scope.

        Returns:
            The key and its token, which nobody can be told again.

        Raises:
            InputError: The name cannot be used, or there is no scope.
            Conflict: The name is taken, be it by a revoked key.
        """
        granted = frozenset(scopes)
        check_name(name, of="key")
        if not granted:
            msg = f"A key needs at least one scope: {', '.join(Scope)}."
            raise InputError(msg)
        key = ApiKey(name, granted, self._clock.now())
        token = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        self._keys.add(key, digest=_digest(token))
        return key, token

    def authenticate(self, token: str) -> ApiKey:
        """Return the key that a token belongs to.

        Raises:
            Unauthenticated: The token is unknown, or its key was revoked.
        """
        key = self._keys.find(_digest(token))
        if key is None or key.revoked_at is not None:
            msg = "This API key is not known here, or was revoked; 'noli key create' makes one."
            raise Unauthenticated(msg)
        return key

    def all(self) -> list[ApiKey]:
        """List keys by name, revoked ones included."""
        return self._keys.all()

    def revoke(self, name: str) -> ApiKey:
        """Revoke a key for good; a second time changes nothing.

        Raises:
            NotFound: There is no key of that name.
        """
        for key in self._keys.all():
            if key.name == name:
                if key.revoked_at is not None:
                    return key
                revoked = replace(key, revoked_at=self._clock.now())
                self._keys.revoke(revoked)
                return revoked
        msg = f"There is no key named {name!r}."
        raise NotFound(msg)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
