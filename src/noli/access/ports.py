# SPDX-License-Identifier: Apache-2.0
"""What access control needs from outside: places that keep keys, staff and sessions.

Each call is one transaction of its own.
"""

from datetime import datetime
from typing import Protocol

from noli.access.model import ApiKey, Passkey, Session, SessionKind, Site, Staff


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
        """Let somebody set up their account anew: what they logged in with, passkeys included, stops working."""
        ...

    def set_recovery(self, staff: Staff, codes: frozenset[bytes], *, now: datetime) -> None:
        """Keep the digests of codes that each stand for a one-time code once, in place of those before."""
        ...

    def spend_recovery(self, staff: Staff, code: bytes, *, now: datetime) -> bool:
        """Use up a recovery code; False where it is none of theirs, or was used."""
        ...

    def recovery_left(self, staff: Staff) -> int:
        """Count the recovery codes that are left."""
        ...

    def add_passkey(self, passkey: Passkey) -> None:
        """Keep a passkey. Raises Conflict where it is known."""
        ...

    def passkeys(self, staff: Staff) -> list[Passkey]:
        """List somebody's passkeys, oldest first."""
        ...

    def passkey(self, id: bytes) -> Passkey | None:  # noqa: A002 - the field's name
        """Return the passkey of this id, or None."""
        ...

    def use_passkey(self, passkey: Passkey, *, used_at: datetime, sign_count: int) -> bool:
        """Note that it answered a challenge that was made then; False where it has answered a later or the same one."""
        ...

    def remove_passkey(self, passkey: Passkey, *, now: datetime) -> None:
        """Forget a passkey; a second time changes nothing."""
        ...

    def disable(self, staff: Staff, *, now: datetime) -> None:
        """Close an account for good."""
        ...


class Authenticators(Protocol):
    """Reads what devices answer, as the standard (W3C Web Authentication) has it."""

    def creation(self, site: Site, staff: Staff, known: list[Passkey], challenge: bytes) -> str:
        """Return, as JSON, what a page asks a device for a new passkey with."""
        ...

    def created(self, site: Site, challenge: bytes, answer: str) -> tuple[bytes, bytes, int]:
        """Return id, credential and counter of a new passkey.

        Raises:
            InputError: The answer is not one to this challenge, from this site, by somebody whom the device knows.
        """
        ...

    def request(self, site: Site, challenge: bytes) -> str:
        """Return, as JSON, what a page asks for any passkey of this site with."""
        ...

    def answered(self, answer: str) -> bytes:
        """Return the id of the passkey that an answer is from, before anything is verified. Raises InputError."""
        ...

    def verified(self, site: Site, challenge: bytes, passkey: Passkey, answer: str) -> int:
        """Return the counter of a verified answer. Raises InputError as ``created``."""
        ...


class Sessions(Protocol):
    """Keeps sessions by the SHA-256 of their token."""

    def add(self, session: Session, *, digest: bytes) -> None:
        """Keep a new session."""
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

    def of(self, kind: SessionKind, subject: str) -> list[tuple[bytes, Session]]:
        """List somebody's sessions with their digests, newest first."""
        ...

    def end_all(self, kind: SessionKind, subject: str, *, but: bytes = b"") -> None:
        """Forget all sessions of somebody, but perhaps one."""
        ...
