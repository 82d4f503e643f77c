# SPDX-License-Identifier: Apache-2.0
"""Previews: fetched from the platform on demand, signed, decoded in a child, small, grey, on record, and never kept."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from PIL import Image

from noli.access.model import Role
from noli.moderation.model import Comfort
from noli.notices import commands as c
from noli.notices.model import Measure, NoticeId
from tests.support.console import Console, Visit, text_of
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


@contextmanager
def _moderator(console: Console) -> Iterator[Visit]:
    console.clock.move(hours=1)
    yield console.logged_in(console.staff(Role.MODERATOR))


def _shown(visit: Visit, notice: NoticeId) -> str:
    """Ask for the preview of a notice's first content; returns the picture's address."""
    answer = visit.post(f"/console/notices/{notice}/contents/2/look")
    page = visit.get(answer.headers["location"])
    found = re.search(r'class="preview[^"]*" src="([^"]+)"', page.text)
    return unescape(found[1]) if found else ""


def test_a_preview_is_small_grey_and_on_record(console: Console, platform: PreviewPlatform) -> None:
    """Nothing is fetched by opening a notice; what is asked for is fetched once, and the ledger says who looked."""
    notice = console.notice()
    with _moderator(console) as visit:
        before = len(platform.asked)
        page = visit.get(f"/console/notices/{notice}")
        assert "Show a small preview" in text_of(page)
        assert len(platform.asked) == before
        answer = visit.get(_shown(visit, notice))
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "no-store"
        picture = Image.open(io.BytesIO(answer.content))
        assert (picture.mode, picture.size) == ("L", (200, 133))
        assert [path[:8] for path in platform.asked[before:]] == ["/p/post-"]
        facts = [entry.fact.kind for entry in console.app.ledger.page(subject=notice, limit=3)]
        assert "notice.looked-at" in facts
        assert not any(console.folder.rglob("*.png"))


def test_a_preview_is_for_who_asked_and_for_a_minute(console: Console, platform: PreviewPlatform) -> None:
    """Another session, another content, a changed proof or a later minute shows nothing and counts nothing."""
    notice, other = console.notice(), console.notice()
    with _moderator(console) as visit:
        colleague = console.logged_in(console.staff(Role.MODERATOR))
        address, before = _shown(visit, notice), len(platform.asked)
        assert colleague.get(address).status_code == 403
        assert visit.get(address.replace(notice, other)).status_code == 403
        assert visit.get(address[:-1] + "x").status_code == 403
        console.clock.move(minutes=2)
        assert visit.get(address).status_code == 403
        assert visit.get(f"/console/notices/{notice}/contents/2/preview").status_code == 403
        assert len(platform.asked) == before


def test_colours_and_size_are_ones_own(console: Console) -> None:
    """Who wants colours, or it smaller, says so under the own account."""
    notice = console.notice()
    staff = console.staff(Role.MODERATOR)
    console.app.moderation.set_comfort(staff.id, Comfort(greyscale=False, blur=False, side_px=100))
    visit = console.logged_in(staff)
    picture = Image.open(io.BytesIO(visit.get(_shown(visit, notice)).content))
    assert picture.mode == "RGB"
    assert max(picture.size) == 100


def test_what_is_not_shown(console: Console) -> None:
    """Past the own limit, decided and seen, or possibly a minor: the page says why, and there is no button."""
    notice, young, decided = console.notice(), console.notice(), console.notice()
    staff = console.staff(Role.MODERATOR)
    console.app.moderation.set_comfort(staff.id, Comfort(most_looks=1))
    with _moderator(console) as colleague:
        assert colleague.get(_shown(colleague, decided)).status_code == 200
        with console.app.notices.writing() as transaction:
            console.app.notices.act(transaction, young, [c.SuspectMinor("ada")], actor="staff:ada")
            console.app.notices.rule(transaction, decided, ruling(Measure.KEEP), actor="key:platform")
        visit = console.logged_in(staff)
        assert visit.get(_shown(visit, notice)).status_code == 200
        assert "as many previews as you allow yourself" in text_of(visit.get(f"/console/notices/{console.notice()}"))
        assert _shown(colleague, young) == ""
        assert "Show a small preview" not in text_of(colleague.get(f"/console/notices/{young}"))
        console.clock.move(hours=1)
        assert "nobody has to again" in text_of(console.logged_in(staff).get(f"/console/notices/{decided}"))


def test_what_cannot_be_decoded(console: Console, platform: PreviewPlatform) -> None:
    """Whatever is no picture is passed on to nobody."""
    notice, whole = console.notice(), platform.body
    with _moderator(console) as visit:
        address = _shown(visit, notice)
        for body in (b"<script>alert(1)</script>", whole[:200], b""):
            platform.body = body
            answer = visit.get(address)
            assert answer.status_code == 503
            assert b"alert" not in answer.content
    platform.body = whole


def test_no_link_shows_a_preview(console: Console, platform: PreviewPlatform) -> None:
    """Who follows a link that somebody else made sees the button, and nothing was fetched."""
    notice, before = console.notice(), len(platform.asked)
    with _moderator(console) as visit:
        page = visit.get(f"/console/notices/{notice}?look=2&at={int(console.clock.now().timestamp())}&proof=00")
        assert "Show a small preview" in text_of(page)
        assert 'class="preview' not in page.text
        assert len(platform.asked) == before
