# SPDX-License-Identifier: Apache-2.0
"""Withdrawn cases are found by when anything happened to them last, and one sweep takes the place of two jobs.

Before: code of the revision before runs on, and asks for its two jobs anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ENDED = sa.text("ended_at IS NOT NULL AND key_id IS NOT NULL")


def upgrade() -> None:
    """Make the index; forget the jobs, which nobody does any more."""
    op.create_index("ix_case_file_ended", "case_file", ["updated_at"], sqlite_where=_ENDED, postgresql_where=_ENDED)
    op.execute("DELETE FROM job WHERE kind IN ('looks', 'outbox-tidy')")


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_case_file_ended", table_name="case_file")
