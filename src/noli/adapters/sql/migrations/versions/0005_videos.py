# SPDX-License-Identifier: Apache-2.0
"""Times of a banked video's frames, what a bank asks of a video, and the segment that a check found.

Before: code of revision 0004 runs on; what it adds has no times, and its banks the usual policy.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; banks that exist get the defaults of their time."""
    op.add_column("banked_hash", sa.Column("at_ms", sa.BigInteger(), nullable=True))
    op.add_column("bank", sa.Column("video_seconds", sa.Float(), nullable=False, server_default="3"))
    op.add_column("bank", sa.Column("video_share", sa.Float(), nullable=False, server_default="0.5"))
    op.add_column("check_match", sa.Column("segment", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("check_match", "segment")
    op.drop_column("bank", "video_share")
    op.drop_column("bank", "video_seconds")
    op.drop_column("banked_hash", "at_ms")
