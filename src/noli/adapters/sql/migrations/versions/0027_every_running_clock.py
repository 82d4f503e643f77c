# SPDX-License-Identifier: Apache-2.0
"""Every running clock, of notices and of requests, is listed by when it ends and by whose it is.

Before: code of the revision before runs on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TICKING = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Make the indexes."""
    for table, owner in (("notice_file", "assigned_to"), ("pursuit_file", "case_id")):
        columns = ["due_at", "id", owner]
        op.create_index(f"ix_{table}_ticking", table, columns, sqlite_where=_TICKING, postgresql_where=_TICKING)


def downgrade() -> None:
    """Drop them."""
    for table in ("pursuit_file", "notice_file"):
        op.drop_index(f"ix_{table}_ticking", table_name=table)
