# SPDX-License-Identifier: Apache-2.0
"""Meta's text form of a video's hashes."""

import pytest

from noli.base.errors import HashFormatError
from noli.hashing.model import Frame, Hash, SignalType
from noli.hashing.vpdq import is_vpdq, parse, written
from tests.support.bits import some_hash


def test_what_is_written_is_read() -> None:
    """A line has number, quality, hash and seconds; reading it gives the hash with its time."""
    frames = [Frame((some_hash(1),) * 8, 87, 30, at_ms=1001), Frame((some_hash(2),) * 8, 100, 60, at_ms=2002)]
    lines = list(written(frames))
    assert lines[0] == f"30,87,{some_hash(1).hex()},1.001"
    assert all(map(is_vpdq, lines))
    assert [parse(line) for line in lines] == [
        Hash(some_hash(1), 87, SignalType.VPDQ, at_ms=1001),
        Hash(some_hash(2), 100, SignalType.VPDQ, at_ms=2002),
    ]


@pytest.mark.parametrize("line", ["", "hash,quality", f"0,100,{'0' * 63},0.0", f"0,100,{'0' * 64}", "0,101,{},0"])
def test_other_lines_are_refused(line: str) -> None:
    """A header, a short hash, a missing time, and a quality that cannot be."""
    with pytest.raises(HashFormatError):
        parse(line.format("0" * 64))
