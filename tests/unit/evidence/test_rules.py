# SPDX-License-Identifier: Apache-2.0
"""The ledger's hashing finds every change, and its root is the one that RFC 6962 defines."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.evidence.model import Fact, LedgerEntry, LedgerRoot, Reference
from noli.evidence.rules import MAX_FLAWS, MerkleRoot, commitment, following, leaf_of, parse_root, verify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _ledger(size: int) -> list[LedgerEntry]:
    made: list[LedgerEntry] = []
    for number in range(size):
        fact = Fact("case.viewed", f"case-{number % 3}", "staff:1", bytes([number % 256]) * 32)
        made.append(following(made[-1] if made else None, fact, now=NOW + timedelta(seconds=number)))
    return made


def _reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + _reference_root(leaves[:split]) + _reference_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", [*range(18), 31, 32, 33, 100])
def test_root_is_that_of_rfc_6962(size: int) -> None:
    """The root over any number of leaves is the Merkle tree hash of the standard."""
    leaves = [entry.leaf for entry in _ledger(size)]
    tree = MerkleRoot()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == LedgerRoot(size, _reference_root(leaves))


def test_an_untouched_ledger_is_whole() -> None:
    """What was appended verifies, against its own root and against every earlier one that was noted."""
    ledger = _ledger(20)
    found = verify(ledger)
    assert found.whole
    assert found.root.size == 20
    for size in range(21):
        assert verify(ledger, noted=[verify(ledger[:size]).root]).whole


CHANGES = ("at", "kind", "subject", "actor", "commitment", "leaf", "link")


def _changed(entry: LedgerEntry, part: str) -> LedgerEntry:
    match part:
        case "at":
            return replace(entry, at=entry.at + timedelta(microseconds=1))
        case "leaf" | "link":
            value = bytes([getattr(entry, part)[0] ^ 1]) + getattr(entry, part)[1:]
            return replace(entry, **{part: value})
        case "commitment":
            return replace(entry, fact=replace(entry.fact, commitment=b"\xff" * 32))
        case _:
            return replace(entry, fact=replace(entry.fact, **{part: "other"}))  # type: ignore[arg-type] # a text part


@given(st.integers(0, 11), st.sampled_from(CHANGES))
def test_any_changed_part_is_found_where_it_is(place: int, part: str) -> None:
    """Whatever is changed in an entry, the verification names that entry."""
    ledger = _ledger(12)
    ledger[place] = _changed(ledger[place], part)
    found = verify(ledger)
    assert not found.whole
    assert found.flaws[0].sequence in {place + 1, place + 2}


@given(st.integers(0, 10), st.integers(0, 10))
def test_removed_and_swapped_entries_are_found(one: int, other: int) -> None:
    """An entry that is gone, or two that changed places with or without their numbers, are noticed."""
    ledger = _ledger(12)
    assert not verify(ledger[:one] + ledger[one + 1 :]).whole
    if one != other:
        swapped = list(ledger)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert not verify(swapped).whole
        renumbered = list(ledger)
        renumbered[one] = replace(ledger[other], sequence=one + 1)
        renumbered[other] = replace(ledger[one], sequence=other + 1)
        assert not verify(renumbered).whole


def test_a_gap_is_named() -> None:
    """The text says which entries are missing, one or several."""
    ledger = _ledger(9)
    assert verify(ledger[:3] + ledger[4:]).flaws[0].text == "Entry 4 is missing."
    assert verify(ledger[:3] + ledger[6:]).flaws[0].text == "Entry 4 to 6 is missing."


def test_a_cut_end_is_found_against_a_noted_root() -> None:
    """Entries cut off at the end show against a root that was noted, and against other tables that know them."""
    ledger = _ledger(9)
    noted = verify(ledger).root
    assert verify(ledger[:8]).whole
    assert "cut off" in verify(ledger[:8], noted=[noted]).flaws[0].text
    assert "cut off" in verify(ledger[:8], references=_references(ledger)).flaws[0].text
    assert "cut off" in verify([], noted=[noted]).flaws[0].text


def test_a_ledger_written_anew_is_found_against_a_noted_root() -> None:
    """Whoever recomputes every hash after a change is caught by the root that was noted before."""
    noted = verify(_ledger(9)).root
    forged: list[LedgerEntry] = []
    for entry in _ledger(12):
        fact = replace(entry.fact, actor="staff:2") if entry.sequence == 4 else entry.fact
        forged.append(following(forged[-1] if forged else None, fact, now=entry.at))
    assert verify(forged).whole
    [flaw] = verify(forged, noted=[noted, verify(_ledger(3)).root, verify(_ledger(11)).root]).flaws
    assert "first 9 entries" in flaw.text


def _references(ledger: list[LedgerEntry]) -> list[Reference]:
    return [Reference(entry.sequence, entry.at, entry.fact, checkable=True) for entry in ledger]


def test_what_events_say_is_compared() -> None:
    """An event that says something else than its entry, or is gone, or was there twice, is named by its entry."""
    ledger = _ledger(9)
    said, kinds = _references(ledger), frozenset({"case.viewed"})
    assert verify(ledger, references=said, referring=kinds).whole
    assert verify(ledger, references=said[3:]).whole
    [gone] = verify(ledger, references=said[:4] + said[5:], referring=kinds).flaws
    assert gone.text == "The event that entry 5 tells of is gone."
    for part in ("kind", "subject", "actor", "commitment"):
        changed = replace(said[4].fact, **{part: b"?" if part == "commitment" else "?"})  # type: ignore[arg-type] # by its name
        [flaw] = verify(ledger, references=[*said[:4], replace(said[4], fact=changed), *said[5:]]).flaws
        assert flaw.text == "The event that entry 5 tells of was changed: the two disagree."
    later = replace(said[4], at=NOW)
    assert not verify(ledger, references=[*said[:4], later, *said[5:]]).whole
    unknown = replace(said[4], fact=replace(said[4].fact, commitment=b""), checkable=False)
    assert verify(ledger, references=[*said[:4], unknown, *said[5:]], referring=kinds).whole
    assert not verify(ledger[:4] + ledger[5:], references=said).whole


def test_a_tree_goes_on_from_its_peaks() -> None:
    """A tree that was put away at any size grows to the same root."""
    leaves = [entry.leaf for entry in _ledger(20)]
    for size in range(20):
        first = MerkleRoot()
        for leaf in leaves[:size]:
            first.add(leaf)
        again = MerkleRoot.of(size, first.peaks)
        for leaf in leaves[size:]:
            again.add(leaf)
        assert again.root().root == _reference_root(leaves)


def test_flaws_are_not_listed_without_end() -> None:
    """A ledger that is broken everywhere yields a list that one can still read."""
    broken = [replace(entry, leaf=bytes(32)) for entry in _ledger(MAX_FLAWS + 50)]
    assert len(verify(broken).flaws) == MAX_FLAWS


def test_the_leaf_does_not_depend_on_the_zone() -> None:
    """The same moment, told in another time zone, has the same hash."""
    fact = Fact("a", "b", "c")
    assert leaf_of(1, NOW, fact) == leaf_of(1, NOW.astimezone(timezone(timedelta(hours=2))), fact)


def test_parts_cannot_be_shifted() -> None:
    """Moving letters from one part of a fact to the next makes another hash."""
    assert leaf_of(1, NOW, Fact("ab", "c", "d")) != leaf_of(1, NOW, Fact("a", "bc", "d"))
    assert commitment(b"ab", b"c") != commitment(b"a", b"bc")


@pytest.mark.parametrize(
    "text", ["", "12", "12:", "x:" + "0" * 64, "12:" + "z" * 64, "-1:" + "0" * 64, "1:" + "0" * 63]
)
def test_what_is_no_root_is_not_read(text: str) -> None:
    """Anything but SIZE:ROOT is refused."""
    assert parse_root(text) is None


def test_a_printed_root_is_read_back() -> None:
    """What the command prints can be given to it again."""
    root = verify(_ledger(5)).root
    assert parse_root(f" {root}\n") == root
