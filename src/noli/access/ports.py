# SPDX-License-Identifier: Apache-2.0
"""What access control needs from outside: places that keep keys, staff and sessions.

Each call is one transaction of its own.
"""

from datetime import datetime
from typing import Protocol

from noli.access.model import ApiKey, Session, SessionKind, Staff


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


class StaffStore(Protocol):
    """Keeps staff with what they log in with; every change of it is a ledger entry in the same transaction."""

    def add(self, staff: Staff, *, secret: str, set_up: bytes, until: datetime) -> None:
        """Keep a new member of staff.

        Args:
            staff: Not set up yet.
            secret: The one-time-code secret; kept sealed.
            set_up: SHA-256 of the token that lets them set up the account.
            until: When that token stops working.

        Raises:
            Conflict: The name is taken, be it by somebody disabled.
        """
        ...

    def all(self) -> list[Staff]:
        """List staff by name, disabled ones included."""
        ...

    def find(self, *, name: str = "", id: str = "") -> Staff | None:  # noqa: A002 - the field's name
        """Return the member of staff of this name or id, or None."""
        ...

    def by_set_up(self, set_up: bytes, *, now: datetime) -> Staff | None:
        """Return whose set-up token this is, if it still works."""
        ...

    def verifier(self, staff: Staff) -> str | None:
        """Return the slow hash of the password, None before set-up."""
        ...

    def secret(self, staff: Staff) -> str:
        """Return the one-time-code secret."""
        ...

    def set_up(self, staff: Staff, *, verifier: str, step: int, now: datetime) -> None:
        """Keep the password and that the code of this time step was used; the set-up token stops working.

        Raises:
            Conflict: It was set up meanwhile.
        """
        ...

    def spend(self, staff: Staff, step: int) -> bool:
        """Note that the code of a time step was used; False where it, or a later one, was used already."""
        ...

    def renew(self, staff: Staff, *, secret: str, set_up: bytes, until: datetime, now: datetime) -> None:
        """Let somebody set up their account anew: what they logged in with stops working."""
        ...

    def disable(self, staff: Staff, *, now: datetime) -> None:
        """Close an account for good."""
        ...


class Sessions(Protocol):
    """Keeps sessions by the SHA-256 of their token."""

    def add(self, session: Session, *, digest: bytes) -> None:
        """Keep a new session; forgets those that have ended."""
        ...

    def find(self, digest: bytes) -> Session | None:
        """Return the session with this token digest, ended or not, or None."""
        ...

    def touch(self, digest: bytes, *, now: datetime) -> None:
        """Keep that it was used just now."""
        ...

    def end(self, digest: bytes) -> None:
        """Forget one session; unknown ones change nothing."""
        ...

    def end_all(self, kind: SessionKind, subject: str, *, but: bytes = b"") -> None:
        """Forget all sessions of somebody, but perhaps one."""
        ...
