# SPDX-License-Identifier: Apache-2.0
"""Which container a video file is, told from its first bytes and never from its name.

The page that hashes in the browser has the same list (``web/static/hash/formats.js``) for what browsers play.
"""

from collections.abc import Mapping

#: Bytes of a file that have to be looked at.
HEAD_BYTES = 192

#: First bytes and the demultiplexer that such a file meets, and no other.
_STARTS: Mapping[bytes, str] = {
    b"\x1a\x45\xdf\xa3": "matroska",
    b"OggS": "ogg",
    b"FLV\x01": "flv",
    b"\x00\x00\x01\xba": "mpeg",
    b"\x00\x00\x01\xb3": "mpegvideo",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
}

# Boxes with which QuickTime files of old cameras begin, without a brand.
_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})

# Major brands of ISO base media files that are pictures (ISO/IEC 23008-12, AV1 Image File Format).
_PICTURES = frozenset(
    {b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
)

# Packets of an MPEG transport stream begin with this byte, every 188 bytes.
_SYNC, _PACKET = 0x47, 188


def container_of(head: bytes) -> str:
    """Name the container of a video.

    Args:
        head: The file, or at least its first ``HEAD_BYTES``.

    Returns:
        FFmpeg's name of its demultiplexer; empty where it is no video that we read.
    """
    if head[4:8] == b"ftyp":
        return "" if head[8:12] in _PICTURES else "mov"
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] == b"RIFF":
        return "avi" if head[8:12] == b"AVI " else ""
    if len(head) > _PACKET and head[0] == head[_PACKET] == _SYNC:
        return "mpegts"
    return next((name for start, name in _STARTS.items() if head.startswith(start)), "")
