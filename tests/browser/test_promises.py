# SPDX-License-Identifier: Apache-2.0
"""What the page promises beside hashing: nothing of a file leaves it, it works offline, its policy holds."""

from pathlib import Path
from urllib.parse import urlsplit

from tests.support import clips, media
from tests.support.hashing_page import Visit

_HEIC = Path(__file__).parents[1] / "vectors" / "drawn.heic"


def _some_files(folder: Path) -> list[Path]:
    picture = folder / "picture.jpg"
    picture.write_bytes(media.encoded(media.drawn(seed=8), "JPEG", quality=90))
    return [picture, clips.encoded(folder / "clip.webm", clips.scenes(seconds=3)), _HEIC]


def test_no_request_carries_anything_of_a_file(visit: Visit, address: str, tmp_path: Path) -> None:
    """While a photo, a video and a HEIC are hashed, only the hasher's own code is fetched, and nothing is sent."""
    before = len(visit.requests)
    assert {result["outcome"] for result in visit.hash(_some_files(tmp_path))} == {"hashed"}
    made = visit.requests[before:]
    over_the_network = [(method, url) for method, url, _ in made if not url.startswith("blob:")]
    assert all(method == "GET" and url.startswith(f"{address}/hash/") for method, url in over_the_network)
    assert all(urlsplit(url).query == "" for _, url in over_the_network)
    assert {body for _, _, body in visit.requests} == {b""}


def test_works_offline_once_loaded(visit: Visit, tmp_path: Path) -> None:
    """With the network gone after loading, a photo, a video and a HEIC are hashed all the same."""
    files = _some_files(tmp_path)
    visit.context.set_offline(True)
    try:
        outcomes = {result["name"]: result["outcome"] for result in visit.hash(files)}
    finally:
        visit.context.set_offline(False)
    assert outcomes == {"picture.jpg": "hashed", "clip.webm": "hashed", "drawn.heic": "hashed"}


def test_the_policy_is_never_broken(visit: Visit, tmp_path: Path) -> None:
    """Under the strict policy with Trusted Types nothing is reported while every kind of file is hashed."""
    visit.hash(_some_files(tmp_path))
    assert visit.complaints == []


def test_closing_ends_what_is_under_way(visit: Visit, tmp_path: Path) -> None:
    """A hasher that is closed answers 'cancelled', and starts again when it is asked again."""
    large = tmp_path / "large.jpg"
    large.write_bytes(media.encoded(media.drawn(seed=8).resize((3000, 2000)), "JPEG", quality=90))
    visit.page.locator("#file").set_input_files(str(large))
    outcome = visit.page.evaluate(
        """async () => {
            const asked = window.test.hasher.hash(document.querySelector("#file").files[0], {
                onProgress: () => window.test.hasher.close(),
            });
            return (await asked).outcome;
        }"""
    )
    assert outcome == "cancelled"
    assert [result["outcome"] for result in visit.hash([large])] == ["hashed"]
