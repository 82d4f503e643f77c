# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile files, drawn here: each has an outcome, memory keeps its limit, the server parses nothing."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from noli.adapters.decode import DecoderPool
from noli.hashing.model import Outcome
from tests.support import media

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")

#: What may become of a file whose bytes were changed at random: some changes leave a picture that can be shown.
ENDINGS = {Outcome.HASHED, Outcome.LOW_QUALITY, Outcome.CORRUPT, Outcome.TOO_LARGE, Outcome.UNSUPPORTED}

MEMORY_MIB = 600


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    """One child for all tests of the module, with little memory: each test must leave it able to go on."""
    with DecoderPool(workers=1, timeout_s=20, memory_mib=MEMORY_MIB) as running:
        yield running


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """What the files show."""
    return media.drawn(width=320, height=240)


def peak_mib(pid: int) -> int:
    """Most memory that a process has held at once."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    pytest.fail("the kernel tells no peak")


def damaged(data: bytes, *, seed: int) -> bytes:
    """Overwrite a few bytes behind the first sixteen."""
    changed, chance = bytearray(data), random.Random(seed)
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(16, len(changed))] = chance.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_have_an_outcome(pool: DecoderPool, picture: Image.Image, kind: str) -> None:
    """Whatever is overwritten in a file, it gets an outcome with a reason, and the same child reads the next one."""
    sound = media.encoded(picture, kind)
    before, pids = pool.read(sound), pool.pids()
    for seed in range(25):
        reading = pool.read(damaged(sound, seed=seed))
        assert reading.outcome in ENDINGS, seed
        assert (reading.outcome is Outcome.HASHED) == (reading.reason == ""), seed
    assert pool.read(sound) == before
    assert pool.pids() == pids


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
def test_files_cut_anywhere_are_no_pictures(pool: DecoderPool, picture: Image.Image, kind: str, share: float) -> None:
    """However much of a file arrived, a part of it is not taken for a whole picture."""
    data = media.encoded(picture, kind)
    reading = pool.read(data[: max(16, int(len(data) * share))])
    assert reading.outcome is Outcome.CORRUPT
    assert reading.reason


@pytest.mark.parametrize("kind", KINDS)
def test_one_pixel_is_low_quality_in_every_format(pool: DecoderPool, kind: str) -> None:
    """A picture of one pixel is told apart from a damaged one."""
    assert pool.read(media.encoded(Image.new("RGB", (1, 1)), kind)).outcome is Outcome.LOW_QUALITY


@pytest.mark.parametrize("start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\x00"])
def test_a_beginning_without_a_picture_is_corrupt(pool: DecoderPool, start: bytes) -> None:
    """The first bytes of a format with nothing, text or a megabyte of zeros behind are a damaged file."""
    for rest in (b"", b"This is a text.", bytes(1_000_000)):
        assert pool.read(start + rest).outcome is Outcome.CORRUPT


def test_a_text_called_jpg_is_unsupported(pool: DecoderPool, tmp_path: Path) -> None:
    """Names are not believed: a text called photo.jpg is no picture."""
    path = tmp_path / "photo.jpg"
    path.write_text("This is a text, whatever its name says.")
    assert pool.read(path.read_bytes()).outcome is Outcome.UNSUPPORTED


@pytest.mark.parametrize("limit", [64 * 1024 * 1024, 10**9])
def test_300_mb_of_zeros_cost_no_child_anything(limit: int) -> None:
    """They are refused by their length or by their first bytes, before any child sees one of them."""
    with DecoderPool(workers=1, max_bytes=limit) as pool:
        pool.protections()
        peak = peak_mib(pool.pids()[0])
        outcome = Outcome.TOO_LARGE if limit < 300_000_000 else Outcome.UNSUPPORTED
        assert pool.read(bytes(300_000_000)).outcome is outcome
        assert peak_mib(pool.pids()[0]) == peak


def test_zeros_that_begin_as_a_picture_stay_within_the_memory(pool: DecoderPool) -> None:
    """60 MB of zeros behind a sound beginning end as an outcome, and the child never held more than its limit."""
    for start in (media.encoded(media.drawn(), "JPEG")[:2000], b"\x89PNG\r\n\x1a\n", b"II*\x00\x08\x00\x00\x00"):
        assert pool.read(start + bytes(60_000_000)).outcome in ENDINGS - {Outcome.HASHED}
    assert peak_mib(pool.pids()[0]) <= MEMORY_MIB


def test_bombs_of_other_kinds_stay_within_the_memory(pool: DecoderPool) -> None:
    """Enormous sides in a header, and many pixels in few bytes, are refused without their memory being taken."""
    header = bytearray(media.encoded(Image.new("L", (64, 64)), "BMP"))
    header[18:26] = (60_000).to_bytes(4, "little") * 2
    animation = media.animation([media.drawn(width=64, height=64)] * 2, "GIF")
    wide = bytearray(animation)
    wide[6:10] = b"\xff\xff\xff\xff"
    bombs = (bytes(header), bytes(wide), media.bomb(side=30_000))
    for bomb in bombs:
        assert pool.read(bomb).outcome in {Outcome.TOO_LARGE, Outcome.CORRUPT}
    large = media.encoded(Image.new("RGB", (9_000, 9_000)), "WEBP", quality=1, method=0)
    assert pool.read(large).outcome in {Outcome.TOO_LARGE, Outcome.LOW_QUALITY, Outcome.CORRUPT}
    assert peak_mib(pool.pids()[0]) <= MEMORY_MIB
    assert pool.read(media.encoded(media.drawn(), "PNG")).outcome is Outcome.HASHED


def test_the_server_loads_no_parser() -> None:
    """A process that hands files to the decoder has not even loaded what parses them."""
    program = (
        "import sys\n"
        "from noli.adapters.decode import DecoderPool\n"
        "with DecoderPool(workers=1) as pool:\n"
        "    assert pool.read(sys.stdin.buffer.read()).outcome == 'hashed'\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & {'PIL', 'pi_heif'}))\n"
    )
    data = media.encoded(media.drawn(), "PNG")
    done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
    assert done.stdout.split() == []
