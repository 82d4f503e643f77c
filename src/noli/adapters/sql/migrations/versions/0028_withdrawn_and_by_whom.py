# SPDX-License-Identifier: Apache-2.0
"""Withdrawn entries of a bank, and what one partner thinks of entries, are listed by index.

Before: code of the revision before runs on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_GONE = sa.text("withdrawn_at IS NOT NULL")


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_entry_gone", "entry", ["bank_id", "id"], sqlite_where=_GONE, postgresql_where=_GONE)
    op.create_index("ix_opinion_author", "opinion", ["author", "id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_opinion_author", table_name="opinion")
    op.drop_index("ix_entry_gone", table_name="entry")
