# SPDX-License-Identifier: Apache-2.0
"""Small pictures to look at, from the platform's own address: fetched when somebody asks, decoded in a child, not kept.

The request is signed, so that the platform gives them to nobody else: ``Noli-Timestamp`` (whole seconds) and
``Noli-Signature``, the hexadecimal HMAC-SHA256 over timestamp, ``.`` and the address that is called. What comes back is
never passed on: the child decodes it, and a new picture is written from its pixels. Of a video that is one still
picture at a time; it is never played.
"""

import hashlib
import hmac
import struct
import zlib
from collections.abc import Callable
from urllib.parse import quote

from noli.adapters.decode.wire import Preview
from noli.adapters.egress import AnswerTooLarge, Egress
from noli.base.clock import Clock
from noli.base.errors import Forbidden, Unavailable
from noli.hashing.model import Outcome
from noli.moderation.model import NoPreview, Shown
from noli.moderation.rules import share_at

# Where the reference of a content stands in the address.
_REF = "{ref}"

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Bits of a channel; kinds of pixels: grey, or red, green and blue. Source: PNG, third edition, 11.2.1.
_DEPTH, _GREY, _RGB = 8, 0, 2

_OK = 200

# Seconds more than other calls that a file may take to come.
_LONGER_S = 20.0


class Previews:
    """Gets previews; safe to call from many threads."""

    def __init__(
        self,
        egress: Egress,
        clock: Clock,
        *,
        url: str,
        secret: str,
        max_bytes: int,
        decode: Callable[[bytes, int, int, bool], Preview | Outcome],
    ) -> None:
        """Keep the collaborators.

        Args:
            egress: Calls the platform.
            clock: Tells the time.
            url: Address with ``{ref}``; empty where there are none.
            secret: What requests are signed with.
            max_bytes: Bytes of the largest file that is read.
            decode: Makes a small picture of a file's bytes, how far into a video in thousandths, longest side and
                whether without colours; or says why it cannot.
        """
        self._egress, self._clock, self._url, self._secret = egress, clock, url, secret
        self._max_bytes, self._decode = max_bytes, decode

    def there_are(self, ref: str) -> bool:
        """Tell whether there can be a preview of something with this reference."""
        return bool(self._url and ref)

    def get(self, ref: str, *, moment: int, side: int, grey: bool) -> Shown | NoPreview:
        """Return a preview, of a video at one of its moments, or why there is none."""
        address = self._url.replace(_REF, quote(ref, safe=""))
        at = str(int(self._clock.now().timestamp()))
        signed = hmac.new(self._secret.encode(), f"{at}.{address}".encode(), hashlib.sha256).hexdigest()
        headers = {"Noli-Timestamp": at, "Noli-Signature": signed, "Accept": "image/*, video/*"}
        try:
            answer = self._egress.call("GET", address, b"", headers, max_bytes=self._max_bytes, longer_s=_LONGER_S)
        except AnswerTooLarge:
            return NoPreview.TOO_LARGE
        except (Unavailable, Forbidden):
            return NoPreview.UNREACHABLE
        if answer.status != _OK:
            return NoPreview.MISSING
        small = self._decode(answer.body, share_at(moment), side, grey)
        if isinstance(small, Outcome):
            return NoPreview(small.value)
        return Shown(png(small), small.at_ms, small.duration_ms)


def png(picture: Preview) -> bytes:
    """Write pixels as a PNG file."""
    length = picture.width * (1 if picture.grey else 3)
    rows = b"".join(b"\0" + picture.pixels[at : at + length] for at in range(0, len(picture.pixels), length))
    kind = _GREY if picture.grey else _RGB
    head = struct.pack(">IIBBBBB", picture.width, picture.height, _DEPTH, kind, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
