# SPDX-License-Identifier: Apache-2.0
"""Chromium in front of a real server, as a person would have it: every request is kept with its body."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: Where "leave" leads in tests; the browser answers it by itself.
NEUTRAL = "http://neutral.example/"

_SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return where Chromium is, None where it is not installed."""
    return os.environ.get("NOLI_CHROMIUM") or shutil.which("chromium")


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
    context.set_default_timeout(15_000)
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


def picture_file(folder: Path) -> Path:
    """Return a photo from the shared data, or a drawn picture where there is none."""
    from tests.support.media import drawn, encoded
    from tests.support.shared import SHARED

    photo = SHARED / "data" / "photos" / "mate-backgrounds-garden.jpg"
    if photo.exists():
        return photo
    path = folder / "drawn.jpg"
    path.write_bytes(encoded(drawn(seed=7, width=1600, height=1200), "JPEG", quality=92))
    return path
