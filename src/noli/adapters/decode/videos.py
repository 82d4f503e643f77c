# SPDX-License-Identifier: Apache-2.0
"""Which frames of a video are hashed, and how a file of any length is read for them. Runs in the confined child only.

A file is walked through twice. The first walk decodes nothing: it finds out how long the video is, where its key frames
lie, and where it is cut between them; from that ``video_plan`` says what is worth decoding. The second decodes. Memory
hardly grows with the length: one frame is held beside the decoder's own, a number for each second, and hashes are
handed on as they are made.

Moments lie on a grid that is the same for everybody who hashes the video, the page included: every second, four a
second where it is short; what is shown at a moment is hashed. Where key frames lie close enough, they alone are decoded
and stand for their seconds, which is ten times as fast.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

import av
from av.error import FFmpegError

from noli.adapters.decode.video_frames import hashed
from noli.adapters.decode.video_plan import Plan, Shape, plan_of
from noli.adapters.decode.video_wire import SHORT_MS, Ended
from noli.hashing.containers import HEAD_BYTES, container_of
from noli.hashing.model import MAX_TIME_MS, MIN_QUALITY, REGIONS_KEPT, REGIONS_SOUGHT, Frame, Outcome

#: Between moments, in milliseconds; shorter in short videos, whose frames are few.
STEP_MS: Final = 1000
SHORT_STEP_MS: Final = 250

#: Moments of one video at most: ten hours at one a second; in a longer one they lie farther apart.
MAX_MOMENTS: Final = 36_000

#: For registering, a frame this far from the one hashed before it is hashed, too, where that is long enough ago; so
#: many of a video at most.
_MOVED_BITS: Final = 20
_MOVED_MS: Final = 90
_MAX_MOVED: Final = 3000

#: Between frames whose regions are found, in milliseconds, in videos that are short and in others, and how many they
#: are at most. Only frames in order make a match, so a part of a few seconds has to have several.
_REGIONS_STEP_MS: Final = 1000
_SHORT_REGIONS_STEP_MS: Final = 500
_MAX_REGION_FRAMES: Final = 300

#: Rounding of time stamps.
_SLACK_MS: Final = 1

#: Bytes that the demultiplexer is handed at a time.
_BUFFER_BYTES: Final = 1 << 20

_NO_PICTURES = "The file has no track of pictures that can be read here."
_DAMAGED = "The file is damaged or cut short: it begins as a video but cannot be decoded."
_FLAT = "No frame of the video has enough detail to tell it from others (PDQ quality below 50)."
_TOO_MANY_PIXELS = "The video has more pixels than the {limit:,} a frame that are read here."
_OUT_OF_MEMORY = "Decoding the video takes more memory than is allowed."
_OUT_OF_TIME = "Only the first {seconds:,} seconds of the video could be read in the time allowed."


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoBudget:
    """What one video may take.

    Attributes:
        max_pixels: Width times height of the largest frame decoded.
        seconds: After which no further frame is decoded.
    """

    max_pixels: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which frames are wanted.

    Attributes:
        thorough: Those of all moments however dense key frames are, and besides key frames and what moves fast, as for
            registering.
        regions: Whether the regions of some frames are wanted, too, as for checking; ``thorough`` takes those that are
            kept.
        every_ms: Distance of moments; 0 for each single frame, whatever it shows; None for the usual one.
        glance: Whether to look at no more than it takes to tell where a closer look is worth it.
        spans: Where frames are wanted, in milliseconds; everywhere where there are none.
    """

    thorough: bool = False
    regions: bool = False
    every_ms: int | None = None
    glance: bool = False
    spans: Sequence[tuple[int, int]] = ()


def read_video(file: BinaryIO, wanted: Wanted, budget: VideoBudget) -> Iterator[Frame | int | Ended]:
    """Hash a video.

    Args:
        file: Seekable; its first bytes are those of a video.
        wanted: Which frames.
        budget: What it may take.

    Yields:
        Frames in the order of their times; now and then the share that is done, in thousandths; last of all what became
        of it, whatever the decoder raises.
    """
    reader = _Reader(file, wanted, budget)
    try:
        yield from reader.frames()
    except MemoryError:
        yield Ended(Outcome.TOO_LARGE, _OUT_OF_MEMORY)
        return
    except Exception:  # noqa: BLE001 - damaged files raise whatever the parser hits; this is the child's work loop
        if not reader.seen:
            yield Ended(Outcome.CORRUPT, _DAMAGED)
            return
    yield reader.ended()


