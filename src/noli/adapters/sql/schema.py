# SPDX-License-Identifier: Apache-2.0
"""The history of the schema. Alembic is loaded only where something has to be migrated: it is slow to start."""

from functools import cache
from importlib.resources import as_file, files

from sqlalchemy.engine import Connection

_FOLDER = files("noli.adapters.sql") / "migrations"


@cache
def revisions() -> tuple[str, ...]:
    """List the revisions from first to last: the numbers that their files begin with."""
    names = (path.name for path in (_FOLDER / "versions").iterdir())
    return tuple(sorted(name.partition("_")[0] for name in names if name.endswith(".py")))


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema up or down to a revision, inside the transaction that the caller opened.

    Args:
        connection: Open, in a transaction that no other writer shares.
        revision: One of ``revisions()``, "head" or "base".
    """
    from alembic import command  # noqa: PLC0415 - see the module's docstring
    from alembic.config import Config  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with as_file(_FOLDER) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        found = MigrationContext.configure(connection).get_current_revision() or ""
        target = {"head": revisions()[-1], "base": ""}.get(revision, revision)
        (command.downgrade if target < found else command.upgrade)(config, revision)
