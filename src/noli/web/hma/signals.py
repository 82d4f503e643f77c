# SPDX-License-Identifier: Apache-2.0
"""Signals as texts, as ``threatexchange`` writes them: PDQ in hexadecimal, vPDQ as a JSON list of frames."""

from collections.abc import Iterable, Sequence

import msgspec

from noli.base.errors import HashFormatError
from noli.hashing.model import Hash, SignalType, Variant
from noli.web.hma.shapes import PDQ, VPDQ

# Frames of one video: as many as a call of our own interface may bring.
_MAX_FRAMES = 10_000

_frames = msgspec.json.Decoder(list[str])


def written(hashes: Sequence[Hash]) -> dict[str, str]:
    """Write the signal of a file, of all hashes that stand for it; a picture too flat to tell has an empty one."""
    plain = [one for one in hashes if one.variant is Variant.ORIGINAL and one.usable]
    if any(one.type is SignalType.VPDQ for one in plain):
        return {VPDQ: msgspec.json.encode([_frame(one) for one in plain]).decode()}
    return {PDQ: plain[0].hex if plain else ""}


def read(text: str, signal_type: str) -> tuple[Hash, ...]:
    """Read a signal. Raises HashFormatError."""
    if signal_type != VPDQ:
        return (Hash.from_hex(text.strip(), signal_type=signal_type),)
    try:
        found = tuple(_read_frames(_frames.decode(text)))
    except (msgspec.MsgspecError, ValueError) as error:
        msg = "A vPDQ signal is a JSON list of texts 'hash,quality,seconds'."
        raise HashFormatError(msg) from error
    if not 0 < len(found) <= _MAX_FRAMES:
        msg = f"A video has 1 to {_MAX_FRAMES} frames here."
        raise HashFormatError(msg)
    return found


def _read_frames(frames: Iterable[str]) -> Iterable[Hash]:
    for frame in frames:
        value, quality, seconds = frame.split(",")
        yield Hash.from_hex(value, quality=int(quality), signal_type=VPDQ, at_ms=round(1000 * float(seconds)))


def _frame(one: Hash) -> str:
    return f"{one.hex},{one.quality or 0},{(one.at_ms or 0) / 1000:.3f}"
