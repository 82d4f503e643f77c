# SPDX-License-Identifier: Apache-2.0
"""The core of a scan gives exactly the pairs of catalogue rows and banked entries within each bank's threshold."""

import random

import pyarrow as pa

from noli.bank.model import Action, BankPolicy, EntryId, entry_text
from noli.scanning.join import HASH, Scanner
from noli.scanning.model import ScanBank, Tally
from tests.kernel.test_index import with_flips
from tests.support.catalogues import BLOCK, Planted, bank_of, index_of, values

NEGATIVE = BankPolicy(Action.LOG, negative=True)


def batch(hashes: list[bytes], ids: list[object] | None = None) -> pa.RecordBatch:
    """Make one batch of a catalogue."""
    names = list(range(len(hashes))) if ids is None else ids
    return pa.record_batch([pa.array(names), pa.array(hashes, HASH)], names=["id", "hash"])


def rows_of(scanner: Scanner, *batches: pa.RecordBatch) -> list[dict[str, object]]:
    """Scan, and return the matches as rows."""
    return [row for found in scanner.scan(batches) for row in found.to_pylist()]


def test_every_planted_copy_is_found_and_nothing_else() -> None:
    """Ids, entries and distances are those that were planted."""
    planted = Planted.made(banked=2000, rows=20_000, planted=300)
    found = rows_of(Scanner([bank_of(planted.banked)]), batch(planted.rows))
    assert {row["id"]: (row["entry"], row["distance"]) for row in found} == {
        row: (entry_text(EntryId(source + 1)), bits) for row, (source, bits) in planted.near.items()
    }
    assert {(row["bank"], row["type"]) for row in found} == {("protected", "pdq")}
    assert len(found) == len(planted.near)


def test_an_entry_counts_once_a_row_at_its_nearest() -> None:
    """An entry's turned forms and crops do not multiply a match."""
    chance = random.Random(3)
    [value] = values(3, 1)
    near = [with_flips(value, bits, chance) for bits in (20, 5, 11)]
    bank = ScanBank("protected", BLOCK, index_of(near, [7, 7, 8]))
    found = rows_of(Scanner([bank]), batch([value], ["a"]))
    assert [(row["id"], row["entry"], row["distance"]) for row in found] == [
        ("a", entry_text(EntryId(7)), 5),
        ("a", entry_text(EntryId(8)), 11),
    ]


def test_each_bank_has_its_own_threshold_and_disabled_ones_say_nothing() -> None:
    """A copy 20 bits away is a match up to 31, not up to 16, and never in a bank that is off."""
    [value] = values(4, 1)
    copy = with_flips(value, 20, random.Random(4))
    banks = [
        bank_of([value], name="wide", policy=BankPolicy(Action.REVIEW, 31)),
        bank_of([value], name="narrow", policy=BankPolicy(Action.BLOCK, 16)),
        bank_of([value], name="off", policy=BankPolicy(Action.BLOCK, 31, enabled=False)),
    ]
    assert [row["bank"] for row in rows_of(Scanner(banks), batch([copy]))] == ["wide"]


def test_a_negative_bank_clears_a_row_unless_its_entry_is_disputed() -> None:
    """What everybody has on their disk is no match; a disputed veto is itself in doubt."""
    common, private = values(5, 2)
    banks = [bank_of([common, private])]
    clearing = Scanner([*banks, bank_of([common], name="common", policy=NEGATIVE)])
    assert [row["id"] for row in rows_of(clearing, batch([common, private]))] == [1]
    assert (clearing.tally.cleared, clearing.tally.matched) == (1, 1)
    doubted = frozenset({EntryId(1)})
    doubting = Scanner([*banks, bank_of([common], name="common", policy=NEGATIVE, disputed=doubted)])
    assert [row["id"] for row in rows_of(doubting, batch([common, private]))] == [0, 1]


def test_what_is_beyond_the_cap_is_counted() -> None:
    """A row near thousands of hashes lists the nearest and says that there were more."""
    [value] = values(6, 1)
    scanner = Scanner([bank_of([value] * 50)], max_neighbours=10)
    assert len(rows_of(scanner, batch([value]))) == 10
    assert scanner.tally.capped == 1


def test_counts_add_up_over_batches_and_slices() -> None:
    """A slice of a batch is what it shows, and nothing of what lies beside it."""
    planted = Planted.made(banked=50, rows=300, planted=30)
    whole = batch(planted.rows)
    scanner = Scanner([bank_of(planted.banked)])
    found = rows_of(scanner, whole.slice(0, 100), whole.slice(100, 0), whole.slice(100))
    assert {row["id"] for row in found} == set(planted.near)
    assert scanner.tally == Tally(rows=300, matches=30, matched=30)


def test_without_banks_nothing_matches() -> None:
    """An installation that was just made scans, and finds nothing."""
    scanner = Scanner([])
    assert rows_of(scanner, batch(values(7, 3))) == []
    assert scanner.tally == Tally(rows=3)
