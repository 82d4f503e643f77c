# SPDX-License-Identifier: Apache-2.0
"""Receipts of partners, and doubts of theirs that wait for a look because more came within an hour than was agreed.

Before: code of the revision before runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.add_column("partner", sa.Column("doubts_per_hour", sa.Integer(), nullable=False, server_default="500"))
    op.add_column("sync_state", sa.Column("doubts_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sync_state", sa.Column("doubts_count", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "held_doubt",
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_held_doubt_entry_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_held_doubt_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "entry_id", name=op.f("pk_held_doubt")),
    )
    op.create_table(
        "receipt",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_receipt_partner_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_receipt")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_receipt_partner_id_position"), "receipt", ["partner_id", "position"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_receipt_partner_id_position"), table_name="receipt")
    op.drop_table("receipt")
    op.drop_table("held_doubt")
    op.drop_column("sync_state", "doubts_count")
    op.drop_column("sync_state", "doubts_at")
    op.drop_column("partner", "doubts_per_hour")
