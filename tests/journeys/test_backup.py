# SPDX-License-Identifier: Apache-2.0
"""An installation is backed up while it is written to, lost, and restored elsewhere, on both databases."""

import json
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from noli.access.model import Scope, SessionKind
from noli.app import App
from noli.app_backup import back_up, new_identity, prune, restore
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.base.errors import ConfigError, Conflict, IntegrityError, NoliError, NotFound, Unavailable
from noli.cli import main
from noli.exchange.model import NewPartner, Protocol, Source
from noli.hashing.model import Hash
from tests.conftest import Cluster
from tests.support.bits import some_hash
from tests.support.buckets import KEYS, object_store
from tests.support.casework import FakeClock
from tests.support.helpline import open_case

SETTINGS: dict[str, Any] = {"proof_of_work_bits": 1, "password_memory_mib": 8}

IDENTITY, PUBLIC = new_identity()


@pytest.fixture
def postgresql_empty(cluster: Cluster) -> str:
    """A PostgreSQL database without tables."""
    return cluster.empty()


def _share(_: float) -> None:
    """Nobody watches."""


class Installation:
    """One with a bank, a case, an evidence package, a partner that is fetched from, staff and a session."""

    def __init__(self, folder: Path, url: str) -> None:
        self.config = Config(data=folder, database_url=url, **SETTINGS)
        with closing(App.open(self.config)) as app:
            app.indexes.load(app.store)
            self.case = open_case(app, "https://copies.example/1")
            self.package, self.content = app.evidence.capture(self.case, actor="staff:ada")
            with app.store.transaction(write=True) as transaction:
                create_bank(transaction, "mine", BankPolicy(Action.BLOCK), now=app.clock.now())
            self.entry = add(app, 1)
            app.access.create("platform", frozenset({Scope.CHECKS}))
            app.feed.identity()
            app.sessions.open(SessionKind.PERSON, self.case)
            app.roots.sign()

    def opened(self) -> App:
        return App.open(self.config)


def add(app: App, seed: int) -> Any:
    """Register an entry; acknowledged when this returns."""
    new = NewEntry((Hash(some_hash(seed), 90),), Provenance(added_by="test"))
    with app.store.transaction(write=True) as transaction:
        [(entry, _)] = register(transaction, "mine", [new], now=app.clock.now())
    return entry


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation on each database; tests add to it and change nothing."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("cluster").new()
    return Installation(tmp_path_factory.mktemp("installation") / "data", url)


@pytest.fixture
def elsewhere(installation: Installation, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Config]:
    """Return settings of a place that has nothing yet, on the same kind of database."""

    def config(name: str) -> Config:
        url = ""
        if installation.config.database_url:
            cluster: Cluster = request.getfixturevalue("cluster")
            url = cluster.empty()
        return Config(data=tmp_path / name, database_url=url, **SETTINGS)

    return config


def test_what_was_acknowledged_before_is_there_after(
    installation: Installation, elsewhere: Callable[[str], Config], tmp_path: Path
) -> None:
    """One state is copied under writes; elsewhere the ledger is whole, keys open the case, packages are there."""
    going, added, stop = threading.Event(), list[Any](), threading.Event()

    def write() -> None:
        with closing(installation.opened()) as app:
            while not stop.is_set() and len(added) < 500:
                added.append(add(app, 100 + len(added)))
                going.set()

    writer = threading.Thread(target=write)
    writer.start()
    going.wait(60)
    before = list(added)
    seen: list[float] = []
    made = back_up(installation.config, tmp_path / "backup", to=PUBLIC, share=seen.append)
    stop.set()
    writer.join()
    assert seen == sorted(seen)
    assert (made.encrypted, made.left_out, Path(made.where).stat().st_mode & 0o777) == (True, (), 0o600)
    assert IDENTITY.encode() not in Path(made.where).read_bytes()
    assert b"SQLite format" not in Path(made.where).read_bytes()

    target = elsewhere("restored")
    restored = restore(target, Path(made.where), identity=f"# mine\n{IDENTITY}\n", share=_share)
    assert restored.data.stat().st_mode & 0o777 == 0o700
    with closing(App.open(target)) as app:
        with app.store.transaction() as transaction:
            there = {entry.id for entry in transaction.entries("mine", limit=1000)}
        assert {installation.entry, *before} <= there
        app.indexes.load(app.store)
        assert app.desk is not None
        assert app.case_files.load(installation.case).links[0].url == "https://copies.example/1"
        assert app.evidence.fetch(installation.case, installation.package.digest, actor="x")[1] == installation.content
        assert app.ledger.verify().flaws == ()


