# SPDX-License-Identifier: Apache-2.0
"""Figures are counted when something happens, and no longer each time that somebody looks at them.

Before: code of revision 0024 runs on, but what it does meanwhile is in no figure; and its page of figures, which looked
events up by an index that is gone, takes longer.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KINDS = ("notice.received", "notice.decided", "notice.clock-breached", "notice.reinstated")
_TENTH = timedelta(minutes=6)

# Rows at a time.
_MANY = 10_000


def upgrade() -> None:
    """Count what happened so far."""
    made = op.create_table(
        "notice_figure",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name=op.f("pk_notice_figure")),
    )
    found = _counted(op.get_bind())
    if found:
        op.bulk_insert(made, [{"day": day, "name": name, "count": count} for (day, name), count in found.items()])
    op.drop_index(op.f("ix_notice_event_kind_at"), table_name="notice_event")


def downgrade() -> None:
    """Look events up again."""
    op.create_index(op.f("ix_notice_event_kind_at"), "notice_event", ["kind", "at"])
    op.drop_table("notice_figure")


def _counted(connection: sa.Connection) -> Counter[tuple[Any, str]]:
    event = sa.table(
        "notice_event",
        sa.column("notice_id", sa.String()),
        sa.column("sequence", sa.Integer()),
        sa.column("kind", sa.String()),
        sa.column("at", sa.DateTime()),
        sa.column("content", sa.JSON()),
    )
    file = sa.table(
        "notice_file",
        sa.column("id", sa.String()),
        sa.column("opening", sa.String()),
        sa.column("opened_at", sa.DateTime()),
    )
    query = (
        sa.select(event.c.notice_id, event.c.kind, event.c.at, event.c.content, file.c.opening, file.c.opened_at)
        .join_from(event, file, file.c.id == event.c.notice_id)
        .where(event.c.kind.in_(_KINDS))
        .order_by(event.c.notice_id, event.c.sequence)
    )
    found: Counter[tuple[Any, str]] = Counter()
    decided = ""
    for row in connection.execute(query.execution_options(yield_per=_MANY)):
        at, opened_at = _utc(row.at), _utc(row.opened_at)
        day = at.date()
        found[day, row.kind] += 1
        if row.kind == "notice.decided":
            found.update((day, name) for name in _of_decision(row.content, row.opening))
            if row.notice_id != decided:
                decided = row.notice_id
                found[day, f"took:{ceil((at - opened_at) / _TENTH)}"] += 1
    return found


def _of_decision(said: Mapping[str, Any], opening: str) -> list[str]:
    names = [f"measure:{said['measure']}"] if "measure" in said else []
    if opening == "detection":
        names += ["match", *(["false-match"] if "false-match" in said.get("grounds", ()) else [])]
    return names


def _utc(at: datetime) -> datetime:
    """Make the same of a time without a zone (SQLite) and of one in the session's (PostgreSQL)."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
