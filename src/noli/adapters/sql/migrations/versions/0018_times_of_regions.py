# SPDX-License-Identifier: Apache-2.0
"""Regions of a video know when they are shown, so that a match by regions tells its place.

Before: code of revision 0017 runs on; the column is null where it writes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("banked_regions", sa.Column("at_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("banked_regions", "at_ms")
