# SPDX-License-Identifier: Apache-2.0
"""An index that was written to a file and mapped again answers as before, and what is no image is refused."""

import random
from pathlib import Path

import numpy as np
import pytest

from noli.hashing.kernel import HammingIndex
from tests.kernel.test_index import ALL, append_hashes, ids_of, random_hashes, with_flips

PAGE = 65536


def written(index: HammingIndex, path: Path, *, offset: int = 0) -> int:
    """Write an image and return its length."""
    with path.open("wb") as file:
        file.seek(offset)
        file.flush()
        index.write(file)
        return file.seek(0, 2) - offset


def mapped(path: Path, length: int, *, offset: int = 0) -> HammingIndex:
    """Map an image into a new index."""
    index = HammingIndex()
    with path.open("rb") as file:
        index.map(file, offset, length)
    return index


@pytest.mark.parametrize("rows", [0, 1, 100, 4096, 4097, 9000, 30_000])
def test_a_mapped_image_answers_as_the_index_did(tmp_path: Path, rows: int) -> None:
    """Whatever the size, also with repeated hashes, rows that wait in the delta, and withdrawn ones."""
    hashes = random_hashes(rows, rows)
    hashes[rows // 2 : rows // 2 + rows // 10] = hashes[: rows // 10]
    index = HammingIndex()
    append_hashes(index, hashes)
    late = random_hashes(1, 3)
    append_hashes(index, late, first_id=1_000_000)
    index.tombstone(ids_of(*range(0, rows, 7)))
    image = mapped(tmp_path / "image", written(index, tmp_path / "image"))
    assert len(image) == len(index)
    chance = random.Random(rows)
    queries = [*late, *(hashes[chance.randrange(rows)] for _ in range(50 if rows else 0))]
    for query in queries:
        near = with_flips(bytes(query), chance.randrange(32), chance)
        assert sorted(image.search(near, 31, ALL)[0]) == sorted(index.search(near, 31, ALL)[0])


def test_a_mapped_image_takes_additions_and_withdrawals(tmp_path: Path) -> None:
    """The file's pages stay as they are: what changes, changes for this index alone."""
    hashes = random_hashes(5, 20_000)
    index = HammingIndex()
    append_hashes(index, hashes)
    length = written(index, tmp_path / "image")
    before = (tmp_path / "image").read_bytes()
    first, second = mapped(tmp_path / "image", length), mapped(tmp_path / "image", length)
    first.tombstone(ids_of(3))
    more = random_hashes(6, 30_000)
    append_hashes(first, more, first_id=50_000)
    while first.compact():
        pass
    assert first.search(bytes(hashes[3]), 31, ALL) == ([], False)
    assert first.search(bytes(more[7]), 0, ALL)[0] == [(50_007, 0)]
    assert second.search(bytes(hashes[3]), 0, ALL)[0] == [(3, 0)]
    assert second.search(bytes(more[7]), 31, ALL) == ([], False)
    assert (tmp_path / "image").read_bytes() == before


def test_an_image_may_lie_anywhere_at_whole_pages(tmp_path: Path) -> None:
    """Several banks share one file."""
    hashes = random_hashes(8, 9000)
    index = HammingIndex()
    append_hashes(index, hashes)
    length = written(index, tmp_path / "image", offset=PAGE)
    image = mapped(tmp_path / "image", length, offset=PAGE)
    assert image.search(bytes(hashes[17]), 0, ALL)[0] == [(17, 0)]


def test_the_join_of_a_mapped_image_finds_the_same(tmp_path: Path) -> None:
    """The catalogue scan's workers map one file and join against it."""
    hashes = random_hashes(9, 20_000)
    index = HammingIndex()
    append_hashes(index, hashes)
    image = mapped(tmp_path / "image", written(index, tmp_path / "image"))
    chance = random.Random(9)
    queries = b"".join(with_flips(bytes(hashes[at]), at % 32, chance) for at in range(0, 20_000, 4))
    assert image.join(queries, 31, 10) == index.join(queries, 31, 10)


@pytest.mark.parametrize("damage", ["magic", "cut", "short", "rows", "length", "empty"])
def test_what_is_no_image_is_refused(tmp_path: Path, damage: str) -> None:
    """And the index is as it was before."""
    index = HammingIndex()
    append_hashes(index, random_hashes(10, 9000))
    path = tmp_path / "image"
    length = written(index, path)
    content = bytearray(path.read_bytes())
    if damage == "magic":
        content[0] ^= 1
    elif damage == "cut":
        length -= 64
    elif damage == "short":
        del content[-64:]
    elif damage == "rows":
        content[32:40] = np.uint64(9001).tobytes()
    elif damage == "length":
        length += 4096
    else:
        content.clear()
    path.write_bytes(content)
    other = HammingIndex()
    with path.open("rb") as file, pytest.raises(ValueError, match="no image"):
        other.map(file, 0, length)
    assert len(other) == 0


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A full or read-only disk is an error of the operating system, not a silent half image."""
    index = HammingIndex()
    append_hashes(index, random_hashes(11, 10))
    (tmp_path / "image").write_bytes(b"")
    with (tmp_path / "image").open("rb") as file, pytest.raises(OSError, match="Bad file descriptor"):
        index.write(file)
    with (tmp_path / "image").open("wb") as file, pytest.raises(OSError, match="Bad file descriptor"):
        HammingIndex().map(file, 0, 4096)
