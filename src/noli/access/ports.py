# SPDX-License-Identifier: Apache-2.0
"""What access control needs from outside: a place that keeps keys."""

from typing import Protocol

from noli.access.model import ApiKey


class Keys(Protocol):
    """Keeps API keys by the SHA-256 of their token. Each call is one transaction of its own."""

    def add(self, key: ApiKey, *, digest: bytes) -> None:
        """Keep a key. Raises Conflict where the name is taken."""
        ...

    def find(self, digest: bytes) -> ApiKey | None:
        """Return the key with this token digest, revoked or not, or None."""
        ...

    def all(self) -> list[ApiKey]:
        """List keys by name."""
        ...

    def revoke(self, key: ApiKey) -> None:
        """Keep ``revoked_at``. Raises NotFound."""
        ...
