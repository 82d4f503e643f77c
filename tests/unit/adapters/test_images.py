# SPDX-License-Identifier: Apache-2.0
"""Folders of images hold the banks' indexes whole, or are taken for damaged."""

from pathlib import Path

import pytest

from noli.adapters import images
from noli.bank.model import Action, BankPolicy, EntryId
from noli.base.errors import IntegrityError
from tests.support.catalogues import index_of, values

POLICY = BankPolicy(Action.REVIEW, 24, note="kept")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two banks."""
    path = tmp_path / "banks"
    banks = [
        images.Source(1, "one", POLICY, index_of(values(1, 9000)), [EntryId(5)]),
        images.Source(2, "two", POLICY, index_of(values(2, 10))),
    ]
    images.write(path, banks, sequence=17)
    return path


def test_what_was_written_is_mapped_again(folder: Path) -> None:
    """Policies, disputed entries and every hash come back."""
    page = images.read_page(folder)
    assert (page.sequence, [one.name for one in page.banks]) == (17, ["one", "two"])
    mapped = images.map_banks(folder)
    assert [(image.policy, image.disputed, len(index)) for image, index in mapped] == [
        (POLICY, (5,), 9000),
        (POLICY, (), 10),
    ]
    assert mapped[0][1].search(values(1, 9000)[77], 0, 1)[0] == [(78, 0)]


@pytest.mark.parametrize("file", ["banks.json", "1.image", "2.image"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_any_damage_is_noticed(folder: Path, file: str, damage: str) -> None:
    """One changed bit anywhere, and nothing is read."""
    path = folder / file
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        content[len(content) // 2] ^= 4
        path.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    with pytest.raises(IntegrityError, match="written anew"):
        images.map_banks(folder)


def test_another_version_is_not_read(folder: Path) -> None:
    """A page of a later Noli is no page of this one."""
    page = folder / "banks.json"
    page.write_bytes(page.read_bytes().replace(b'"version":1', b'"version":2'))
    with pytest.raises(IntegrityError, match="written anew"):
        images.map_banks(folder)


def test_a_count_that_does_not_fit_is_noticed(folder: Path) -> None:
    """Images that belong to another page are not taken, though each is whole."""
    page = folder / "banks.json"
    page.write_bytes(page.read_bytes().replace(b'"hashes":9000', b'"hashes":9001'))
    with pytest.raises(IntegrityError, match="written anew"):
        images.map_banks(folder)


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """What could not be finished leaves nothing behind."""
    (tmp_path / "banks").mkdir()
    (tmp_path / "banks" / "in the way").touch()
    with pytest.raises(OSError, match="not empty"):
        images.write(tmp_path / "banks", [images.Source(1, "one", POLICY, index_of(values(1, 3)))], sequence=1)
    assert [path.name for path in tmp_path.iterdir()] == ["banks"]


def test_the_digest_names_the_state_of_the_banks(tmp_path: Path) -> None:
    """The same banks have the same digest; another policy has another one."""
    index = index_of(values(1, 3))
    made = [
        images.write(tmp_path / str(at), [images.Source(1, "one", policy, index)], sequence=1).digest
        for at, policy in enumerate([POLICY, POLICY, BankPolicy(Action.BLOCK)])
    ]
    assert made[0] == made[1] != made[2]
