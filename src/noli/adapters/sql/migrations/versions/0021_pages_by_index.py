# SPDX-License-Identifier: Apache-2.0
"""Pages of the console read no row only to pass it: load, and queues of notices that began in one way.

Before: code of the revision before runs on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_WAITING = sa.text("idle_at IS NULL")
_OF_NOTICES = ["queue_at", "id", "state", "assigned_to"]


def upgrade() -> None:
    """Make them; the queue's index learns how a notice began and whether it is decided."""
    op.drop_index("ix_notice_file_waiting", table_name="notice_file")
    _of_waiting("waiting", [*_OF_NOTICES, "opening", "planned_at"])
    _of_waiting("load", ["state", "due_at"])
    op.create_index("ix_notice_file_opening", "notice_file", ["opening", "queue_at", "id"])


def downgrade() -> None:
    """Drop them, and make the queue's index as it was."""
    for name in ("opening", "load", "waiting"):
        op.drop_index(f"ix_notice_file_{name}", table_name="notice_file")
    _of_waiting("waiting", _OF_NOTICES)


def _of_waiting(name: str, columns: list[str]) -> None:
    op.create_index(f"ix_notice_file_{name}", "notice_file", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)
