# SPDX-License-Identifier: Apache-2.0
"""Staff: accounts made by an admin, set up by whom they are for, entered with a password and a one-time code.

Both are asked for together and refused together, so that a refusal tells neither which was wrong nor whether there is
such an account. A one-time code (RFC 6238, six digits, 30 seconds) is taken once, from the step before to the step
after the current one. Where the telephone is lost a recovery code stands for it, once.
"""

import hashlib
import hmac
import secrets
from base64 import b32encode
from datetime import timedelta

import pyotp

from noli.access.delays import Delays
from noli.access.model import Enrolment, OpenedSession, Role, SessionKind, Staff
from noli.access.ports import StaffStore
from noli.access.sessions import SessionService
from noli.base.clock import Clock
from noli.base.errors import InputError, NotFound, Unauthenticated
from noli.base.names import check_name
from noli.base.secrecy import Keyring, Purpose, SlowHasher

#: Characters of a password. Source: NIST SP 800-63B-4 asks for 8 beside a second factor; we ask for more.
MIN_PASSWORD, MAX_PASSWORD = 12, 256

#: How long a set-up token works.
SET_UP_FOR = timedelta(hours=48)

#: Recovery codes that are made at a time: each stands for a one-time code once.
RECOVERY_CODES = 8

# Bytes of a recovery code, and its characters in base 32.
_RECOVERY_BYTES, _RECOVERY_CHARACTERS = 10, 16

_STEP_S = 30
_DIGITS = 6
_TOKEN_BYTES = 24


