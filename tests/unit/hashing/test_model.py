# SPDX-License-Identifier: Apache-2.0
"""Hashes as values and as text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.base.errors import HashFormatError
from noli.hashing.model import (
    DIHEDRAL,
    REGION_UNITS,
    STRETCH_OF_LONG,
    STRETCHES,
    Frame,
    Hash,
    Outcome,
    Reading,
    Regions,
    SignalType,
    Variant,
    stretches_of,
)


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_written_is_read_back(value: bytes) -> None:
    """Either case of its hexadecimal form gives the same value."""
    text = Hash(value).hex
    assert Hash.from_hex(text).value == Hash.from_hex(text.upper()).value == value


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 63 + " ", "\uff10" * 64, " " + "0" * 63])
def test_text_that_is_no_hash_is_refused(text: str) -> None:
    """Wrong length and other characters get a sentence that does not repeat them."""
    with pytest.raises(HashFormatError, match="hexadecimal"):
        Hash.from_hex(text)


@given(st.text(max_size=70))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way."""
    with contextlib.suppress(HashFormatError):
        assert len(Hash.from_hex(text).value) == 32


def test_an_unknown_signal_type_names_the_known_ones() -> None:
    """The caller learns what can be sent."""
    with pytest.raises(HashFormatError, match="known: pdq"):
        Hash.from_hex("0" * 64, signal_type="md5")


@pytest.mark.parametrize("quality", [-1, 101])
def test_a_quality_out_of_range_is_refused(quality: int) -> None:
    """Quality is 0-100."""
    with pytest.raises(HashFormatError, match="between 0 and 100"):
        Hash(bytes(32), quality)


@pytest.mark.parametrize(("quality", "usable"), [(None, True), (0, False), (49, False), (50, True), (100, True)])
def test_quality_decides_what_is_usable(quality: int | None, usable: bool) -> None:  # noqa: FBT001 - a table's column
    """Below 50 a hash says too little; unstated quality is trusted."""
    assert Hash(bytes(32), quality).usable is usable


def test_a_hash_keeps_its_value_out_of_repr() -> None:
    """A value printed by accident gives nothing away."""
    assert "ab" * 4 not in repr(Hash(bytes.fromhex("ab" * 32)))


def test_a_reading_searches_originals_and_registers_every_form() -> None:
    """Flat frames are looked at when checking but never registered."""
    forms = tuple(bytes([n]) * 32 for n in range(8))
    crop = Hash(bytes([8]) * 32, 80, variant=Variant.UPPER_HALF)
    reading = Reading(Outcome.HASHED, (Frame(forms, 90, crops=(crop,)), Frame(forms, 20, 1)))
    assert [h.quality for h in reading.hashes] == [90, 20]
    assert [h.variant for h in reading.variants] == [*DIHEDRAL, Variant.UPPER_HALF]
    assert reading.copies == ((bytes([DIHEDRAL.index(Variant.FLIPPED_HORIZONTAL)]) * 32,),) * 2


def test_each_stretched_form_is_registered_as_a_picture() -> None:
    """Beside the regions of the picture itself; those of flat frames are not."""
    forms = tuple(bytes([n]) * 32 for n in range(8))
    one, other = (Regions((REGION_UNITS, side), bytes(range(8)), bytes(256)) for side in (100, 200))
    frames = (Frame(forms, 90, regions=one, stretched=(other, one)), Frame(forms, 20, regions=one, stretched=(one,)))
    assert Reading(Outcome.HASHED, frames).registered_regions == (one, other, one)


@pytest.mark.parametrize(
    ("size", "more"), [((4, 3), ()), ((3, 2), ()), ((16, 9), (1 / STRETCH_OF_LONG,)), ((9, 16), (STRETCH_OF_LONG,))]
)
def test_a_long_picture_has_one_more_form(size: tuple[int, int], more: tuple[float, ...]) -> None:
    """It is brought nearer to a square, whichever side is longer."""
    assert stretches_of(*size) == STRETCHES + more


def test_a_video_is_registered_as_it_is_and_looked_for_in_every_form() -> None:
    """A frame has one hash with its time, and one without its bars; copies come turned, mirrored and without bars."""
    forms, inner = tuple(bytes([n]) * 32 for n in range(8)), tuple(bytes([n]) * 32 for n in range(8, 16))
    frames = (Frame(forms, 90, at_ms=0), Frame(forms, 90, 1, at_ms=250, inner=inner, inner_quality=80))
    reading = Reading(Outcome.HASHED, frames, duration_ms=500)
    assert [(h.type, h.at_ms) for h in reading.hashes] == [(SignalType.VPDQ, 0), (SignalType.VPDQ, 250)]
    assert [(str(h.variant), h.at_ms, h.quality) for h in reading.variants] == [
        ("original", 0, 90), ("original", 250, 90), ("without-bars", 250, 80),
    ]  # fmt: skip
    assert [len(each) for each in reading.copies] == [7, 15]


@pytest.mark.parametrize(("kind", "at_ms"), [("pdq", 1), ("vpdq", None), ("vpdq", -1), ("vpdq", 10**12)])
def test_a_time_belongs_to_a_frame(kind: str, at_ms: int | None) -> None:
    """A picture has none, a frame has one, and it lies within a week."""
    with pytest.raises(HashFormatError, match=r"time"):
        Hash.from_hex("0" * 64, signal_type=kind, at_ms=at_ms)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_value_of_another_length_is_no_hash(size: int) -> None:
    """PDQ has 32 bytes."""
    with pytest.raises(HashFormatError, match="32 bytes"):
        Hash(bytes(size))