class _Reader:
    """One video while it is read."""

    def __init__(self, file: BinaryIO, wanted: Wanted, budget: VideoBudget) -> None:
        self._file, self._wanted, self._budget = file, wanted, budget
        self._until = time.monotonic() + budget.seconds
        self._refused: Ended | None = None
        self._out_of_time = False
        self._width = self._height = 0
        self._reached_ms = 0
        self._duration_ms = 0
        self._usable = False
        self._last: Frame | None = None
        self._moved = 0
        self._plan = Plan.everything()
        #: Frames decoded so far.
        self.seen = 0

    def ended(self) -> Ended:
        """Say what became of it."""
        if self._refused is not None:
            return self._refused
        size = self._width, self._height, self._duration_ms
        if self._out_of_time:
            return Ended(Outcome.TIMED_OUT, _OUT_OF_TIME.format(seconds=self._reached_ms // 1000), *size)
        if not self.seen:
            return Ended(Outcome.CORRUPT, _DAMAGED)
        return Ended(Outcome.HASHED, "", *size) if self._usable else Ended(Outcome.LOW_QUALITY, _FLAT, *size)

    def frames(self) -> Iterator[Frame | int]:
        """Hash what is wanted; raises whatever decoding raises."""
        with closing(self._open()) as container:
            stream = _track(container)
            if stream is None:
                self._refused = Ended(Outcome.UNSUPPORTED, _NO_PICTURES)
                return
            shape = _shape(container, stream)
        self._duration_ms = shape.duration_ms
        self._plan = self._planned(shape)
        with closing(self._open()) as container:
            stream = cast("av.VideoStream", _track(container))
            picked = self._moments(container, stream, shape)
            wanted_regions = REGIONS_KEPT if self._wanted.thorough else REGIONS_SOUGHT if self._wanted.regions else 0
            regions_ms, regions_step_ms = 0, _regions_step_ms(self._looked_at_ms(shape))
            for number, at_ms, frame in picked:
                most = wanted_regions if at_ms >= regions_ms else 0
                if most:
                    regions_ms = at_ms + regions_step_ms
                made = self._last = hashed(frame, number=number, at_ms=at_ms, regions=most)
                self._reached_ms = at_ms
                if made.quality >= MIN_QUALITY or self._wanted.every_ms == 0:
                    self._usable = self._usable or made.quality >= MIN_QUALITY
                    yield made
                yield min(1000, 1000 * at_ms // max(1, shape.duration_ms))

    def _open(self) -> "av.container.InputContainer":
        self._file.seek(0)
        name = container_of(self._file.read(HEAD_BYTES))
        self._file.seek(0)
        return av.open(self._file, "r", format=name, buffer_size=_BUFFER_BYTES, metadata_errors="replace")

    def _planned(self, shape: Shape) -> Plan:
        wanted = self._wanted
        if wanted.thorough or wanted.every_ms is not None or (shape.duration_ms < SHORT_MS and not wanted.spans):
            return Plan.everything()
        return plan_of(shape, glance=wanted.glance, spans=wanted.spans)

    def _looked_at_ms(self, shape: Shape) -> int:
        """Say how much is looked at: short places are looked at as closely as short videos."""
        spans = self._wanted.spans
        return sum(end - start for start, end in spans) if spans else shape.duration_ms

    def _moments(
        self, container: "av.container.InputContainer", stream: av.VideoStream, shape: Shape
    ) -> Iterator[tuple[int, int, av.VideoFrame]]:
        """Take the frames that stand alone, and where all are decoded those shown at each moment and the last one.

        With ``thorough`` key frames and movement are taken, too.
        """
        every_ms = self._wanted.every_ms
        step_ms = _step_ms(self._looked_at_ms(shape)) if every_ms is None else every_ms
        moment = 0
        shown: tuple[int, int, av.VideoFrame] | None = None
        for picked in self._decoded(container, stream):
            _, at_ms, frame = picked
            if step_ms == 0:
                yield picked
                continue
            if shown is not None and at_ms > moment + _SLACK_MS:
                yield shown
                moment = (at_ms - _SLACK_MS - 1) // step_ms * step_ms + step_ms
                shown = None
            if at_ms >= moment - _SLACK_MS or self._plan.alone(at_ms):
                yield picked
                moment = (at_ms + _SLACK_MS) // step_ms * step_ms + step_ms
                shown = None
            elif self._wanted.thorough and (frame.key_frame or self._has_moved(frame, at_ms)):
                yield picked
                shown = None
            else:
                shown = picked
        if shown is not None:
            yield shown

    def _has_moved(self, frame: av.VideoFrame, at_ms: int) -> bool:
        """Tell whether a frame is far from the one hashed before, so that what is between is near neither moment."""
        last = self._last
        if last is None or last.at_ms is None or at_ms - last.at_ms < _MOVED_MS or self._moved >= _MAX_MOVED:
            return False
        now = hashed(frame, number=0, at_ms=at_ms).dihedral[0]
        far = (int.from_bytes(now) ^ int.from_bytes(last.dihedral[0])).bit_count() > _MOVED_BITS
        self._moved += far
        return far

    def _decoded(
        self, container: "av.container.InputContainer", stream: av.VideoStream
    ) -> Iterator[tuple[int, int, av.VideoFrame]]:
        """Decode what is planned, frame by frame; what cannot be decoded is passed over, as players do.

        Yields:
            Number, time and picture; times never go back.
        """
        start, last_ms = stream.start_time or 0, 0
        # Frames are counted as the file has them, those that are left out, too: from each key frame on anew.
        packets, left_out, keys = 0, 0, dict[int, int]()
        for packet in container.demux(stream):
            if packet.size:
                packets += 1
                shown_ms, decoded_ms = _ms(packet.pts, start, stream), _ms(packet.dts, start, stream)
                skipped = self._plan.skipped(shown_ms, decoded_ms, is_key=packet.is_keyframe)
                if skipped is None:
                    continue
                stream.codec_context.skip_frame = skipped
                if self._plan.is_partial and packet.is_keyframe and shown_ms is not None:
                    keys[shown_ms] = packets - 1
            for frame in _decode(packet):
                if frame.width * frame.height > self._budget.max_pixels:
                    self._refused = Ended(Outcome.TOO_LARGE, _TOO_MANY_PIXELS.format(limit=self._budget.max_pixels))
                    return
                self._note_size(frame)
                at_ms = _ms(frame.pts, start, stream)
                last_ms = last_ms if at_ms is None else max(last_ms, at_ms)
                left_out = keys.pop(last_ms, self.seen - 1 + left_out) - (self.seen - 1)
                if self._plan.wants(last_ms):
                    yield self.seen - 1 + left_out, last_ms, frame
            if time.monotonic() > self._until:
                self._out_of_time = True
                return

    def _note_size(self, frame: av.VideoFrame) -> None:
        self.seen += 1
        on_its_side = frame.rotation % 180 != 0
        self._width, self._height = (frame.height, frame.width) if on_its_side else (frame.width, frame.height)


def _track(container: "av.container.InputContainer") -> av.VideoStream | None:
    """Choose the track of moving pictures; covers and thumbnails are tracks, too."""
    tracks = container.streams.video
    moving = [each for each in tracks if not each.disposition & av.stream.Disposition.attached_pic]
    stream = next(iter(moving or tracks), None)
    if stream is not None:
        # One core is what a file gets; threads would only take it from others.
        stream.codec_context.thread_count = 1
    return stream


def _shape(container: "av.container.InputContainer", stream: av.VideoStream) -> Shape:
    """Walk through the packets without decoding; a damaged end is the end."""
    start, shape = stream.start_time or 0, Shape()
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            shape.timed = shape.timed and packet.pts is not None
            at_ms = _ms(packet.dts if packet.pts is None else packet.pts, start, stream)
            if at_ms is not None:
                length_ms = _ms(packet.duration, 0, stream) or 0
                shape.note(at_ms, length_ms, packet.size, is_key=packet.is_keyframe)
    except FFmpegError:
        pass
    return shape


def _step_ms(duration_ms: int) -> int:
    if duration_ms < SHORT_MS:
        return SHORT_STEP_MS
    return STEP_MS * max(1, -(-duration_ms // (STEP_MS * MAX_MOMENTS)))


def _regions_step_ms(duration_ms: int) -> int:
    if duration_ms < SHORT_MS:
        return _SHORT_REGIONS_STEP_MS
    return max(_REGIONS_STEP_MS, duration_ms // _MAX_REGION_FRAMES)


def _decode(packet: "av.Packet[av.VideoStream]") -> list[av.VideoFrame]:
    try:
        return packet.decode()
    except av.error.MemoryError as error:
        raise MemoryError from error
    except FFmpegError:
        return []


def _ms(stamp: int | None, start: int, stream: av.VideoStream) -> int | None:
    """Turn a time stamp into milliseconds from the start, within what a video can have."""
    if stamp is None or stream.time_base is None:
        return None
    return max(0, min(MAX_TIME_MS, round((stamp - start) * 1000 * stream.time_base)))
