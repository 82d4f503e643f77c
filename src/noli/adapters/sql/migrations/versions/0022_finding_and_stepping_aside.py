# SPDX-License-Identifier: Apache-2.0
"""What cases and notices are found by, and who stepped aside from one.

Before: code of revision 0021 runs on; what it adds is found by its number alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "stepped_aside",
        sa.Column("staff_id", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_stepped_aside_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "subject", name=op.f("pk_stepped_aside")),
    )
    op.create_index(op.f("ix_stepped_aside_subject"), "stepped_aside", ["subject"], unique=False)
    op.create_table(
        "found_by",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "subject", name=op.f("pk_found_by")),
    )
    op.create_index(op.f("ix_found_by_subject"), "found_by", ["subject"], unique=False)
    op.create_index(op.f("ix_found_by_digest_at"), "found_by", ["digest", "at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("found_by")
    op.drop_table("stepped_aside")
