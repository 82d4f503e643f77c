# SPDX-License-Identifier: Apache-2.0
"""Checks are found by their time: what an entry blocked within a day is counted.

Before: code of revision 0013 runs on.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_matched_check_checked_at"), "matched_check", ["checked_at"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_matched_check_checked_at"), table_name="matched_check")
