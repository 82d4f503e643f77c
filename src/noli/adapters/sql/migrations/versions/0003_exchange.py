# SPDX-License-Identifier: Apache-2.0
"""Partners, and of entries whether they may leave and what they may ask for.

After: code of the revision before cannot write entries into these tables, so stop it first. Entries that cases brought
are withheld until the person consents again; all others leave with their bank, once it is shared.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; what happened before is as old as this revision."""
    op.add_column("entry", sa.Column("sharing", sa.String(length=16), nullable=False, server_default="open"))
    op.add_column("entry", sa.Column("shared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("entry", sa.Column("at_most", sa.String(length=16), nullable=True))
    op.execute("UPDATE entry SET sharing = 'withheld' WHERE added_by = 'intake'")
    # A column that must not be empty needs something for the rows there are; the next statement says better.
    at = sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00")
    op.add_column("bank_change", at)
    op.execute("UPDATE bank_change SET at = CURRENT_TIMESTAMP")
    op.create_table(
        "partner",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("protocol", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("honours_withdrawal", sa.Boolean(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_name")),
    )
    op.create_table(
        "partner_key",
        sa.Column("key_name", sa.String(length=64), nullable=False),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_key_partner_id")),
        sa.PrimaryKeyConstraint("key_name", name=op.f("pk_partner_key")),
    )
    op.create_index(op.f("ix_partner_key_partner_id"), "partner_key", ["partner_id"], unique=False)
    op.create_table(
        "partner_share",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_partner_share_bank_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_share_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "bank_id", name=op.f("pk_partner_share")),
    )
    op.create_table(
        "partner_import",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("remote", sa.String(length=64), nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_most", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_partner_import_bank_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_import_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "remote", name=op.f("pk_partner_import")),
    )


def downgrade() -> None:
    """Drop them: partners, and whether entries may leave."""
    op.drop_table("partner_import")
    op.drop_table("partner_share")
    op.drop_index(op.f("ix_partner_key_partner_id"), table_name="partner_key")
    op.drop_table("partner_key")
    op.drop_table("partner")
    op.drop_column("bank_change", "at")
    for column in ("at_most", "shared_at", "sharing"):
        op.drop_column("entry", column)
