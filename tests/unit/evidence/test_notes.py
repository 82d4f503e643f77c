# SPDX-License-Identifier: Apache-2.0
"""Signed roots and keys are written as transparency logs write them, and read back."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.evidence import notes
from noli.evidence.model import LedgerRoot, SignedRoot

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PUBLIC = bytes(range(32))
SIGNED = SignedRoot(LedgerRoot(12, b"r" * 32), NOW, notes.key_id(PUBLIC), b"s" * 64)


def test_a_note_is_a_checkpoint() -> None:
    """Origin, size, root and time; an empty line; a line that names the key and holds the signature."""
    text = notes.write_note(SIGNED)
    lines = text.split("\n")
    assert lines[:2] == ["noli-ledger", "12"]
    assert base64.b64decode(lines[2]) == b"r" * 32
    assert lines[3:5] == ["2026-03-01T12:00:00.123456Z", ""]
    assert lines[5].startswith("— noli-ledger ")
    assert base64.b64decode(lines[5].split(" ")[2]) == bytes.fromhex(SIGNED.key) + SIGNED.signature
    assert text.startswith(notes.signed_text(SIGNED.root, NOW).decode())


def test_a_key_is_a_verifier_key() -> None:
    """Name, digest over name and key, and the key with the byte of its algorithm."""
    name, digest, key = notes.verifier_key(PUBLIC).split("+", 2)
    assert name == "noli-ledger"
    assert base64.b64decode(key) == b"\x01" + PUBLIC
    assert digest == hashlib.sha256(b"noli-ledger\n\x01" + PUBLIC).hexdigest()[:8]
    assert notes.parse_key(f" {notes.verifier_key(PUBLIC)}\n") == PUBLIC


@pytest.mark.parametrize(
    "text",
    ["", "noli-ledger", "noli-ledger+00000000+", "other+" + notes.verifier_key(PUBLIC).partition("+")[2],
     notes.verifier_key(PUBLIC)[:-4], notes.verifier_key(PUBLIC).replace("+", "-"), "noli-ledger+00000000+" + "A" * 44],
)  # fmt: skip
def test_what_is_no_key_is_not_read(text: str) -> None:
    """Another origin, a digest that does not fit, or anything else is refused."""
    assert notes.parse_key(text) is None


@given(st.lists(st.integers(0, 2**40), max_size=4))
def test_notes_are_read_back(sizes: list[int]) -> None:
    """All notes of a file, with other lines between them."""
    made = [
        SignedRoot(LedgerRoot(size, hashlib.sha256(b"%d" % size).digest()), NOW, SIGNED.key, SIGNED.signature)
        for size in sizes
    ]
    text = "# kept elsewhere\n" + "\nfrom March:\n".join(notes.write_note(each) for each in made)
    assert notes.parse_notes(text) == made


@pytest.mark.parametrize("line", range(6))
def test_what_is_no_note_is_passed_over(line: int) -> None:
    """A note with a line changed or missing is none; those around it are read all the same."""
    lines = notes.write_note(SIGNED).splitlines()
    changed = "\n".join([*lines[:line], "?", *lines[line + 1 :]])
    missing = "\n".join([*lines[:line], *lines[line + 1 :]])
    whole = notes.write_note(SIGNED)
    assert notes.parse_notes(f"{changed}\n{whole}\n{missing}\n\n{whole}") == [SIGNED, SIGNED]
    assert notes.parse_notes(whole[: len(whole) // 2]) == []
