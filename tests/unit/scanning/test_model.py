# SPDX-License-Identifier: Apache-2.0
"""Counts of parts add up to those of the whole."""

from noli.scanning.model import Tally


def test_tallies_add_up_reason_by_reason() -> None:
    """Skipped rows keep their reasons."""
    one = Tally(rows=3, matches=2, matched=1, cleared=1, capped=1, skipped={"corrupt": 1}, seconds=0.5)
    other = Tally(rows=4, skipped={"corrupt": 1, "no hash": 2}, seconds=1.0)
    assert one + other == Tally(
        rows=7, matches=2, matched=1, cleared=1, capped=1, skipped={"corrupt": 2, "no hash": 2}, seconds=1.5
    )
