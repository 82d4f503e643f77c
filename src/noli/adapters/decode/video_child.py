# SPDX-License-Identifier: Apache-2.0
"""The program of a child that reads one video: import everything, take the file, give up all rights, answer, end.

It is started ahead of the file it will read, and reads no other: nothing that a video leaves behind meets the next one.
The file comes as an open descriptor, so that it may be of any length. See ``video_wire`` for what is said.
"""

import io
import json
import os
import socket
from fractions import Fraction
from typing import BinaryIO, cast

import av
from PIL import Image

from noli.adapters.decode.limits import confine
from noli.adapters.decode.video_stills import Moment, still
from noli.adapters.decode.video_wire import (
    ANSWER,
    MAX_TASK_BYTES,
    PORTION,
    Ended,
    ending_to_json,
    portion_to_json,
)
from noli.adapters.decode.videos import VideoBudget, Wanted, read_video
from noli.adapters.decode.wire import preview_to_json
from noli.hashing.model import Frame

#: Steps of the share done, in thousandths, after which the server hears of it.
_STEP = 10

#: Pictures are waited for, videos less so: where both want the processor, pictures get it.
_NICENESS = 10

_WARM_SIDE = 64


def main(settings: str, channel: int) -> None:
    """Read the one video that comes.

    Args:
        settings: JSON object with ``memory_mib``, ``max_pixels`` and ``seconds``.
        channel: Descriptor of the socket to the server.
    """
    told = json.loads(settings)
    memory_mib = int(told.pop("memory_mib"))
    budget = VideoBudget(**told)
    # What decoders complain about is answered as an outcome.
    av.logging.set_level(None)
    os.nice(_NICENESS)
    with socket.socket(fileno=channel) as server:
        _warm_up(budget)
        _answer(server, b"[]")
        task, descriptors, _, _ = socket.recv_fds(server, MAX_TASK_BYTES, 1)
        if not descriptors:
            return
        with os.fdopen(descriptors[0], "rb", buffering=0) as file:
            held = confine(memory_mib=memory_mib)
            _answer(server, json.dumps(held).encode())
            asked, video = json.loads(task), cast("BinaryIO", file)
            if "share" in asked:
                _answer(server, preview_to_json(still(video, Moment(**asked), max_pixels=budget.max_pixels)))
            else:
                _read(server, video, Wanted(**asked), budget)


def _read(server: socket.socket, file: BinaryIO, wanted: Wanted, budget: VideoBudget) -> None:
    """Hand hashes on as they are made."""
    frames: list[Frame] = []
    told = 0
    for made in read_video(file, wanted, budget):
        if isinstance(made, Frame):
            frames.append(made)
        elif isinstance(made, Ended):
            _answer(server, portion_to_json(frames, told))
            _answer(server, ending_to_json(made))
        # Regions are large: a frame that has some goes by itself.
        if (
            len(frames) >= PORTION
            or (frames and frames[-1].regions is not None)
            or (isinstance(made, int) and made >= told + _STEP)
        ):
            told = made if isinstance(made, int) else told
            _answer(server, portion_to_json(frames, told))
            frames.clear()


def _answer(server: socket.socket, text: bytes) -> None:
    """Send one message."""
    left = memoryview(ANSWER.pack(len(text)) + text)
    while left:
        left = left[os.write(server.fileno(), left) :]


def _warm_up(budget: VideoBudget) -> None:
    """Read a small video, so that every module and table is loaded while files can still be opened."""
    drawn = Image.linear_gradient("L").resize((_WARM_SIDE, _WARM_SIDE)).convert("RGB")
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(4))
        stream.width = stream.height = _WARM_SIDE
        stream.pix_fmt = "yuv420p"
        for number in range(4):
            picture = av.VideoFrame(_WARM_SIDE, _WARM_SIDE, "rgb24")
            picture.planes[0].update(drawn.tobytes())
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    for wanted in (Wanted(), Wanted(thorough=True)):
        list(read_video(file, wanted, budget))
    still(file, Moment(share=500, side=_WARM_SIDE // 2, grey=True), max_pixels=budget.max_pixels)
    drawn.convert("L").transpose(Image.Transpose.ROTATE_90)
