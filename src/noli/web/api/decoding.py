# SPDX-License-Identifier: Apache-2.0
"""Waits for a decoding child without holding up anybody else."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from noli.app import App
from noli.base.errors import InputError, Throttled
from noli.hashing.containers import container_of
from noli.hashing.model import Reading
from noli.web.api.operation import Call
from noli.web.api.problems import TooLarge

# Seconds after which a caller whose video found no place may try again.
_COME_BACK_S = 10


async def read(call: Call, *, crops: bool = False, regions: bool = False) -> Reading:
    """Hash the file of a call; with ``crops`` all that registering takes, with ``regions`` a picture's regions too.

    It waits in a thread pool of its own, as large as there are children, so that slow pictures never take the threads
    that answer lookups and changes of banks; and videos, which take longer still, never those of pictures.

    Raises:
        InputError: The form has no file.
        Throttled: As many videos wait as may.
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
        if container_of(file):
            if len(file) > app.config.max_video_bytes:
                msg = f"A video may have {app.config.max_video_bytes:,} bytes at most."
                raise TooLarge(msg)
            held.enter_context(_place(app))
            threads = app.watching
        return await asyncio.get_running_loop().run_in_executor(
            threads, partial(app.hasher.read, file, crops=crops, regions=regions)
        )


@contextmanager
def _place(app: App) -> Iterator[None]:
    """Hold a place among the videos in work and those that wait."""
    if not app.places.acquire(blocking=False):
        msg = "As many videos wait as may; send this one again later."
        raise Throttled(msg, retry_after_s=_COME_BACK_S)
    try:
        yield
    finally:
        app.places.release()
