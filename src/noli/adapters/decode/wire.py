# SPDX-License-Identifier: Apache-2.0
"""What the pool and its children say to each other: framed messages over two pipes, files in shared memory.

A request is ``REQUEST`` (what to do, length of the file); the file lies at the start of the memory that both have
mapped. An answer is ``ANSWER`` (length) and that many bytes of JSON. The child may have been taken over by what it
decoded, so its answers are parsed as strictly as any other untrusted input and never unpickled, and nothing is read
back from the shared memory.
"""

import json
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from enum import IntEnum

from noli.base.errors import HashFormatError
from noli.hashing.model import (
    DIHEDRAL,
    LOOKS_MOST,
    MAX_QUALITY,
    MAX_TIME_MS,
    PDQ_BYTES,
    STRETCHES,
    Frame,
    Hash,
    Outcome,
    Pipeline,
    Reading,
    Regions,
    Variant,
)

#: What to do (``Ask``), bytes of the file.
REQUEST = struct.Struct("<BQ")

#: Bytes of JSON that follow.
ANSWER = struct.Struct("<I")

#: Before the file of a preview: longest side in pixels, and whether without colours.
LOOK = struct.Struct("<H?")

#: Longest side of a preview, in pixels.
MAX_SIDE = 400

#: Longest answer that is believed, in bytes: some thousand frames.
MAX_ANSWER_BYTES = 4 * 1024 * 1024


# Why a child shows nothing.
_NOT_SHOWN = frozenset({Outcome.UNSUPPORTED, Outcome.CORRUPT, Outcome.TOO_LARGE, Outcome.TIMED_OUT})


class Ask(IntEnum):
    """What a child is asked to do."""

    READ = 0
    READ_NEAREST_512 = 1
    READ_WITH_CROPS = 3
    READ_WITH_REGIONS = 4
    READ_WITH_LOOKS = 6
    READ_WITH_REGIONS_AND_LOOKS = 7
    #: Make a small picture to look at; the file follows ``LOOK``.
    PREVIEW = 5
    #: Try what is forbidden and tell what happened.
    TRY_TO_ESCAPE = 2


#: How a check asks, by whether it wants regions and a second look.
ASK_FOR = {
    (False, False): Ask.READ,
    (True, False): Ask.READ_WITH_REGIONS,
    (False, True): Ask.READ_WITH_LOOKS,
    (True, True): Ask.READ_WITH_REGIONS_AND_LOOKS,
}


def reading_to_json(reading: Reading) -> bytes:
    """Write a reading for the pipe."""
    return json.dumps(
        {
            "outcome": reading.outcome,
            "reason": reading.reason,
            "pipeline": reading.pipeline,
            "width": reading.width,
            "height": reading.height,
            "frames": [
                [
                    b"".join(f.dihedral).hex(),
                    f.quality,
                    f.number,
                    [[c.hex, c.quality, c.variant] for c in f.crops],
                    [regions_to_json(each) for each in (f.regions, *f.stretched)],
                    b"".join(f.inner).hex(),
                    f.inner_quality,
                    b64encode(f.looks).decode("ascii"),
                ]
                for f in reading.frames
            ],
        },
        separators=(",", ":"),
    ).encode()


