# SPDX-License-Identifier: Apache-2.0
"""How long hashing takes in a page, in Debian's Chromium: ``python -m benchmarks.page [--video CLIP.mp4]``.

A phone is imitated twice: by the browser's own throttling (CDP ``Emulation.setCPUThrottlingRate``, which slows the
page's main thread and not its worker), and by stopping every process of the browser for five sixths of the time, which
slows all of it. Memory is the sum of the browser's processes beyond what it had before, sampled while it works.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from tests.support import clips, media
from tests.support.hashing_page import Visit, chromium, served, visited

#: How many times slower a cheap phone is, and how long one stop lasts.
SLOWER = 6
_STOP_S = 0.05

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


def clip(path: Path, seconds: int) -> Path:
    """Draw a 1080p clip with a key frame a second."""
    frames = clips.scenes(seconds=seconds, width=1920, height=1080)
    return clips.encoded(path, frames, codec="libx264")


def main() -> int:
    """Print a line a measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--video", type=Path, help="a 1080p clip to use; without it one of 60 s is drawn")
    parser.add_argument("--minutes", type=int, default=10, help="length of the long video (default 10)")
    arguments = parser.parse_args()
    executable = chromium()
    if executable is None:
        print("Chromium is not installed ('make system').", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        picture = photo(files / "photo.jpg")
        video = arguments.video or clip(files / "clip.mp4", 60)
        long = repeated(video, files / "long.mp4", arguments.minutes)
        for name, measure in (("as it is", _plain), ("6x", _throttled), ("all 6x", _all_slowed)):
            with served() as address, visited(executable, address) as visit:
                measure(visit, name, picture, video)
        with served() as address, visited(executable, address) as visit:
            _memory(visit, picture, long)
    return 0


def _line(name: str, what: str, seconds: float, gap: float) -> None:
    print(f"{name:9} {what:24} {seconds:6.2f} s, main thread away for {gap:.0f} ms at most", flush=True)


def _both(visit: Visit, name: str, picture: Path, video: Path) -> None:
    visit.hash([picture])
    _line(name, "12 MP JPEG", *timed(visit, picture, rounds=3)[:2])
    seconds, gap, results = timed(visit, video)
    _line(name, f"1080p clip, {len(results[0]['hashes']) // 8} frames", seconds, gap)


def _plain(visit: Visit, name: str, picture: Path, video: Path) -> None:
    _line(name, "12 MP JPEG, first", *timed(visit, picture)[:2])
    _both(visit, name, picture, video)


def _throttled(visit: Visit, name: str, picture: Path, video: Path) -> None:
    session = visit.context.new_cdp_session(visit.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    _both(visit, name, picture, video)


def _all_slowed(visit: Visit, name: str, picture: Path, video: Path) -> None:
    visit.hash([picture])
    with slowed(SLOWER):
        _both(visit, name, picture, video)


def _memory(visit: Visit, picture: Path, long: Path) -> None:
    for what, path in (("12 MP JPEG", picture), ("long video", long)):
        peak = [memory_mib()]
        before = peak[0]
        with watched(peak):
            seconds, gap, results = timed(visit, path)
        count = len({each.get("at_ms") for each in results[0]["hashes"]})
        _line("memory", f"{what}, {count} frames", seconds, gap)
        print(f"          {before:.0f} MiB before, {max(peak):.0f} at most")


if __name__ == "__main__":
    sys.exit(main())
