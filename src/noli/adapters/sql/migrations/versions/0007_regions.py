# SPDX-License-Identifier: Apache-2.0
"""Regions of banked pictures.

Before: code of revision 0006 runs on with the new table, and with columns that have a default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the columns of banks and checks."""
    op.create_table(
        "banked_regions",
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_banked_regions_bank_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_banked_regions_entry_id")),
        sa.PrimaryKeyConstraint("bank_id", "entry_id", "position", name=op.f("pk_banked_regions")),
    )
    op.add_column("bank", sa.Column("regions", sa.String(length=16), nullable=False, server_default="review"))
    op.add_column("bank", sa.Column("epoch", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("check_match", sa.Column("agreement", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Remove them; checks that matched by regions alone stay without saying so."""
    op.drop_column("check_match", "agreement")
    op.drop_column("bank", "epoch")
    op.drop_column("bank", "regions")
    op.drop_table("banked_regions")
