# SPDX-License-Identifier: Apache-2.0
"""Jobs with their leases, and the outbox: webhooks, messages, deliveries.

Before: code of revision 0003 runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "job",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_due_at"), "job", ["due_at"], unique=False)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "outbox_message",
        sa.Column("number", number, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(op.f("ix_outbox_message_at"), "outbox_message", ["at"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "outbox_delivery",
        sa.Column("number", number, nullable=False),
        sa.Column("webhook_id", sa.String(length=16), nullable=False),
        sa.Column("message_number", number, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_number"], ["outbox_message.number"], name=op.f("fk_outbox_delivery_message_number")
        ),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_outbox_delivery_webhook_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox_delivery")),
    )
    op.create_index(op.f("ix_outbox_delivery_message_number"), "outbox_delivery", ["message_number"], unique=False)
    op.create_index(op.f("ix_outbox_delivery_settled_at"), "outbox_delivery", ["settled_at"], unique=False)
    op.create_index(
        op.f("ix_outbox_delivery_webhook_id_state_due_at"),
        "outbox_delivery",
        ["webhook_id", "state", "due_at"],
        unique=False,
    )


def downgrade() -> None:
    """Drop them, and what is in them: webhooks, and messages that were not delivered yet."""
    op.drop_index(op.f("ix_outbox_delivery_webhook_id_state_due_at"), table_name="outbox_delivery")
    op.drop_index(op.f("ix_outbox_delivery_settled_at"), table_name="outbox_delivery")
    op.drop_index(op.f("ix_outbox_delivery_message_number"), table_name="outbox_delivery")
    op.drop_table("outbox_delivery")
    op.drop_table("webhook")
    op.drop_index(op.f("ix_outbox_message_at"), table_name="outbox_message")
    op.drop_table("outbox_message")
    op.drop_index(op.f("ix_job_due_at"), table_name="job")
    op.drop_table("job")
