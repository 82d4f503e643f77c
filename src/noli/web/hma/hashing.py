# SPDX-License-Identifier: Apache-2.0
"""``/h``: the hash of a file. No route fetches a URL: whoever could name one could make this server call anybody."""

from noli.base.errors import InputError
from noli.hashing.containers import container_of
from noli.hashing.model import Outcome, Reading
from noli.web.api import decoding
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import UnusableFile
from noli.web.hma.shapes import PDQ, PHOTO

# What became of a file that has hashes, or provably none.
_READ = frozenset({Outcome.HASHED, Outcome.LOW_QUALITY})


async def by_url(call: Call) -> Reply:
    """Refuse to fetch."""
    refuse_url(call)
    msg = "Send the file itself: POST, as the part 'photo' of a form."
    raise InputError(msg)


async def by_file(call: Call) -> Reply:
    """Hash a file; a picture too flat to tell from others has an empty hash, as in HMA."""
    reading = await read(call)
    return Reply.of({PDQ: signal(reading)})


async def read(call: Call, *, crops: bool = False) -> Reading:
    """Hash the file of a form.

    Raises:
        InputError: The form has no photo, or asks for a signal type that is not served.
        UnusableFile: The file could not be read, so that nothing can be said about it.
    """
    refuse_url(call)
    if call.file is None:
        msg = "The form has no part 'photo' with a file."
        raise InputError(msg)
    if call.given.file_part != PHOTO:
        msg = f"no such content_type: {call.given.file_part!r}; served here: {PHOTO}."
        raise InputError(msg)
    if container_of(call.file):
        raise UnusableFile(Outcome.UNSUPPORTED, f"This is a video; served here: {PHOTO}. Videos go to /api/v1/checks.")
    wanted = [name.strip() for name in call.query.types.split(",") if name.strip()] if call.query else []
    if wanted not in ([], [PDQ]):
        msg = f"Only the signal type {PDQ!r} is served here."
        raise InputError(msg)
    reading = await decoding.read(call, crops=crops)
    if reading.outcome not in _READ:
        raise UnusableFile(reading.outcome, reading.reason)
    return reading


def signal(reading: Reading) -> str:
    """Return the first usable hash of a file, empty where it has none."""
    return next((one.hex for one in reading.hashes if one.usable), "")


def refuse_url(call: Call) -> None:
    """Refuse a request that names a URL. Raises InputError."""
    if call.query is not None and call.query.url:
        msg = "This server fetches no URLs. Send the file itself: POST, as the part 'photo' of a form."
        raise InputError(msg)
