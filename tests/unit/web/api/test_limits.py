# SPDX-License-Identifier: Apache-2.0
"""Callers are held to bytes and rates, one by one and all together."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive

from noli.base.errors import Unavailable
from noli.web.api.limits import Bodies, Buckets
from noli.web.api.problems import TooLarge


def _channel(parts: Sequence[bytes]) -> Receive:
    waiting = list(parts)

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    return receive


def _read(bodies: Bodies, parts: Sequence[bytes], *, limit: int) -> bytes:
    return asyncio.run(bodies.read({"headers": []}, _channel(parts), limit=limit))


def test_a_body_up_to_the_limit_is_read_and_one_byte_more_is_refused() -> None:
    """The limit is inclusive, whether the body comes at once or in pieces."""
    bodies = Bodies(max_upload_bytes=10, max_video_bytes=0)
    assert _read(bodies, [b"12345", b"67890"], limit=10) == b"1234567890"
    for parts in ([b"12345678901"], [b"12345", b"678901", b""]):
        with pytest.raises(TooLarge):
            _read(bodies, parts, limit=10)


def test_bodies_together_are_bounded_and_given_back() -> None:
    """While much is held a further body is refused with a wish to retry, afterwards it is read."""
    bodies = Bodies(max_upload_bytes=10, max_video_bytes=0)
    free = bodies._free
    with bodies.held(free), pytest.raises(Unavailable) as refused:
        _read(bodies, [b"1", b"2"], limit=10)
    assert refused.value.retry
    assert _read(bodies, [b"1", b"2"], limit=10) == b"12"
    assert bodies._free == free


def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait() -> None:
    """Each name has its own bucket."""
    buckets = Buckets(per_s=0.001, burst=3)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert 900 < buckets.take("a") <= 1000
    assert buckets.take("b") == 0
