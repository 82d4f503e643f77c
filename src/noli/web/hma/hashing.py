# SPDX-License-Identifier: Apache-2.0
"""``/h``: the hash of a file."""

from noli.base.errors import InputError
from noli.hashing.containers import container_of
from noli.hashing.model import Outcome, Reading
from noli.web.api import decoding
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import UnusableFile
from noli.web.hma import fetching, signals
from noli.web.hma.shapes import PDQ, VIDEO, VPDQ

# What became of a file that has hashes, or provably none.
_READ = frozenset({Outcome.HASHED, Outcome.LOW_QUALITY})


async def by_file(call: Call) -> Reply:
    """Hash a file; a picture too flat to tell from others has an empty hash, as in HMA."""
    reading = await read(call)
    return Reply.of(signals.written(reading.hashes))


async def read(call: Call, *, crops: bool = False) -> Reading:
    """Hash the file of a form.

    Raises:
        InputError: The form has no file, or asks for a signal type that is not served.
        UnusableFile: The file could not be read, so that nothing can be said about it.
    """
    await fetching.given(call)
    if call.file is None:
        msg = "Send a file as the part 'photo' or 'video' of a form."
        raise InputError(msg)
    unknown = {name.strip() for name in call.query.types.split(",") if name.strip()} - {PDQ, VPDQ}
    if unknown:
        msg = f"Only the signal types {PDQ!r} and {VPDQ!r} are served here."
        raise InputError(msg)
    part = call.given.file_part
    if part and bool(container_of(call.file)) != (part == VIDEO):
        raise UnusableFile(Outcome.UNSUPPORTED, f"This is no {part}, as far as its first bytes tell.")
    reading = await decoding.read(call, crops=crops)
    if reading.outcome not in _READ:
        raise UnusableFile(reading.outcome, reading.reason)
    return reading
