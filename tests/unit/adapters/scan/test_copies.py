# SPDX-License-Identifier: Apache-2.0
"""Copies of what was removed, searched among a stored catalogue."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from noli.adapters.scan.copies import CatalogueOfCopies
from noli.adapters.scan.stored import StoredCatalogue
from noli.base.errors import Unavailable
from noli.notices.ports import FoundCopy
from noli.scanning.join import HASH
from tests.support.bits import flipped
from tests.support.catalogues import values


def stored(folder: Path, digest: str, ids: Sequence[int], hashes: Sequence[bytes]) -> StoredCatalogue:
    """Store some rows."""
    made = StoredCatalogue(folder)
    columns = [pa.array(ids, pa.int64()), pa.array(hashes, HASH)]
    made.add(digest, [pa.RecordBatch.from_arrays(columns, names=["id", "hash"])])
    return made


def test_each_id_is_found_once_with_its_smallest_distance(tmp_path: Path) -> None:
    """Over all shards and searched hashes, nearest first, no more than asked for, and nothing that was removed."""
    one, other, *rest = values(1, 20)
    made = stored(tmp_path, "a", range(20), [one, flipped(one, 5), flipped(one, 31), *rest[:17]])
    stored(tmp_path, "b", [30, 31, 1], [flipped(other, 2), flipped(one, 32), flipped(one, 7)])
    catalogue = CatalogueOfCopies(tmp_path)
    found = catalogue.near([one, other], within_bits=31, limit=9)
    assert found == [FoundCopy("0", 0), FoundCopy("30", 2), FoundCopy("1", 5), FoundCopy("2", 31)]
    assert catalogue.near([one, other], within_bits=31, limit=2) == found[:2]
    assert catalogue.near([], within_bits=31, limit=9) == []
    made.remove(pa.array([0], pa.int64()))
    assert catalogue.near([one], within_bits=4, limit=9) == []


def test_an_empty_store_is_no_answer(tmp_path: Path) -> None:
    """A setting that leads nowhere must not end a search."""
    with pytest.raises(Unavailable, match="noli catalogue add"):
        CatalogueOfCopies(tmp_path / "nowhere").near([bytes(32)], within_bits=31, limit=9)
