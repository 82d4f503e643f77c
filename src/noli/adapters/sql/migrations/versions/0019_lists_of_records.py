# SPDX-License-Identifier: Apache-2.0
"""What lists show of records, and an index of notices that are preserved.

Before: code of revision 0018 runs on; what it writes to a record shows in lists when something happens to it next.
"""

from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TIMES = ("waiting_since", "measured_until", "checked_at")
_OF_NOTICES = ["queue_at", "id", "state", "assigned_to"]

# When a measure ends that is for good.
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)

# Records that are brought up to date at a time.
_ROWS = 500


def upgrade() -> None:
    """Make them, and fill them in from what happened."""
    op.add_column("record_file", sa.Column("notices", sa.Integer(), nullable=False, server_default="0"))
    for name in _TIMES:
        op.add_column("record_file", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_record_file_{name}", "record_file", [name, "id"], sqlite_where=where, postgresql_where=where
        )
    op.create_index(
        "ix_notice_file_held",
        "notice_file",
        _OF_NOTICES,
        sqlite_where=sa.text("held = 1"),
        postgresql_where=sa.text("held"),
    )
    _fill()


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_notice_file_held", table_name="notice_file")
    for name in _TIMES:
        op.drop_index(f"ix_record_file_{name}", table_name="record_file")
        op.drop_column("record_file", name)
    op.drop_column("record_file", "notices")


def _fill() -> None:
    connection = op.get_bind()
    times = [sa.column(name, sa.DateTime(timezone=True)) for name in _TIMES]
    file = sa.table("record_file", sa.column("id"), sa.column("notices"), *times)
    event = sa.table(
        "record_event",
        sa.column("record_id"),
        sa.column("sequence"),
        sa.column("kind"),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("content", sa.JSON),
    )
    after = ""
    while True:
        query = sa.select(file.c.id).where(file.c.id > after).order_by(file.c.id).limit(_ROWS)
        ids = list(connection.execute(query).scalars())
        if not ids:
            return
        happened: dict[str, list[Any]] = {id_: [] for id_ in ids}
        events = event.select().where(event.c.record_id.in_(ids)).order_by(event.c.record_id, event.c.sequence)
        for row in connection.execute(events):
            happened[row.record_id].append(row)
        for id_, rows in happened.items():
            connection.execute(file.update().where(file.c.id == id_).values(_listed(rows)))
        after = ids[-1]


def _listed(rows: list[Any]) -> dict[str, Any]:  # noqa: C901 - one arm a kind
    """Return what a list shows of a record, given its events in order."""
    found: dict[str, Any] = {"notices": 0, **dict.fromkeys(_TIMES)}
    proposed: datetime | None = None
    complaints: dict[int, datetime] = {}
    for row in rows:
        match row.kind:
            case "record.notice-counted":
                found["notices"] += 1
            case "record.flagger-checked":
                found["checked_at"] = datetime.combine(date.fromisoformat(row.content["checked_on"]), time(), UTC)
            case "record.suspended":
                found["measured_until"] = datetime.fromisoformat(row.content["until"])
            case "record.terminated":
                found["measured_until"], proposed = _FOR_GOOD, None
            case "record.suspension-lifted":
                found["measured_until"] = None
            case "record.termination-proposed":
                proposed = row.at
            case "record.termination-dropped":
                proposed = None
            case "record.complained":
                complaints[row.sequence] = row.at
            case "record.complaint-decided":
                complaints.pop(row.content["complaint"], None)
    waits = [*complaints.values(), *([] if proposed is None else [proposed])]
    return {**found, "waiting_since": min(waits, default=None)}
