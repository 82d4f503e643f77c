# SPDX-License-Identifier: Apache-2.0
"""The key file: made once, private, never guessed; what it seals opens in its own place only."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noli.adapters.keyring import KeyFile, open_keyring
from noli.base.errors import ConfigError, IntegrityError
from noli.base.secrecy import Purpose


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the key file will be."""
    return tmp_path / "secrets" / "keys.json"


@pytest.fixture
def keys(path: Path) -> KeyFile:
    """A new key file."""
    return open_keyring(path, needed=False)


def test_it_is_made_for_its_owner_alone(keys: KeyFile, path: Path) -> None:
    """File and folder are closed to others; a second start reads the same keys."""
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    again = open_keyring(path, needed=True)
    assert again.digest(Purpose.ENTRY, b"x") == keys.digest(Purpose.ENTRY, b"x")
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]


def test_two_processes_make_one_file(path: Path) -> None:
    """Who comes second uses the keys of who came first."""
    made: list[KeyFile] = []
    threads = [threading.Thread(target=lambda: made.append(KeyFile.make(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.digest(Purpose.PEPPER, b"x") for each in made}) == 1


def test_a_missing_file_is_not_replaced_where_it_is_needed(path: Path) -> None:
    """Where cases or staff exist, a new key file would lock everybody out: the start says so instead."""
    with pytest.raises(ConfigError, match="missing"):
        open_keyring(path, needed=True)
    assert not path.exists()
    with pytest.raises(ConfigError, match="cannot be read"):
        KeyFile(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"current": "k1", "keys": {"k1": "no base 64!"}, "root": ""}',
        '{"current": "k1", "keys": [], "root": ""}',
        '{"current": "k1", "keys": {"k1": "AAAA"}, "root": "AAAA"}',
        '{"current": "k2", "keys": {}, "root": "AAAA"}',
    ],
)
def test_a_damaged_file_stops_the_start(keys: KeyFile, path: Path, content: str) -> None:
    """What is no key file is named, and nothing is guessed."""
    del keys
    path.write_text(content)
    with pytest.raises(ConfigError, match="damaged"):
        KeyFile(path)


def test_a_file_open_to_others_stops_the_start(keys: KeyFile, path: Path) -> None:
    """Keys that others may read are no secret: the start says what to do."""
    del keys
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        KeyFile(path)


def test_a_file_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    """Where the folder is none the start stops."""
    (tmp_path / "secrets").write_text("")
    with pytest.raises(ConfigError, match="cannot be made"):
        KeyFile.make(tmp_path / "secrets" / "keys.json")


def test_each_purpose_has_its_own_key(keys: KeyFile) -> None:
    """What finds a case by number says nothing about what finds it otherwise."""
    assert len({keys.digest(purpose, b"same") for purpose in Purpose}) == len(Purpose)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.binary(max_size=2000))
def test_what_is_sealed_opens_in_its_place(keys: KeyFile, text: bytes) -> None:
    """It opens under its key in its place; its length tells little, and it never looks the same twice."""
    key = keys.new_key()
    sealed = keys.seal(key, text, place="here")
    assert keys.open(key, sealed, place="here") == text
    assert sealed != keys.seal(key, text, place="here")
    assert (len(sealed) - 29) % 256 == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 284), bit=st.integers(0, 7))
def test_a_changed_or_moved_text_does_not_open(keys: KeyFile, place: int, bit: int) -> None:
    """One bit changed, another place, another key, or cut short: it is damage, not text."""
    key = keys.new_key()
    sealed = keys.seal(key, b"secret", place="here")
    changed = bytearray(sealed)
    changed[place] ^= 1 << bit
    for attempt in (
        (key, bytes(changed), "here"),
        (key, sealed, "there"),
        (keys.new_key(), sealed, "here"),
        (key, b"", "here"),
    ):
        with pytest.raises(IntegrityError):
            keys.open(attempt[0], attempt[1], place=attempt[2])


def test_keys_are_rotated_while_a_server_runs(keys: KeyFile, path: Path) -> None:
    """A server that holds the file open uses the new key at once and the old one while something needs it."""
    key = keys.new_key()
    server = KeyFile(path)
    old = server.wrap(key, place="case")
    assert keys.rotate() == "k2"
    assert server.unwrap(old, place="case") == key
    new = server.wrap(key, place="case")
    assert (old.key_id, new.key_id, server.current) == ("k1", "k2", "k2")
    assert server.digest(Purpose.PEPPER, b"x") == KeyFile(path).digest(Purpose.PEPPER, b"x")
    keys.forget(frozenset({"k1", "k2"}))
    assert server.key_ids == {"k2"}
    assert server.unwrap(new, place="case") == key
    with pytest.raises(IntegrityError, match="lacks a key"):
        server.unwrap(old, place="case")
    with pytest.raises(IntegrityError):
        server.unwrap(new, place="another")


def test_a_server_goes_on_without_the_file(keys: KeyFile, path: Path) -> None:
    """Should the file vanish while a server runs, what is in memory goes on; the next start says that it is missing."""
    wrapped = keys.wrap(keys.new_key(), place="case")
    path.unlink()
    assert keys.unwrap(wrapped, place="case")
    with pytest.raises(ConfigError, match="missing"):
        open_keyring(path, needed=True)


def test_a_rotation_that_cannot_be_written_changes_nothing(
    keys: KeyFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full the old keys stay in use."""
    before = json.loads(path.read_text())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="No space"):
        keys.rotate()
    assert json.loads(path.read_text()) == before
    assert keys.current == "k1"
