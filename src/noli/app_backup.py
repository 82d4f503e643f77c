# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that backs an installation up and restores one.

Keys and data do not lie beside each other in the clear: a backup that is encrypted to a public key holds everything,
keys included; one in the clear leaves keys and settings with passwords out, and says so (decision 0049).

A restored installation is one that was set back. Before it can be used, in this order:

1. its database is looked through and its ledger verified, against the key file that opens it;
2. the ledger says that it was restored, from which backup, and from then on another key signs its roots, so that no
   key ever signs two roots of one size;
3. its feed begins a new epoch, and everything is fetched anew from partners, so that no number that was given out since
   the backup means two things;
4. all sessions end.
"""

import hashlib
import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import noli
from noli.adapters import backups
from noli.adapters.buckets import SCHEME, BackupBucket, fetch
from noli.adapters.config import SECRETS
from noli.adapters.keyring import KeyFile
from noli.adapters.noted_roots import NAME as ROOTS
from noli.adapters.packages import FOLDER
from noli.adapters.sql import Database, dumps, open_database
from noli.adapters.sql.banks import has_regions
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.schema import revisions
from noli.adapters.sql.sessions import SqlSessions
from noli.app import App, looked_at, refuse_missing, whole_ledger
from noli.app_cases import key_path, missing_keys
from noli.app_pursuit import MAIL_KEY
from noli.base.clock import Clock, SystemClock
from noli.base.config import Config
from noli.base.errors import ConfigError, Conflict, IntegrityError
from noli.evidence.model import Fact

new_identity = backups.new_identity

#: Told how much of the work is done, from 0 to 1.
Share = Callable[[float], None]

_KEYS, _SETTINGS = "secrets/keys.json", "noli.toml"

# What ``back_up`` calls a file by itself.
_NAME = re.compile(r"noli-\d{8}T\d{6}Z\.tar(?:\.age)?")

# Flaws of a ledger that an error names.
_FLAWS = 3


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made: where, how large, and what is not in it, in words."""

    where: str
    size: int
    encrypted: bool
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """An installation that was restored: as of when, and what is to be done now, in words."""

    data: Path
    made_at: datetime
    root: str
    to_do: tuple[str, ...]


def back_up(config: Config, out: Path | str, *, to: str = "", clock: Clock | None = None, share: Share) -> Backup:
    """Back an installation up, while servers run.

    Args:
        config: The settings.
        out: Where to; a folder gets a file with the time in its name, and so does ``s3://bucket/folder``.
        to: Public key to encrypt to; empty for a backup in the clear, without keys.
        clock: Tells the time.
        share: Told how much is done.

    Raises:
        Conflict: There is a file of this name; nothing is overwritten.
        ConfigError: There is no installation, or a program of PostgreSQL is missing.
        Unavailable: It cannot be read, or there is no room.
        IntegrityError: The database is damaged.
    """
    now = (clock or SystemClock()).now()
    name = f"noli-{now:%Y%m%dT%H%M%SZ}.tar{'.age' if to else ''}"
    bucket = _bucket(out)
    path = Path(out, name) if Path(out).is_dir() else Path(out)
    # Asked first, so that a store that lets nobody in is not found out after an hour.
    if name in bucket.names() if bucket else path.exists():
        msg = f"{bucket.shown(name) if bucket else path} is there already; nothing is overwritten."
        raise Conflict(msg)
    if to:
        backups.recipient(to)
    refuse_missing(config)
    with _staging(config.data) as staging, looked_at(config) as database:
        # Noted roots first: a root is in the database before it is noted, so none is noted that the copy lacks.
        members = list(_beside(config, staging, encrypted=bool(to)))
        kind = database.engine.dialect.name
        copy = staging / backups.DATABASES[kind]
        if kind == "sqlite":
            source = Path(str(database.engine.url.database))
            dumps.copy_sqlite(source, copy, lambda done, total: share(done / total / 2))
        else:
            dumps.dump_postgresql(config.database_url, copy)
        share(0.5)
        members = [(copy.name, copy), *members, *_packages(config)]
        left_out = tuple(_left_out(config, encrypted=bool(to)))
        manifest = {
            "made_at": now.isoformat(),
            "version": noli.__version__,
            "database": kind,
            "revision": revisions()[-1] if database.current() else "",
            "left_out": left_out,
        }
        written, until = (staging / name, 0.75) if bucket else (path, 1.0)
        whole = sum(path.stat().st_size for _, path in members)
        size = backups.write(written, members, manifest, to=to, advance=_part(whole, share, 0.5, until))
        if bucket:
            bucket.put(name, written, _part(size, share, until, 1.0))
    return Backup(bucket.shown(name) if bucket else str(path), size, bool(to), left_out)