def test_a_restored_installation_knows_that_it_was_set_back(
    installation: Installation, elsewhere: Callable[[str], Config], tmp_path: Path
) -> None:
    """The ledger says so, a new key signs it, the feed has a new epoch, partners begin anew, sessions are over."""
    with closing(installation.opened()) as app:
        app.partners.add(
            NewPartner(
                "helpline",
                protocol=Protocol.NOLI,
                source=Source("https://helpline.example", public_key="ab" * 32),
                secret="s",
            )
        )
        epoch, keys, size = app.feed.identity().epoch, app.roots.public_keys(), app.roots.roots()[0].root.size
    made = back_up(installation.config, tmp_path / "backup", to=PUBLIC, share=_share)
    target = elsewhere("restored")
    restored = restore(target, Path(made.where), identity=IDENTITY, share=_share)
    assert any("withdrawals and erasures" in each for each in restored.to_do)
    with closing(App.open(target)) as app:
        kinds = [entry.fact.kind for entry in app.ledger.page(limit=2)]
        assert kinds == ["ledger.key_rotated", "ledger.restored"]
        assert app.roots.public_keys()[:-1] == keys
        assert app.roots.compare(size).second.root.size > size
        assert app.feed.identity().epoch != epoch
        with app.exchange.transaction() as transaction:
            [partner] = transaction.partners()
            state = transaction.sync_state(partner.id)
        assert (state.generation, state.sweeping, dict(state.checkpoint)) == (1, True, {})
        assert app.sessions._sessions.of(SessionKind.PERSON, installation.case) == []
        assert app.roots.sign() is not None
    with closing(installation.opened()) as app:
        # What was backed up goes on as if nothing had happened.
        assert (app.feed.identity().epoch, app.roots.public_keys()) == (epoch, keys)


def test_a_backup_in_the_clear_holds_no_keys(
    installation: Installation, elsewhere: Callable[[str], Config], tmp_path: Path
) -> None:
    """It says what is not in it; without the key file nothing is restored, with it everything."""
    settings = installation.config.data / "noli.toml"
    settings.write_text('smtp_url = "smtps://me:password@mail.example"\n')
    made = back_up(installation.config, tmp_path, share=_share)
    settings.unlink()
    assert Path(made.where).name.endswith("Z.tar")
    content = Path(made.where).read_bytes()
    assert b"keys.json" not in content
    assert b"password@mail" not in content
    assert ["keys" in each or "settings" in each for each in made.left_out] == [True, True]
    with pytest.raises(ConfigError, match="--key-file"):
        restore(elsewhere("without"), Path(made.where), share=_share)
    assert not (tmp_path / "without").exists()
    target = elsewhere("with")
    restore(target, Path(made.where), keys=installation.config.data / "secrets" / "keys.json", share=_share)
    with closing(App.open(target)) as app:
        assert app.case_files.load(installation.case).links[0].url == "https://copies.example/1"


