# SPDX-License-Identifier: Apache-2.0
"""A server for the smallest page that hashes, under the policy that real pages are to send, and Chromium looking at it.

The browser is Debian's; it is driven by Playwright. Every request that it makes is kept, with its body.
"""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from noli.web import page_hashing
from tests.support.server import PATIENCE_S

_PAGES = Path(__file__).parents[1] / "browser"


async def _answer(request: Request) -> Response:
    """Send a file of the hasher, or of the page under test."""
    asked = request.path_params["path"] or "page.html"
    if asked == "favicon.ico":
        return Response(status_code=204)
    folder, name = (page_hashing.FOLDER, asked[5:]) if asked.startswith("hash/") else (_PAGES, asked)
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        return Response(status_code=404)
    media_type = "text/html; charset=utf-8" if path.suffix == ".html" else page_hashing.MEDIA_TYPES[path.suffix]
    headers = {"content-security-policy": page_hashing.policy_header(), "cache-control": "max-age=600"}
    return Response(path.read_bytes(), media_type=media_type, headers=headers)


@contextmanager
def served() -> Iterator[str]:
    """Serve the page and the hasher; gives the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = Starlette(routes=[Route("/{path:path}", _answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE_S
    while not server.started:
        assert time.monotonic() < until, "the server does not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@dataclass(slots=True)
class Visit:
    """A page that is ready to hash.

    Attributes:
        page: Playwright's page.
        context: Its context.
        requests: Method, address and body of every request so far, workers' included.
        complaints: What the console, the policy and uncaught errors said.
    """

    page: Page
    context: BrowserContext
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hash(self, files: Sequence[Path], *, cancel_at: float = 2) -> list[dict[str, Any]]:
        """Choose files and hash them; results in their order."""
        self.page.locator("#file").set_input_files([str(path) for path in files])
        results: list[dict[str, Any]] = self.page.evaluate("at => window.test.hashChosen(at)", cancel_at)
        return results


@contextmanager
def visited(executable: str, address: str) -> Iterator[Visit]:
    """Open the page in a new Chromium and wait until it can hash."""
    switches = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=switches)
        context = browser.new_context()
        page = context.new_page()
        visit = Visit(page, context)
        context.on("request", lambda r: visit.requests.append((r.method, r.url, r.post_data_buffer or b"")))
        page.on("console", lambda message: visit.complaints.append(message.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.goto(address)
        expect(page.locator("#state")).not_to_have_text("loading", timeout=PATIENCE_S * 1000)
        assert page.locator("#state").text_content() == "ready", (
            page.locator("#state").text_content(),
            visit.complaints,
        )
        yield visit
        browser.close()