def prune(where: Path | str, keep: int) -> list[str]:
    """Delete older backups of ``back_up`` in a folder, all but the newest; an erased case is to leave them, too.

    Returns:
        What was deleted.
    """
    bucket = _bucket(where)
    names = bucket.names() if bucket else sorted(path.name for path in Path(where).iterdir())
    found = [name for name in names if _NAME.fullmatch(name)]
    old = found[: max(0, len(found) - keep)]
    for name in old:
        if bucket:
            bucket.delete(name)
        else:
            Path(where, name).unlink()
    return [bucket.shown(name) if bucket else str(Path(where, name)) for name in old]


def is_folder(where: Path | str) -> bool:
    """Tell whether backups get names of their own there."""
    return str(where).startswith(SCHEME) or Path(where).is_dir()


def restore(
    config: Config,
    backup: Path | str,
    *,
    identity: str = "",
    keys: Path | None = None,
    clock: Clock | None = None,
    share: Share,
) -> Restored:
    """Restore an installation into a new data folder, and on PostgreSQL an empty database, whole or not at all.

    Args:
        config: Its settings: where to, and for PostgreSQL which database.
        backup: The backup, a file or an object ``s3://bucket/folder/name``. One of SQLite may go to PostgreSQL.
        identity: Text of the file with the identity that it is encrypted to.
        keys: The key file, for a backup without one.
        clock: Tells the time.
        share: Told how much is done.

    Raises:
        Conflict: There is something already where it should go.
        ConfigError: A key, a setting or a program is missing.
        IntegrityError: The backup is damaged, or the ledger in it is not whole.
        Unavailable: The database does not answer.
    """
    data = config.data
    if data.exists() and any(data.iterdir()):
        msg = f"{data} is not empty; a backup is restored into a new folder, and nothing is overwritten."
        raise Conflict(msg)
    data.absolute().parent.mkdir(parents=True, exist_ok=True)
    with _staging(data.absolute().parent) as folder, _at_hand(backup, data.absolute().parent) as file:
        manifest = backups.read(file, folder, key=identity, advance=_part(file.stat().st_size, share, 0.0, 0.5))
        staged = replace(config, data=folder, key_file="")
        _bring_keys(folder, keys)
        _load(staged, manifest, folder)
        share(0.7)
        root = _examined(staged, manifest)
        share(0.9)
        _set_back(staged, manifest, clock)
        if data.exists():
            data.rmdir()
        folder.rename(data)
    share(1)
    return Restored(data, datetime.fromisoformat(manifest["made_at"]), root, tuple(_to_do(manifest, config)))


def _beside(config: Config, staging: Path, *, encrypted: bool) -> Iterator[tuple[str, Path]]:
    """Name what belongs to the database: noted roots, settings, and keys where they are encrypted."""
    for name in (ROOTS, _SETTINGS):
        source = config.data / name
        if source.exists() and (encrypted or name == ROOTS or not _has_secrets(source)):
            shutil.copyfile(source, staging / name)
            yield name, staging / name
    if encrypted:
        path = key_path(config)
        for name, source in ((_KEYS, path), (f"secrets/{MAIL_KEY}", path.with_name(MAIL_KEY))):
            if source.exists():
                yield name, source


def _packages(config: Config) -> Iterator[tuple[str, Path]]:
    if not config.packages_url:
        for path in sorted((config.data / FOLDER).glob("*/*.zip")):
            yield str(path.relative_to(config.data)), path


def _left_out(config: Config, *, encrypted: bool) -> Iterator[str]:
    if not encrypted:
        yield f"The keys: keep a copy of {key_path(config).parent} somewhere else, or encrypt backups with --to."
        if (config.data / _SETTINGS).exists() and _has_secrets(config.data / _SETTINGS):
            yield f"The settings, because passwords stand in {config.data / _SETTINGS}."
    if config.packages_url:
        yield "Evidence packages: they are in the object store that packages_url names."
    if config.catalogue:
        yield f"The catalogue in {config.catalogue}."


def _has_secrets(settings: Path) -> bool:
    return bool(SECRETS & set(tomllib.loads(settings.read_text("utf-8"))))


