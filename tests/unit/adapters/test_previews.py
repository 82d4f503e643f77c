# SPDX-License-Identifier: Apache-2.0
"""A preview is written anew from pixels: what comes out is a PNG of exactly these."""

import io

import pytest
from PIL import Image

from noli.adapters.decode.wire import Preview
from noli.adapters.previews import png


@pytest.mark.parametrize("grey", [True, False])
def test_pixels_are_written_as_they_are(grey: bool) -> None:  # noqa: FBT001 - drawn
    """Row by row, in grey or in colours."""
    mode, channels = ("L", 1) if grey else ("RGB", 3)
    pixels = bytes(number % 251 for number in range(7 * 5 * channels))
    picture = Image.open(io.BytesIO(png(Preview(7, 5, grey, pixels))))
    assert (picture.format, picture.mode, picture.size) == ("PNG", mode, (7, 5))
    assert picture.tobytes() == pixels
