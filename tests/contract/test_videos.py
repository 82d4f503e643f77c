# SPDX-License-Identifier: Apache-2.0
"""Copies of videos are found in videos, and other videos are not: Meta's clips, edits of them, takes of one scene."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from PIL import Image

from noli.access.model import ApiKey, Scope
from noli.adapters.decode import VideoPool
from noli.app import App
from noli.bank.model import DEFAULT_VIDEO_SECONDS, DEFAULT_VIDEO_SHARE, Action, BankPolicy, NewEntry, Provenance
from noli.base.clock import SystemClock
from noli.base.config import Config
from noli.cli import store
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import Reading
from noli.matching.model import Segment, Verdict
from noli.matching.service import Upload
from noli.matching.videos import compared
from tests.support import clips as drawn_clips
from tests.support import video_edits
from tests.support.media import drawn
from tests.support.shared import shared_data

#: Most seconds by which the place of a copy may be wrong.
_OFF_S = 1.0

_EDITS = ("re-encoded at a low bit rate", "black bars", "mirrored", "1.25x speed", "5 s in a compilation")

Read = Callable[..., Reading]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """Hash a file, once in all tests of the module."""
    pool = VideoPool(timeout_s=120)
    kept: dict[tuple[Path, bool], Reading] = {}

    def once(path: Path, *, thorough: bool = False) -> Reading:
        if (path, thorough) not in kept:
            with path.open("rb") as file:
                kept[path, thorough] = pool.read(file, thorough=thorough)
        return kept[path, thorough]

    yield once
    pool.close()


def found(upload: Reading, banked: Reading) -> Segment | None:
    """What a check of an upload says about a banked video."""
    hashes = zip(upload.hashes, upload.copies, strict=True)
    return compared(
        [(one.at_ms or 0, (one.value, *copies)) for one, copies in hashes],
        [(one.at_ms or 0, one.value) for one in banked.variants],
        threshold_bits=31,
        new_index=HammingIndex,
    )


def blocks(segment: Segment | None) -> bool:
    """Whether that is enough for a bank's action."""
    return (
        segment is not None
        and segment.firm
        and (segment.seconds >= DEFAULT_VIDEO_SECONDS or segment.share >= DEFAULT_VIDEO_SHARE)
    )


def test_metas_edited_clips_are_found_both_ways(read: Read) -> None:
    """Each cut, grey and marked clip is found from the other and the other way round; pattern and chair never are."""
    names = ("chair-19-sd-bar", "chair-orig-22-sd-bar", "pattern-sd-grey-bar", "pattern-sd-with-small-logo-bar")
    paths = [shared_data("videos", f"{name}.mp4") for name in names]
    for one, other in permutations(paths, 2):
        segment = found(read(one), read(other, thorough=True))
        assert (segment is not None) == (one.stem[:5] == other.stem[:5]), (one.name, other.name)
        assert segment is None or segment.seconds >= DEFAULT_VIDEO_SECONDS, (one.name, other.name)


def test_takes_of_one_scene_never_block(read: Read) -> None:
    """One person in one room, again and again: hardly a pair is for a person to look at, and none is blocked."""
    paths = sorted(shared_data("everyday", "videos").glob("asl_*"))
    assert len(paths) >= 12
    segments = [found(read(one), read(other, thorough=True)) for one, other in permutations(paths, 2)]
    assert not any(map(blocks, segments))
    assert sum(segment is not None for segment in segments) <= len(segments) // 100


@pytest.fixture(scope="module")
def clips() -> list[video_edits.Clip]:
    """The clip that is copied, and one to put around it."""
    names = ("pattern-sd-grey-bar", "chair-19-sd-bar")
    return [video_edits.load(shared_data("videos", f"{name}.mp4"), longest=6.5, side=320) for name in names]


@pytest.mark.parametrize("edit", _EDITS)
def test_edited_copies_are_blocked_with_their_place(
    read: Read, clips: list[video_edits.Clip], tmp_path: Path, edit: str
) -> None:
    """What apps do to a video leaves it found, and the place is right to the second."""
    original = video_edits.write(tmp_path / "original.mp4", clips[0].frames, crf=18)
    places = video_edits.made(edit, clips[0], clips[1:], tmp_path / "copy.mp4")
    segment = found(read(tmp_path / "copy.mp4"), read(original, thorough=True))
    assert blocks(segment)
    assert segment is not None
    (place,) = places
    told = (segment.start_ms, segment.end_ms, segment.banked_start_ms, segment.banked_end_ms)
    wanted = (place.start, place.end, place.original_start, place.original_end)
    assert max(abs(ms / 1000 - s) for ms, s in zip(told, wanted, strict=True)) <= _OFF_S


def pan(seed: int, *, frames: int, step: int) -> list[Image.Image]:
    """A camera that moves past drawings, so many pixels a frame, five frames a second."""
    wide = Image.new("RGB", (320 * (2 + step * frames // 320), 240))
    for number in range(wide.width // 320):
        wide.paste(drawn(seed=seed + number, width=320, height=240), (320 * number, 0))
    return [wide.crop((step * number, 0, step * number + 320, 240)) for number in range(frames)]


def test_five_seconds_are_found_between_distant_key_frames(read: Read, tmp_path: Path) -> None:
    """Between two cuts and without a key frame, in a video of which only what is around the part is decoded."""
    original = pan(71, frames=60, step=10)
    shown = [*pan(81, frames=112, step=2), *original[15:40], *pan(91, frames=103, step=2)]
    videos = {name: tmp_path / f"{name}.mp4" for name in ("original", "long")}
    for path, frames in zip(videos.values(), (original, shown), strict=True):
        drawn_clips.encoded(path, frames, codec="libx264", rate=5, key_every=50)
    key = ApiKey("platform", frozenset({Scope.CHECKS}), SystemClock().now())
    with closing(App.open(Config(data=tmp_path / "data", video_workers=1))) as app, videos["long"].open("rb") as file:
        store.create_bank(app, "banked", BankPolicy(Action.BLOCK))
        variants = read(videos["original"], thorough=True).variants
        store.add_entries(app, "banked", [NewEntry(variants, Provenance("test"))])
        app.indexes.load(app.store)
        upload = app.hasher.read_video(file, closer=app.closer(None))
        decision = app.checker.check(Upload.of(upload), key=key).decision
        app.config = replace(app.config, video_every_second="on")
        assert app.closer(None) is None
    assert decision.verdict is Verdict.BLOCK
    segment = decision.matches[0].neighbour.segment
    assert segment is not None
    told = (segment.start_ms, segment.end_ms, segment.banked_start_ms, segment.banked_end_ms)
    assert max(abs(ms - right) for ms, right in zip(told, (22_400, 27_400, 3000, 8000), strict=True)) <= 1000 * _OFF_S
    elsewhere = [each.at_ms or 0 for each in upload.frames if not 20_000 <= (each.at_ms or 0) < 30_000]
    assert elsewhere == [0, 10_000, 30_000, 40_000]
