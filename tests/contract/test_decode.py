# SPDX-License-Identifier: Apache-2.0
"""Decoding of pictures in confined child processes: what people see is hashed, and nothing a file does gets out."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from PIL import Image

from noli.adapters.decode import DecoderPool
from noli.base.errors import Unavailable
from noli.hashing.model import Outcome, Pipeline, Reading
from tests.support import media, shared

#: Bits that re-encoding may move a hash; the project's promise for one photograph in many formats.
SAME_PICTURE_BITS = 10

VECTORS = Path(__file__).parent.parent / "vectors"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    """One child for all tests of the module: each must survive what the tests before it sent."""
    with DecoderPool(workers=1, timeout_s=20) as running:
        yield running


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """The drawn picture that all files of these tests show."""
    return media.drawn()


def reference(picture: Image.Image) -> bytes:
    """PDQ of the RGB pixels by an independent implementation."""
    bits, _ = pdqhash.compute(np.asarray(picture.convert("RGB")))
    return np.packbits(bits).tobytes()


def apart(one: bytes, other: bytes) -> int:
    """Hamming distance in bits."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def nearest(reading: Reading, picture: Image.Image) -> int:
    """Distance of a reading's nearest frame from a picture."""
    return min(apart(frame.dihedral[0], reference(picture)) for frame in reading.frames)


def files_of_one_picture(picture: Image.Image) -> dict[str, bytes]:
    """The same picture in every format and mode that we read."""
    opaque = Image.new("L", picture.size, 255)
    grey = picture.convert("L")
    return {
        "jpeg": media.encoded(picture, "JPEG", quality=90),
        "jpeg, progressive": media.encoded(picture, "JPEG", quality=85, progressive=True),
        "jpeg, grey": media.encoded(grey, "JPEG"),
        "jpeg, rgb inside": media.encoded(picture, "JPEG", keep_rgb=True),
        "jpeg, cmyk": media.encoded(picture.convert("CMYK"), "JPEG", quality=90),
        "png": media.encoded(picture, "PNG"),
        "png, palette": media.encoded(media.with_palette(picture), "PNG"),
        "png, 1 bit": media.encoded(picture.convert("1"), "PNG"),
        "png, 16 bits": media.encoded(media.with_16_bits(picture), "PNG"),
        "png, grey and alpha": media.encoded(Image.merge("LA", (grey, opaque)), "PNG"),
        "png, colour and alpha": media.encoded(Image.merge("RGBA", (*picture.split(), opaque)), "PNG"),
        "png, all in the alpha": media.encoded(media.in_alpha_only(picture), "PNG"),
        "webp": media.encoded(picture, "WEBP", quality=85),
        "webp, lossless with alpha": media.encoded(picture.convert("RGBA"), "WEBP", lossless=True),
        "gif": media.encoded(media.with_palette(picture), "GIF"),
        "avif": media.encoded(picture, "AVIF", quality=70, speed=10),
        "bmp": media.encoded(picture, "BMP"),
        "tiff": media.encoded(picture, "TIFF", compression="tiff_lzw"),
        "tiff, cmyk": media.encoded(picture.convert("CMYK"), "TIFF"),
        "tiff, 16 bits": media.encoded(media.with_16_bits(picture), "TIFF"),
        "tiff, floating point": media.encoded(media.with_floats(picture), "TIFF"),
        "heic": (VECTORS / "drawn.heic").read_bytes(),
    }


def test_one_picture_has_one_hash_in_every_format_and_mode(pool: DecoderPool, picture: Image.Image) -> None:
    """Whatever file a picture is kept in, its hash is within 10 bits of the RGB original's."""
    far = {}
    for name, data in files_of_one_picture(picture).items():
        reading = pool.read(data)
        if reading.outcome is not Outcome.HASHED or nearest(reading, picture) > SAME_PICTURE_BITS:
            far[name] = reading
        assert (reading.width, reading.height) == picture.size, name
    assert not far


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(640, 480), (1613, 1207)])
def test_exif_orientation_is_honoured(pool: DecoderPool, orientation: int, size: tuple[int, int]) -> None:
    """A photograph stored turned is hashed upright, as people see it, in full and in scaled decoding."""
    photo = media.drawn(seed=5, width=size[0], height=size[1])
    reading = pool.read(media.rotated_jpeg(photo, orientation))
    assert (reading.width, reading.height) == size
    assert apart(reading.frames[0].dihedral[0], reference(photo)) <= SAME_PICTURE_BITS


def test_lossless_pictures_are_hashed_exactly(pool: DecoderPool, picture: Image.Image) -> None:
    """On the same RGB pixels the hash is the reference's, bit for bit."""
    assert pool.read(media.encoded(picture, "PNG")).frames[0].dihedral[0] == reference(picture)