def _part(size: int, share: Share, since: float, until: float) -> Callable[[int], None]:
    """Tell of so many bytes as a part of the work."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        share(since + min(1.0, done / max(1, size)) * (until - since))

    return advance


def _bucket(where: Path | str) -> BackupBucket | None:
    return BackupBucket(str(where)) if str(where).startswith(SCHEME) else None


@contextmanager
def _at_hand(backup: Path | str, where: Path) -> Iterator[Path]:
    """Bring a backup here, if it is elsewhere."""
    if not str(backup).startswith(SCHEME):
        yield Path(backup)
        return
    with _staging(where) as folder:
        fetch(str(backup), folder / "backup")
        yield folder / "backup"


@contextmanager
def _staging(where: Path) -> Iterator[Path]:
    """Make a folder that only its owner may look into; what is in it then is gone at the end, unless it was renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".noli-backup-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bring_keys(folder: Path, keys: Path | None) -> None:
    target = folder / _KEYS
    if keys is None or target.exists():
        return
    # Read as one, so that a wrong file is refused with its own words.
    KeyFile(keys)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(keys, target)
    target.chmod(0o600)


def _load(staged: Config, manifest: dict[str, Any], folder: Path) -> None:
    """Put the database where it belongs; on PostgreSQL that is the step that can be seen from outside."""
    kind = manifest["database"]
    if kind == "postgresql" and not staged.database_url:
        msg = "This backup is of postgresql: it is restored where NOLI_DATABASE_URL names an empty database."
        raise ConfigError(msg)
    copy = folder / backups.DATABASES[kind]
    if kind == "sqlite":
        dumps.check_sqlite(copy)
        if not staged.database_url:
            return
    with looked_at(staged) as database:
        if not dumps.is_empty(database.engine):
            msg = "The database is not empty; make a new one. Nothing is overwritten."
            raise Conflict(msg)
        if kind == "sqlite":
            # Each in the schema of this version, row by row.
            with looked_at(replace(staged, database_url="")) as source:
                source.migrate()
                database.migrate()
                dumps.move(source.engine, database.engine)
        else:
            dumps.load_postgresql(staged.database_url, copy)
    for path in folder.glob(f"{copy.name}*"):
        path.unlink()


def _examined(staged: Config, manifest: dict[str, Any]) -> str:
    """Bring the schema up to date, see that the keys open everything, and verify the ledger; return its root."""
    with looked_at(staged) as database:
        database.migrate()
        _check_keys(staged, database)
    with whole_ledger(staged) as (ledger, notes, _):
        found = ledger.verify(notes=notes)
    if not found.whole:
        said = " ".join(flaw.text for flaw in found.flaws[:_FLAWS])
        msg = f"The ledger in the backup of {manifest['made_at']} is not whole. {said}"
        raise IntegrityError(msg)
    return str(found.root)


def _check_keys(staged: Config, database: Database) -> None:
    missing = missing_keys(staged, database)
    if missing or (has_regions(database.engine) and not key_path(staged).exists()):
        msg = "Cases, accounts or regions in this backup need the key file of that time; give it: --key-file FILE."
        raise ConfigError(msg, detail=", ".join(sorted(missing)))


def _set_back(staged: Config, manifest: dict[str, Any], clock: Clock | None) -> None:
    """Let nothing that was given out since the backup mean two things; 2. to 4. in the module's text."""
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).digest()
    with closing(App(staged, open_database(staged), clock=clock)) as app:
        with SqlCases(app.database.engine, app.keyring).transaction(write=True) as transaction:
            fact = Fact("ledger.restored", digest[:16].hex(), "command line", digest)
            transaction.record(fact, now=app.clock.now())
        app.rotate_signing_key()
        app.roots.sign()
        with app.exchange.transaction() as reading:
            known, partners = reading.feed_identity(), reading.partners()
        if known is not None:
            app.feed.begin_epoch()
        for partner in partners:
            if partner.source is not None:
                app.syncer.begin_anew(partner.name)
        SqlSessions(app.database.engine).end_everything()


def _to_do(manifest: dict[str, Any], config: Config) -> Iterator[str]:
    yield (
        f"Do again what was done since {manifest['made_at'][:16]} UTC: withdrawals and erasures that people asked for,"
        " revoked keys, closed accounts. The backup does not know of them."
    )
    yield "Tell partners who fetch from Noli's feed here that it begins anew; each agrees with 'noli partner resync'."
    yield "Give auditors the new key that signs the ledger: 'noli ledger key'."
    yield from (f"Not in the backup: {each}" for each in manifest["left_out"])
    if config.key_file:
        yield f"Move {config.data / _KEYS} to {config.key_file}, where the settings look for it."
    yield f"Start it: noli serve --data {config.data}"
