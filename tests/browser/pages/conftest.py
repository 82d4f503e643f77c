# SPDX-License-Identifier: Apache-2.0
"""One server for all tests of the pages, a Chromium for each module, a private window for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.browser import NEUTRAL, Visitor, visitor
from tests.support.server import Server


@pytest.fixture(scope="session")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose proof of work and passphrases are cheap."""
    settings: dict[str, Any] = {
        "proof_of_work_bits": 10,
        "password_memory_mib": 8,
        "submissions_per_hour": 1000,
        "exit_url": NEUTRAL,
        "notice_embedders": "http://localhost:1",
    }
    server = Server(tmp_path_factory.mktemp("intake"), **settings)
    yield server
    server.stop()


@pytest.fixture
def visit(intake: Server, browser: Any) -> Iterator[Callable[..., Visitor]]:
    """Open private windows, with options of Playwright's contexts."""
    with ExitStack() as windows:
        address = str(intake.client.base_url).rstrip("/")
        yield lambda **options: windows.enter_context(visitor(browser, address, **options))
