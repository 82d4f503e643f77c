# SPDX-License-Identifier: Apache-2.0
"""What was received from partners and how far we are with them, our own feed, and what is told of a person's shares.

Before: code of the revision before runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HELD = sa.text("reason IS NOT NULL")


def upgrade() -> None:
    """Make them all."""
    op.create_table(
        "received",
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("bank", sa.String(length=64), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_received_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "reference", name=op.f("pk_received")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_received_entry_id"), "received", ["entry_id"], unique=False)
    op.create_index(
        "ix_received_held",
        "received",
        ["partner_id", "reason"],
        unique=False,
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    )
    op.create_table(
        "quarantined",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_quarantined_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined")),
    )
    op.create_index(op.f("ix_quarantined_partner_id_id"), "quarantined", ["partner_id", "id"], unique=False)
    op.create_table(
        "sync_state",
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("checkpoint", sa.JSON(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sweeping", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hour_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hour_count", sa.Integer(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("opinions_sent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_sync_state_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_sync_state")),
    )
    op.create_table(
        "feed_identity",
        sa.Column("installation", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("installation", name=op.f("pk_feed_identity")),
    )
    op.create_table(
        "feed_head",
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("issued", _NUMBER, nullable=False),
        sa.Column("came_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_feed_head_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "digest", name=op.f("pk_feed_head")),
    )
    op.create_table(
        "share_step",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("partner_id", _NUMBER, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_share_step_partner_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_share_step")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_share_step_partner_id_entry_id_position_step"),
        "share_step",
        ["partner_id", "entry_id", "position", "step"],
        unique=True,
    )


def downgrade() -> None:
    """Drop them all: what was received stays in the banks, but nobody knows any more whose it is."""
    for table in ("share_step", "feed_head", "feed_identity", "sync_state", "quarantined", "received"):
        op.drop_table(table)
