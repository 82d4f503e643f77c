# SPDX-License-Identifier: Apache-2.0
"""The database: one object that opens, migrates and examines it and hands out its repositories."""

from importlib.resources import as_file, files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from noli.adapters.sql.banks import SqlBanks
from noli.adapters.sql.checks import SqlChecks
from noli.adapters.sql.engine import open_engine, transaction
from noli.adapters.sql.follow import ChangeSignal
from noli.adapters.sql.health import Finding, examine
from noli.adapters.sql.keys import SqlKeys
from noli.base.config import Config
from noli.base.errors import ConfigError

__all__ = ["ChangeSignal", "Database", "Finding", "open_database"]


class Database:
    """One installation's database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Keep the engine; nothing is connected yet."""
        self.engine = engine
        self.banks = SqlBanks(engine)
        self.checks = SqlChecks(engine)
        self.keys = SqlKeys(engine)

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to a revision, in one transaction: a failure leaves it as it was.

        Raises:
            ConfigError: The schema was made by a newer Noli.
            StoreBusy: Another process holds the database.
            IntegrityError: The database is damaged.
        """
        with as_file(files("noli.adapters.sql") / "migrations") as folder:
            config = AlembicConfig()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            with transaction(self.engine, write=True) as connection:
                known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
                _refuse_newer(connection, known)
                config.attributes["connection"] = connection
                (command.downgrade if revision == "base" else command.upgrade)(config, revision)

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

    def signal(self) -> ChangeSignal:
        """Return a new way to wait for changes of other processes."""
        return ChangeSignal(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(config: Config) -> Database:
    """Open the database that the settings name, creating the data folder where it is missing.

    Raises:
        ConfigError: The URL or the folder cannot be used.
    """
    return Database(open_engine(config.database_url, config.data))


def _refuse_newer(connection: sa.Connection, known: set[str]) -> None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return
    unknown = set(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars()) - known
    if unknown:
        msg = "The database was made by a newer Noli; install that version, or restore the backup made before it."
        raise ConfigError(msg, detail=f"revision {', '.join(sorted(unknown))}")
