# SPDX-License-Identifier: Apache-2.0
"""Videos wait in a place of their own, and not without end."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast

import pytest

from noli.adapters.metrics import Metrics
from noli.app import App
from noli.base.config import Config
from noli.base.errors import Throttled
from noli.hashing.model import Outcome, Reading
from noli.web.api import decoding
from noli.web.api.operation import Call
from noli.web.api.problems import Overloaded, TooLarge, problem

VIDEO = b"\x1a\x45\xdf\xa3" + bytes(200)
PICTURE = b"\xff\xd8\xff" + bytes(200)


def test_a_video_without_a_place_is_asked_to_come_back() -> None:
    """While one video is in work and none may wait, the next is refused; a picture is read meanwhile."""
    release, started = threading.Event(), threading.Event()

    def read(data: bytes, *, crops: bool, regions: bool, looks: bool, closer: object) -> Reading:
        assert not crops
        assert not regions
        assert not looks
        assert closer is None
        if data == VIDEO:
            started.set()
            assert release.wait(30)
        return Reading(Outcome.LOW_QUALITY)

    app = SimpleNamespace(
        config=Config(),
        metrics=Metrics(),
        hasher=SimpleNamespace(read=read),
        decoding=ThreadPoolExecutor(1),
        watching=ThreadPoolExecutor(1),
        picture_places=threading.BoundedSemaphore(1),
        places=threading.BoundedSemaphore(1),
    )

    def call(file: bytes) -> Call:
        return cast("Call", SimpleNamespace(app=cast("App", app), file=file))

    async def all_three() -> None:
        first = asyncio.create_task(decoding.read(call(VIDEO)))
        await asyncio.to_thread(started.wait, 30)
        with pytest.raises(Throttled) as refused:
            await decoding.read(call(VIDEO))
        assert refused.value.retry_after_s > 0
        assert (await decoding.read(call(PICTURE))).outcome is Outcome.LOW_QUALITY
        release.set()
        await first
        assert (await decoding.read(call(VIDEO))).outcome is Outcome.LOW_QUALITY

    asyncio.run(all_three())
    app.decoding.shutdown()
    app.watching.shutdown()


def test_a_picture_without_a_place_is_asked_to_come_back() -> None:
    """The queue of pictures has an end, too; who is turned away may come back soon."""
    places = threading.BoundedSemaphore(1)
    places.acquire()
    app = SimpleNamespace(config=Config(), metrics=Metrics(), picture_places=places, decoding=None)
    with pytest.raises(Overloaded) as refused:
        asyncio.run(decoding.read(cast("Call", SimpleNamespace(app=app, file=PICTURE))))
    document, headers = problem(refused.value)
    assert (document.status, document.code, document.decision) == (429, "overloaded", "review")
    assert headers == {b"retry-after": b"1"}


def test_a_video_that_is_too_large_is_refused() -> None:
    """However large pictures may be, a video has its own limit, and takes no place."""
    app = SimpleNamespace(config=Config(max_video_bytes=100), metrics=Metrics(), decoding=None)
    with pytest.raises(TooLarge, match="100 bytes"):
        asyncio.run(decoding.read(cast("Call", SimpleNamespace(app=app, file=VIDEO))))
