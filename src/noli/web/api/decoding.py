# SPDX-License-Identifier: Apache-2.0
"""Waits for a decoding child without holding up anybody else."""

import asyncio
from functools import partial

from noli.base.errors import InputError
from noli.hashing.model import Reading
from noli.web.api.operation import Call


async def read(call: Call, *, crops: bool = False, regions: bool = False) -> Reading:
    """Hash the file of a call; with ``crops`` all that is registered of it, with ``regions`` its regions too.

    It waits in a thread pool of its own, as large as there are children, so that slow pictures never take the threads
    that answer lookups and changes of banks.

    Raises:
        InputError: The form has no file.
        Unavailable: No decoding child can be started.
    """
    file = call.file
    if file is None:
        msg = "The form has no 'file' part."
        raise InputError(msg)
    app = call.app
    with app.metrics.decoding.track_inprogress():
        return await asyncio.get_running_loop().run_in_executor(
            app.decoding, partial(app.hasher.read, file, crops=crops, regions=regions)
        )
