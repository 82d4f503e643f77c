# SPDX-License-Identifier: Apache-2.0
"""Previews: fetched from the platform on demand, signed, decoded in a child, small, grey, on record, and never kept."""

import io
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from noli.access.model import Role
from noli.moderation.model import Comfort
from noli.moderation.rules import MOMENTS
from noli.notices import commands as c
from noli.notices.model import Measure, NoticeId
from tests.support import clips
from tests.support.console import Console, Visit, text_of
from tests.support.media import drawn
from tests.support.notices import ruling
from tests.support.previews import PreviewPlatform


@pytest.fixture(scope="module")
def platform() -> Iterator[PreviewPlatform]:
    """One platform for all tests."""
    with PreviewPlatform() as started:
        yield started


@pytest.fixture(scope="module")
def console(platform: PreviewPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that knows the platform."""
    made = Console(tmp_path_factory.mktemp("console"), settings=platform.settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Five seconds, another shade of grey each: which one is shown can be told at once."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return clips.encoded(path, clips.shades(seconds=MOMENTS), codec="libx264", key_every=100).read_bytes()


@contextmanager
def _moderator(console: Console) -> Iterator[Visit]:
    console.clock.move(hours=1)
    yield console.logged_in(console.staff(Role.MODERATOR))


@contextmanager
def _gives(platform: PreviewPlatform, body: bytes) -> Iterator[None]:
    """Have the platform give something else for a while."""
    whole, platform.body = platform.body, body
    yield
    platform.body = whole


def _address(visit: Visit, notice: NoticeId, **fields: str) -> str:
    """Ask for the preview of a notice's first content; returns the address that shows it."""
    answer = visit.post(f"/console/notices/{notice}/contents/2/look", fields)
    return str(answer.headers["location"])


def _picture(page: httpx.Response) -> Image.Image | None:
    """The preview on a page."""
    found = re.search(r'class="preview[^"]*" src="data:image/png;base64,([^"]+)"', page.text)
    return Image.open(io.BytesIO(b64decode(found[1]))) if found else None


def _shown(visit: Visit, notice: NoticeId, **fields: str) -> Image.Image | None:
    return _picture(visit.get(_address(visit, notice, **fields)))


def test_a_preview_is_small_grey_and_on_record(console: Console, platform: PreviewPlatform) -> None:
    """Nothing is fetched by opening a notice; what is asked for is fetched once, and the ledger says who looked."""
    notice = console.notice()
    with _moderator(console) as visit:
        before = len(platform.asked)
        page = visit.get(f"/console/notices/{notice}")
        assert "Show a small preview" in text_of(page)
        assert "data:" not in page.headers["content-security-policy"]
        assert len(platform.asked) == before
        answer = visit.get(_address(visit, notice))
        assert answer.headers["cache-control"] == "no-store"
        assert "img-src 'self' data:;" in answer.headers["content-security-policy"]
        picture = _picture(answer)
        assert picture is not None
        assert (picture.mode, picture.size) == ("L", (200, 133))
        assert "A video" not in text_of(answer)
        assert [path[:8] for path in platform.asked[before:]] == ["/p/post-"]
        facts = [entry.fact.kind for entry in console.app.ledger.page(subject=notice, limit=3)]
        assert "notice.looked-at" in facts
        assert not any(console.folder.rglob("*.png"))


def test_a_preview_is_for_who_asked_and_for_a_minute(console: Console, platform: PreviewPlatform) -> None:
    """Another session, another notice, another moment, a changed proof or a later minute shows and counts nothing."""
    notice, other = console.notice(), console.notice()
    with _moderator(console) as visit:
        colleague = console.logged_in(console.staff(Role.MODERATOR))
        address, before = _address(visit, notice), len(platform.asked)
        changed = (
            address.replace(notice, other),
            address[:-1] + "x",
            address.replace("moment=0", "moment=1"),
            address.replace("look=2", "look=3"),
            f"/console/notices/{notice}?look=2&at={int(console.clock.now().timestamp())}&proof=00",
        )
        for each in changed:
            page = visit.get(each)
            assert _picture(page) is None
            assert "Show a small preview" in text_of(page)
        assert _picture(colleague.get(address)) is None
        assert visit.post(f"/console/notices/{notice}/contents/2/look", {"moment": "9"}).status_code == 404
        console.clock.move(minutes=2)
        assert _picture(visit.get(address)) is None
        assert len(platform.asked) == before


def test_colours_and_size_are_ones_own(console: Console, platform: PreviewPlatform, clip: bytes) -> None:
    """Who wants colours, or it smaller, says so under the own account; of videos, too."""
    notice = console.notice()
    staff = console.staff(Role.MODERATOR)
    console.app.moderation.set_comfort(staff.id, Comfort(greyscale=False, blur=False, side_px=100))
    visit = console.logged_in(staff)
    for body, size in ((platform.body, (100, 67)), (clip, (100, 56))):
        with _gives(platform, body):
            picture = _shown(visit, notice)
        assert picture is not None
        assert (picture.mode, picture.size) == ("RGB", size)


def test_a_video_is_shown_moment_by_moment(console: Console, platform: PreviewPlatform, clip: bytes) -> None:
    """One still picture at a time, each asked for, counted and on record; the video itself reaches no browser."""
    notice, staff = console.notice(), console.staff(Role.MODERATOR)
    console.app.moderation.set_comfort(staff.id, Comfort(most_looks=MOMENTS))
    visit, shades, page = console.logged_in(staff), [], httpx.Response(200)
    with _gives(platform, clip):
        for moment in range(MOMENTS):
            page = visit.get(_address(visit, notice, moment=str(moment)))
            assert f"A video, at 0:0{moment} of 0:05: one still picture, without sound." in text_of(page)
            assert ("Another moment of the video" in text_of(page)) == (moment < MOMENTS - 1)
            picture = _picture(page)
            assert picture is not None
            assert (picture.mode, picture.size) == ("L", (200, 113))
            shades.append(picture.tobytes()[200 * 56 + 100])
        assert [abs(shade - clips.shade_at(each)) < 4 for each, shade in enumerate(shades)] == [True] * MOMENTS, shades
        # Each was one of those that they allow themselves, and nothing moving was passed on.
        assert "as many previews as you allow yourself" in text_of(page)
        assert _shown(visit, notice) is None
    assert "<video" not in page.text
    looks = [entry.fact for entry in console.app.ledger.page(subject=notice, limit=50)]
    assert [each.actor for each in looks if each.kind == "notice.looked-at"] == [f"staff:{staff.id}"] * MOMENTS


def test_what_is_not_shown(console: Console) -> None:
    """Past the own limit, decided and seen, or possibly a minor: the page says why, and there is no button."""
    notice, young, decided = console.notice(), console.notice(), console.notice()
    staff = console.staff(Role.MODERATOR)
    console.app.moderation.set_comfort(staff.id, Comfort(most_looks=1))
    with _moderator(console) as colleague:
        assert _shown(colleague, decided) is not None
        with console.app.notices.writing() as transaction:
            console.app.notices.act(transaction, young, [c.SuspectMinor("ada")], actor="staff:ada")
            console.app.notices.rule(transaction, decided, ruling(Measure.KEEP), actor="key:platform")
        visit = console.logged_in(staff)
        assert _shown(visit, notice) is not None
        assert "as many previews as you allow yourself" in text_of(visit.get(f"/console/notices/{console.notice()}"))
        assert _shown(colleague, young) is None
        assert "Show a small preview" not in text_of(colleague.get(f"/console/notices/{young}"))
        console.clock.move(hours=1)
        assert "nobody has to again" in text_of(console.logged_in(staff).get(f"/console/notices/{decided}"))


def _no_picture(folder: Path, clip: bytes) -> Iterator[tuple[bytes, str]]:
    yield b"<script>alert(1)</script>", "no picture and no video"
    yield b"", "no picture and no video"
    yield clip[: len(clip) // 2], "damaged or cut short"
    yield b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40, "damaged or cut short"
    large = clips.encoded(folder / "large.mkv", [drawn(seed=1, width=1000, height=800)] * 2)
    yield large.read_bytes(), "larger than is read here"


def test_what_cannot_be_decoded(
    console: Console, platform: PreviewPlatform, clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever cannot be decoded is passed on to nobody; the page says what was wrong, and can be asked again."""
    notice, whole = console.notice(), platform.body
    with _moderator(console) as visit:
        for body, said in [(whole[:200], "damaged or cut short"), *_no_picture(tmp_path, clip)]:
            with _gives(platform, body):
                page = visit.get(_address(visit, notice))
            assert page.status_code == 200
            assert said in text_of(page), said
            assert "Show a small preview" in text_of(page)
            assert "alert" not in page.text
        with _gives(platform, bytes(console.app.config.max_upload_bytes + 1)):
            assert "larger than is read here" in text_of(visit.get(_address(visit, notice)))
        platform.status = 404
        assert "no preview of this" in text_of(visit.get(_address(visit, notice)))
        platform.status = 200
        monkeypatch.setattr(console.app.previews, "_url", "http://127.0.0.1:1/{ref}")
        assert "does not answer" in text_of(visit.get(_address(visit, notice)))
