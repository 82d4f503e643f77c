# SPDX-License-Identifier: Apache-2.0
"""Pursuits of the links of cases, with their events, and what ties mail to them.

Before: code of revision 0014 runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them all."""
    op.create_table(
        "pursuit_file",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rung", sa.String(length=16), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapsed", sa.Integer(), nullable=False),
        sa.Column("queue_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_pursuit_file_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pursuit_file")),
    )
    for columns in (["key_id"], ["case_id"], ["queue_at", "id"], ["state", "queue_at", "id"]):
        op.create_index(op.f(f"ix_pursuit_file_{'_'.join(columns)}"), "pursuit_file", columns, unique=False)
    op.create_table(
        "pursuit_event",
        sa.Column("pursuit_id", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=True),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ledger_sequence"], ["ledger_entry.sequence"], name=op.f("fk_pursuit_event_ledger_sequence")
        ),
        sa.ForeignKeyConstraint(["pursuit_id"], ["pursuit_file.id"], name=op.f("fk_pursuit_event_pursuit_id")),
        sa.PrimaryKeyConstraint("pursuit_id", "sequence", name=op.f("pk_pursuit_event")),
    )
    op.create_index(op.f("ix_pursuit_event_ledger_sequence"), "pursuit_event", ["ledger_sequence"], unique=False)
    op.create_table(
        "pursuit_tie",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pursuit_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pursuit_id"], ["pursuit_file.id"], name=op.f("fk_pursuit_tie_pursuit_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pursuit_tie")),
    )
    op.create_index(op.f("ix_pursuit_tie_pursuit_id"), "pursuit_tie", ["pursuit_id"], unique=False)


def downgrade() -> None:
    """Drop them all."""
    op.drop_table("pursuit_tie")
    op.drop_table("pursuit_event")
    op.drop_table("pursuit_file")
