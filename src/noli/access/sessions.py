# SPDX-License-Identifier: Apache-2.0
"""Sessions: opened at log-in, checked at each request, ended by logging out, by time or from elsewhere.

A token has 256 random bits; only its SHA-256 is stored. What forms carry against forgery is derived from the token, so
it belongs to this session and to nothing else, and is not stored either.
"""

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import timedelta

from noli.access.model import OpenedSession, OwnSession, Session, SessionKind
from noli.access.ports import Sessions
from noli.base.clock import Clock
from noli.base.errors import Forbidden, Unauthenticated
from noli.base.retention import SESSIONS

#: A session ends this long after its last use; how long after it began is policy. Source: NIST SP 800-63B, AAL2.
IDLE = timedelta(minutes=30)

#: How long a session lasts where no setting says otherwise.
LONGEST = SESSIONS.default * SESSIONS.unit

#: Uses within this time of the one noted last are not noted: a page view costs no write.
_NOTED = timedelta(minutes=1)

_TOKEN_BYTES = 32
_MAX_TOKEN = 200


class SessionService:
    """The use cases around sessions."""

    def __init__(self, sessions: Sessions, clock: Clock, *, longest: timedelta = LONGEST) -> None:
        """Keep the collaborators; ``longest`` is how long a session lasts."""
        self._sessions, self._clock, self._longest = sessions, clock, longest

    def open(self, kind: SessionKind, subject: str) -> OpenedSession:
        """Open a session for somebody who has just proven who they are; always with a new token."""
        now = self._clock.now()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(kind, subject, now, now)
        self._sessions.add(session, digest=_digest(token))
        return OpenedSession(session, token, csrf_of(token))

    def find(self, kind: SessionKind, token: str) -> Session:
        """Return the session of a token.

        Args:
            kind: Whose session it must be.
            token: From the cookie; empty where there is none.

        Raises:
            Unauthenticated: There is none, or it has ended.
        """
        digest = _digest(token)
        session = self._sessions.find(digest)
        now = self._clock.now()
        if session is None or session.kind is not kind:
            raise _ended()
        # A clock that was set back must not prolong a session: then it ends, too.
        idle, age = now - session.seen_at, now - session.opened_at
        if not -_NOTED <= idle <= IDLE or not -_NOTED <= age <= self._longest:
            self._sessions.end(digest)
            raise _ended()
        if idle >= _NOTED:
            self._sessions.touch(digest, now=now)
            session = replace(session, seen_at=now)
        return session

    def check_csrf(self, token: str, given: str) -> None:
        """Refuse a form that did not come from a page of this session. Raises Forbidden."""
        if not hmac.compare_digest(csrf_of(token).encode(), given.encode("utf-8", "surrogatepass")):
            msg = "This form is too old; go back and try again."
            raise Forbidden(msg)

    def close(self, token: str) -> None:
        """Log out; an unknown token changes nothing."""
        self._sessions.end(_digest(token))

    def of(self, kind: SessionKind, subject: str, *, token: str) -> list[OwnSession]:
        """List somebody's sessions that have not ended, newest first; ``token`` is of the one that asks."""
        now, this = self._clock.now(), _digest(token)
        return [
            OwnSession(hashlib.sha256(digest).hexdigest(), session, digest == this)
            for digest, session in self._sessions.of(kind, subject)
            if now - session.seen_at <= IDLE and now - session.opened_at <= self._longest
        ]

    def close_one(self, kind: SessionKind, subject: str, id: str) -> None:  # noqa: A002 - the field's name
        """End one of somebody's sessions by the id that ``of`` gave; an unknown one changes nothing."""
        for digest, _ in self._sessions.of(kind, subject):
            if hashlib.sha256(digest).hexdigest() == id:
                self._sessions.end(digest)

    def close_all(self, kind: SessionKind, subject: str, *, but: str = "") -> None:
        """Log somebody out everywhere, but perhaps not where this token is."""
        self._sessions.end_all(kind, subject, but=_digest(but) if but else b"")


def csrf_of(token: str) -> str:
    """Return what the forms of a session carry."""
    return hmac.new(token[:_MAX_TOKEN].encode("utf-8", "surrogatepass"), b"noli csrf", hashlib.sha256).hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token[:_MAX_TOKEN].encode("utf-8", "surrogatepass")).digest()


def _ended() -> Unauthenticated:
    return Unauthenticated("You are not logged in, or were not active for too long.")
