# SPDX-License-Identifier: Apache-2.0
"""What is taken from a page's script, and that the script keeps the same bounds."""

import re
from pathlib import Path

import msgspec
import pytest

from noli.base.errors import HashFormatError
from noli.casework import limits
from noli.casework.model import ItemKind
from noli.hashing.model import Variant
from noli.web.api.problems import TooLarge
from noli.web.html import policy
from noli.web.pages import sending

_STATIC = Path(policy.__file__).parents[1] / "static" / "pages"


def _item(kind: ItemKind, *hashes: sending.HashIn) -> sending.ItemIn:
    return sending.ItemIn(kind, list(hashes), " mine ")


def test_items_are_read() -> None:
    """Hashes with their variants, of videos with their times, and the label become items."""
    item = msgspec.json.decode(
        f'{{"kind":"video","label":" mine ","hashes":[["{"ab" * 32}",90,"rotated-90",1000]]}}', type=sending.ItemIn
    )
    (read,) = sending.items_of([item], b"")
    assert (read.label, read.times_ms, read.hashes[0].variant) == ("mine", (1000,), Variant.ROTATED_90)
    (image,) = sending.items_of([_item(ItemKind.IMAGE, sending.HashIn("00" * 32, 80))], b"")
    assert image.times_ms == ()


@pytest.mark.parametrize("value", ["", "ab", "zz" * 32, "ab " * 32, "é" * 64])
def test_what_is_no_hash_is_refused(value: str) -> None:
    """A value that is not 32 bytes in hexadecimal digits is refused."""
    with pytest.raises(HashFormatError):
        sending.items_of([_item(ItemKind.IMAGE, sending.HashIn(value, 80))], b"")


def test_a_body_is_no_larger_than_its_items() -> None:
    """A body larger than the stated pictures need is refused: there is no room for a picture's bytes."""
    sending.items_of([], b"x" * limits.BODY_BYTES)
    with pytest.raises(TooLarge):
        sending.items_of([], b"x" * (limits.BODY_BYTES + 1))


def test_the_script_keeps_the_same_bounds() -> None:
    """Numbers that the scripts repeat are the server's."""
    picker, flow = (_STATIC / "picker.js").read_text("utf-8"), (_STATIC / "flow.js").read_text("utf-8")
    assert f"MAX_ITEMS = {limits.MAX_ITEMS_AT_ONCE};" in picker
    assert f"image: {limits.MAX_HASHES_OF_IMAGE}, video: {limits.MAX_HASHES_OF_VIDEO}" in picker
    assert f"MAX_LINKS = {limits.MAX_LINKS_AT_ONCE};" in flow


def test_scripts_ask_for_nothing_elsewhere() -> None:
    """No script names another host, writes HTML from a text, or keeps anything in the browser."""
    for script in _STATIC.glob("*.js"):
        text = re.sub(r"//.*|/\*.*?\*/", "", script.read_text("utf-8").replace("https:", "").replace("http:", ""))
        assert "innerHTML" not in text
        assert "eval(" not in text
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie|serviceWorker|sendBeacon", text)