def test_the_other_official_pipeline_is_recorded(pool: DecoderPool) -> None:
    """Nearest-neighbour to 512x512 gives the hash of just those pixels, and the reading says so."""
    photo = media.drawn(seed=3, width=1100, height=800)
    pixels = np.asarray(photo)[np.arange(512) * 800 // 512][:, np.arange(512) * 1100 // 512]
    reading = pool.read(media.encoded(photo, "PNG"), pipeline=Pipeline.NEAREST_512)
    assert reading.pipeline is Pipeline.NEAREST_512
    assert reading.frames[0].dihedral[0] == reference(Image.fromarray(pixels))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_every_distinct_frame_is_hashed(pool: DecoderPool, kind: str) -> None:
    """An animation gives one hash for each picture in it, however long each is shown."""
    one, two, three = (media.drawn(seed=seed, width=320, height=240) for seed in (11, 12, 13))
    reading = pool.read(media.animation([one, one.copy(), two, two.copy(), three], kind))
    assert reading.outcome is Outcome.HASHED
    assert len(reading.frames) == 3
    for frame, shown in zip(reading.frames, (one, two, three), strict=True):
        assert apart(frame.dihedral[0], reference(shown)) <= SAME_PICTURE_BITS


def test_long_animations_are_cut_at_the_limit() -> None:
    """No more frames are hashed than the setting allows."""
    frames = [media.drawn(seed=seed, width=160, height=120) for seed in range(20, 28)]
    with DecoderPool(workers=1, max_frames=3) as pool:
        assert [frame.number for frame in pool.read(media.animation(frames, "GIF")).frames] == [0, 1, 2]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
def test_a_file_cut_short_is_corrupt(pool: DecoderPool, picture: Image.Image, kind: str) -> None:
    """Half a file is never taken for a whole picture."""
    data = media.encoded(picture, kind)
    assert pool.read(data[: len(data) // 2]).outcome is Outcome.CORRUPT


def test_a_damaged_heic_file_is_corrupt(pool: DecoderPool) -> None:
    """Half a HEIC file is never taken for a whole picture either."""
    data = (VECTORS / "drawn.heic").read_bytes()
    assert pool.read(data[: len(data) // 2]).outcome is Outcome.CORRUPT


def test_what_is_no_picture_is_unsupported(pool: DecoderPool) -> None:
    """Text, nothing at all and 20 MB of zeros are named as what they are not, each with a reason."""
    for data in (b"This is a text, whatever its name says.", b"", bytes(20_000_000), b"%!PS-Adobe-3.0 EPSF-3.0\n"):
        reading = pool.read(data)
        assert reading.outcome is Outcome.UNSUPPORTED
        assert reading.reason
        assert not reading.frames


def test_more_bytes_than_allowed_are_too_large() -> None:
    """A file above the limit is refused before any child sees it."""
    with DecoderPool(workers=1, max_bytes=1_000_000) as pool:
        assert pool.read(bytes(1_000_001)).outcome is Outcome.TOO_LARGE


def test_a_decompression_bomb_is_too_large(pool: DecoderPool) -> None:
    """30,000 x 30,000 pixels in 110 kB are refused by their header."""
    reading = pool.read(media.bomb(side=30_000))
    assert reading.outcome is Outcome.TOO_LARGE
    assert "pixels" in reading.reason


def test_running_out_of_memory_is_too_large() -> None:
    """A picture that does not fit into the child's memory is an outcome, and the child lives on."""
    with DecoderPool(workers=1, memory_mib=400, max_pixels=10**9) as pool:
        before = pool.pids()
        big = media.encoded(Image.new("RGB", (12_000, 9_000)), "PNG", compress_level=1)
        assert pool.read(big).outcome is Outcome.TOO_LARGE
        assert pool.read(media.encoded(media.drawn(), "PNG")).outcome is Outcome.HASHED
        assert pool.pids() == before


def test_one_pixel_is_low_quality(pool: DecoderPool) -> None:
    """A picture that shows nothing has no usable hash, and the reason says so."""
    reading = pool.read(media.encoded(Image.new("RGB", (1, 1)), "PNG"))
    assert reading.outcome is Outcome.LOW_QUALITY
    assert reading.reason
    assert not reading.variants


def test_a_file_that_takes_too_long_is_timed_out() -> None:
    """The child is killed at the deadline, and the next file is read by a fresh one."""
    slow = media.encoded(media.drawn().resize((3000, 2250)), "PNG", compress_level=1)
    with DecoderPool(workers=1, timeout_s=0.03) as pool:
        before = pool.pids()
        assert pool.read(slow).outcome is Outcome.TIMED_OUT
        assert pool.pids() != before
        small = media.encoded(media.drawn(width=64, height=64), "JPEG")
        assert pool.read(small).outcome is not Outcome.TIMED_OUT


def test_a_killed_child_is_replaced(picture: Image.Image) -> None:
    """A child that dies between two files does not cost the next file its answer."""
    data = media.encoded(picture, "JPEG")
    with DecoderPool(workers=1) as pool:
        first = pool.read(data)
        os.kill(pool.pids()[0], signal.SIGKILL)
        assert pool.read(data) == first


def test_a_child_killed_in_the_middle_of_a_file_gives_an_outcome() -> None:
    """Death at work is told as a corrupt file, not raised, and the pool goes on."""
    slow = media.encoded(media.drawn().resize((4000, 3000)), "WEBP", quality=90, method=0)
    with DecoderPool(workers=1) as pool:
        pool.protections()
        pid = pool.pids()[0]
        killer = threading.Timer(0.05, os.kill, (pid, signal.SIGKILL))
        killer.start()
        reading = pool.read(slow)
        killer.join()
        assert reading.outcome is Outcome.CORRUPT
        assert "signal 9" in reading.reason
        assert pool.read(media.encoded(media.drawn(), "PNG")).outcome is Outcome.HASHED


def test_children_are_replaced_after_their_share_of_files(picture: Image.Image) -> None:
    """No child outlives the number of files set for it, and no answer is lost by that."""
    data = media.encoded(picture, "JPEG")
    with DecoderPool(workers=1, files_per_child=2) as pool:
        seen: set[int] = set()
        for _ in range(5):
            seen.update(pool.pids())
            assert pool.read(data).outcome is Outcome.HASHED
        assert len(seen) == 3


def test_many_threads_get_their_own_answers() -> None:
    """Threads share the children and never each other's readings."""
    pictures = [media.drawn(seed=seed, width=400, height=300) for seed in range(40, 46)]
    files = [media.encoded(picture, "PNG") for picture in pictures]
    with DecoderPool(workers=2) as pool, ThreadPoolExecutor(4) as threads:
        readings = list(threads.map(pool.read, files * 5))
        assert len(pool.pids()) == 2
    for reading, picture in zip(readings, pictures * 5, strict=True):
        assert reading.frames[0].dihedral[0] == reference(picture)


def test_a_closed_pool_says_so() -> None:
    """After closing, which may be done twice, no child runs and a file is refused as unavailable."""
    pool = DecoderPool(workers=1)
    pids = pool.pids()
    pool.close()
    pool.close()
    assert not pool.pids()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
    with pytest.raises(Unavailable, match="closed"):
        pool.read(media.encoded(media.drawn(), "PNG"))


def test_a_child_can_reach_nothing(pool: DecoderPool) -> None:
    """A decoder that was taken over cannot open a file, make a socket, or start anything."""
    if "seccomp" not in pool.protections():
        pytest.skip("libseccomp is not installed here: children are held by resource limits alone")
    endings = pool.try_to_escape()
    assert len(endings) >= 6
    assert set(endings.values()) == {"refused"}


def test_a_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords in the server's environment do not reach the decoder."""
    monkeypatch.setenv("NOLI_DATABASE_URL", "postgresql://noli:made-up-password@db/noli")
    with DecoderPool(workers=1) as pool:
        environment = Path(f"/proc/{pool.pids()[0]}/environ").read_bytes()
    assert b"made-up-password" not in environment


def test_every_hostile_file_has_an_outcome(pool: DecoderPool, picture: Image.Image) -> None:
    """Files that crashed decoders before end as an outcome, and the pool reads the next picture as ever."""
    files = sorted(shared.shared_data("hostile").iterdir())
    assert files
    for file in files:
        assert isinstance(pool.read(file.read_bytes()).outcome, Outcome), file.name
    assert pool.read(media.encoded(picture, "PNG")).frames[0].dihedral[0] == reference(picture)


@pytest.mark.parametrize("folder", ["pdq/modes", "pdq/labelme-subset", "pdq/dih", "pdq/bridge-mods"])
def test_reference_photographs_are_hashed_as_their_rgb_pixels(pool: DecoderPool, folder: str) -> None:
    """Every file of the reference set of usable quality is within 10 bits of the independent hash of its RGB pixels."""
    far = {}
    for file in sorted(shared.shared_data(folder).iterdir()):
        with Image.open(file) as opened:
            shown = opened.convert("RGB")
        reading = pool.read(file.read_bytes())
        if reading.outcome is Outcome.HASHED and nearest(reading, shown) > SAME_PICTURE_BITS:
            far[file.name] = nearest(reading, shown)
    assert not far
