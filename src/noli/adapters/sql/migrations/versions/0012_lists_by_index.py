# SPDX-License-Identifier: Apache-2.0
"""Indexes of lists that hold all that a list may be filtered by: no row is read only to be passed over.

Before: code of revision 0011 runs on; its queries find these indexes, too.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WAITS = {"sqlite": "waits_for_staff = 1", "postgresql": "waits_for_staff"}
_CASES, _NOTICES = ["opened_at", "id"], ["queue_at", "id"]

# Name, table, columns before, columns after, condition.
_CHANGED: tuple[tuple[str, str, list[str], list[str], dict[str, str]], ...] = (
    ("waiting", "case_file", _CASES, [*_CASES, "state", "assigned_to"], _WAITS),
    ("held", "case_file", _CASES, [*_CASES, "state", "assigned_to"], dict.fromkeys(_WAITS, "held > 0")),
    ("waiting", "notice_file", _NOTICES, [*_NOTICES, "state", "assigned_to"], dict.fromkeys(_WAITS, "idle_at IS NULL")),
    ("breached", "notice_file", _NOTICES, [*_NOTICES, "state", "assigned_to"], dict.fromkeys(_WAITS, "breaches > 0")),
)

# Old name, new name, table, columns before, columns after, condition after.
_RENAMED: tuple[tuple[str, str, str, list[str], list[str], dict[str, str]], ...] = (
    ("state_opened_at_id", "state", "case_file", ["state", *_CASES], ["state", *_CASES, "assigned_to"], {}),
    ("state_queue_at_id", "state", "notice_file", ["state", *_NOTICES], ["state", *_NOTICES, "assigned_to"], {}),
    (
        "assigned_to_queue_at_id",
        "assigned",
        "notice_file",
        ["assigned_to", *_NOTICES],
        ["assigned_to", *_NOTICES, "state"],
        {},
    ),
    ("conduct_id", "conduct", "record_file", ["conduct", "id"], ["id"], dict.fromkeys(_WAITS, "conduct > 0")),
)


def upgrade() -> None:
    """Put the new ones in the place of the old ones."""
    for name, table, _, columns, where in _CHANGED:
        op.drop_index(f"ix_{table}_{name}", table_name=table)
        _make(name, table, columns, where)
    for old, new, table, _, columns, where in _RENAMED:
        op.drop_index(f"ix_{table}_{old}", table_name=table)
        _make(new, table, columns, where)


def downgrade() -> None:
    """Put the old ones back."""
    for old, new, table, columns, _, _ in _RENAMED:
        op.drop_index(f"ix_{table}_{new}", table_name=table)
        _make(old, table, columns, {})
    for name, table, columns, _, where in _CHANGED:
        op.drop_index(f"ix_{table}_{name}", table_name=table)
        _make(name, table, columns, where)


def _make(name: str, table: str, columns: list[str], where: dict[str, str]) -> None:
    conditions: dict[str, Any] = {f"{kind}_where": sa.text(text) for kind, text in where.items()}
    op.create_index(f"ix_{table}_{name}", table, columns, unique=False, **conditions)
