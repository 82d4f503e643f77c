# SPDX-License-Identifier: Apache-2.0
"""The console: planned decisions, passkeys and recovery codes, settings of staff, and who looked at what.

Before: code of the revision before runs on; what it does not know stays empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add them."""
    op.add_column("notice_file", sa.Column("planned_at", _AT))
    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("used_at", _AT),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_passkey_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    op.create_index(op.f("ix_passkey_staff_id"), "passkey", ["staff_id"])
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("staff_id", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_staff_id"), "recovery_code", ["staff_id"])
    op.create_table(
        "desk_setting",
        sa.Column("staff_id", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_desk_setting_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_desk_setting")),
    )
    op.create_table(
        "look",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("staff_id", sa.String(16), nullable=False),
        sa.Column("notice_id", sa.String(16), nullable=False),
        sa.Column("content", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_look_staff_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_look")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_look_subject"), "look", ["subject"])
    op.create_index(op.f("ix_look_at"), "look", ["at"])
    op.create_index(op.f("ix_look_staff_id_at"), "look", ["staff_id", "at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("look", "desk_setting", "recovery_code", "passkey"):
        op.drop_table(table)
    op.drop_column("notice_file", "planned_at")
