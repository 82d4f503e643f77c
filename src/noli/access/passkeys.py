# SPDX-License-Identifier: Apache-2.0
"""Passkeys: a device answers a challenge instead of somebody typing password and code.

1. A challenge is made for one browser, holds when it was made, and is stored nowhere: a keyed digest shows that it is
   ours. It can be answered for five minutes.
2. A passkey never answers a challenge twice, nor one that is older than the last: what was overheard is worth nothing.
3. The device must have made sure who holds it (user verification), so a passkey alone is two factors.
4. A device that counts and whose count does not grow was copied: it is refused.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from noli.access.delays import Delays
from noli.access.model import OpenedSession, Passkey, SessionKind, Site, Staff
from noli.access.ports import Authenticators, StaffStore
from noli.access.sessions import SessionService
from noli.base.clock import Clock
from noli.base.errors import Conflict, InputError, Unauthenticated
from noli.base.secrecy import Keyring, Purpose

#: How long a challenge can be answered.
ANSWERED_WITHIN = timedelta(minutes=5)

#: Passkeys of one account, and characters of a passkey's name.
MOST, LONGEST_NAME = 10, 64

_NONCE_BYTES = 16
_TIME_BYTES = 8


class PasskeyService:
    """The use cases around passkeys."""

    def __init__(
        self,
        store: StaffStore,
        sessions: SessionService,
        authenticators: Authenticators,
        *,
        keyring: Keyring,
        delays: Delays,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._store, self._sessions, self._authenticators = store, sessions, authenticators
        self._keyring, self._delays, self._clock = keyring, delays, clock

    def all(self, staff: Staff) -> list[Passkey]:
        """List somebody's passkeys, oldest first."""
        return self._store.passkeys(staff)

    def to_add(self, staff: Staff, site: Site, *, browser: str) -> tuple[str, str]:
        """Return the challenge, for a hidden field, and what a page asks a device for a new passkey with."""
        challenge = self._challenge(browser)
        return challenge.hex(), self._authenticators.creation(site, staff, self.all(staff), challenge)

    def add(self, staff: Staff, site: Site, *, browser: str, challenge: str, name: str, answer: str) -> Passkey:
        """Keep a new passkey.

        Raises:
            InputError: The name cannot be used, or the answer is none to this challenge.
            Conflict: There are enough, or the device has one here already.
        """
        name = name.strip()
        if not 1 <= len(name) <= LONGEST_NAME:
            msg = f"A passkey has a name of 1 to {LONGEST_NAME} characters."
            raise InputError(msg)
        if len(self.all(staff)) >= MOST:
            msg = f"An account has {MOST} passkeys at most; remove one first."
            raise Conflict(msg)
        asked, _ = self._ours(challenge, browser)
        id_, credential, count = self._authenticators.created(site, asked, answer)
        made = Passkey(id_, staff.id, name, credential, self._clock.now(), sign_count=count)
        self._store.add_passkey(made)
        return made

    def remove(self, staff: Staff, id: bytes) -> None:  # noqa: A002 - the field's name
        """Forget one of somebody's passkeys; one that is none of theirs changes nothing."""
        found = self._store.passkey(id)
        if found is not None and found.staff == staff.id:
            self._store.remove_passkey(found, now=self._clock.now())

    def to_log_in(self, site: Site, *, browser: str) -> tuple[str, str]:
        """Return the challenge, for a hidden field, and what a page asks for any passkey of this site with."""
        challenge = self._challenge(browser)
        return challenge.hex(), self._authenticators.request(site, challenge)

    def log_in(self, site: Site, *, browser: str, challenge: str, answer: str, caller: bytes) -> OpenedSession:
        """Log in.

        Args:
            site: Where.
            browser: What the challenge was made for.
            challenge: From the hidden field.
            answer: The device's, as JSON.
            caller: From ``Callers``.

        Raises:
            Unauthenticated: Something was wrong; it does not say what.
            Throttled: The caller has to wait.
        """
        target = hashlib.sha256(b"passkey").digest()
        self._delays.admit(target, caller)
        try:
            staff = self._answered(site, browser, challenge, answer)
        except InputError:
            staff = None
        if staff is None:
            self._delays.fail(target, caller)
            msg = "This passkey is not known here, or its answer came too late."
            raise Unauthenticated(msg)
        self._delays.succeed(target, caller)
        return self._sessions.open(SessionKind.STAFF, staff.id)

    def _answered(self, site: Site, browser: str, challenge: str, answer: str) -> Staff | None:
        asked, made_at = self._ours(challenge, browser)
        passkey = self._store.passkey(self._authenticators.answered(answer))
        if passkey is None:
            return None
        count = self._authenticators.verified(site, asked, passkey, answer)
        copied = passkey.sign_count > 0 and count <= passkey.sign_count
        staff = self._store.find(id=passkey.staff)
        if copied or staff is None or staff.set_up_at is None or staff.disabled_at is not None:
            return None
        return staff if self._store.use_passkey(passkey, used_at=made_at, sign_count=count) else None

    def _challenge(self, browser: str) -> bytes:
        made_at = int(self._clock.now().timestamp() * 1000).to_bytes(_TIME_BYTES)
        head = made_at + secrets.token_bytes(_NONCE_BYTES)
        return head + self._seal(head, browser)

    def _ours(self, challenge: str, browser: str) -> tuple[bytes, datetime]:
        """Return a challenge that we made for this browser, and when. Raises InputError."""
        try:
            given = bytes.fromhex(challenge)
        except ValueError:
            given = b""
        head, seal = given[: _TIME_BYTES + _NONCE_BYTES], given[_TIME_BYTES + _NONCE_BYTES :]
        if not hmac.compare_digest(self._seal(head, browser), seal):
            msg = "This challenge was not made here for this browser."
            raise InputError(msg)
        made_at = datetime.fromtimestamp(int.from_bytes(head[:_TIME_BYTES]) / 1000, UTC)
        if not timedelta(0) <= self._clock.now() - made_at <= ANSWERED_WITHIN:
            msg = "This challenge is too old; load the page again."
            raise InputError(msg)
        return given, made_at

    def _seal(self, head: bytes, browser: str) -> bytes:
        return self._keyring.digest(Purpose.PASSKEY, head + browser.encode("utf-8", "surrogatepass"))[:16]
