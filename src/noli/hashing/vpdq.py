# SPDX-License-Identifier: Apache-2.0
"""Meta's text form of a video's hashes, as its vPDQ tool writes it: ``frame,quality,pdq,timestamp`` a line.

Source: facebook/ThreatExchange vpdq/README.md, "vpdq-hash-video". The time stamp is in seconds.
"""

import re
from collections.abc import Iterable, Iterator

from noli.base.errors import HashFormatError
from noli.hashing.model import Frame, Hash, SignalType

_LINE = re.compile(r"\s*\d{1,9},(\d{1,3}),([0-9a-fA-F]{64}),(\d{1,9}(?:\.\d{1,9})?)\s*")


def is_vpdq(line: str) -> bool:
    """Tell whether a line is one of a vPDQ file."""
    return _LINE.fullmatch(line) is not None


def parse(line: str) -> Hash:
    """Read one line.

    Raises:
        HashFormatError: It is none, or states what cannot be.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        msg = "Expected 'frame,quality,pdq,timestamp'."
        raise HashFormatError(msg)
    quality, value, seconds = found.groups()
    return Hash(bytes.fromhex(value), int(quality), SignalType.VPDQ, at_ms=round(float(seconds) * 1000))


def written(frames: Iterable[Frame]) -> Iterator[str]:
    """Write frames of a video, a line each."""
    for frame in frames:
        yield f"{frame.number},{frame.quality},{frame.dihedral[0].hex()},{(frame.at_ms or 0) / 1000:.3f}"
