# SPDX-License-Identifier: Apache-2.0
"""Copies of what was removed, searched among a stored catalogue: ``notices.ports.Catalogue``."""

from collections.abc import Sequence
from pathlib import Path

from noli.adapters.scan.stored import StoredCatalogue
from noli.base.errors import Unavailable
from noli.notices.ports import FoundCopy


class CatalogueOfCopies:
    """A stored catalogue that is searched for a few hashes at a time."""

    def __init__(self, folder: Path) -> None:
        """Name its folder; it is read anew each time, since it grows every night."""
        self._stored = StoredCatalogue(folder)

    def near(self, hashes: Sequence[bytes], *, within_bits: int, limit: int) -> list[FoundCopy]:
        """Find what is near any of some hashes."""
        if not self._stored.page().shards:
            msg = f"Nothing is stored in {self._stored.folder}; 'noli catalogue add' stores a catalogue."
            raise Unavailable(msg)
        wanted, joined = [int.from_bytes(each) for each in hashes], b"".join(hashes)
        nearest: dict[str, int] = {}
        for batch in self._stored.near([(joined, within_bits)] if joined else []):
            for id_, hash_ in zip(batch.column("id").to_pylist(), batch.column("hash").to_pylist(), strict=True):
                value = int.from_bytes(hash_)
                distance = min((value ^ each).bit_count() for each in wanted)
                nearest[str(id_)] = min(distance, nearest.get(str(id_), distance))
        found = sorted(nearest.items(), key=lambda each: (each[1], each[0]))
        return [FoundCopy(ref, distance) for ref, distance in found[:limit]]
