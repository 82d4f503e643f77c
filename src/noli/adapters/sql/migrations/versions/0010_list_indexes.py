# SPDX-License-Identifier: Apache-2.0
"""Indexes for lists of few among many: what waits for staff, is held, is in one state.

Before: code of revision 0009 runs on with these beside its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAITS = {"sqlite": "waits_for_staff = 1", "postgresql": "waits_for_staff"}


def upgrade() -> None:
    """Make them."""
    op.create_index(op.f("ix_case_file_state_opened_at_id"), "case_file", ["state", "opened_at", "id"], unique=False)
    _partial("ix_case_file_waiting", "case_file", ["opened_at", "id"], _WAITS)
    _partial("ix_case_file_held", "case_file", ["opened_at", "id"], dict.fromkeys(_WAITS, "held > 0"))


def _partial(name: str, table: str, columns: list[str], where: dict[str, str]) -> None:
    conditions: dict[str, Any] = {f"{kind}_where": sa.text(text) for kind, text in where.items()}
    op.create_index(name, table, columns, unique=False, **conditions)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_case_file_held", table_name="case_file")
    op.drop_index("ix_case_file_waiting", table_name="case_file")
    op.drop_index(op.f("ix_case_file_state_opened_at_id"), table_name="case_file")
