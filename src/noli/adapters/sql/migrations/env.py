# SPDX-License-Identifier: Apache-2.0
"""How Alembic runs here: on the connection handed in, inside its transaction, never on its own."""

from typing import Literal

from alembic import context

from noli.adapters.sql.tables import UtcDateTime, metadata


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our time type as the type the database has, so that revisions do not import today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_item=render,
)
context.run_migrations()
