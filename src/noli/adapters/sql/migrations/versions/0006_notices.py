# SPDX-License-Identifier: Apache-2.0
"""Notices with their events, and the records of who sends them or uploads.

Before: code of revision 0005 runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them all."""
    op.create_table(
        "notice_file",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.LargeBinary(length=32), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opening", sa.String(length=16), nullable=False),
        sa.Column("filer", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.Boolean(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("assigned_to", sa.String(length=64), nullable=False),
        sa.Column("escalated_to", sa.String(length=16), nullable=False),
        sa.Column("contents", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("breaches", sa.Integer(), nullable=False),
        sa.Column("queue_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_for", sa.String(length=32), nullable=False),
        sa.Column("due_under", sa.String(length=64), nullable=False),
        sa.Column("due_source", sa.Text(), nullable=False),
        sa.Column("due_verified", sa.Boolean(), nullable=False),
        sa.Column("due_set_by", sa.String(length=16), nullable=True),
        sa.Column("alarm_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("idle_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_file")),
        sa.UniqueConstraint("source", name=op.f("uq_notice_file_source")),
    )
    op.create_index(op.f("ix_notice_file_alarm_at"), "notice_file", ["alarm_at"], unique=False)
    op.create_index(
        op.f("ix_notice_file_assigned_to_queue_at_id"), "notice_file", ["assigned_to", "queue_at", "id"], unique=False
    )
    op.create_index(
        "ix_notice_file_idle",
        "notice_file",
        ["idle_at"],
        unique=False,
        sqlite_where=sa.text("idle_at IS NOT NULL"),
        postgresql_where=sa.text("idle_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_file_breached",
        "notice_file",
        ["queue_at", "id"],
        unique=False,
        sqlite_where=sa.text("breaches > 0"),
        postgresql_where=sa.text("breaches > 0"),
    )
    op.create_index(op.f("ix_notice_file_key_id"), "notice_file", ["key_id"], unique=False)
    op.create_index(op.f("ix_notice_file_queue_at_id"), "notice_file", ["queue_at", "id"], unique=False)
    op.create_index(
        "ix_notice_file_waiting",
        "notice_file",
        ["queue_at", "id"],
        unique=False,
        sqlite_where=sa.text("idle_at IS NULL"),
        postgresql_where=sa.text("idle_at IS NULL"),
    )
    op.create_index(op.f("ix_notice_file_state_queue_at_id"), "notice_file", ["state", "queue_at", "id"], unique=False)
    op.create_table(
        "record_file",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conduct", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_file")),
    )
    op.create_index(op.f("ix_record_file_conduct_id"), "record_file", ["conduct", "id"], unique=False)
    op.create_index(op.f("ix_record_file_key_id"), "record_file", ["key_id"], unique=False)
    op.create_index(op.f("ix_record_file_updated_at"), "record_file", ["updated_at"], unique=False)
    op.create_table(
        "notice_entry",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("notice_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice_file.id"], name=op.f("fk_notice_entry_notice_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_notice_entry")),
    )
    op.create_index(op.f("ix_notice_entry_notice_id"), "notice_entry", ["notice_id"], unique=False)
    op.create_table(
        "notice_event",
        sa.Column("notice_id", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=True),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ledger_sequence"], ["ledger_entry.sequence"], name=op.f("fk_notice_event_ledger_sequence")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice_file.id"], name=op.f("fk_notice_event_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "sequence", name=op.f("pk_notice_event")),
    )
    op.create_index(op.f("ix_notice_event_ledger_sequence"), "notice_event", ["ledger_sequence"], unique=False)
    op.create_table(
        "record_event",
        sa.Column("record_id", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=True),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ledger_sequence"], ["ledger_entry.sequence"], name=op.f("fk_record_event_ledger_sequence")
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record_file.id"], name=op.f("fk_record_event_record_id")),
        sa.PrimaryKeyConstraint("record_id", "sequence", name=op.f("pk_record_event")),
    )
    op.create_index(op.f("ix_record_event_ledger_sequence"), "record_event", ["ledger_sequence"], unique=False)


def downgrade() -> None:
    """Forget all notices and records; what the ledger says of them stays."""
    op.drop_index(op.f("ix_record_event_ledger_sequence"), table_name="record_event")
    op.drop_table("record_event")
    op.drop_index(op.f("ix_notice_event_ledger_sequence"), table_name="notice_event")
    op.drop_table("notice_event")
    op.drop_index(op.f("ix_notice_entry_notice_id"), table_name="notice_entry")
    op.drop_table("notice_entry")
    op.drop_index(op.f("ix_record_file_updated_at"), table_name="record_file")
    op.drop_index(op.f("ix_record_file_key_id"), table_name="record_file")
    op.drop_index(op.f("ix_record_file_conduct_id"), table_name="record_file")
    op.drop_table("record_file")
    op.drop_index("ix_notice_file_waiting", table_name="notice_file")
    op.drop_index(op.f("ix_notice_file_state_queue_at_id"), table_name="notice_file")
    op.drop_index(op.f("ix_notice_file_queue_at_id"), table_name="notice_file")
    op.drop_index(op.f("ix_notice_file_key_id"), table_name="notice_file")
    op.drop_index("ix_notice_file_breached", table_name="notice_file")
    op.drop_index("ix_notice_file_idle", table_name="notice_file")
    op.drop_index(op.f("ix_notice_file_assigned_to_queue_at_id"), table_name="notice_file")
    op.drop_index(op.f("ix_notice_file_alarm_at"), table_name="notice_file")
    op.drop_table("notice_file")
