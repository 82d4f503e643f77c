# SPDX-License-Identifier: Apache-2.0
"""A match tells whether only a second look found it.

Before: code of the revision before runs on; what it writes was found without one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("check_match", sa.Column("looked_again", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("check_match", "looked_again")
