# SPDX-License-Identifier: Apache-2.0
"""What is said to a database meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Engine


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Note the shape of every statement that is sent."""
    sent: list[str] = []

    def note(*call: object) -> None:
        sent.append(str(call[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
