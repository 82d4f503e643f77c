# SPDX-License-Identifier: Apache-2.0
"""A Chromium for each module of tests, on a page that hashes; at home a missing one is a reason to skip, not in CI."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import browsers, chromium, needed
from tests.support.console_browser import Installation
from tests.support.hashing_page import Visit, served, visited
from tests.support.server import environment

ServerHashes = Callable[[Sequence[Path]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    needed()
    with browsers() as started:
        yield started


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A server with a console, for the module's tests."""
    needed()
    started = Installation(tmp_path_factory.mktemp("installation"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is served."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def visit(address: str) -> Iterator[Visit]:
    """The page, ready to hash."""
    needed()
    with visited(str(chromium()), address) as visit:
        yield visit


@pytest.fixture(scope="session")
def server_hashes() -> ServerHashes:
    """What 'noli hash --json' says about files, in their order."""

    def run(files: Sequence[Path]) -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "noli", "hash", "--json", *map(str, files)]
        made = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(""))
        return [json.loads(line) for line in made.stdout.splitlines()]

    return run
