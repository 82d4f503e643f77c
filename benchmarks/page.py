# SPDX-License-Identifier: Apache-2.0
"""Rows about hashing in a page, in Debian's Chromium: how long it takes, what memory, how far from the server's hashes.

A phone is imitated twice: by the browser's own throttling (CDP ``Emulation.setCPUThrottlingRate``, which slows the
page's main thread and not its worker), and by stopping every process of the browser for five sixths of the time, which
slows all of it. Memory is the sum of the browser's processes beyond what it had before, sampled while it works.
"""

import os
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from benchmarks.hashing import one_decoder
from benchmarks.inputs import shared_folder
from benchmarks.measure import Row, faster
from tests.support import clips, media
from tests.support.browser import chromium
from tests.support.hashing_page import Visit, served, visited

#: How many times slower a cheap phone is, and how long one stop lasts.
SLOWER = 6
_STOP_S = 0.05

#: Frames a second of the clips, and how many seconds of them are drawn.
RATE = 30
_DRAWN_S = 20

_TICKS = """() => {
    let last = performance.now();
    window.longestGap = 0;
    window.ticking = setInterval(() => {
        const now = performance.now();
        window.longestGap = Math.max(window.longestGap, now - last);
        last = now;
    }, 5);
}"""


def browser_processes() -> list[int]:
    """List the processes of the browser that this process started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    ours = {os.getpid()}
    for _ in range(8):
        ours |= {child for child, parent in parents.items() if parent in ours}
    return [pid for pid in ours if _is_browser(pid)]


def _is_browser(pid: int) -> bool:
    try:
        return "chromium" in Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].decode()
    except OSError:
        return False


@contextmanager
def slowed(times: int) -> Iterator[None]:
    """Stop the browser's processes for all but one part in ``times`` of the time."""
    over = threading.Event()
    pids = browser_processes()

    def everyone(number: signal.Signals) -> None:
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def work() -> None:
        while not over.is_set():
            everyone(signal.SIGSTOP)
            time.sleep(_STOP_S)
            everyone(signal.SIGCONT)
            time.sleep(_STOP_S / (times - 1))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        everyone(signal.SIGCONT)


def memory_mib() -> float:
    """Sum the memory of the browser's processes that no other shares, in MiB."""
    total = 0
    for pid in browser_processes():
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))
    return total / 1024


@contextmanager
def watched(peak: list[float]) -> Iterator[None]:
    """Append the memory in use, over and over."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            peak.append(memory_mib())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def timed(visit: Visit, path: Path, *, rounds: int = 1) -> tuple[float, float, list[dict[str, Any]]]:
    """Hash a file; seconds (median of rounds), the longest gap of the main thread in ms, and the results."""
    visit.page.evaluate(_TICKS)
    results = [visit.hash([path])[0] for _ in range(rounds)]
    gap = float(visit.page.evaluate("() => { clearInterval(window.ticking); return window.longestGap; }"))
    if any(result["outcome"] != "hashed" for result in results):
        msg = f"{path.name}: {results[0]['outcome']}"
        raise RuntimeError(msg)
    return statistics.median(result["took_ms"] for result in results) / 1000, gap, results


def repeated(source: Path, target: Path, times: int) -> Path:
    """Write a video several times over, without encoding it anew."""
    with av.open(str(target), "w") as out:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(source)) as container:
                read = container.streams.video[0]
                stream = stream or out.add_stream_from_template(read)
                for packet in container.demux(read):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = (packet.pts or 0) + offset, packet.dts + offset
                    packet.stream = stream
                    out.mux(packet)
                offset += read.duration or 0
    return target


def photo(path: Path) -> Path:
    """Draw 12 megapixels with the noise of a sensor, as JPEG."""
    drawn = np.asarray(media.drawn(seed=3, width=4000, height=3000)).astype(np.int16)
    noisy = drawn + np.random.default_rng(1).integers(-12, 13, drawn.shape, np.int16)
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, quality=88)
    return path


def clip(path: Path, seconds: int, *, key_s: int = 1) -> Path:
    """Draw 20 s of 1080p at 30 frames a second with a key frame every ``key_s`` seconds, and repeat them."""
    frames = clips.scenes(seconds=_DRAWN_S, width=1920, height=1080, rate=RATE)
    drawn = clips.encoded(path.with_stem("drawn"), frames, codec="libx264", rate=RATE, key_every=key_s * RATE)
    return repeated(drawn, path, seconds // _DRAWN_S)


@contextmanager
def _page() -> Iterator[Visit]:
    """Open the page in a fresh Chromium."""
    executable = chromium()
    if executable is None:
        msg = "Chromium is not installed ('make system')"
        raise RuntimeError(msg)
    with served() as address, visited(executable, address) as visit:
        yield visit


@contextmanager
def _slow_main_thread(visit: Visit) -> Iterator[None]:
    session = visit.context.new_cdp_session(visit.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


@contextmanager
def _slow_browser(_visit: Visit) -> Iterator[None]:
    with slowed(SLOWER):
        yield


#: How the browser is slowed, by the end of the row's name.
_SLOW: dict[str, tuple[str, Callable[[Visit], AbstractContextManager[None]]]] = {
    "": ("as fast as this machine is", lambda _visit: nullcontext()),
    "-6x": ("its main thread slowed 6 times by Chromium's own throttling", _slow_main_thread),
    "-all-6x": ("every process of the browser stopped for five sixths of the time", _slow_browser),
}


def times() -> list[Row]:
    """Time a photograph and clips in the page, at three speeds of the machine."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        picture = photo(files / "photo.jpg")
        videos = {
            "60s-1080p": (clip(files / "clip.mp4", 60), "1080p clip of 60 s with a key frame a second"),
            "60s-1080p-sparse": (clip(files / "sparse.mp4", 60, key_s=8), "the same with a key frame every 8 s"),
        }
        for end, (how, slow) in _SLOW.items():
            with _page() as visit:
                visit.hash([picture])  # the kernel is loaded and the worker warm, as after the first picture
                with slow(visit):
                    rows.append(_row(f"page-12mp-jpeg{end}", f"12 MP JPEG, {how}", timed(visit, picture, rounds=3)))
                    for name, (video, what) in videos.items():
                        rows.append(_row(f"page-{name}{end}", f"{what}, {how}", timed(visit, video)))
    return rows


