# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of our own pages that README and documentation show: ``make screenshots``.

They come from the server, browser, seats and made-up world of the browser tests, with the demo's data; the picture that
is protected in them is drawn. Nothing else that is a picture may be in the repository (tests/docs/test_house.py).
"""

import io
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, PngImagePlugin

from noli.access.model import Role
from noli.casework.model import NewLink
from noli.cli import demo_queue
from noli.pursuit.model import Rung
from tests.support.browser import Visitor, browsers, drawn_file, visitor
from tests.support.console_browser import Installation, Seat
from tests.support.helpline import SITE, outside
from tests.support.pursuit import ALL

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "assets" / "screens"

#: Bytes of one picture at most, and colours of its palette.
MAX_BYTES, _COLOURS = 100_000, 64

#: What each picture says of itself, so that nothing else is taken for one of them.
MADE_BY = "make screenshots"

_TALL = 900


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: as wide as the browser's window was."""

    name: str
    width: int
    take: "Callable[[Stage], Any]"


class Stage:
    """A browser in front of an installation that is filled with what is shown."""

    def __init__(self, browser: Any, installation: Installation, folder: Path) -> None:  # noqa: ANN401 - Playwright's
        """Fill it."""
        self.browser, self.installation, self.folder = browser, installation, folder
        self.windows = ExitStack()
        app = installation.app
        demo_queue.fill(app)
        self.lead = installation.seat(browser, "Lena", Role.LEAD)
        self.moderator = installation.seat(browser, "Mona", Role.MODERATOR)
        case, _ = installation.submit(links=(NewLink(f"https://{SITE}/page"),))
        [opened] = app.pursuits.open(case, actor="system")
        app.pursuits.look_up(opened.id, actor="system")
        app.pursuits.draft(opened.id, Rung.HOST, wishes=ALL, actor="system")
        app.pursuits.sent_by_hand(opened.id, 1, actor="system")
        self.pursuit = opened.id

    def console(self, path: str, *, seat: Seat | None = None) -> Any:  # noqa: ANN401 - Playwright's page
        """Open a page of the console."""
        at = seat or self.lead
        at.open(path)
        return at.page

    def notice(self) -> Any:  # noqa: ANN401 - Playwright's page
        """Open a notice: what is known stands first, then the decisions."""
        page = self.console("/console/notices", seat=self.moderator)
        page.locator("#cases a.open", has_text="Request").first.click()
        page.wait_for_url("**/console/notices/*")
        return page

    def person(self, width: int, **options: Any) -> Visitor:  # noqa: ANN401 - options of a browser's context
        """Return somebody at a window of their own, which stays open."""
        viewport = {"width": width, "height": _TALL}
        return self.windows.enter_context(
            visitor(self.browser, self.installation.address, viewport=viewport, **options)
        )

    def start(self) -> Any:  # noqa: ANN401 - Playwright's page
        """Open the first page for people."""
        person = self.person(1440)
        person.open("/")
        return person.page

    def receipt(self) -> Any:  # noqa: ANN401 - Playwright's page
        """Protect a drawn picture on a telephone, in German, up to the receipt."""
        person = self.person(360, locale="de-DE")
        person.to_files()
        person.choose(drawn_file(self.folder))
        person.to_send()
        person.send()
        return person.page


#: All of them, and where they are from; README and documentation show no others.
SCREENS: Mapping[str, Screen] = {
    each.name: each
    for each in (
        Screen("start", 1440, Stage.start),
        Screen("receipt-de", 360, Stage.receipt),
        Screen("queue", 1440, lambda stage: stage.console("/console/notices")),
        Screen("notice", 1440, Stage.notice),
        Screen("clocks", 1440, lambda stage: stage.console("/console/clocks")),
        Screen("requests", 1440, lambda stage: stage.console(f"/console/pursuits/{stage.pursuit}")),
    )
}


def main() -> int:
    """Take all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name, outside(Path(name)) as world, browsers() as browser:
        folder = Path(name) / "data"
        folder.mkdir()
        installation = Installation(folder, **{**world.settings, "proof_of_work_bits": 10})
        try:
            stage = Stage(browser, installation, Path(name))
            for screen in SCREENS.values():
                taken = screen.take(stage).screenshot(animations="disabled")
                path = FOLDER / f"{screen.name}.png"
                path.write_bytes(small(taken))
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} KB")
            stage.windows.close()
        finally:
            installation.close()
    return 0


def small(png: bytes) -> bytes:
    """Write a picture of a page with few colours, and with how it was made.

    Raises:
        ValueError: It is too large all the same.
    """
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    told = PngImagePlugin.PngInfo()
    told.add_text("Source", MADE_BY)
    kept = io.BytesIO()
    few.save(kept, "PNG", optimize=True, pnginfo=told)
    if kept.tell() > MAX_BYTES:
        msg = f"The picture has {kept.tell()} bytes; {MAX_BYTES} are allowed."
        raise ValueError(msg)
    return kept.getvalue()


if __name__ == "__main__":
    sys.exit(main())
