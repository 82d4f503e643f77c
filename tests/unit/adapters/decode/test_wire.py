# SPDX-License-Identifier: Apache-2.0
"""What comes back over the pipe is a reading, or refused."""

import base64
import json
from dataclasses import replace

import pytest

from noli.adapters.decode.wire import (
    Preview,
    dihedral_hashes,
    preview_from_json,
    preview_to_json,
    reading_from_json,
    reading_to_json,
)
from noli.hashing.model import Frame, Hash, Outcome, Pipeline, Reading, Regions, Variant
from tests.support.bits import some_hash

CROP = Hash(some_hash(9), 80, variant=Variant.INSET_5)
REGIONS = Regions((32768, 9), bytes(range(8)), bytes(256))
FRAME = Frame(
    tuple(some_hash(n) for n in range(8)),
    90,
    3,
    (CROP,),
    inner=tuple(some_hash(n) for n in range(20, 28)),
    inner_quality=70,
    regions=REGIONS,
    looks=some_hash(30) + some_hash(31),
    stretched=(REGIONS, REGIONS),
)
PLACE, COEFS = "AAECAwQFBgc=", "A" * 342 + "=="
READING = Reading(Outcome.HASHED, (FRAME,), "why", Pipeline.NEAREST_512, 640, 480)


def test_a_reading_crosses_the_pipe_unchanged() -> None:
    """Outcome, frames with their crops and regions, reason, pipeline and size."""
    assert reading_from_json(reading_to_json(READING)) == READING


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "fine"},
        {"frames": None},
        {"frames": [["00" * 255, 90, 0, [], [None], "", 0, ""]]},
        {"frames": [["zz" * 256, 90, 0, [], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 101, 0, [], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, -1, [], [None], "", 0, ""]]},
        {"frames": [["00" * 256, "90", 0, [], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, None, [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [["00" * 31, 90, "inset-5"]], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [["00" * 32, 101, "inset-5"]], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [["00" * 32, 90, "inset-6"]], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [["00" * 32, None, "inset-5"]], [None], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32768, 9, PLACE]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32768, 9, PLACE, ""]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32768, 0, "", ""]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32769, 9, "", ""]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32768, 9, "*", ""]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32768, 9, "A" * 12, COEFS]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [[32768, 9, "A" * 11 + "=", COEFS]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [None], "00", 90, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [None], "", 101, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [None], "", 0, None]]},
        {"frames": [["00" * 256, 90, 0, [], [None], "", 0, "*"]]},
        {"frames": [["00" * 256, 90, 0, [], [None], "", 0, "AA=="]]},
        {"frames": [["00" * 256, 90, 0, [], [None], "", 0, base64.b64encode(bytes(32 * 769)).decode()]]},
        {"frames": [["00" * 256, 90, 0, [], None, "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [None, [32768, 9, "*", ""]], "", 0, ""]]},
        {"frames": [["00" * 256, 90, 0, [], [None] * 7, "", 0, ""]]},
        {"width": "wide"},
        {"width": 1e400},
    ],
)
def test_an_answer_that_is_no_reading_is_refused(change: dict[str, object]) -> None:
    """A child that was taken over can say what it likes; it is not believed."""
    said = json.loads(reading_to_json(READING)) | change
    with pytest.raises(ValueError, match=r"."):
        reading_from_json(json.dumps(said).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"null", b"[" * 100_000])
def test_an_answer_that_is_something_else_is_refused(text: bytes) -> None:
    """Nothing, another value, or nesting without end."""
    with pytest.raises(ValueError, match=r"."):
        reading_from_json(text)


def test_eight_hashes_are_eight() -> None:
    """No more, no fewer."""
    with pytest.raises(ValueError, match="eight"):
        dihedral_hashes(bytes(32 * 7))


def test_a_preview_survives_the_pipe() -> None:
    """Grey or in colours, of a picture or a video, or why there is none."""
    grey, coloured = Preview(2, 1, grey=True, pixels=b"ab"), Preview(1, 2, grey=False, pixels=b"abcdef")
    for preview in (grey, coloured, replace(grey, at_ms=0, duration_ms=4000), Outcome.CORRUPT, Outcome.TIMED_OUT):
        assert preview_from_json(preview_to_json(preview)) == preview


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b"7",
        b"null",
        b'"hashed"',
        b'[1,1,true,"YQ=="]',
        b'[2,1,true,"YQ==",null,0]',
        b'[9999,1,true,"YQ==",null,0]',
        b'[1,1,true,"?",null,0]',
        b'[1,1,true,"YQ==",-1,0]',
        b'[1,1,true,"YQ==",0,1e99]',
    ],
)
def test_what_is_no_preview_is_refused(said: bytes) -> None:
    """A child that was taken over cannot make more of a preview than pixels of the size that it says."""
    with pytest.raises(ValueError, match=r"."):
        preview_from_json(said)
