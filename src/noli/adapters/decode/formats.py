# SPDX-License-Identifier: Apache-2.0
"""Which formats are read, told from a file's first bytes and never from its name.

Everything else that Pillow could open (EPS starts Ghostscript; PSD, SGI, FLI, JPEG 2000 and dozens more) is refused
before any parser sees it, and each file meets the parser of its own format only.
"""

#: First bytes of a file and the names Pillow knows its format by.
_STARTS: tuple[tuple[bytes, tuple[str, ...]], ...] = (
    (b"\xff\xd8\xff", ("JPEG",)),
    (b"\x89PNG\r\n\x1a\n", ("PNG",)),
    (b"GIF87a", ("GIF",)),
    (b"GIF89a", ("GIF",)),
    (b"BM", ("BMP",)),
    (b"II*\x00", ("TIFF",)),
    (b"MM\x00*", ("TIFF",)),
    (b"II+\x00", ("TIFF",)),
    (b"MM\x00+", ("TIFF",)),
)

#: Major brand of an ISO base media file (ISO/IEC 23008-12, AV1 Image File Format) and the formats it may be.
_BRANDS: dict[bytes, tuple[str, ...]] = {
    b"avif": ("AVIF",),
    b"avis": ("AVIF",),
    b"mif1": ("HEIF", "AVIF"),
    b"msf1": ("HEIF", "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), ("HEIF",)),
}

#: Formats in the words of an answer.
READ_FORMATS = "JPEG, PNG, WebP, GIF, AVIF, HEIC, TIFF and BMP"


def formats_of(data: bytes) -> tuple[str, ...]:
    """Name the formats that a file may have.

    Args:
        data: The file, or at least its first 16 bytes.

    Returns:
        Pillow's names of the formats to try; empty where it is none that we read.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ("WEBP",)
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], ())
    return next((names for start, names in _STARTS if data.startswith(start)), ())
