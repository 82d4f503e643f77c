# SPDX-License-Identifier: Apache-2.0
"""A platform that runs its notices over the API: the real application and database, with a clock that tests move."""

import asyncio
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from noli.access.model import Scope
from noli.app import App
from noli.base.config import Config
from noli.regimes.model import Field
from noli.web.asgi import create_asgi
from tests.conftest import opened
from tests.support.casework import FakeClock, made_up_item
from tests.support.notices import START


class Platform:
    """One installation and one key."""

    def __init__(self, folder: Path, url: str = "", *, jurisdictions: str = "US,EU", **settings: Any) -> None:
        self.clock = FakeClock()
        self.clock.time = START
        config = Config(data=folder, database_url=url, jurisdictions=jurisdictions, **settings)
        self.app = App(config, opened(url, folder), clock=self.clock)
        self.app.indexes.load(self.app.store)
        self._asgi = create_asgi(self.app)
        self.token = self.app.access.create("platform", frozenset(Scope))[1]

    def __enter__(self) -> Self:
        """Use it as a context."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close everything."""
        with closing(self.app):
            pass

    def call(self, method: str, path: str, *, expect: int = 0, **options: Any) -> Any:
        """Call the API and return the answer; the status must be as expected, else that of success."""

        async def one() -> httpx.Response:
            headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._asgi), base_url="http://noli") as client:
                return await client.request(method, f"/api/v1{path}", headers=headers, **options)

        answer = asyncio.run(one())
        assert answer.status_code == (expect or (200 if method == "GET" else 201)), answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, expect: int = 0, **options: Any) -> Any:
        """Post JSON."""
        return self.call("POST", path, expect=expect, **({} if body is None else {"json": body}), **options)

    def get(self, path: str, *, expect: int = 0) -> Any:
        """Read."""
        return self.call("GET", path, expect=expect)

    def wait(self, **time: float) -> None:
        """Let time pass, and what happens by itself happen."""
        self.clock.move(**time)
        self.app.notice_upkeep.look_after()


def upload(seed: int) -> dict[str, Any]:
    """Return a content of the platform's with the hashes that a check gave it."""
    return {
        "url": f"https://platform.example/p/{seed}",
        "ref": f"post-{seed}",
        "uploader": f"user-{seed}",
        "hashes": hashes(seed),
    }


def hashes(seed: int) -> list[dict[str, Any]]:
    """Return made-up hashes as the API takes them."""
    return [{"value": one.hex, "quality": 90} for one in made_up_item(seed).hashes]


#: Every field of the form, filled in.
FILLED = {str(field): "yes" for field in Field if field is not Field.LOCATION}


def decision(measure: str, *grounds: str, author: str = "ada", **more: Any) -> dict[str, Any]:
    """Return a decision."""
    return {
        "measure": measure,
        "grounds": list(grounds),
        "reason": "I looked at it with a colleague.",
        "rule": "TAKE IT DOWN Act, section 3",
        "author": author,
        **more,
    }
