# SPDX-License-Identifier: Apache-2.0
"""Cases with their events, the ledger, staff and sessions.

Before: code of revision 0001 runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The ledger takes the next entry and nothing else. The first of SQLite's triggers also stops INSERT OR REPLACE, which
# deletes without asking the others.
_SQLITE = (
    """CREATE TRIGGER ledger_entry_in_order BEFORE INSERT ON ledger_entry
    WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM ledger_entry)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
    """CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()""",
    """CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()""",
)


def upgrade() -> None:
    """Make them all."""
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("number_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("submission", sa.LargeBinary(length=32), nullable=False),
        sa.Column("recovery", sa.LargeBinary(length=32), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("situation", sa.String(length=16), nullable=False),
        sa.Column("reporter", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assigned_to", sa.String(length=16), nullable=True),
        sa.Column("waits_for_staff", sa.Boolean(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("links", sa.Integer(), nullable=False),
        sa.Column("matches", sa.Integer(), nullable=False),
        sa.Column("withdrawal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("number_digest", name=op.f("uq_case_file_number_digest")),
        sa.UniqueConstraint("recovery", name=op.f("uq_case_file_recovery")),
        sa.UniqueConstraint("submission", name=op.f("uq_case_file_submission")),
    )
    op.create_index(op.f("ix_case_file_assigned_to_opened_at"), "case_file", ["assigned_to", "opened_at"], unique=False)
    op.create_index(op.f("ix_case_file_key_id"), "case_file", ["key_id"], unique=False)
    op.create_index(op.f("ix_case_file_opened_at_id"), "case_file", ["opened_at", "id"], unique=False)
    op.create_index(op.f("ix_case_file_withdrawal_due_at"), "case_file", ["withdrawal_due_at"], unique=False)
    op.create_table(
        "feed_position",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_position")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_ledger_entry")),
    )
    op.create_index(op.f("ix_ledger_entry_subject_sequence"), "ledger_entry", ["subject", "sequence"], unique=False)
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_kind_subject"), "session", ["kind", "subject"], unique=False)
    op.create_index(op.f("ix_session_opened_at"), "session", ["opened_at"], unique=False)
    op.create_table(
        "spent_challenge",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_challenge")),
    )
    op.create_index(op.f("ix_spent_challenge_expires_at"), "spent_challenge", ["expires_at"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verifier", sa.Text(), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("set_up", sa.LargeBinary(length=32), nullable=True),
        sa.Column("set_up_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
        sa.UniqueConstraint("set_up", name=op.f("uq_staff_set_up")),
    )
    op.create_table(
        "case_entry",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_entry_case_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_case_entry")),
    )
    op.create_index(op.f("ix_case_entry_case_id"), "case_entry", ["case_id"], unique=False)
    op.create_table(
        "case_event",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=True),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_event_case_id")),
        sa.ForeignKeyConstraint(
            ["ledger_sequence"], ["ledger_entry.sequence"], name=op.f("fk_case_event_ledger_sequence")
        ),
        sa.PrimaryKeyConstraint("case_id", "sequence", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_ledger_sequence"), "case_event", ["ledger_sequence"], unique=False)
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Drop them all, and what is in them: cases, their ledger, staff."""
    op.drop_index(op.f("ix_case_event_ledger_sequence"), table_name="case_event")
    op.drop_table("case_event")
    op.drop_index(op.f("ix_case_entry_case_id"), table_name="case_entry")
    op.drop_table("case_entry")
    op.drop_table("staff")
    op.drop_index(op.f("ix_spent_challenge_expires_at"), table_name="spent_challenge")
    op.drop_table("spent_challenge")
    op.drop_index(op.f("ix_session_opened_at"), table_name="session")
    op.drop_index(op.f("ix_session_kind_subject"), table_name="session")
    op.drop_table("session")
    op.drop_index(op.f("ix_ledger_entry_subject_sequence"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("feed_position")
    op.drop_index(op.f("ix_case_file_withdrawal_due_at"), table_name="case_file")
    op.drop_index(op.f("ix_case_file_opened_at_id"), table_name="case_file")
    op.drop_index(op.f("ix_case_file_key_id"), table_name="case_file")
    op.drop_index(op.f("ix_case_file_assigned_to_opened_at"), table_name="case_file")
    op.drop_table("case_file")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_is_append_only()")
