# SPDX-License-Identifier: Apache-2.0
"""Finds out who calls: bearer tokens (RFC 6750), remembered for less than a second, unless the database is away.

Failed attempts are counted by address, in memory only. A token that was good a moment ago is not
held up by somebody else's failures from the same address.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from time import monotonic

from starlette.types import Scope

from noli.access.model import ApiKey
from noli.base.errors import Forbidden, Unauthenticated, Unavailable
from noli.web.api.limits import Buckets, wait

# Seconds for which a key is believed without asking the database; a revoked one stops working within a second.
_LIFE_S = 0.5

# Seconds for which a key is believed that the database confirmed before it went away: matching must go on.
_OUTAGE_S = 3600.0

# Keys remembered at one time.
_MAX_KEYS = 1000

# Longest header that is looked at, in bytes; our tokens have far fewer.
_MAX_HEADER = 512


@dataclass(frozen=True, slots=True)
class _Known:
    """A key, when the database last confirmed it, and until when nobody asks again."""

    key: ApiKey
    confirmed: float
    until: float


class Authenticator:
    """Turns the ``Authorization`` header into a key."""

    def __init__(self, find: Callable[[str], Awaitable[ApiKey]], *, failed_per_min: int) -> None:
        """Keep what it asks.

        Args:
            find: Looks a token up; raises Unauthenticated, or Forbidden where its key may do nothing for now.
            failed_per_min: Failed attempts that one address may make a minute.
        """
        self._find = find
        self._failed = Buckets(per_s=failed_per_min / 60, burst=failed_per_min)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def remembered(self, header: bytes) -> ApiKey | None:
        """Return the key of a token seen less than half a second ago, or None."""
        known = self._known.get(sha256(header).digest())
        return known.key if known and monotonic() < known.until else None

    async def key(self, scope: Scope, header: bytes, *, how: str) -> ApiKey:
        """Find the key of a request.

        Args:
            scope: The request's ASGI scope, for the caller's address.
            header: The ``Authorization`` header, empty where there is none.
            how: How a key is shown, for whoever shows none.

        Raises:
            Unauthenticated: No token, or one that is unknown or revoked.
            Forbidden: The key is that of a partner who is suspended.
            Throttled: Too many failed attempts from this address.
            Unavailable: The database does not answer, and has not confirmed this token within the last hour.
        """
        digest, now = sha256(header).digest(), monotonic()
        address = scope["client"][0] if scope.get("client") else ""
        known = self._known.get(digest)
        if known is None:
            seconds = self._failed.missing(address)
            if seconds:
                raise wait(seconds)
        else:
            # While this request asks, others need not.
            self._known[digest] = replace(known, until=now + _LIFE_S)
        try:
            key = await self._find(_token(header, how))
        except Unauthenticated:
            self._known.pop(digest, None)
            self._failed.take(address)
            raise
        except Forbidden:
            self._known.pop(digest, None)
            raise
        except Unavailable:
            if known is None or now > known.confirmed + _OUTAGE_S:
                raise
            return known.key
        self._known[digest] = _Known(key, now, now + _LIFE_S)
        self._known.move_to_end(digest)
        if len(self._known) > _MAX_KEYS:
            self._known.popitem(last=False)
        return key


def _token(header: bytes, how: str) -> str:
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip() or len(header) > _MAX_HEADER or not token.isascii():
        raise Unauthenticated(how)
    return token.strip().decode("ascii")