def test_a_damaged_backup_is_refused_with_nothing_written(
    installation: Installation, elsewhere: Callable[[str], Config], tmp_path: Path
) -> None:
    """A flipped bit, a cut, a stranger's key, no key, something else: each is said, and nothing is left behind."""
    clear = back_up(installation.config, tmp_path / "clear", share=_share).where
    sealed = back_up(installation.config, tmp_path / "sealed", to=PUBLIC, share=_share).where
    target = elsewhere("restored")
    bad = tmp_path / "bad"
    for backup, identity in ((clear, ""), (sealed, IDENTITY)):
        whole = Path(backup).read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        for content in (bytes(flipped), whole[: len(whole) // 2], whole[:-20_000], b"", b"picture" * 1000):
            bad.write_bytes(content)
            with pytest.raises((IntegrityError, ConfigError)):
                restore(target, bad, identity=identity, share=_share)
    for identity, said in (("", "--identity"), ("nonsense", "AGE-SECRET-KEY"), (new_identity()[0], "another key")):
        with pytest.raises(NoliError, match=said):
            restore(target, sealed, identity=identity, share=_share)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "clear", "sealed"]
    restore(target, sealed, identity=IDENTITY, share=_share)


def test_nothing_is_overwritten(installation: Installation, tmp_path: Path) -> None:
    """Neither a backup, nor a data folder with something in it, nor a database with tables."""
    made = back_up(installation.config, tmp_path / "backup", to=PUBLIC, share=_share)
    with pytest.raises(Conflict, match="there already"):
        back_up(installation.config, tmp_path / "backup", share=_share)
    with pytest.raises(Conflict, match="not empty"):
        restore(installation.config, Path(made.where), identity=IDENTITY, share=_share)
    if installation.config.database_url:
        used = Config(data=tmp_path / "new", database_url=installation.config.database_url)
        with pytest.raises(Conflict, match="database is not empty"):
            restore(used, Path(made.where), identity=IDENTITY, share=_share)
        with pytest.raises(ConfigError, match="of postgresql"):
            restore(Config(data=tmp_path / "new"), Path(made.where), identity=IDENTITY, share=_share)
    assert not (tmp_path / "new").exists()
    with pytest.raises(ConfigError, match="age1"):
        back_up(installation.config, tmp_path / "other", to="nonsense", share=_share)


# --- what does not depend on the database ------------------------------------------------------------------------


def test_backups_are_kept_in_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made, listed, thinned out and restored there; keys come from the environment and are never printed."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name.upper(), value)
    installation = Installation(tmp_path / "data", "")
    where = ("--data", tmp_path / "data")
    with object_store() as options:
        folder = f"s3://noli/backups/here{options}"
        clock = FakeClock()
        clock.time = datetime(2020, 1, 1, tzinfo=UTC)
        older = back_up(installation.config, folder, to=PUBLIC, clock=clock, share=_share)
        assert older.where == "s3://noli/backups/here/noli-20200101T000000Z.tar.age"
        with pytest.raises(Conflict, match="there already"):
            back_up(installation.config, folder, to=PUBLIC, clock=clock, share=_share)
        made = json.loads(_run("backup", folder, "--to", PUBLIC, "--keep", 1, "--json", *where).stdout)
        assert made["deleted"] == [older.where]
        assert prune(folder, 1) == []
        with pytest.raises(NotFound, match="There is no backup s3://noli/backups/here/noli-"):
            restore(Config(data=tmp_path / "gone"), older.where + options, identity=IDENTITY, share=_share)
        restore(Config(data=tmp_path / "again"), made["path"] + options, identity=IDENTITY, share=_share)
    with closing(App.open(Config(data=tmp_path / "again", **SETTINGS))) as app:
        assert app.case_files.load(installation.case).links[0].url == "https://copies.example/1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "data"]


def test_a_store_of_backups_that_does_not_answer_is_named_without_its_keys(tmp_path: Path) -> None:
    """Before anything is copied; an address that is none is told as one."""
    config = Config(data=tmp_path / "data")
    App.open(config).close()
    away = "s3://key:word@noli/backups?region=x&endpoint_override=http%3A%2F%2F127.0.0.1%3A1"
    for act in (
        lambda: back_up(config, away, share=_share),
        lambda: restore(Config(data=tmp_path / "new"), away, share=_share),
    ):
        with pytest.raises(Unavailable, match="s3://noli/backups") as told:
            act()
        assert "word" not in f"{told.value.public} {told.value.detail}"
    with pytest.raises(ConfigError, match="The address of the backup cannot be read") as wrong:
        back_up(config, "s3://key:word@noli/x?no_such_option=1", share=_share)
    assert "word" not in f"{wrong.value.public} {wrong.value.detail}"


def test_an_installation_moves_from_sqlite_to_postgresql(tmp_path: Path, postgresql_empty: str) -> None:
    """Everything is there, the ledger is whole, and numbers go on after the last that was ever given."""
    installation = Installation(tmp_path / "data", "")
    made = back_up(installation.config, tmp_path / "backup", to=PUBLIC, share=_share)
    target = Config(data=tmp_path / "moved", database_url=postgresql_empty, **SETTINGS)
    restore(target, made.where, identity=IDENTITY, share=_share)
    assert not list((tmp_path / "moved").glob("noli.db*"))
    with closing(App.open(target)) as app:
        with app.store.transaction() as transaction:
            assert [entry.id for entry in transaction.entries("mine", limit=9)] == [installation.entry]
        assert app.case_files.load(installation.case).links[0].url == "https://copies.example/1"
        assert app.evidence.fetch(installation.case, installation.package.digest, actor="x")[1] == installation.content
        assert app.ledger.verify().flaws == ()
        app.indexes.load(app.store)
        assert add(app, 2) != installation.entry
        assert open_case(app, "https://copies.example/2") != installation.case
        assert app.access.create("other", frozenset({Scope.CHECKS}))
    again = Config(data=tmp_path / "twice", database_url=postgresql_empty)
    with pytest.raises(Conflict, match="database is not empty"):
        restore(again, made.where, identity=IDENTITY, share=_share)


def test_a_ledger_that_is_not_whole_is_not_restored(tmp_path: Path) -> None:
    """A record that was changed before the backup is found before anything is put in place."""
    from pysqlite3 import connect

    installation = Installation(tmp_path / "data", "")
    with closing(connect(str(tmp_path / "data" / "noli.db"))) as connection:
        for trigger in [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("UPDATE ledger_entry SET actor = 'staff:eve' WHERE sequence = 2")
        connection.commit()
    made = back_up(installation.config, tmp_path / "backup", to=PUBLIC, share=_share)
    with pytest.raises(IntegrityError, match="Entry 2 was changed"):
        restore(Config(data=tmp_path / "new"), Path(made.where), identity=IDENTITY, share=_share)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


def test_old_backups_are_deleted(tmp_path: Path) -> None:
    """All but the newest of a folder go; what is no backup stays."""
    names = [f"noli-2026112{day}T020000Z.tar{end}" for day in (1, 2, 3) for end in ("", ".age")]
    for name in (*names, "noli.db", "holiday.tar"):
        (tmp_path / name).write_bytes(b"")
    assert [Path(each).name for each in prune(tmp_path, 4)] == names[:2]
    assert len(list(tmp_path.iterdir())) == 6


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def test_on_the_command_line(tmp_path: Path) -> None:
    """A pair of keys, a nightly backup into a folder, a restore that says what is left to do."""
    installation = Installation(tmp_path / "data", "")
    key = tmp_path / "backup.key"
    public = _run("keys", "pair", key).stdout.strip()
    assert public.startswith("age1")
    assert key.stat().st_mode & 0o777 == 0o600
    assert _run("keys", "pair", key).exit_code == 1
    folder = tmp_path / "nightly"
    folder.mkdir()
    where = ("--data", tmp_path / "data")
    first = json.loads(_run("backup", folder, "--to", public, "--keep", 1, "--json", *where).stdout)
    assert Path(first["path"]).stat().st_size == first["size"]
    assert "Not in it: The keys" in _run("backup", tmp_path / "clear.tar", *where).stderr
    assert _run("backup", tmp_path / "x.tar", "--keep", 1, *where).exit_code == 2
    assert "no noli.db" in _run("backup", tmp_path / "y.tar", "--data", tmp_path / "none").stderr
    done = _run("restore", first["path"], "--identity", key, "--data", tmp_path / "restored")
    assert done.exit_code == 0, done.output
    assert "1. Do again what was done since" in done.stdout
    again = json.loads(_run("restore", first["path"], "--identity", key, "--data", tmp_path / "again", "--json").stdout)
    assert again["data"] == str(tmp_path / "again")
    assert _run("ledger", "verify", "--data", tmp_path / "restored").exit_code == 0
    assert _run("ledger", "verify", "--data", tmp_path / "data").exit_code == 0
    assert installation.case in _run("case", "list", "--data", tmp_path / "restored").stdout
