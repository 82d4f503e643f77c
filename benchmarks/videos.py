# SPDX-License-Identifier: Apache-2.0
"""Rows about videos: speed of hashing, what is found of edited copies, other takes of a scene, an archive projected."""

import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import av
import numpy as np
import pdqhash
from PIL import Image, ImageOps

from benchmarks.hashing import one_decoder
from benchmarks.inputs import encoded, photographs, shared_folder, source
from benchmarks.measure import Row, faster, higher, seconds
from noli.access.model import ApiKey, Scope
from noli.adapters.decode import VideoPool
from noli.app import App
from noli.bank.model import DEFAULT_THRESHOLD_BITS as BITS
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance
from noli.base.clock import SystemClock
from noli.base.config import Config
from noli.cli import store
from noli.hashing.model import MIN_QUALITY, Reading
from noli.hashing.ports import Span
from noli.matching.model import Match, Segment, Verdict
from noli.matching.service import Upload
from tests.support import clips, video_edits

#: Seconds of a video to be timed, of the piece it is made of, and of so much of it as is decoded frame by frame; frames
#: a second, and sides.
_FILM_S, _PIECE_S, _SOME_S, _RATE, _SIDES = 300, 10, 20, 30, (1920, 1080)

#: Of the news story: pictures, videos and the seconds of each; seconds of a day, and cores that work.
_PICTURES, _VIDEOS, _VIDEO_S, _DAY_S, _CORES = 96_000, 58_000, 300, 86_400, 2

#: Share of a query's frames that must be near for vPDQ. Source: threatexchange 1.2, vpdq_util.py.
_PEER_SHARE = 0.8

_POLICY = BankPolicy(Action.BLOCK)
_KEY = ApiKey("benchmark", frozenset({Scope.CHECKS}), SystemClock().now())


