# SPDX-License-Identifier: Apache-2.0
"""Entries of the ledger are found by kind and by day, however long it is.

Before: code of the revision before runs on.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(op.f("ix_ledger_entry_at_sequence"), "ledger_entry", ["at", "sequence"])
    op.create_index(op.f("ix_ledger_entry_kind_at_sequence"), "ledger_entry", ["kind", "at", "sequence"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_ledger_entry_kind_at_sequence"), table_name="ledger_entry")
    op.drop_index(op.f("ix_ledger_entry_at_sequence"), table_name="ledger_entry")
