# SPDX-License-Identifier: Apache-2.0
"""Indexes for lists of few among many: what waits for staff, is held, is in one state, was breached.

Before: code of revision 0008 runs on with these beside its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WAITS = {"sqlite": "waits_for_staff = 1", "postgresql": "waits_for_staff"}


def upgrade() -> None:
    """Make them; the index of idle notices leaves out those that are not, so that no queue is read from it."""
    op.create_index(op.f("ix_case_file_state_opened_at_id"), "case_file", ["state", "opened_at", "id"], unique=False)
    _partial("ix_case_file_waiting", "case_file", ["opened_at", "id"], _WAITS)
    _partial("ix_case_file_held", "case_file", ["opened_at", "id"], dict.fromkeys(_WAITS, "held > 0"))
    _partial("ix_notice_file_breached", "notice_file", ["queue_at", "id"], dict.fromkeys(_WAITS, "breaches > 0"))
    op.drop_index(op.f("ix_notice_file_idle_at"), table_name="notice_file")
    _partial("ix_notice_file_idle", "notice_file", ["idle_at", "id"], dict.fromkeys(_WAITS, "idle_at IS NOT NULL"))


def _partial(name: str, table: str, columns: list[str], where: dict[str, str]) -> None:
    conditions: dict[str, Any] = {f"{kind}_where": sa.text(text) for kind, text in where.items()}
    op.create_index(name, table, columns, unique=False, **conditions)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_notice_file_idle", table_name="notice_file")
    op.create_index(op.f("ix_notice_file_idle_at"), "notice_file", ["idle_at"], unique=False)
    op.drop_index("ix_notice_file_breached", table_name="notice_file")
    op.drop_index("ix_case_file_held", table_name="case_file")
    op.drop_index("ix_case_file_waiting", table_name="case_file")
    op.drop_index(op.f("ix_case_file_state_opened_at_id"), table_name="case_file")