class StaffService:
    """The use cases around staff accounts."""

    def __init__(
        self,
        store: StaffStore,
        sessions: SessionService,
        *,
        hasher: SlowHasher,
        keyring: Keyring,
        delays: Delays,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._store, self._sessions = store, sessions
        self._hasher, self._keyring, self._delays, self._clock = hasher, keyring, delays, clock

    def create(self, name: str, role: Role) -> tuple[Staff, str]:
        """Make an account.

        Returns:
            The account and its set-up token, which nobody can be told again; it works for 48 hours, once.

        Raises:
            InputError: The name cannot be used.
            Conflict: It is taken.
        """
        check_name(name, of="member of staff")
        now = self._clock.now()
        staff = Staff(secrets.token_hex(8), name, role, now)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._store.add(staff, secret=pyotp.random_base32(), set_up=_digest(token), until=now + SET_UP_FOR)
        return staff, token

    def renew(self, name: str) -> tuple[Staff, str]:
        """Make a new set-up token for somebody who lost phone or password; all their sessions end.

        Raises:
            NotFound: There is no such account, or it is disabled.
        """
        staff = self.active(name)
        now = self._clock.now()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        fresh = pyotp.random_base32()
        self._store.renew(staff, secret=fresh, set_up=_digest(token), until=now + SET_UP_FOR, now=now)
        self._sessions.close_all(SessionKind.STAFF, staff.id)
        return self.active(name), token

    def enrolment(self, token: str) -> Enrolment:
        """Return what the set-up page shows; again and again until the set-up is completed.

        Raises:
            NotFound: The token is unknown, used or too old.
        """
        staff = self._setting_up(token)
        secret = self._store.secret(staff)
        uri = pyotp.TOTP(secret).provisioning_uri(name=staff.name, issuer_name="Noli")
        return Enrolment(staff.name, secret, uri)

    def set_up(self, token: str, *, password: str, code: str) -> Staff:
        """Complete the set-up.

        Raises:
            NotFound: The token is unknown, used or too old.
            InputError: The password is too short or too long, or the code is not the current one.
            Conflict: It was completed meanwhile.
        """
        staff = self._setting_up(token)
        check_password(password, staff.name)
        step = self._step(self._store.secret(staff), code)
        if step is None:
            msg = "The one-time code is not the current one; check the clock of your phone."
            raise InputError(msg)
        verifier = self._hasher.hash(self._peppered(password))
        self._store.set_up(staff, verifier=verifier, step=step, now=self._clock.now())
        return self.active(staff.name)

    def log_in(self, name: str, *, password: str, code: str, caller: bytes) -> OpenedSession:
        """Log in.

        Args:
            name: Of the account.
            password: As typed.
            code: The one-time code.
            caller: From ``Callers``.

        Raises:
            Unauthenticated: Something was wrong; it does not say what.
            Throttled: The caller has to wait.
        """
        target = hashlib.sha256(b"staff|" + name.encode("utf-8", "surrogatepass")).digest()
        self._delays.admit(target, caller)
        staff = self._store.find(name=name)
        usable = staff is not None and staff.set_up_at is not None and staff.disabled_at is None
        verifier = self._store.verifier(staff) if staff is not None and usable else None
        right = self._hasher.verify(verifier, self._peppered(password[: MAX_PASSWORD + 1]))
        if staff is None or not right or not self._right_code(staff, code):
            self._delays.fail(target, caller)
            msg = "Name, password or code are not right."
            raise Unauthenticated(msg)
        self._delays.succeed(target, caller)
        return self._sessions.open(SessionKind.STAFF, staff.id)

    def authenticate(self, token: str) -> Staff:
        """Return who a session's token belongs to.

        Raises:
            Unauthenticated: There is no such session, or the account was disabled.
        """
        session = self._sessions.find(SessionKind.STAFF, token)
        staff = self._store.find(id=session.subject)
        if staff is None or staff.disabled_at is not None:
            msg = "This account is closed."
            raise Unauthenticated(msg)
        return staff

    def disable(self, name: str) -> Staff:
        """Close an account for good; its sessions end. Raises NotFound."""
        staff = self.active(name)
        self._store.disable(staff, now=self._clock.now())
        self._sessions.close_all(SessionKind.STAFF, staff.id)
        found = self._store.find(name=name)
        return found or staff

    def all(self) -> list[Staff]:
        """List staff by name, disabled ones included."""
        return self._store.all()

    def active(self, name: str) -> Staff:
        """Return an account that is not disabled. Raises NotFound."""
        staff = self._store.find(name=name)
        if staff is None or staff.disabled_at is not None:
            msg = f"There is no active member of staff named {name!r}."
            raise NotFound(msg)
        return staff

    def _setting_up(self, token: str) -> Staff:
        staff = self._store.by_set_up(_digest(token), now=self._clock.now())
        if staff is None or staff.disabled_at is not None:
            msg = "This set-up link was used or is too old; ask for a new one."
            raise NotFound(msg)
        return staff

    def new_recovery(self, staff: Staff) -> list[str]:
        """Make recovery codes, in groups of four; those before stop working. Nobody can be told them again."""
        made = [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode("ascii") for _ in range(RECOVERY_CODES)]
        digests = frozenset(self._recovery_digest(staff, each) for each in made)
        self._store.set_recovery(staff, digests, now=self._clock.now())
        return ["-".join(each[at : at + 4] for at in range(0, len(each), 4)) for each in made]

    def recovery_left(self, staff: Staff) -> int:
        """Count the recovery codes that are left."""
        return self._store.recovery_left(staff)

    def _recovery_digest(self, staff: Staff, code: str) -> bytes:
        return self._keyring.digest(Purpose.STAFF_RECOVERY, f"{staff.id}|{code}".encode())

    def _right_code(self, staff: Staff, code: str) -> bool:
        bare = "".join(each for each in code.upper() if each.isascii() and each.isalnum())
        if len(bare) == _RECOVERY_CHARACTERS:
            return self._store.spend_recovery(staff, self._recovery_digest(staff, bare), now=self._clock.now())
        step = self._step(self._store.secret(staff), code)
        return step is not None and self._store.spend(staff, step)

    def _step(self, secret: str, code: str) -> int | None:
        """Return the time step that a code belongs to, if it is the current one or next to it."""
        digits = "".join(code.split())
        if len(digits) != _DIGITS or not digits.isascii() or not digits.isdigit():
            return None
        now = int(self._clock.now().timestamp()) // _STEP_S
        made = pyotp.TOTP(secret)
        near = (now - 1, now, now + 1)
        return next((step for step in near if hmac.compare_digest(made.generate_otp(step), digits)), None)

    def _peppered(self, password: str) -> str:
        return self._keyring.digest(Purpose.PEPPER, b"staff|" + password.encode("utf-8", "surrogatepass")).hex()


def check_password(password: str, name: str) -> None:
    """Refuse a password that is too short, too long, or made of the name or of one character. Raises InputError."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        msg = f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters; several words make a good one."
        raise InputError(msg)
    if name.casefold() in password.casefold() or len(set(password)) < _DIGITS:
        msg = "This password is too easy to guess; several words make a good one."
        raise InputError(msg)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
