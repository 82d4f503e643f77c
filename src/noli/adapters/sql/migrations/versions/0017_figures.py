# SPDX-License-Identifier: Apache-2.0
"""An index for figures: events of notices by kind and time.

Before: code of revision 0016 runs on.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index(op.f("ix_notice_event_kind_at"), "notice_event", ["kind", "at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_notice_event_kind_at"), table_name="notice_event")
