# SPDX-License-Identifier: Apache-2.0
"""Rows about hashing: speed from encoded bytes, drift, and formats that peers get wrong."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import pdqhash
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes
from threatexchange.signal_type.pdq.signal import PdqSignal

from benchmarks.inputs import encoded, photographs, source
from benchmarks.measure import Row, faster, in_turn
from noli.adapters.decode import DecoderPool
from noli.base.config import Config

SIZES = {"12mp": (4000, 3000), "2mp": (1632, 1224), "05mp": (816, 612)}


@contextmanager
def one_decoder() -> Iterator[DecoderPool]:
    """Open the decoder as the server does, with one child and the default limits."""
    limits = Config()
    pool = DecoderPool(
        workers=1,
        timeout_s=limits.decode_timeout_s,
        memory_mib=limits.decode_memory_mib,
        max_pixels=limits.max_pixels,
        max_frames=limits.max_frames,
        max_bytes=limits.max_upload_bytes,
    )
    try:
        yield pool
    finally:
        pool.close()


def speed(size: str, kind: str) -> Row:
    """Time bytes → hash through the limited child process against ``threatexchange`` in this process."""
    width, height = SIZES[size]
    files = encoded(width, height, kind, 24 if kind == "JPEG" else 6)
    rounds = 2 if size == "12mp" else 5
    with one_decoder() as pool:
        ours, peer = in_turn(
            lambda: [pool.read(file) for file in files],
            lambda: [PdqSignal.hash_from_bytes(file) for file in files],
            rounds=rounds,
        )
    return faster(
        f"hash-{size}-{kind.lower()}",
        1000 * ours / len(files),
        1000 * peer / len(files),
        peer_name="threatexchange",
        unit="ms a picture",
        what=f"{kind} of {width}x{height} pixels, from bytes to hash, one core; ours includes the hand-over to the "
        "limited child process",
        inputs=source(),
        kilobytes=sum(map(len, files)) // len(files) // 1000,
    )


def drift() -> list[Row]:
    """Measure how far hashes of JPEG files lie from the reference on fully decoded RGB pixels."""
    rows = []
    for size, (width, height) in SIZES.items():
        files = encoded(width, height, "JPEG", 24)
        ours, unfolded = [], []
        with one_decoder() as pool:
            for file in files:
                pixels = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
                reference = np.packbits(pdqhash.compute(pixels)[0])
                reading = pool.read(file)
                ours.append(_bits(reading.frames[0].dihedral[0], reference.tobytes()))
                small = Image.open(io.BytesIO(file))
                small.draft("L", (512, 512))
                naive = pdqhash.compute(np.asarray(small.convert("RGB")))[0]
                unfolded.append(_bits(np.packbits(naive).tobytes(), reference.tobytes()))
        rows.append(
            faster(
                f"drift-{size}-jpeg",
                float(np.mean(ours)),
                float(np.mean(unfolded)),
                peer_name="scaled decode without folded weights",
                unit="bits, mean",
                what=f"distance of a JPEG's hash ({width}x{height}) from pdqhash on its full-size RGB pixels",
                max_bits=int(max(ours)),
                inputs=source(),
            )
        )
    return rows


def _bits(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


def formats() -> list[Row]:
    """Measure how far the hash of one photograph moves when it is stored in another format."""
    photo = photographs(6)[2]
    upright = photo.resize((1200, 1200 * photo.height // photo.width // 2 * 2), Image.Resampling.LANCZOS)
    truth = np.packbits(pdqhash.compute(np.asarray(upright))[0]).tobytes()
    rows = []
    with one_decoder() as pool:
        for name, save in _stored_as(upright).items():
            buffer = io.BytesIO()
            save(buffer)
            file = buffer.getvalue()
            reading = pool.read(file)
            peer_hash = _peer_hash(file)
            rows.append(
                faster(
                    f"format-{name}",
                    _bits(reading.frames[0].dihedral[0], truth),
                    None if peer_hash is None else _bits(peer_hash, truth),
                    peer_name="threatexchange",
                    unit="bits",
                    what=f"distance of a {name} file's hash from the hash of the upright RGB original",
                    inputs=source(),
                )
            )
    return rows


def _peer_hash(file: bytes) -> bytes | None:
    try:
        return bytes.fromhex(pdq_from_bytes(file)[0])
    except Exception:  # noqa: BLE001 - whatever the peer raises, it has no hash for this file
        return None


def _stored_as(picture: Image.Image) -> dict[str, Callable[[io.BytesIO], None]]:
    palette = picture.quantize(256)
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise, which undoes the turn above
    alpha = picture.copy()
    alpha.putalpha(255)
    return {
        "jpeg": partial(picture.save, format="JPEG", quality=90),
        "png": partial(picture.save, format="PNG", compress_level=1),
        "webp": partial(picture.save, format="WEBP", quality=90),
        "avif": partial(picture.save, format="AVIF", quality=80),
        "cmyk-jpeg": partial(picture.convert("CMYK").save, format="JPEG", quality=90),
        "palette-png": partial(palette.save, format="PNG"),
        "gif": partial(palette.save, format="GIF"),
        "rgba-png": partial(alpha.save, format="PNG", compress_level=1),
        "exif-turned-jpeg": partial(turned.save, format="JPEG", quality=90, exif=exif),
    }


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    **{f"hash-{size}-jpeg": partial(speed, size, "JPEG") for size in SIZES},
    "hash-2mp-png": partial(speed, "2mp", "PNG"),
    "hash-2mp-webp": partial(speed, "2mp", "WEBP"),
    "drift": drift,
    "formats": formats,
}
