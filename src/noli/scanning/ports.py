# SPDX-License-Identifier: Apache-2.0
"""What a scan needs from outside: an index that many queries are joined with at once."""

from typing import Protocol

from typing_extensions import Buffer


class JoinIndex(Protocol):
    """The part of the kernel's ``Index`` that a scan calls (contract in ``native/index.h``)."""

    def join(self, queries: Buffer, limit_bits: int, max_neighbours: int, /) -> tuple[bytes, bytes, bytes, bytes]:
        """Return query position (uint32), id (uint64), distance (uint8) of every hit; positions that had more."""
        ...
