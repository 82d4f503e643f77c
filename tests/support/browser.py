# SPDX-License-Identifier: Apache-2.0
"""Chromium in front of a real server, as a person would have it: every request is kept with its body."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.server import PATIENCE_S

#: Where "leave" leads in tests; the browser answers it by itself.
NEUTRAL = "http://neutral.example/"

# Screenshots are kept here, to be looked at.
_SHOTS = Path(__file__).parents[2] / "artefacts"

_SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages that tests make up have no address, so that Chromium takes them for ones of the internet, which may show
    # nothing of this machine.
    "--disable-features=LocalNetworkAccessChecks",
]


def chromium() -> str | None:
    """Return where Chromium is, None where it is not installed."""
    return os.environ.get("NOLI_CHROMIUM") or shutil.which("chromium")


def keep_shot(page: Any, name: str, *, width: int | None = None) -> None:
    """Keep a screenshot of the whole page in artefacts/, where somebody wants to look at them; so wide, or as it is."""
    if not os.environ.get("NOLI_TEST_SHOTS"):
        return
    if width is not None:
        page.set_viewport_size({"width": width, "height": page.viewport_size["height"]})
    path = _SHOTS / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, type="jpeg", quality=80, full_page=True)


def needed() -> None:
    """Skip at home, and fail in CI, where the browser is missing."""
    if chromium() is None or any(importlib.util.find_spec(name) is None for name in ("playwright", "segno")):
        reason = "Chromium or playwright is not installed ('make system', 'make setup')."
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)


@dataclass(slots=True)
class Visitor:
    """One browser context with one page.

    Attributes:
        page: Playwright's page.
        requests: Method, path and body of every request so far, workers' included.
        elsewhere: Addresses on other hosts that were asked for.
        complaints: What the console and uncaught errors said.
    """

    page: Any
    context: Any
    address: str
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to one of our pages."""
        self.page.goto(self.address + path)

    def step(self) -> str:
        """Return the step that is shown on the way."""
        return str(self.page.locator("[data-step]:not([hidden])").get_attribute("data-step"))

    def answer(self, name: str, value: str) -> None:
        """Choose one answer and go on."""
        self.page.locator(f"#{name}-{value}").check()
        self.go_on()

    def go_on(self) -> None:
        """Press the button that goes on."""
        self.page.locator("[data-step]:not([hidden]) [data-next]").click()

    def to_files(self) -> None:
        """Answer the first questions as somebody who has pictures."""
        self.open("/go")
        self.answer("reporter", "depicted-person")
        self.answer("age", "adult")
        self.answer("situation", "files")

    def choose(self, *files: Path) -> None:
        """Choose files and wait until all are hashed."""
        self.page.locator("#choose").set_input_files([str(file) for file in files])
        items = self.page.locator("[data-list] > li")
        while items.count() < len(files) or items.locator("progress:not([hidden])").count():
            self.page.wait_for_timeout(50)

    def to_send(self, *, delay: str = "at-once", recovery: str = "none", consents: tuple[str, ...] = ("here",)) -> None:
        """Answer what comes after the pictures, links or threat."""
        self.go_on()
        self.go_on()
        self.answer("delay", delay)
        self.answer("recovery", recovery)
        for each in consents:
            self.page.locator(f"#consent-{each}").check()
        self.go_on()

    def send(self) -> tuple[str, str, str]:
        """Send, and return number, words and recovery code from the receipt."""
        self.page.locator("[data-send]").click()
        self.page.locator("[data-step=done]").wait_for()
        return self.receipt()

    def receipt(self) -> tuple[str, str, str]:
        """Read the receipt that is shown."""
        number, words, code = (
            str(self.page.locator(f"[data-part={part}]").text_content())
            for part in ("number", "passphrase", "recovery_code")
        )
        return number, words, code

    def come_back(self, number: str, words: str) -> None:
        """Log in."""
        self.open("/return")
        self.page.fill("#number", number)
        self.page.fill("#words", words)
        self.page.locator("main form button").click()

    def title(self) -> str:
        """Return the heading of the page."""
        return str(self.page.locator("h1:visible").first.text_content()).strip()

    def bodies(self) -> list[tuple[str, bytes]]:
        """Return path and body of everything that was sent."""
        return [(path, body) for method, path, body in self.requests if method != "GET" or body]


@contextmanager
def browsers() -> Iterator[Any]:
    """Start Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_SWITCHES)
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Any, address: str, **options: Any) -> Iterator[Visitor]:
    """Open a new context, as a private window would."""
    context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 360, "height": 740}, **options})
    context.set_default_timeout(1000 * PATIENCE_S)
    context.route(NEUTRAL + "**", lambda route: route.fulfill(body="<title>Neutral</title>", content_type="text/html"))
    visit = Visitor(context.new_page(), context, address)
    ours = urlsplit(address).netloc

    def note(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme == "blob":
            return
        if parts.netloc == ours:
            visit.requests.append((request.method, parts.path, request.post_data_buffer or b""))
        elif request.url != NEUTRAL:
            visit.elsewhere.append(request.url)

    context.on("request", note)
    visit.page.on("console", lambda message: visit.complaints.append(f"{message.type}: {message.text}"))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    try:
        yield visit
    finally:
        context.close()


def drawn_file(folder: Path, *, width: int = 640, height: int = 480) -> Path:
    """Return a small drawn picture: quick to hash, for tests that are not about hashing."""
    from tests.support.media import drawn, encoded

    path = folder / "drawn.jpg"
    path.write_bytes(encoded(drawn(seed=7, width=width, height=height), "JPEG", quality=92))
    return path


def photo_file(folder: Path) -> Path:
    """Return a photo from the shared data, or a drawn picture where there is none."""
    from tests.support.shared import SHARED

    photo = SHARED / "data" / "photos" / "mate-backgrounds-garden.jpg"
    return photo if photo.exists() else drawn_file(folder, width=1600, height=1200)
