# SPDX-License-Identifier: Apache-2.0
"""Lists of hashes: every form that is read, and every way in which a line can be wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.base.errors import InputError
from noli.hashing.lists import MAX_LINE, BadLine, ListedHash, by_entry, parse_list
from noli.hashing.model import Hash

_HEX = "0f" * 32
_OTHER = "a5" * 32


def _values(lines: list[str]) -> list[tuple[int, str, int | None, str]]:
    parsed = list(parse_list(lines))
    return [(one.number, one.hash.hex, one.hash.quality, one.note) for one in parsed if isinstance(one, ListedHash)]


def test_plain_lines() -> None:
    """Bare and typed hashes are read; comments and empty lines are passed over but counted."""
    lines = ["# from a partner\n", "\n", f"pdq {_HEX}\n", f"  {_OTHER.upper()}\r\n"]
    assert _values(lines) == [(3, _HEX, None, ""), (4, _OTHER, None, "")]


def test_csv() -> None:
    """Columns are found by name, in any order; an empty quality is an unknown one."""
    lines = ["Note,quality,HASH\n", f'"a, b",87,{_HEX}\n', f",,{_OTHER}\n"]
    assert _values(lines) == [(2, _HEX, 87, "a, b"), (3, _OTHER, None, "")]


def test_csv_with_one_column() -> None:
    """A header alone in its line is a header, also behind a byte order mark."""
    assert _values(["\ufeffvalue\n", f"{_HEX}\n"]) == [(2, _HEX, None, "")]


def test_json_lines() -> None:
    """Objects with value or hash are read, with quality and note."""
    lines = [json.dumps({"value": _HEX, "quality": 60, "note": "n"}), json.dumps({"hash": _OTHER, "type": "pdq"})]
    assert _values(lines) == [(1, _HEX, 60, "n"), (2, _OTHER, None, "")]


def test_what_an_export_says() -> None:
    """Entry, variant and pipeline are read back."""
    line = {"value": _HEX, "entry": "0ABC", "variant": "inset-5", "pipeline": "nearest-512"}
    (read,) = parse_list([json.dumps(line)])
    assert isinstance(read, ListedHash)
    assert (read.entry, read.hash.variant, read.hash.pipeline) == ("0ABC", "inset-5", "nearest-512")


def test_words_and_frames() -> None:
    """A bare value is a PDQ hash; lines in Meta's form are frames of one video, each with its time."""
    assert _values([_HEX, f"pdq {_OTHER}"]) == [(1, _HEX, None, ""), (2, _OTHER, None, "")]
    frames = list(parse_list([f"0,87,{_HEX},0.5\n", "30,101,nothing,1\n", f"60,100,{_OTHER},1.5\n"]))
    times = [(one.entry, one.hash.at_ms) if isinstance(one, ListedHash) else one.number for one in frames]
    assert times == [("vpdq", 500), 2, ("vpdq", 1500)]


@pytest.mark.parametrize(
    ("lines", "number", "reason"),
    [
        ([_HEX, "0f"], 2, "64 hexadecimal digits"),
        ([_HEX, "x" * 64], 2, "other characters"),
        ([_HEX, f"md5 {_HEX}"], 2, "'md5' is not known"),
        ([_HEX, f"pdq {_HEX} 80"], 2, "Expected 'pdq"),
        ([_HEX, "a" * (MAX_LINE + 1)], 2, "characters"),
        (["hash,quality", f"{_HEX}"], 2, "2 columns"),
        (["hash,quality", f"{_HEX},good"], 2, "whole number"),
        (["hash,quality", f"{_HEX},101"], 2, "between 0 and 100"),
        (["hash,note", f'{_HEX},"open'], 2, "not CSV"),
        (['{"value": 7}'], 1, "no text 'hash' or 'value'"),
        (['{"value": "' + _HEX + '", "note": 7}'], 1, "'note' must be a text"),
        (['{"value": "' + _HEX + '", "variant": "sideways"}'], 1, "not known here"),
        (['{"value": "' + _HEX + '", "quality": true}'], 1, "whole number"),
        (['{"value": '], 1, "not JSON"),
        (['{"value": "' + _HEX + '"}', "[]"], 2, "no object"),
    ],
)
def test_bad_line(lines: list[str], number: int, reason: str) -> None:
    """A bad line is told by its number and what is wrong with it."""
    bad = [one for one in parse_list(lines) if isinstance(one, BadLine)]
    assert [one.number for one in bad] == [number]
    assert reason in bad[0].reason


def test_csv_without_a_hash_column() -> None:
    """A header that names no hash is refused as a whole: nothing in the file can be understood."""
    with pytest.raises(InputError, match="no column 'hash'"):
        list(parse_list(["id,quality", "1,2"]))


def test_empty_list() -> None:
    """An empty file has no hashes and no mistakes."""
    assert list(parse_list([])) == []


@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_text_is_survived(lines: list[str]) -> None:
    """Whatever is in a file, each line is a hash, a told mistake, or the file is refused as a whole."""
    try:
        parsed = list(parse_list(lines))
    except InputError:
        return
    assert len({one.number for one in parsed}) == len(parsed) <= len(lines)


def test_what_belongs_to_one_entry_is_together() -> None:
    """Lines in a row that name one entry, up to a limit; a line that names none is by itself."""
    given = [ListedHash(n, Hash(bytes(32)), entry=entry) for n, entry in enumerate(("", "", "a", "a", "a", "b"))]
    together = [[line.number for line in lines] for lines in by_entry(given, limit=2)]
    assert together == [[0], [1], [2, 3], [4], [5]]
    assert list(by_entry([], limit=2)) == []
