# SPDX-License-Identifier: Apache-2.0
"""What people set and were shown, in SQL: ``moderation.ports.DeskStore``."""

from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from noli.adapters.sql import ledger
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.evidence.model import Fact
from noli.moderation.model import DeskSettings, FoundKind, Look


class SqlDesk:
    """Keeps settings and looks."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    def settings(self, staff: str) -> DeskSettings:
        """Return what somebody set."""
        query = sa.select(t.desk_setting.c.content).where(t.desk_setting.c.staff_id == staff)
        with transaction(self._engine) as connection:
            found = connection.execute(query).scalar_one_or_none()
        return msgspec.convert(found or {}, DeskSettings)

    def keep(self, staff: str, settings: DeskSettings) -> None:
        """Keep what somebody set."""
        with transaction(self._engine, write=True) as connection:
            connection.execute(t.desk_setting.delete().where(t.desk_setting.c.staff_id == staff))
            connection.execute(t.desk_setting.insert().values(staff_id=staff, content=msgspec.to_builtins(settings)))

    def looks(self, staff: str, *, since: datetime) -> list[Look]:
        """List what somebody was shown."""
        kept = t.look.c
        return self._all(sa.and_(kept.staff_id == staff, kept.at >= since))

    def before(self, subject: bytes) -> list[Look]:
        """List who was shown a subject."""
        return self._all(t.look.c.subject == subject)

    def add_look(self, look: Look) -> None:
        """Keep that somebody is shown something."""
        values = {
            "staff_id": look.staff,
            "notice_id": look.notice,
            "content": look.content,
            "subject": look.subject,
            "at": look.at,
        }
        with exclusive(self._engine) as connection:
            connection.execute(t.look.insert().values(values))
            ledger.append(connection, Fact("notice.looked-at", look.notice, f"staff:{look.staff}"), now=look.at)

    def step_aside(self, staff: str, kind: FoundKind, subject: str, *, at: datetime) -> None:
        """Keep that somebody leaves something to others."""
        values = {"staff_id": staff, "subject": subject}
        known = t.stepped_aside.select().where(*(t.stepped_aside.c[name] == value for name, value in values.items()))
        with exclusive(self._engine) as connection:
            if connection.execute(known).one_or_none() is None:
                connection.execute(t.stepped_aside.insert().values(values))
                ledger.append(connection, Fact(f"{kind}.stepped-aside", subject, f"staff:{staff}"), now=at)

    def left_to_others(self, staff: str) -> frozenset[str]:
        """Return what somebody stepped aside from."""
        return self._aside(t.stepped_aside.c.subject, t.stepped_aside.c.staff_id == staff)

    def who_left(self, subject: str) -> frozenset[str]:
        """Return who stepped aside from something."""
        return self._aside(t.stepped_aside.c.staff_id, t.stepped_aside.c.subject == subject)

    def _aside(self, column: sa.Column[str], which: sa.ColumnElement[bool]) -> frozenset[str]:
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(sa.select(column).where(which)).scalars())

    def _all(self, which: sa.ColumnElement[bool]) -> list[Look]:
        with transaction(self._engine) as connection:
            rows = connection.execute(t.look.select().where(which).order_by(t.look.c.number)).all()
        return [Look(row.staff_id, row.notice_id, row.content, bytes(row.subject), row.at) for row in rows]
