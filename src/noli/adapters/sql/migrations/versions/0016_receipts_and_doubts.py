# SPDX-License-Identifier: Apache-2.0
"""Receipts of partners, doubts of theirs that wait for a look, and which entries are disputed or unconfirmed, at once.

Before: code of the revision before runs on with these tables and indexes beside its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_entry_disputed": (["bank_id", "id"], {"sqlite": "disputed = 1", "postgresql": "disputed"}),
    "ix_entry_bound": (["bank_id", "at_most"], dict.fromkeys(("sqlite", "postgresql"), "at_most IS NOT NULL")),
}

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.add_column("partner", sa.Column("doubts_per_hour", sa.Integer(), nullable=False, server_default="500"))
    for name, (columns, where) in _INDEXES.items():
        conditions: dict[str, Any] = {f"{kind}_where": sa.text(text) for kind, text in where.items()}
        op.create_index(name, "entry", columns, unique=False, **conditions)
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
    for name in _INDEXES:
        op.drop_index(name, table_name="entry")
    op.drop_column("partner", "doubts_per_hour")
