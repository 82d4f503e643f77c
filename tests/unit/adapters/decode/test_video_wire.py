# SPDX-License-Identifier: Apache-2.0
"""What a child says of a video is a portion or an ending, or refused."""

import json

import pytest

from noli.adapters.decode.video_wire import Ended, ending_to_json, portion_from_json, portion_to_json
from noli.hashing.model import Frame, Outcome, Regions
from tests.support.bits import some_hash

FORMS = tuple(some_hash(n) for n in range(8))
REGIONS = Regions((32768, 20000), bytes(range(1, 17)), bytes(512))
FRAMES = (
    Frame(FORMS, 90, 3, at_ms=120),
    Frame(FORMS, 80, 4, regions=REGIONS, at_ms=160, inner=FORMS[::-1], inner_quality=70),
)
ENDED = Ended(Outcome.HASHED, "why", 640, 480, 1000)


def test_frames_cross_unchanged() -> None:
    """Hashes, quality, number, time and what lies inside bars; then what became of the video."""
    portion = portion_from_json(portion_to_json(FRAMES, 250))
    assert (portion.frames, portion.done, portion.ended) == (FRAMES, 0.25, None)
    assert portion_from_json(ending_to_json(ENDED)).ended == ENDED


@pytest.mark.parametrize(
    "change",
    [
        {"frames": None},
        {"done": "much"},
        {"outcome": "fine"},
        {"width": 1e400},
        {"frames": [["00" * 255, 90, 0, 0, "", 0, None]]},
        {"frames": [["00" * 256, 101, 0, 0, "", 0, None]]},
        {"frames": [["00" * 256, 90, -1, 0, "", 0, None]]},
        {"frames": [["00" * 256, 90, 0, -1, "", 0, None]]},
        {"frames": [["00" * 256, 90, 0, 10**12, "", 0, None]]},
        {"frames": [["00" * 256, 90, 0, 0, "00", 0, None]]},
        {"frames": [["00" * 256, 90, 0, 0, None, 0, None]]},
        {"frames": [["00" * 256, 90, 0, 0, "", 0, [1]]]},
        {"frames": [[]]},
    ],
)
def test_what_is_neither_is_refused(change: dict[str, object]) -> None:
    """A child that was taken over can say what it likes; it is not believed."""
    said = json.loads(ending_to_json(ENDED)) | change
    with pytest.raises(ValueError, match=r"."):
        portion_from_json(json.dumps(said).encode())
