# SPDX-License-Identifier: Apache-2.0
"""API keys in SQL: ``access.ports.Keys``. Only the SHA-256 of a token is ever stored."""

from sqlalchemy.engine import Engine, Row

from noli.access.model import ApiKey, Scope
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction
from noli.base.errors import Conflict, NotFound


class SqlKeys:
    """Keeps API keys."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    def add(self, key: ApiKey, *, digest: bytes) -> None:
        """Keep a key."""
        values = {
            "digest": digest,
            "name": key.name,
            "scopes": sorted(scope.value for scope in key.scopes),
            "created_at": key.created_at,
        }
        try:
            with transaction(self._engine, write=True) as connection:
                connection.execute(t.api_key.insert().values(values))
        except Conflict as error:
            msg = f"A key named {key.name!r} exists already; revoked names are not used again."
            raise Conflict(msg) from error

    def find(self, digest: bytes) -> ApiKey | None:
        """Return the key with this token digest."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.api_key.select().where(t.api_key.c.digest == digest)).one_or_none()
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        """List keys by name."""
        with transaction(self._engine) as connection:
            return [_key(row) for row in connection.execute(t.api_key.select().order_by(t.api_key.c.name))]

    def revoke(self, key: ApiKey) -> None:
        """Keep ``revoked_at``."""
        update = t.api_key.update().where(t.api_key.c.name == key.name).values(revoked_at=key.revoked_at)
        with transaction(self._engine, write=True) as connection:
            if connection.execute(update).rowcount == 0:
                msg = f"There is no key named {key.name!r}."
                raise NotFound(msg)


def _key(row: Row[*tuple[object, ...]]) -> ApiKey:
    return ApiKey(row.name, frozenset(Scope(scope) for scope in row.scopes), row.created_at, row.revoked_at)
