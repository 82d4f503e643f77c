# SPDX-License-Identifier: Apache-2.0
"""What keys were told near matched pictures is counted by all processes together.

Before: code of the revision before runs on, and counts for itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "probe",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("query", sa.LargeBinary(32), nullable=False),
        sa.Column("seen", sa.LargeBinary(16), nullable=False),
        sa.Column("distance_bits", sa.SmallInteger(), nullable=True),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_probe"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_probe_at", "probe", ["at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("probe")
