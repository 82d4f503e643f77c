# SPDX-License-Identifier: Apache-2.0
"""By when somebody must have looked at a notice, and under which law it is listed: a lost alarm shows.

Before: code of revision 0010 runs on. What it writes, and what was there before, is of no known law, so that somebody
looks at it at once.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_notice_file_unalarmed": ("id", "look_by IS NOT NULL AND (alarm_at IS NULL OR alarm_at > look_by)"),
    "ix_notice_file_law": ("law", "erased_at IS NULL"),
}


def upgrade() -> None:
    """Add both columns with the indexes that find what is lost."""
    op.add_column("notice_file", sa.Column("look_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notice_file", sa.Column("law", sa.String(length=16), nullable=False, server_default=""))
    for name, (column, where) in _INDEXES.items():
        conditions: dict[str, Any] = {f"{kind}_where": sa.text(where) for kind in ("sqlite", "postgresql")}
        op.create_index(name, "notice_file", [column], unique=False, **conditions)


def downgrade() -> None:
    """Drop them."""
    for name in reversed(_INDEXES):
        op.drop_index(name, table_name="notice_file")
    op.drop_column("notice_file", "law")
    op.drop_column("notice_file", "look_by")
