# SPDX-License-Identifier: Apache-2.0
"""What the server and a child that reads one video say to each other, over a socket pair.

The server sends one message with the file's descriptor: ``TASK`` and JSON, what is wanted. The child answers with
messages of ``ANSWER`` (length) and JSON: its protections, then portions of frames with the share that is done, and last
what became of the video; or one preview, where that is wanted. The child may have been taken over by what it decoded,
so its answers are parsed as strictly as any other untrusted input.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from noli.adapters.decode.wire import dihedral_hashes, regions_from_json, regions_to_json
from noli.base.errors import HashFormatError
from noli.hashing.model import MAX_QUALITY, MAX_TIME_MS, Frame, Outcome

#: Bytes of JSON that follow.
ANSWER = struct.Struct("<I")

#: Longest answer that is believed, in bytes.
MAX_ANSWER_BYTES = 1024 * 1024

#: Longest task, in bytes.
MAX_TASK_BYTES = 4096

#: Videos of less than half a minute, in milliseconds, are looked at as closely as can be whatever is asked.
SHORT_MS = 30_000

#: Frames of one portion at most.
PORTION = 64

#: Frames of one video that are believed: every single frame of an hour and a half.
MAX_FRAMES = 500_000


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a video whose frames have been handed on."""

    outcome: Outcome
    reason: str = ""
    width: int = 0
    height: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of an answer.

    Attributes:
        frames: Frames made since the portion before.
        done: Share that is done, 0-1.
        ended: What became of the video; None while it goes on.
    """

    frames: tuple[Frame, ...]
    done: float
    ended: Ended | None = None


def portion_to_json(frames: Sequence[Frame], thousandths: int) -> bytes:
    """Write frames and the share that is done."""
    said = [
        [
            b"".join(f.dihedral).hex(),
            f.quality,
            f.number,
            f.at_ms,
            b"".join(f.inner).hex(),
            f.inner_quality,
            regions_to_json(f.regions),
        ]
        for f in frames
    ]
    return json.dumps({"frames": said, "done": thousandths}, separators=(",", ":")).encode()


def ending_to_json(ended: Ended) -> bytes:
    """Write what became of a video; its frames have been written before."""
    return json.dumps(
        {
            "frames": [],
            "done": 1000,
            "outcome": ended.outcome,
            "reason": ended.reason,
            "width": ended.width,
            "height": ended.height,
            "duration_ms": ended.duration_ms,
        }
    ).encode()


def portion_from_json(text: bytes) -> Portion:
    """Parse a child's answer.

    Raises:
        ValueError: It is not one.
    """
    try:
        said = json.loads(text)
        frames = tuple(_frame(*frame) for frame in said["frames"])
        done = min(1000, max(0, int(said["done"]))) / 1000
        if "outcome" not in said:
            return Portion(frames, done)
        duration_ms = max(0, min(MAX_TIME_MS, int(said["duration_ms"])))
        size = int(said["width"]), int(said["height"])
        ended = Ended(Outcome(said["outcome"]), str(said["reason"]), *size, duration_ms)
    except (KeyError, TypeError, RecursionError, OverflowError, HashFormatError) as error:
        msg = "the answer is not one about a video"
        raise ValueError(msg) from error
    return Portion(frames, done, ended)


def _frame(
    hashes: object,
    quality: object,
    number: object,
    at_ms: object,
    inner: object,
    inner_quality: object,
    regions: object,
) -> Frame:
    match hashes, quality, number, at_ms, inner, inner_quality:
        case str(), int(), int(), int(), str(), int() if (
            0 <= quality <= MAX_QUALITY and 0 <= inner_quality <= MAX_QUALITY and number >= 0 <= at_ms <= MAX_TIME_MS
        ):
            return Frame(
                dihedral_hashes(bytes.fromhex(hashes)),
                quality,
                number,
                regions=regions_from_json(regions),
                at_ms=at_ms,
                inner=dihedral_hashes(bytes.fromhex(inner)) if inner else (),
                inner_quality=inner_quality,
            )
    msg = "not a frame"
    raise ValueError(msg)
