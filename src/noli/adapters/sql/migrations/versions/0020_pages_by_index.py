# SPDX-License-Identifier: Apache-2.0
"""Pages of the console read no row only to pass it: load, and queues of notices that began in one way.

Before: code of the revision before runs on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_WAITING = sa.text("idle_at IS NULL")
_WHERE = {"sqlite_where": _WAITING, "postgresql_where": _WAITING}
_OF_NOTICES = ["queue_at", "id", "state", "assigned_to"]


def upgrade() -> None:
    """Make them; the queue's index learns how a notice began and whether it is decided."""
    op.drop_index("ix_notice_file_waiting", table_name="notice_file")
    op.create_index("ix_notice_file_waiting", "notice_file", [*_OF_NOTICES, "opening", "planned_at"], **_WHERE)
    op.create_index("ix_notice_file_load", "notice_file", ["state", "due_at"], **_WHERE)
    op.create_index("ix_notice_file_opening", "notice_file", ["opening", "queue_at", "id"])


def downgrade() -> None:
    """Drop them, and make the queue's index as it was."""
    op.drop_index("ix_notice_file_opening", table_name="notice_file")
    op.drop_index("ix_notice_file_load", table_name="notice_file")
    op.drop_index("ix_notice_file_waiting", table_name="notice_file")
    op.create_index("ix_notice_file_waiting", "notice_file", _OF_NOTICES, **_WHERE)