def reading_from_json(text: bytes) -> Reading:
    """Parse a child's answer.

    Raises:
        ValueError: It is not a reading.
    """
    try:
        said = json.loads(text)
        return Reading(
            outcome=Outcome(said["outcome"]),
            frames=tuple(_frame(*frame) for frame in said["frames"]),
            reason=str(said["reason"]),
            pipeline=Pipeline(said["pipeline"]),
            width=int(said["width"]),
            height=int(said["height"]),
        )
    except (KeyError, TypeError, RecursionError, OverflowError, HashFormatError) as error:
        msg = "the answer is not a reading"
        raise ValueError(msg) from error


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture: rows of grey or RGB pixels; of a video the time that it shows, and how long the video is."""

    width: int
    height: int
    grey: bool
    pixels: bytes
    at_ms: int | None = None
    duration_ms: int = 0


def preview_to_json(preview: Preview | Outcome) -> bytes:
    """Write a preview for the pipe, or why there is none."""
    if isinstance(preview, Outcome):
        return json.dumps(preview).encode()
    pixels = b64encode(preview.pixels).decode("ascii")
    said = [preview.width, preview.height, preview.grey, pixels, preview.at_ms, preview.duration_ms]
    return json.dumps(said).encode()


def preview_from_json(text: bytes) -> Preview | Outcome:
    """Parse a child's preview.

    Raises:
        ValueError: It is none, and no reason for none.
    """
    match json.loads(text):
        case str(why) if why in _NOT_SHOWN:
            return Outcome(why)
        case [int(width), int(height), bool(grey), str(coded), int() | None as at_ms, int(duration_ms)] if (
            0 < width <= MAX_SIDE
            and 0 < height <= MAX_SIDE
            and 0 <= (at_ms or 0) <= MAX_TIME_MS
            and 0 <= duration_ms <= MAX_TIME_MS
        ):
            pixels = b64decode(coded, validate=True)
            if len(pixels) == width * height * (1 if grey else 3):
                return Preview(width, height, grey, pixels, at_ms, duration_ms)
    msg = "the answer is not a preview"
    raise ValueError(msg)


def dihedral_hashes(joined: bytes) -> tuple[bytes, ...]:
    """Cut the kernel's (8 x 32,) bytes into the hashes of the eight forms, in the order of ``DIHEDRAL``.

    Raises:
        ValueError: There are not exactly eight.
    """
    if len(joined) != PDQ_BYTES * len(DIHEDRAL):
        msg = "not eight hashes"
        raise ValueError(msg)
    return tuple(joined[at : at + PDQ_BYTES] for at in range(0, len(joined), PDQ_BYTES))


def _frame(
    hashes: object,
    quality: object,
    number: object,
    crops: object,
    regions: object,
    inner: object,
    inner_quality: object,
    looks: object,
) -> Frame:
    """Parse one frame of an answer."""
    match hashes, quality, number, crops, regions, inner, inner_quality, looks:
        case str(), int(), int(), list(), [own, *forms], str(), int(), str() if (
            len(forms) <= len(STRETCHES) + 1
            and 0 <= quality <= MAX_QUALITY
            and 0 <= inner_quality <= MAX_QUALITY
            and number >= 0
        ):
            dihedral = dihedral_hashes(bytes.fromhex(hashes))
            return Frame(
                dihedral,
                quality,
                number,
                tuple(_crop(*crop) for crop in crops),
                inner=dihedral_hashes(bytes.fromhex(inner)) if inner else (),
                inner_quality=inner_quality,
                regions=regions_from_json(own),
                looks=_looks(looks),
                stretched=tuple(form for each in forms if (form := regions_from_json(each)) is not None),
            )
    msg = "not a frame"
    raise ValueError(msg)


def regions_to_json(regions: Regions | None) -> list[object] | None:
    """Write regions: width, height, places and frequencies."""
    if regions is None:
        return None
    return [*regions.size, b64encode(regions.places).decode("ascii"), b64encode(regions.coefs).decode("ascii")]


def regions_from_json(said: object) -> Regions | None:
    """Parse the regions of a frame."""
    match said:
        case None:
            return None
        case [int(width), int(height), str(places), str(coefs)]:
            return Regions((width, height), b64decode(places, validate=True), b64decode(coefs, validate=True))
    msg = "not regions"
    raise ValueError(msg)


def _looks(coded: str) -> bytes:
    """Parse the second look at a frame."""
    looks = b64decode(coded, validate=True)
    if len(looks) % PDQ_BYTES or len(looks) > LOOKS_MOST * PDQ_BYTES:
        msg = "not a second look"
        raise ValueError(msg)
    return looks


def _crop(value: object, quality: object, variant: object) -> Hash:
    """Parse one crop of a frame."""
    match value, quality, variant:
        case str(), int(), str():
            return replace(Hash.from_hex(value, quality=quality), variant=Variant(variant))
    msg = "not a crop"
    raise ValueError(msg)