@contextmanager
def _pool() -> Iterator[VideoPool]:
    pool = VideoPool(workers=1)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Film:
    """A video at 1080p to be timed: one piece of ten seconds, again and again.

    Attributes:
        row: Of which row.
        what: It is, for the reader.
        keys: Frames from one key frame to the next.
        bit_rate: Bits a second it aims at; None for the encoder's usual quality, whatever that takes.
        usual: Whether encoders make such files unasked.
    """

    row: str
    what: str
    keys: int
    bit_rate: int | None = 4_000_000
    usual: bool = True

    @property
    def pictures(self) -> Iterator[Image.Image]:
        """What it shows: a street or a room as cameras take them, or sharp photographs that move all the time."""
        if self.bit_rate is None:
            wide = [photo.resize((2200, 1240)) for photo in photographs(3)]
            for number in range(_PIECE_S * _RATE):
                shift = number % 140
                window = (2 * shift, shift, 2 * shift + _SIDES[0], shift + _SIDES[1])
                yield wide[number * len(wide) // (_PIECE_S * _RATE)].crop(window)
            return
        folder = shared_folder()
        clip = (
            _drawn(1)
            if folder is None
            else video_edits.load(
                folder / "everyday" / "videos" / "intel_car-detection.mp4",
                rate=_RATE,
                longest=_PIECE_S,
                start=5,
                side=1920,
            )
        )
        for number in range(_PIECE_S * _RATE):
            yield clip.frames[number % len(clip.frames)][1].resize(_SIDES)

    def written(self, path: Path) -> Path:
        """Encode a piece."""
        options = {"preset": "veryfast", "x264-params": "scenecut=0"}
        if self.bit_rate is not None:
            options |= {"maxrate": str(self.bit_rate * 3 // 2), "bufsize": str(2 * self.bit_rate)}
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=Fraction(_RATE), options=options)
            stream.width, stream.height = _SIDES
            stream.pix_fmt, stream.gop_size = "yuv420p", self.keys
            if self.bit_rate is not None:
                stream.bit_rate = self.bit_rate
            for picture in self.pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
            container.mux(stream.encode())
        return path


_FILMS = (
    _Film(row="video-hash-1080p", what="a camera's clip at 4 Mbit/s, a key frame each second", keys=_RATE),
    _Film(
        row="video-hash-1080p-heavy",
        what="sharp photographs that move all the time, at a quality of 23, a key frame each second",
        keys=_RATE,
        bit_rate=None,
    ),
    _Film(row="video-hash-1080p-key-2s", what="the camera's clip, a key frame every 2 s", keys=2 * _RATE),
    _Film(row="video-hash-1080p-key-250", what="the camera's clip, a key frame every 250 frames (x264)", keys=250),
    _Film(row="video-hash-1080p-key-10s", what="the camera's clip, a key frame every 10 s", keys=10 * _RATE),
    _Film(
        row="video-hash-1080p-cuts",
        what="the sharp photographs, a key frame every 10 s and six cuts between without one (the worst case)",
        keys=10 * _RATE,
        bit_rate=None,
        usual=False,
    ),
)


def _peer_hash(path: Path) -> int:
    """Decode every frame and hash one a second, as vPDQ does."""
    made = 0
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(video=0)):
            if number % _RATE == 0:
                pdqhash.compute(frame.to_ndarray(format="rgb24"))
                made += 1
    return made


def _key_sizes(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [packet.size for packet in container.demux(video=0) if packet.is_keyframe and packet.size]


def _decoded_keys(path: Path) -> int:
    """Decode key frames and do nothing with them: what no hasher of them can be faster than."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        return sum(1 for _ in container.decode(stream))


def _processor_s(call: Callable[[], object]) -> float:
    """Return the processor's seconds that a call took here and in children that have ended.

    What is told is a rate of one core, and other work on the machine must not count.
    """
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)

    def taken() -> float:
        used = [resource.getrusage(kind) for kind in kinds]
        return sum(each.ru_utime + each.ru_stime for each in used)

    before = taken()
    call()
    return taken() - before


def _timed(film: _Film, folder: Path, pool: VideoPool) -> tuple[float, float, Row]:
    """Return the processor's seconds that a second of a film takes us to check and the peer to hash, and its row."""
    piece = film.written(folder / "piece.mp4")
    path = clips.repeated(piece, folder / "film.mp4", _FILM_S // _PIECE_S)
    some = clips.repeated(piece, folder / "some.mp4", _SOME_S // _PIECE_S)
    ours = _processor_s(lambda: _read(pool, path, closer=_nothing)) / _FILM_S
    floor = _processor_s(lambda: _decoded_keys(path)) / _FILM_S
    every = _processor_s(lambda: _read(pool, some, every_ms=1000)) / _SOME_S
    peer = _processor_s(lambda: _peer_hash(some)) / _SOME_S
    sizes = _key_sizes(path)
    row = higher(
        film.row,
        1 / ours,
        1 / peer,
        peer_name="PyAV, every frame, with pdqhash",
        unit="times real time, one core",
        what=f"H.264 of {_FILM_S} s, {film.what}, checked where banks hold nothing near: from file to hashes, in the "
        "processor's time",
        decoding_all_key_frames_alone=round(1 / floor),
        every_second_decoded=round(1 / every, 1),
        key_frame_kilobytes=round(sum(sizes) / len(sizes) / 1000),
        megabits_a_second=round(8e-6 * path.stat().st_size / _FILM_S, 1),
        inputs=source(),
    )
    return ours, peer, row


def speed() -> list[Row]:
    """Time checks of 1080p videos, and project the archive of the news story from them."""
    files = encoded(1632, 1224, "JPEG", 24)
    with tempfile.TemporaryDirectory() as folder, _pool() as pool, one_decoder() as pictures:
        # The children of pictures live on, so that only a clock can tell what they take.
        picture = seconds(lambda: [pictures.read(file) for file in files]) / len(files)
        made = [_timed(film, Path(folder), pool) for film in _FILMS]

    def days(share: float) -> float:
        return (_PICTURES * picture + _VIDEOS * _VIDEO_S * share) / _CORES / _DAY_S

    slowest = max(ours for (ours, _, _), film in zip(made, _FILMS, strict=True) if film.usual)
    archive = faster(
        "video-archive",
        days(slowest),
        days(made[0][1]),
        peer_name="the same with the peer's rate for videos",
        unit=f"days on {_CORES} cores",
        what=f"{_PICTURES:,} pictures of 2 megapixels and {_VIDEOS:,} videos of {_VIDEO_S // 60} minutes hashed, "
        "projected from the rates of this run, were each as slow as the slowest of those above but the worst case",
        **{
            f"as_{film.row.removeprefix('video-hash-').replace('-', '_')}": round(days(share), 1)
            for film, (share, _, _) in zip(_FILMS, made, strict=True)
        },
        inputs=source(),
    )
    return [*(row for _, _, row in made), archive]


def _read(pool: VideoPool, path: Path, **wanted: Any) -> Reading:  # noqa: ANN401 - what the pool takes
    with path.open("rb") as file:
        return pool.read(file, **wanted)


def _nothing(_: Reading) -> Sequence[Span]:
    """Say that nothing is near: nearly everything that a platform or an archive holds."""
    return ()


def _peer_finds(upload: Reading, banked: Reading) -> bool:
    """Decide as threatexchange does: most of the upload's frames are near one of the banked ones."""
    near = 0
    usable = [frame for frame in upload.frames if frame.quality >= MIN_QUALITY]
    values = [int.from_bytes(frame.dihedral[0]) for frame in banked.frames]
    for frame in usable:
        value = int.from_bytes(frame.dihedral[0])
        near += any((value ^ other).bit_count() <= BITS for other in values)
    return bool(usable) and near >= _PEER_SHARE * len(usable)


@cache
def _clips() -> tuple[tuple[str, video_edits.Clip], ...]:
    folder = shared_folder()
    if folder is None:
        return tuple((f"drawn {seed}", _drawn(seed)) for seed in range(3))
    chosen = {
        "chair": folder / "videos" / "chair-orig-22-sd-bar.mp4",
        "pattern": folder / "videos" / "pattern-longer-no-bar.mp4",
        "padded": folder / "videos" / "test-padded-dimensions.mp4",
        "bottle": folder / "everyday" / "videos" / "intel_bottle-detection.mp4",
        "person": folder / "everyday" / "videos" / "intel_one-by-one-person-detection.mp4",
    }
    return tuple(
        (name, video_edits.load(path, longest=12, side=400, start=20 if name == "person" else 0))
        for name, path in chosen.items()
    )


def _drawn(seed: int) -> video_edits.Clip:
    photo = photographs(3)[seed].resize((900, 600))
    parts = [photo.crop((number * 5, number * 2, number * 5 + 400, number * 2 + 300)) for number in range(80)]
    return video_edits.Clip([(number / 10, part) for number, part in enumerate(parts)], 8.0)


def edits() -> list[Row]:
    """Make each edit of each clip; count what a check finds, and by how much the place is wrong."""
    with tempfile.TemporaryDirectory() as name, closing(_installation(Path(name))) as app, _pool() as pool:
        folder = Path(name)
        clips = _clips()
        banked = {}
        for title, clip in clips:
            path = video_edits.write(folder / f"{title}.mp4", clip.frames, crf=18)
            reading = _read(pool, path, thorough=True)
            new = NewEntry(reading.variants, Provenance("benchmark"), regions=reading.registered_regions)
            banked[title] = reading, store.add_entries(app, "banked", [new])[0]
        app.indexes.load(app.store)
        return [_edit(edit, clips, banked, (app, pool), folder / "copy.mp4") for edit in video_edits.EDITS]


@cache
def _surroundings() -> tuple[list[Image.Image], list[Image.Image]]:
    """Return what is shown before and after a copy in a long video: nothing that is banked."""
    folder = shared_folder()
    if folder is None:
        pictures = [picture for _, picture in _drawn(2).frames]
        return pictures * 3, pictures[::-1] * 3
    road, hall = (
        folder / "everyday" / "videos" / f"intel_{name}-detection.mp4" for name in ("car", "one-by-one-person")
    )
    before = video_edits.load(road, longest=26.3, side=400)
    after = video_edits.load(hall, start=60, longest=25, side=400)
    return [picture for _, picture in before.frames], [picture for _, picture in after.frames]


def long_edits() -> list[Row]:
    """Put each edited copy into a long video with few key frames, and check it with and without a glance first."""
    chosen = [each for each in _clips() if each[0] in {"chair", "pattern", "bottle", "drawn 0", "drawn 1"}]
    with tempfile.TemporaryDirectory() as name, closing(_installation(Path(name))) as app, _pool() as pool:
        path = Path(name) / "long.mp4"
        banked = {}
        for title, clip in chosen:
            video_edits.write(path, clip.frames, crf=18)
            reading = _read(pool, path, thorough=True)
            new = NewEntry(reading.variants, Provenance("benchmark"), regions=reading.registered_regions)
            banked[title] = store.add_entries(app, "banked", [new])[0]
        app.indexes.load(app.store)
        return [
            _long(encoding, cuts=cuts, chosen=chosen, banked=banked, tools=(app, pool), path=path)
            for encoding, cuts in (("default", True), ("10s", False))
        ]


def _long(
    encoding: str,
    *,
    cuts: bool,
    chosen: Sequence[tuple[str, video_edits.Clip]],
    banked: dict[str, EntryId],
    tools: tuple[App, VideoPool],
    path: Path,
) -> Row:
    app, pool = tools
    missed = {"check": list[str](), "every second": list[str]()}
    off: list[float] = []
    needed = [edit for edit, (_, needed) in video_edits.EDITS.items() if needed]
    tried = [(edit, chosen[(at + more) % len(chosen)]) for at, edit in enumerate(needed) for more in (0, 1)]
    for edit, (title, clip) in tried:
        made, places = video_edits.EDITS[edit][0](clip, [other for name, other in chosen if name != title])
        start = _written(path, list(made), crf=video_edits.crf_of(edit), cuts=cuts)
        for how, closer in (("check", app.closer(None)), ("every second", None)):
            upload = _read(pool, path, regions=True, closer=closer)
            matches = app.checker.check(Upload.of(upload), key=_KEY).decision.matches
            match = next((each for each in matches if each.neighbour.entry == banked[title]), None)
            if match is None:
                missed[how].append(edit)
            elif how == "check" and match.neighbour.segment is not None and match.neighbour.agreement is None:
                moved = (replace(each, start=each.start + start, end=each.end + start) for each in places)
                off.append(min(_off(match.neighbour.segment, place) for place in moved))
    return higher(
        f"video-edits-long-{encoding}",
        1 - len(missed["check"]) / len(tried),
        1 - len(missed["every second"]) / len(tried),
        peer_name="the same, every second decoded",
        unit="of the copies found",
        what="each edit of two clips inside a minute of other videos, a key frame every 10 s "
        f"{'and at cuts, as x264 does' if cuts else 'whatever is cut'}",
        missed=", ".join(sorted(missed["check"])) or "none",
        seconds_off_by_frames=round(max(off), 2),
        copies=len(tried),
        inputs=source(),
    )


def _written(path: Path, copy: Sequence[video_edits.Shown], *, crf: int, cuts: bool) -> float:
    """Encode a copy inside other videos; return the second in which it begins."""
    before, after = _surroundings()
    size, step = copy[0][1].size, copy[1][0] - copy[0][0]
    pictures = [
        *(ImageOps.pad(picture, size) for picture in before),
        *(picture for _, picture in copy),
        *(ImageOps.pad(picture, size) for picture in after),
    ]
    video_edits.write(path, [(n * step, picture) for n, picture in enumerate(pictures)], crf=crf, keys=100, cuts=cuts)
    return len(before) * step


def _installation(folder: Path) -> App:
    app = App.open(Config(data=folder / "data", probing_budget=1_000_000))
    store.create_bank(app, "banked", _POLICY)
    return app


def _edit(
    edit: str,
    clips: Sequence[tuple[str, video_edits.Clip]],
    banked: dict[str, tuple[Reading, EntryId]],
    tools: tuple[App, VideoPool],
    path: Path,
) -> Row:
    app, pool = tools
    found = blocked = by_regions = peer = 0
    off: list[float] = []
    for title, clip in clips:
        others = [other for name, other in clips if name != title]
        places = video_edits.made(edit, clip, others, path)
        upload = _read(pool, path, regions=True)
        peer += _peer_finds(upload, banked[title][0])
        check = app.checker.check(Upload.of(upload), key=_KEY)
        match = next((each for each in check.decision.matches if each.neighbour.entry == banked[title][1]), None)
        if match is None:
            continue
        found += 1
        blocked += match.verdict is Verdict.BLOCK
        by_regions += match.neighbour.agreement is not None
        if match.neighbour.segment is not None:
            off.append(min(_off(match.neighbour.segment, place) for place in places))
    return higher(
        "video-edit-" + "-".join("".join(c if c.isalnum() else " " for c in edit).lower().split()),
        found / len(clips),
        peer / len(clips),
        peer_name="vPDQ's rule on the same frames",
        unit="of the copies found",
        what=f"{edit}: copies of {len(clips)} clips against the banked originals",
        blocked=round(blocked / len(clips), 2),
        by_regions=round(by_regions / len(clips), 2),
        seconds_off=round(max(off), 2) if off else "no place told",
        inputs=source(),
    )


def _off(segment: Segment, place: video_edits.Place) -> float:
    told = (segment.start_ms, segment.end_ms, segment.banked_start_ms, segment.banked_end_ms)
    true = (place.start, place.end, place.original_start, place.original_end)
    return max(abs(ms / 1000 - s) for ms, s in zip(told, true, strict=True))


def scenes() -> list[Row]:
    """Check each clip against all others, by whole frames and by regions: what a bank would wrongly do.

    The rules were chosen on the takes of one person as they are. Two groups were not looked at then: other frames of
    these takes, smaller, coarser and mirrored; and rooms that one camera watches all the time, cut into parts.
    """
    folder = shared_folder()
    if folder is None:
        msg = "This row needs the shared clips of one scene (SHARED_DATA)."
        raise FileNotFoundError(msg)
    everyday = folder / "everyday" / "videos"
    takes = sorted(everyday.glob("asl_*"))
    others = sorted(
        [*everyday.glob("intel_*"), *(folder / "videos" / f"{name}.mp4" for name in
         ("chair-orig-22-sd-bar", "pattern-longer-no-bar", "test-padded-dimensions"))]
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name, closing(_installation(Path(name))) as app, _pool() as pool:
        copies = {_copied(path, Path(name) / f"{path.stem}.mp4"): path for path in takes}
        watched = [part for path in sorted(everyday.glob("intel_*")) for part in _parts(path, Path(name))]
        banked = {}
        for path in (*takes, *others, *watched):
            reading = _read(pool, path, thorough=True)
            new = NewEntry(reading.variants, Provenance("benchmark"), regions=reading.registered_regions)
            banked[store.add_entries(app, "banked", [new])[0]] = path
        app.indexes.load(app.store)
        found = [
            (path, banked[match.neighbour.entry], match)
            for path in (*takes, *others, *copies, *watched)
            for match in app.checker.check(Upload.of(_read(pool, path, regions=True)), key=_KEY).decision.matches
        ]
    itself = sum(one == other for one, other, _ in found if one in takes or one in others)
    pairs = {(one, other) for one, other in permutations((*takes, *others), 2)}
    same = {(one, other) for one, other in pairs if one in takes and other in takes}
    unseen = {(copy, other) for copy, of in copies.items() for other in takes if other != of}
    rooms = {(one, other) for one, other in permutations(watched, 2) if one.stem[:-2] == other.stem[:-2]}
    return [
        _confused(
            "video-same-scene",
            found,
            same,
            "other takes of one person in one room, compared with each other by frames and by regions: none is a copy",
        ),
        _confused(
            "video-same-scene-held-out",
            found,
            unseen,
            "other frames of these takes, mirrored, smaller and coarser: none was looked at when the rules were chosen",
            found_again=f"{sum(copies.get(one) == other for one, other, _ in found)} of {len(copies)}",
        ),
        _confused(
            "video-same-scene-watched",
            found,
            rooms,
            "parts of what one fixed camera sees of a room, a belt or a road, six seconds and more apart; likewise",
        ),
        _confused(
            "video-unrelated", found, pairs - same, "unrelated clips, compared by frames and by regions",
            found_again=f"{itself} of {len(takes) + len(others)}",
        ),
    ]  # fmt: skip


def _confused(
    row: str,
    found: Sequence[tuple[Path, Path, Match]],
    pairs: set[tuple[Path, Path]],
    what: str,
    **more: str,
) -> Row:
    """Tell how many pairs that are no copies a check shows to a person."""
    wrong = [match for one, other, match in found if (one, other) in pairs]
    return faster(
        row,
        len(wrong) / len(pairs),
        None,
        peer_name="",
        unit="of the pairs shown to a person",
        what=what,
        blocked=sum(match.verdict is Verdict.BLOCK for match in wrong),
        by_regions=sum(match.neighbour.agreement is not None for match in wrong),
        pairs=len(pairs),
        **more,
    )


def _copied(take: Path, path: Path) -> Path:
    """Write a take anew: at another rate and from another moment on, mirrored, smaller and coarser."""
    clip = video_edits.load(take, rate=8, start=0.3, side=300)
    return video_edits.write(path, ((at, ImageOps.mirror(picture)) for at, picture in clip.frames), crf=30)


def _parts(clip: Path, folder: Path) -> Iterator[Path]:
    """Cut a clip into parts of twelve seconds, six seconds apart."""
    for number, start in enumerate(range(0, 120, 18)):
        part = video_edits.load(clip, start=start, longest=12, side=400)
        if part.duration >= 11:
            yield video_edits.write(folder / f"{clip.stem}-{number}.mp4", part.frames)


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "video-speed": speed,
    "video-edits": edits,
    "video-edits-long": long_edits,
    "video-same-scene": scenes,
}
