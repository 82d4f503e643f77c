# SPDX-License-Identifier: Apache-2.0
"""Videos hashed in the page: the frames that another decoder sees at the same times, and nothing of flat ones."""

import itertools
import statistics
from pathlib import Path
from typing import Any

import pytest

from noli.hashing.model import DIHEDRAL
from tests.browser.conftest import ServerHashes
from tests.support import clips
from tests.support.hashing_page import Visit
from tests.support.shared import shared_data

#: Bits between the page and ffmpeg for one frame.
_MOST = 16


def distances(result: dict[str, Any], path: Path) -> list[int]:
    """How far each frame of the page is from what ffmpeg sees at its time."""
    ours = {each["at_ms"]: each["value"] for each in result["hashes"] if each["variant"] == "original"}
    theirs = clips.seen_at(path, list(ours))
    assert theirs.keys() == ours.keys()
    return [(int(ours[at], 16) ^ int(theirs[at], 16)).bit_count() for at in ours]


def _apart(page: dict[str, Any], server: dict[str, Any]) -> list[int]:
    """How far each frame of the page is from the server's at the same time; the server may have more."""
    theirs = {each["at_ms"]: int(each["value"], 16) for each in server["hashes"]}
    ours = {each["at_ms"]: int(each["value"], 16) for each in page["hashes"] if each["variant"] == "original"}
    assert ours
    assert ours.keys() <= theirs.keys()
    return [(value ^ theirs[at]).bit_count() for at, value in ours.items()]


@pytest.mark.parametrize("name", ["clip.webm", "clip.mp4", "clip.mkv"])
def test_drawn_clips_give_a_frame_a_second(visit: Visit, tmp_path: Path, name: str) -> None:
    """A clip is hashed once a second, in all eight forms, with the frame that it shows at that time."""
    codec = "libx264" if name.endswith("mp4") else "libvpx"
    path = clips.encoded(tmp_path / name, clips.scenes(seconds=6), codec=codec)
    (result,) = visit.hash([path])
    assert (result["kind"], result["outcome"]) == ("video", "hashed")
    at = [each["at_ms"] for each in result["hashes"]]
    assert at == [1000 * second for second in range(6) for _ in DIHEDRAL]
    assert [each["variant"] for each in result["hashes"][:8]] == [str(form) for form in DIHEDRAL]
    assert max(distances(result, path)) <= _MOST
    assert result["progress"][-1] == 1


def test_shared_videos_show_what_ffmpeg_and_the_server_see(visit: Visit, server_hashes: ServerHashes) -> None:
    """The frames of every shared video are those that ffmpeg decodes at these times, most within 2 bits.

    The server hashes the same frames as the page, and more.
    """
    files = sorted(shared_data("videos").glob("*.mp4"))
    results = visit.hash(files)
    apart = [distances(result, path) for result, path in zip(results, files, strict=True)]
    assert statistics.median(itertools.chain(*apart)) <= 2
    assert max(itertools.chain(*apart)) <= _MOST
    for page, server in zip(results, server_hashes(files), strict=True):
        assert max(_apart(page, server)) <= _MOST, server["file"]


def test_flat_frames_are_dropped(visit: Visit, tmp_path: Path) -> None:
    """Black seconds of a video are not registered; a video of nothing else says that it shows too little."""
    frames = itertools.chain(clips.flat(seconds=2), clips.scenes(seconds=2), clips.flat(seconds=1))
    mixed = clips.encoded(tmp_path / "mixed.webm", frames)
    black = clips.encoded(tmp_path / "black.webm", clips.flat(seconds=3))
    shown, nothing = visit.hash([mixed, black])
    assert {each["at_ms"] for each in shown["hashes"]} == {2000, 3000}
    assert (nothing["kind"], nothing["outcome"], nothing["hashes"]) == ("video", "low_quality", [])


def test_a_short_clip_still_gives_frames(visit: Visit, server_hashes: ServerHashes, tmp_path: Path) -> None:
    """A clip of one second is not reduced to its first frame; the server takes the same ones."""
    path = clips.encoded(tmp_path / "short.webm", clips.scenes(seconds=1))
    (result,) = visit.hash([path])
    at = {each["at_ms"] for each in result["hashes"]}
    assert len(at) == 4
    assert at <= {each["at_ms"] for each in server_hashes([path])[0]["hashes"]}


def test_distant_key_frames_make_no_difference(visit: Visit, server_hashes: ServerHashes, tmp_path: Path) -> None:
    """Of a longer video with few key frames the page and the server take what is shown at the same seconds."""
    frames = clips.scenes(seconds=8, width=320, height=240, rate=5)
    piece = clips.encoded(tmp_path / "piece.mp4", frames, codec="libx264", rate=5, key_every=40)
    path = clips.repeated(piece, tmp_path / "long.mp4", 4)
    (page,), (server,) = visit.hash([path]), server_hashes([path])
    assert {each["at_ms"] for each in page["hashes"]} == set(range(0, 32_000, 1000))
    assert max(_apart(page, server)) <= _MOST


def test_a_video_can_be_cancelled(visit: Visit, tmp_path: Path) -> None:
    """Cancelled after a third, a video gives no hashes, and the next file is hashed."""
    path = clips.encoded(tmp_path / "clip.webm", clips.scenes(seconds=6))
    (result,) = visit.hash([path], cancel_at=0.3)
    assert (result["outcome"], result["hashes"]) == ("cancelled", [])
    assert max(result["progress"]) < 1
    assert visit.hash([path])[0]["outcome"] == "hashed"


def test_bad_videos_are_outcomes(visit: Visit, tmp_path: Path) -> None:
    """A video of a codec that the browser lacks, a damaged one and one cut short are answered, not waited for."""
    whole = clips.encoded(tmp_path / "whole.webm", clips.scenes(seconds=6)).read_bytes()
    (tmp_path / "cut.webm").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "head.webm").write_bytes(whole[:200])
    clips.encoded(tmp_path / "old.avi", clips.scenes(seconds=1), codec="mpeg4")
    cut, head, old = visit.hash([tmp_path / name for name in ("cut.webm", "head.webm", "old.avi")])
    assert cut["outcome"] == "hashed"
    assert max(each["at_ms"] for each in cut["hashes"]) <= 4000
    assert head["outcome"] in {"corrupt", "unsupported"}
    assert old["outcome"] == "unsupported"
    assert {result["kind"] for result in (cut, head, old)} == {"video"}