def _row(name: str, what: str, measured: tuple[float, float, list[dict[str, Any]]]) -> Row:
    took_s, gap_ms, results = measured
    return faster(
        name, took_s, None, peer_name="", unit="s", what=f"hashed in the page: {what}",
        hashes=len(results[0]["hashes"]), main_thread_away_ms=round(gap_ms),
    )  # fmt: skip


def memory() -> list[Row]:
    """Measure the browser's memory while it hashes a photograph and a video of ten minutes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, _page() as visit:
        files = Path(folder)
        long = repeated(clip(files / "clip.mp4", 60), files / "long.mp4", 10)
        for name, what, path in (
            ("12mp-jpeg", "12 MP JPEG", photo(files / "photo.jpg")),
            ("10min-1080p", "1080p video of 10 minutes", long),
        ):
            peak = [memory_mib()]
            before = peak[0]
            with watched(peak):
                took_s, _, _ = timed(visit, path)
            rows.append(
                faster(
                    f"page-memory-{name}",
                    max(peak) - before,
                    None,
                    peer_name="",
                    unit="MiB",
                    what=f"memory that the browser takes while it hashes a {what}",
                    took_s=round(took_s, 1),
                )
            )
    return rows


def against_server() -> list[Row]:
    """Compare the page's hashes of shared photographs with the server's."""
    shared = shared_folder()
    if shared is None:
        msg = "the shared photographs are not here (SHARED_DATA)"
        raise RuntimeError(msg)
    rows = []
    with _page() as visit, one_decoder() as pool:
        for folder in ("photos", "everyday/photos", "pdq/modes", "pdq/exif-rotn"):
            paths = sorted(path for path in (shared / folder).iterdir() if path.is_file())
            apart = [
                min(_bits(bytes.fromhex(each["value"]), one.value) for each in result["hashes"])
                for path, result in zip(paths, visit.hash(paths), strict=True)
                for one in pool.read(path.read_bytes()).hashes
                if one.usable and result["hashes"]
            ]
            rows.append(
                faster(
                    f"page-vs-server-{folder.replace('/', '-')}",
                    statistics.median(apart),
                    None,
                    peer_name="",
                    unit="bits, median",
                    what=f"distance between a picture's hash in the page and on the server, {folder}",
                    max_bits=max(apart),
                    pictures=len(apart),
                )
            )
    return rows


def _bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "page-times": times,
    "page-memory": memory,
    "page-vs-server": against_server,
}
