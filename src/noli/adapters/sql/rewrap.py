# SPDX-License-Identifier: Apache-2.0
"""Put what an older key of the key file encrypts under the current one, a portion at a time, while servers run."""

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.outbox import webhook_place
from noli.adapters.sql.sealed import key_place
from noli.adapters.sql.staff import secret_place
from noli.base.secrecy import Keyring, WrappedKey

_WRAPPED: tuple[tuple[sa.Table, sa.Column[bytes], Callable[[str], str]], ...] = (
    *(
        (table, table.c.wrapped_key, partial(key_place, table))
        for table in (t.case_file, t.notice_file, t.record_file, t.pursuit_file)
    ),
    (t.staff, t.staff.c.wrapped_secret, secret_place),
    (t.webhook, t.webhook.c.wrapped_secret, webhook_place),
)


def rewrap(engine: Engine, keyring: Keyring, *, current: str, limit: int = 500) -> int:
    """Re-wrap some rows in one transaction; who is killed here has lost nothing and may call again.

    Returns:
        How many rows; 0 where none are left.
    """
    with exclusive(engine) as connection:
        return sum(_some(connection, keyring, *each, current=current, limit=limit) for each in _WRAPPED)


def key_ids(engine: Engine) -> frozenset[str]:
    """Return the ids of the keys that something is encrypted under."""
    with transaction(engine) as connection:
        queries = [sa.select(table.c.key_id).where(table.c.key_id.is_not(None)) for table, _, _ in _WRAPPED]
        return frozenset(connection.execute(sa.union(*queries)).scalars())


def _some(
    connection: Connection,
    keyring: Keyring,
    table: sa.Table,
    column: sa.Column[bytes],
    place: Callable[[str], str],
    *,
    current: str,
    limit: int,
) -> int:
    old = sa.select(table.c.id, table.c.key_id, column.label("wrapped")).where(table.c.key_id != current)
    rows = connection.execute(old.limit(limit)).all()
    for row in rows:
        where = place(row.id)
        fresh = keyring.wrap(keyring.unwrap(WrappedKey(row.key_id, bytes(row.wrapped)), place=where), place=where)
        update = table.update().where(table.c.id == row.id)
        connection.execute(update.values({"key_id": fresh.key_id, column.name: fresh.data}))
    return len(rows)
