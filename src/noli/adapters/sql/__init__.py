# SPDX-License-Identifier: Apache-2.0
"""The database: one object that opens, migrates and examines it and hands out its repositories."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from noli.adapters.sql.banks import SqlBanks
from noli.adapters.sql.checks import SqlChecks
from noli.adapters.sql.engine import exclusive, open_engine, transaction
from noli.adapters.sql.health import Finding, examine
from noli.adapters.sql.keys import SqlKeys
from noli.adapters.sql.schema import migrate, revisions
from noli.base.config import Config
from noli.base.errors import ConfigError

if TYPE_CHECKING:
    from noli.adapters.sql.listen import Listener

__all__ = ["Database", "Finding", "open_database"]


class Database:
    """One installation's database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Keep the engine; nothing is connected yet."""
        self.engine = engine
        self.banks = SqlBanks(engine)
        self.checks = SqlChecks(engine)
        self.keys = SqlKeys(engine)

    def current(self) -> bool:
        """Tell whether the schema is the one that this version works with.

        Raises:
            ConfigError: The schema was made by a newer Noli.
            StoreBusy: Another process holds the database.
            IntegrityError: The database is damaged.
        """
        known = revisions()
        with transaction(self.engine) as connection:
            found = _revision(connection)
        if found is not None and found not in known:
            msg = "The database was made by a newer Noli; install that version, or restore the backup made before it."
            raise ConfigError(msg, detail=f"revision {found}")
        return found == known[-1]

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to a revision, in one transaction: a failure leaves it as it was.

        Args:
            revision: One of ``revisions()``, "head" for the last, "base" for an empty database.

        Raises:
            ConfigError: The schema was made by a newer Noli.
            StoreBusy: Another process holds the database.
            IntegrityError: The database is damaged.
        """
        if self.current() and revision == "head":
            return
        with exclusive(self.engine) as connection:
            migrate(connection, revision)

    def examine(self) -> list[Finding]:
        """Look at every setting that decides whether an acknowledged write survives."""
        return examine(self.engine)

    def check(self) -> None:
        """Refuse to go on where acknowledged writes could be lost.

        Raises:
            ConfigError: A setting loses data; names it and what to do.
        """
        bad = [finding for finding in self.examine() if not finding.fine]
        if bad:
            raise ConfigError(" ".join(f"{finding.what}: {finding.text}." for finding in bad))

    def listener(self) -> "Listener | None":
        """Return what waits for changes of other processes; None where they can only be asked for, on SQLite."""
        if self.engine.dialect.name != "postgresql":
            return None
        from noli.adapters.sql.listen import Listener  # noqa: PLC0415 - its driver is not loaded where SQLite does

        return Listener(self.engine.url)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(config: Config) -> Database:
    """Open the database that the settings name, creating the data folder where it is missing.

    Raises:
        ConfigError: The URL or the folder cannot be used.
    """
    return Database(open_engine(config.database_url, config.data))


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
