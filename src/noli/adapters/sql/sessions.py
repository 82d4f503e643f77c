# SPDX-License-Identifier: Apache-2.0
"""Sessions in SQL: ``access.ports.Sessions``. Only the SHA-256 of a token is ever stored."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from noli.access.model import Session, SessionKind
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction


class SqlSessions:
    """Keeps sessions."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    def add(self, session: Session, *, digest: bytes) -> None:
        """Keep a session."""
        values = {
            "digest": digest,
            "kind": session.kind.value,
            "subject": session.subject,
            "opened_at": session.opened_at,
            "seen_at": session.seen_at,
        }
        with transaction(self._engine, write=True) as connection:
            connection.execute(t.session.insert().values(values))

    def find(self, digest: bytes) -> Session | None:
        """Return the session with this token digest."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.session.select().where(t.session.c.digest == digest)).one_or_none()
        return None if row is None else Session(SessionKind(row.kind), row.subject, row.opened_at, row.seen_at)

    def touch(self, digest: bytes, *, now: datetime) -> None:
        """Keep that it was used."""
        self._run(t.session.update().where(t.session.c.digest == digest).values(seen_at=now))

    def end(self, digest: bytes) -> None:
        """Forget one session."""
        self._run(t.session.delete().where(t.session.c.digest == digest))

    def of(self, kind: SessionKind, subject: str) -> list[tuple[bytes, Session]]:
        """List somebody's sessions."""
        kept = t.session.c
        query = t.session.select().where(kept.kind == kind.value, kept.subject == subject)
        with transaction(self._engine) as connection:
            rows = connection.execute(query.order_by(kept.opened_at.desc(), kept.digest)).all()
        return [
            (bytes(row.digest), Session(SessionKind(row.kind), row.subject, row.opened_at, row.seen_at)) for row in rows
        ]

    def end_all(self, kind: SessionKind, subject: str, *, but: bytes = b"") -> None:
        """Forget all sessions of somebody."""
        kept = t.session.c
        self._run(t.session.delete().where(kept.kind == kind.value, kept.subject == subject, kept.digest != but))

    def end_everything(self) -> None:
        """Forget all sessions of everybody."""
        self._run(t.session.delete())

    def _run(self, statement: sa.Update | sa.Delete) -> None:
        with transaction(self._engine, write=True) as connection:
            connection.execute(statement)
