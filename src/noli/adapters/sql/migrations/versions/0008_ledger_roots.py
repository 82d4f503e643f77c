# SPDX-License-Identifier: Apache-2.0
"""Signed roots of the ledger, their time-stamps, and hashes from which proofs are made.

Before: code of revision 0007 runs on with these tables beside its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Signed roots and time-stamps are added and nothing else; the function is that of revision 0002. The first trigger of
# each table also stops SQLite's INSERT OR REPLACE, which deletes without asking the others.
_APPEND_ONLY = {"ledger_root": "size = NEW.size", "ledger_timestamp": "size = NEW.size AND authority = NEW.authority"}


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "ledger_root",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_root")),
    )
    op.create_table(
        "ledger_timestamp",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["ledger_root.size"], name=op.f("fk_ledger_timestamp_size")),
        sa.PrimaryKeyConstraint("size", "authority", name=op.f("pk_ledger_timestamp")),
    )
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_ledger_tile")),
    )
    for table, same in _APPEND_ONLY.items():
        for statement in _triggers(table, same):
            op.execute(statement)


def _triggers(table: str, same: str) -> list[str]:
    if op.get_bind().dialect.name == "postgresql":
        refuse = "EXECUTE FUNCTION ledger_is_append_only()"
        return [
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]
    refuse = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - our own two texts
    return [
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {taken} {refuse}",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
    ]


def downgrade() -> None:
    """Drop them; the ledger itself stays."""
    op.drop_table("ledger_tile")
    op.drop_table("ledger_timestamp")
    op.drop_table("ledger_root")
