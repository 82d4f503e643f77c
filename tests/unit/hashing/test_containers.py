# SPDX-License-Identifier: Apache-2.0
"""Videos are told by their first bytes."""

import pytest

from noli.hashing.containers import container_of


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\0\0\0\x18ftypisom\0\0\0\0", "mov"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", ""),
        (b"\0\0\0\x18ftypheic\0\0\0\0", ""),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WEBPVP8 ", ""),
        (b"OggS\0\x02", "ogg"),
        (b"G" + bytes(187) + b"G" + bytes(3), "mpegts"),
        (b"GIF89a" + bytes(190), ""),
        (b"\xff\xd8\xff\xe0", ""),
        (b"", ""),
    ],
)
def test_the_container_is_told_from_the_beginning(head: bytes, container: str) -> None:
    """A video has the one demultiplexer that may see it; pictures, also those in a video's container, have none."""
    assert container_of(head) == container
