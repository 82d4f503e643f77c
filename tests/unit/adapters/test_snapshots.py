# SPDX-License-Identifier: Apache-2.0
"""Snapshots in a folder come back whole, one process makes them, and nothing damaged is ever mapped."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from noli.adapters import snapshots as module
from noli.adapters.snapshots import SnapshotFolder
from noli.bank.model import BankId, Change, ChangeKind, EntryId, KeyedRegions
from noli.base.errors import Unavailable
from noli.hashing.kernel import HammingIndex
from noli.matching.ports import HeldBank
from tests.support.catalogues import index_of, values

NOW = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)
PICTURES = [(EntryId(9), KeyedRegions((640, 480), b"12345678" * 3, b"", 5000)), None]


def change(number: int) -> Change:
    """Make the change that a snapshot ends with."""
    return Change(number, ChangeKind.ENTRY_ADDED, BankId(2), EntryId(1 << 62), NOW)


def banks() -> list[HeldBank]:
    """Hold two banks."""
    big, small = index_of(values(1, 9000)), index_of(values(2, 3))
    return [
        HeldBank(BankId(1), 4, big.hold(), small.hold(), PICTURES),
        HeldBank(BankId(2), 1, small.hold(), HammingIndex().hold(), []),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one snapshot."""
    SnapshotFolder(tmp_path / "index").keep(change(17), banks())
    return tmp_path / "index"


def test_what_was_kept_is_mapped_again(folder: Path) -> None:
    """Hashes, regions, pictures, epochs and the very last change, to the microsecond."""
    cache = SnapshotFolder(folder)
    kept = cache.read()
    assert kept is not None
    assert (kept.at, cache.newest()) == (change(17), 17)
    assert [(one.bank, one.epoch, len(one.hashes), len(one.regions)) for one in kept.banks] == [
        (1, 4, 9000, 3),
        (2, 1, 3, 0),
    ]
    assert kept.banks[0].hashes.search(values(1, 9000)[77], 0, 1)[0] == [(78, 0)]
    pictures = kept.banks[0].pictures
    assert [pictures[number] for number in range(len(pictures))] == PICTURES
    assert (pictures.of(EntryId(9)), pictures.of(EntryId(8))) == ([(0, 3)], [])
    assert len(kept.banks[1].pictures) == 0


@pytest.mark.parametrize("file", ["page.json", "1.hashes", "1.regions", "1.pictures", "2.regions"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_any_damage_is_refused_and_removed(folder: Path, file: str, damage: str) -> None:
    """One changed bit anywhere, and the snapshot is none; the operator is told."""
    path = folder / f"{17:020d}" / file
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        content[len(content) // 2] ^= 4
        path.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    cache = SnapshotFolder(folder)
    with structlog.testing.capture_logs() as logs:
        assert cache.read() is None
    assert [(line["event"], line["sequence"]) for line in logs] == [("snapshot.refused", 17)]
    assert (cache.newest(), [each.name for each in folder.iterdir()]) == (0, [])


def test_another_version_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later or earlier Noli kept is made anew."""
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    with structlog.testing.capture_logs():
        assert SnapshotFolder(folder).read() is None


def test_a_newer_snapshot_takes_the_place_of_the_older(folder: Path) -> None:
    """Who has mapped the older one keeps it; the folder holds one."""
    cache = SnapshotFolder(folder)
    before = cache.read()
    cache.keep(change(18), banks()[1:])
    assert [each.name for each in folder.iterdir()] == [f"{18:020d}"]
    after = cache.read()
    assert before is not None
    assert after is not None
    assert (len(before.banks), len(after.banks), after.at.sequence) == (2, 1, 18)
    assert before.banks[0].hashes.search(values(1, 9000)[5], 0, 1)[0] == [(6, 0)]


def test_what_is_not_of_this_database_is_removed(folder: Path) -> None:
    """The next process does not meet it again."""
    cache = SnapshotFolder(folder)
    kept = cache.read()
    assert kept is not None
    with structlog.testing.capture_logs() as logs:
        cache.refuse(kept, why="the database has another history")
    assert logs[0]["reason"] == "the database has another history"
    assert cache.read() is None


def test_in_place_of_a_refused_snapshot_a_good_one_of_the_same_change_is_read(folder: Path) -> None:
    """It is made at once by who has none at its start; who only wants a newer one does not try again and again."""
    cache = SnapshotFolder(folder)
    (folder / f"{17:020d}" / "1.hashes").write_bytes(b"damaged")
    with structlog.testing.capture_logs():
        assert cache.read() is None
    with cache.turn(wait=False) as mine:
        assert not mine
    with cache.turn(wait=True) as mine:
        assert mine
        cache.keep(change(17), banks())
    assert (cache.newest(), cache.read() is not None) == (17, True)


def test_a_refused_snapshot_that_cannot_be_removed_is_not_met_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is read-only costs memory, not answers."""
    cache = SnapshotFolder(folder)
    (folder / f"{17:020d}" / "page.json").write_bytes(b"damaged")
    monkeypatch.setattr("noli.adapters.snapshots.shutil.rmtree", lambda *_, **__: None)
    with structlog.testing.capture_logs() as logs:
        assert (cache.read(), cache.read()) == (None, None)
    assert (len(logs), cache.newest()) == (1, 0)


def test_a_snapshot_replaced_while_it_is_read_is_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader takes the one that has its place."""
    cache, read = SnapshotFolder(folder), module._read_page

    def replaced(path: Path) -> object:
        monkeypatch.setattr(module, "_read_page", read)
        SnapshotFolder(folder).keep(change(18), banks())
        return read(path)

    monkeypatch.setattr(module, "_read_page", replaced)
    with structlog.testing.capture_logs():
        kept = cache.read()
    assert kept is not None
    assert kept.at.sequence == 18


def test_one_at_a_time_makes_a_snapshot(folder: Path) -> None:
    """Who asks is told; who waits gets its turn when the other is done; who is closed waits no longer."""
    first, second, third = SnapshotFolder(folder), SnapshotFolder(folder), SnapshotFolder(folder)
    waited = threading.Event()

    def wait() -> None:
        with second.turn(wait=True) as mine:
            if mine:
                waited.set()

    thread = threading.Thread(target=wait)
    with first.turn(wait=False) as mine, second.turn(wait=False) as theirs:
        assert (mine, theirs) == (True, False)
        thread.start()
        third.close()
        with pytest.raises(Unavailable), third.turn(wait=True):
            pass
        assert not waited.is_set()
    assert waited.wait(10)
    thread.join()


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """Nothing is kept, who waits may go on by itself, and it is not tried again at once."""
    (tmp_path / "index").touch()
    cache = SnapshotFolder(tmp_path / "index")
    with structlog.testing.capture_logs() as logs:
        with cache.turn(wait=True) as mine:
            assert mine
        with cache.turn(wait=False) as mine:
            assert not mine
        cache.keep(change(1), banks())
    assert {line["event"] for line in logs} == {"snapshot.not_kept"}
    assert (cache.newest(), cache.read()) == (0, None)
