# SPDX-License-Identifier: Apache-2.0
"""The program of a decoding child: import everything, give up all rights, then answer until the pipe closes.

Reads requests from standard input and files from shared memory, and answers on standard output (see ``wire``). It
keeps nothing between files, opens nothing and logs nothing. Started by ``pool`` in a fresh interpreter, never forked
from the server.
"""

import io
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable
from typing import BinaryIO

import pi_heif
from PIL import (  # noqa: F401 - plugins register themselves; after confinement none could be imported
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from noli.adapters.decode.limits import confine
from noli.adapters.decode.pictures import Budget, prepare, read_picture, small_picture
from noli.adapters.decode.wire import ANSWER, LOOK, REQUEST, Ask, preview_to_json, reading_to_json
from noli.hashing.model import Pipeline

#: What the warm-up encodes and decodes, so that every module and table is loaded while files can still be opened.
_WARM_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
_WARM_SIDE = 16
_ORIENTATION_TAG = 0x0112
_MIB = 1024 * 1024


def main(settings: str, window: int) -> None:
    """Serve until the pipe closes.

    Args:
        settings: JSON object with ``memory_mib``, ``max_pixels``, ``max_frames`` and ``frames_s``.
        window: Descriptor of the memory in which files are handed over.
    """
    told = json.loads(settings)
    memory_mib = int(told.pop("memory_mib"))
    budget = Budget(**told)
    _warm_up(budget)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    file = mmap.mmap(window, 0, access=mmap.ACCESS_READ)
    os.close(window)
    held = confine(memory_mib=memory_mib + len(file) // _MIB + 1)
    _answer(answers, json.dumps(held).encode())
    _serve(requests, answers, file, budget)


def _serve(requests: BinaryIO, answers: BinaryIO, file: mmap.mmap, budget: Budget) -> None:
    """Answer one request after the other."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        asked, length = REQUEST.unpack(head)
        data = file[:length]
        if asked == Ask.TRY_TO_ESCAPE:
            _answer(answers, json.dumps(_try_to_escape()).encode())
            continue
        if asked == Ask.PREVIEW:
            side, grey = LOOK.unpack(data[: LOOK.size])
            _answer(answers, preview_to_json(small_picture(data[LOOK.size :], side=side, grey=grey, budget=budget)))
            continue
        pipeline = Pipeline.NEAREST_512 if asked == Ask.READ_NEAREST_512 else Pipeline.FULL
        reading = read_picture(
            data,
            pipeline=pipeline,
            budget=budget,
            crops=asked == Ask.READ_WITH_CROPS,
            regions=asked in {Ask.READ_WITH_REGIONS, Ask.READ_WITH_REGIONS_AND_LOOKS},
            looks=asked in {Ask.READ_WITH_LOOKS, Ask.READ_WITH_REGIONS_AND_LOOKS},
        )
        _answer(answers, reading_to_json(reading))


def _answer(answers: BinaryIO, text: bytes) -> None:
    """Send one frame."""
    answers.write(ANSWER.pack(len(text)) + text)
    answers.flush()


def _warm_up(budget: Budget) -> None:
    """Decode one small picture of each format."""
    # Threads cost more than they bring on one picture, and the seconds of a file are counted on one core.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    prepare(budget)
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = 6
    drawn = Image.linear_gradient("L").resize((_WARM_SIDE, _WARM_SIDE)).convert("RGB")
    for name in _WARM_FORMATS:
        file = io.BytesIO()
        extra = {} if name in {"GIF", "BMP"} else {"exif": exif}
        drawn.save(file, name, **extra)
        for pipeline in Pipeline:
            read_picture(file.getvalue(), pipeline=pipeline, crops=True, budget=budget)
    read_picture(b"\0\0\0\x18ftypheic\0\0\0\0", pipeline=Pipeline.FULL, budget=budget)


def _try_to_escape() -> dict[str, str]:
    """Try what a taken-over decoder would try, and tell how each attempt ended."""
    attempts: dict[str, Callable[[], object]] = {
        "open a file to read": lambda: os.open("/", os.O_RDONLY),
        "open a file to write": lambda: os.open("/tmp/noli-escape", os.O_WRONLY | os.O_CREAT),  # noqa: S108
        "make a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "make a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "signal another process": lambda: os.kill(os.getppid(), 0),
        "start a process": _fork,
        "run a program": _execute,
    }
    return {name: _ending(attempt) for name, attempt in attempts.items()}


def _fork() -> None:
    """Start a process that ends at once."""
    if os.fork() == 0:
        os._exit(0)


def _execute() -> None:
    """Run another program, in a process of its own where one can be started."""
    try:
        inside = os.fork() == 0
    except OSError:
        os.execv("/bin/true", ["true"])  # noqa: S606 - the attempt is the point
    if inside:
        try:
            os.execv("/bin/true", ["true"])  # noqa: S606 - see above
        finally:
            os._exit(1)


def _ending(attempt: Callable[[], object]) -> str:
    """Run an attempt: ``refused``, or ``succeeded``."""
    try:
        attempt()
    except OSError:
        return "refused"
    return "succeeded"
