# SPDX-License-Identifier: Apache-2.0
"""Limits on what callers may ask for: bytes of a body, requests of a key, failed log-ins of an address.

All of it lives in memory only. The address of a caller is used here and nowhere else: it is never
logged and never stored. Behind a reverse proxy every caller has the proxy's address; forwarding
headers are not believed, because whoever calls can write them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope

from noli.base.errors import InputError, Throttled, Unavailable
from noli.web.api.problems import TooLarge

#: Largest JSON body in bytes: a batch of 10,000 hashes with the longest references has just under 4 MiB.
MAX_JSON_BYTES = 4 * 1024 * 1024

#: What a multipart body may have on top of its file, in bytes: part headers and small fields.
FORM_OVERHEAD_BYTES = 16 * 1024

# Seconds in which a body must have arrived, and bytes for which there is one more: slower callers hold memory without
# using it.
_BODY_S = 60.0
_BYTES_A_SECOND = 1024 * 1024

# Bodies in memory at one time, as a multiple of the largest one; likewise of the largest video.
_BODIES_AT_ONCE = 8
_VIDEOS_AT_ONCE = 2

# Callers remembered; the longest unseen one is forgotten first.
_MAX_CALLERS = 10_000


class Buckets:
    """Token buckets by name: a rate that holds on average, and bursts of twice a second's worth."""

    def __init__(self, *, per_s: float, burst: float) -> None:
        """Set the rate.

        Args:
            per_s: Tokens that flow in each second.
            burst: Tokens a full bucket holds.
        """
        self._per_s, self._burst = per_s, burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one token.

        Returns:
            0 if there was one, otherwise the seconds until there will be one.
        """
        missing = self.missing(name)
        if not missing:
            tokens, at = self._buckets[name]
            self._buckets[name] = tokens - 1, at
        return missing

    def missing(self, name: str) -> float:
        """Return the seconds until a token can be taken, 0 if there is one now."""
        now = time.monotonic()
        tokens, at = self._buckets.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_s)
        self._buckets[name] = tokens, now
        self._buckets.move_to_end(name)
        if len(self._buckets) > _MAX_CALLERS:
            self._buckets.popitem(last=False)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._per_s


class Bodies:
    """Reads bodies into memory, bounded one by one and all together. They never touch the disk."""

    def __init__(self, *, max_upload_bytes: int, max_video_bytes: int) -> None:
        """Bound all bodies together by the largest ones."""
        usual = _BODIES_AT_ONCE * (max(max_upload_bytes, MAX_JSON_BYTES) + FORM_OVERHEAD_BYTES)
        self._free = max(usual, _VIDEOS_AT_ONCE * (max_video_bytes + FORM_OVERHEAD_BYTES))

    async def read(self, scope: Scope, receive: Receive, *, limit: int) -> bytes:
        """Read one body.

        Args:
            scope: The request's ASGI scope.
            receive: The request's ASGI channel.
            limit: Largest number of bytes.

        Raises:
            TooLarge: It has more bytes, or says that it will.
            Unavailable: Too many bodies are being read at this moment.
            InputError: The caller hung up or was too slow.
        """
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(body) > limit:
                raise _too_large(limit)
            return body
        if _stated(scope) > limit:
            raise _too_large(limit)
        patience_s = _BODY_S + _stated(scope) // _BYTES_A_SECOND
        try:
            async with asyncio.timeout(patience_s):
                return await self._rest(body, receive, limit=limit)
        except TimeoutError as error:
            msg = f"The body did not arrive within {patience_s:g} seconds."
            raise InputError(msg) from error

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Count bytes that stay in memory while their request is answered.

        Raises:
            Unavailable: Too many are held at this moment.
        """
        self._take(size)
        try:
            yield
        finally:
            self._free += size

    def _take(self, size: int) -> None:
        if self._free < size:
            msg = "Too many uploads at once; try again in a moment."
            raise Unavailable(msg)
        self._free -= size

    async def _rest(self, first: bytes, receive: Receive, *, limit: int) -> bytes:
        parts, size, taken = [first], len(first), 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    msg = "The caller hung up before the body was complete."
                    raise InputError(msg)
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                self._take(len(part))
                taken += len(part)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
        finally:
            self._free += taken


def wait(bucket_s: float) -> Throttled:
    """Return the error that asks a caller to wait this many seconds."""
    return Throttled("Too many requests; slow down.", retry_after_s=int(bucket_s) + 1)


def _stated(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit:,} bytes at most.")
