# SPDX-License-Identifier: Apache-2.0
"""Waits for a decoding child without holding up anybody else."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import BoundedSemaphore

from noli.base.errors import InputError
from noli.hashing.containers import container_of
from noli.hashing.model import Reading
from noli.hashing.ports import Closer
from noli.web.api.operation import Call
from noli.web.api.problems import Overloaded, TooLarge

# Seconds after which a caller whose picture or video found no place may try again.
_SOON_S = 1
_COME_BACK_S = 10


async def read(
    call: Call, *, crops: bool = False, regions: bool = False, looks: bool = False, closer: Closer | None = None
) -> Reading:
    """Hash the file of a call; with ``crops`` all that registering takes, with ``regions`` a picture's regions too.

    With ``looks`` there is a second look at it, with ``closer`` a video is glanced at first. It waits in a thread pool
    of its own, as large as there are children, so that slow pictures never take the threads that answer lookups and
    changes of banks; and videos, which take longer still, never those of pictures.

    Raises:
        InputError: The form has no file.
        Overloaded: As many pictures or videos wait as may.
        TooLarge: A video is larger than is taken.
        Unavailable: No decoding child can be started.
    """
    file = call.file
    if file is None:
        msg = "The form has no 'file' part."
        raise InputError(msg)
    app = call.app
    threads = app.decoding
    with app.metrics.decoding.track_inprogress(), ExitStack() as held:
        if not container_of(file):
            held.enter_context(_place(app.picture_places, "As many pictures", _SOON_S))
        else:
            if len(file) > app.config.max_video_bytes:
                msg = f"A video may have {app.config.max_video_bytes:,} bytes at most."
                raise TooLarge(msg)
            held.enter_context(_place(app.places, "As many videos", _COME_BACK_S))
            threads = app.watching
        return await asyncio.get_running_loop().run_in_executor(
            threads, partial(app.hasher.read, file, crops=crops, regions=regions, looks=looks, closer=closer)
        )


@contextmanager
def _place(places: BoundedSemaphore, whose: str, come_back_s: int) -> Iterator[None]:
    """Hold a place among the files in work and those that wait."""
    if not places.acquire(blocking=False):
        msg = f"{whose} wait as may; send this one again later."
        raise Overloaded(msg, retry_after_s=come_back_s)
    try:
        yield
    finally:
        places.release()
