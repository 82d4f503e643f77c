# SPDX-License-Identifier: Apache-2.0
"""Noli's PDQ hasher and exact index as an extension of Meta's ``threatexchange`` (the extra ``threatexchange``).

``tx config extensions add noli.integrations.threatexchange`` adds the signal type ``noli_pdq``, beside the built-in
``pdq``. To make ``pdq`` itself fast, with all that exchanges deliver under that name, add
``noli.integrations.threatexchange.builtin`` instead.

Hashes are those of the picture as a viewer shows it: upright and in true colours. They equal the built-in ones where
these are right, up to half a bit on average for JPEG files, and differ where these are not (orientation, palettes,
CMYK). Files are decoded in the calling process; a server that decodes files of strangers should ask Noli's own API,
which decodes in confined processes.
"""

import random
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from threatexchange.content_type.content_base import ContentType
from threatexchange.content_type.photo import PhotoContent
from threatexchange.exchanges.impl.fb_threatexchange_signal import HasFbThreatExchangeIndicatorType
from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest
from threatexchange.signal_type import signal_base
from threatexchange.signal_type.index import (
    IndexMatchUntyped,
    SignalSimilarityInfoWithIntDistance,
    SignalTypeIndex,
)
from threatexchange.signal_type.pdq.signal import PdqSignal as BuiltinPdqSignal

from noli.adapters.decode.pictures import Budget, read_picture
from noli.bank.model import DEFAULT_THRESHOLD_BITS
from noli.base.config import Config
from noli.base.errors import HashFormatError
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import PDQ_BYTES, Hash, Pipeline

T = TypeVar("T")

# What one picture may take, as in a server.
_LIMITS = Config()
_BUDGET = Budget(max_pixels=_LIMITS.max_pixels, max_frames=1, frames_s=_LIMITS.decode_timeout_s)

# Hashes added in one step.
_STEP = 100_000

# Added hashes after which they are folded into the index's base, as a part of all.
_FOLD = 1 / 8


class PdqIndex(SignalTypeIndex[T]):
    """An exact index within 31 bits, in which adding is cheap; entries may be anything."""

    def __init__(self, entries: Iterable[tuple[str, T]] = ()) -> None:
        """Index these entries."""
        super().__init__()
        self.__setstate__((b"", []))
        self.add_all(entries)

    def __len__(self) -> int:
        return len(self._entries)

    def query(self, query: str) -> list[IndexMatchUntyped[SignalSimilarityInfoWithIntDistance, T]]:
        """Find all entries within 31 bits, nearest first.

        Raises:
            ValueError: It is no PDQ hash.
        """
        hits, _ = self._index.search(_bytes(query), DEFAULT_THRESHOLD_BITS, max(1, len(self._entries)))
        return [
            IndexMatchUntyped(SignalSimilarityInfoWithIntDistance(distance), self._entries[number])
            for number, distance in hits
        ]

    def add(self, signal_str: str, entry: T) -> None:
        """Add one entry; it is found at once."""
        self.add_all([(signal_str, entry)])

    def add_all(self, entries: Iterable[tuple[str, T]]) -> None:
        """Add entries; a hash may have several.

        Raises:
            ValueError: One is no PDQ hash; what came before it, in steps of 100,000, has been added.
        """
        remaining = iter(entries)
        while step := list(islice(remaining, _STEP)):
            self._append(_joined([signal for signal, _ in step]), [entry for _, entry in step])
        self._fold()

    def __getstate__(self) -> tuple[bytes, list[T]]:
        """Keep hashes and entries; ``threatexchange`` writes its indexes down with pickle."""
        return bytes(self._hashes), self._entries

    def __setstate__(self, state: tuple[bytes, list[T]]) -> None:
        self._index = HammingIndex()
        self._hashes = bytearray()
        self._entries: list[T] = []
        self._unfolded = 0
        self._append(*state)
        self._fold()

    def _fold(self) -> None:
        if self._unfolded > _FOLD * len(self._entries):
            while self._index.compact():
                pass
            self._unfolded = 0

    def _append(self, hashes: bytes, entries: list[T]) -> None:
        first = len(self._entries)
        self._index.append(hashes, array("Q", range(first, first + len(entries))))
        self._hashes += hashes
        self._entries += entries
        self._unfolded += len(entries)


class PdqSignal(
    signal_base.SimpleSignalType,
    signal_base.BytesHasher,
    HasFbThreatExchangeIndicatorType,
    signal_base.CanGenerateRandomSignal,
):
    """PDQ, hashed and searched by Noli."""

    INDICATOR_TYPE = BuiltinPdqSignal.INDICATOR_TYPE

    @classmethod
    def get_name(cls) -> str:
        """Return a name of its own: no two signal types may share one."""
        return "noli_pdq"

    @classmethod
    def get_content_types(cls) -> list[type[ContentType]]:
        """Return what it hashes."""
        return [PhotoContent]

    @classmethod
    def get_index_cls(cls) -> type[SignalTypeIndex[Any]]:
        """Return the index."""
        return PdqIndex

    @classmethod
    def validate_signal_str(cls, signal_str: str) -> str:
        """Return a hash as it is written everywhere: 64 lower-case hexadecimal digits.

        Raises:
            ValueError: It is none.
        """
        return _bytes(signal_str.strip()).hex()

    @classmethod
    def compare_hash(
        cls, hash1: str, hash2: str, pdq_dist_threshold: int = DEFAULT_THRESHOLD_BITS
    ) -> signal_base.SignalComparisonResult:
        """Compare two hashes by the bits in which they differ."""
        distance = (int.from_bytes(_bytes(hash1)) ^ int.from_bytes(_bytes(hash2))).bit_count()
        return signal_base.SignalComparisonResult.from_simple_dist(distance, pdq_dist_threshold)

    @classmethod
    def hash_from_bytes(cls, bytes_: bytes) -> str:
        """Hash a picture file; empty where it is none, or too flat to tell from others."""
        reading = read_picture(bytes_, pipeline=Pipeline.FULL, budget=_BUDGET)
        return next((one.hex for one in reading.hashes if one.usable), "")

    @classmethod
    def get_random_signal(cls) -> str:
        """Make a hash up, for load tests."""
        return random.randbytes(32).hex()  # noqa: S311, TID251 - made-up load, nothing secret

    @staticmethod
    def get_examples() -> list[str]:
        """Return the examples that the built-in type has."""
        return list(BuiltinPdqSignal.get_examples())


def _joined(signals: Sequence[str]) -> bytes:
    """Read many hashes at once, and one by one where that fails, to say which is wrong."""
    if all(len(signal) == 2 * PDQ_BYTES for signal in signals):
        with suppress(ValueError):
            hashes = bytes.fromhex("".join(signals))
            if len(hashes) == PDQ_BYTES * len(signals):
                return hashes
    return b"".join(map(_bytes, signals))


def _bytes(signal: str) -> bytes:
    try:
        return Hash.from_hex(signal).value
    except HashFormatError as error:
        raise ValueError(error.public) from error


TX_MANIFEST = ThreatExchangeExtensionManifest(signal_types=(PdqSignal,))
