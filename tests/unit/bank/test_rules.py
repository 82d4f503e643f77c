# SPDX-License-Identifier: Apache-2.0
"""What opinions make of an entry."""

from datetime import UTC, datetime

import pytest

from noli.bank.model import EntryId, Opinion, OpinionKind
from noli.bank.rules import DOUBTS, Standing, may_withdraw, standing

TRUE, FALSE, DISPUTED = OpinionKind.TRUE_POSITIVE, OpinionKind.FALSE_POSITIVE, OpinionKind.DISPUTED


@pytest.mark.parametrize(
    ("opinions", "disputed", "confirmed"),
    [
        ([], False, False),
        ([("anna", FALSE)], True, False),
        ([("anna", FALSE), ("anna", TRUE)], False, True),
        ([("anna", FALSE), ("ben", TRUE)], True, True),
        ([("partner:one", TRUE)], False, False),
        ([(DOUBTS, DISPUTED)], True, False),
        ([(DOUBTS, DISPUTED), ("partner:one", TRUE)], True, False),
        ([(DOUBTS, DISPUTED), ("anna", TRUE)], False, True),
        ([("anna", TRUE), (DOUBTS, DISPUTED)], True, True),
        ([(DOUBTS, DISPUTED), ("anna", TRUE), ("ben", FALSE)], True, True),
    ],
)
def test_the_newest_of_each_counts_and_a_person_outweighs_the_machine(
    opinions: list[tuple[str, OpinionKind]], *, disputed: bool, confirmed: bool
) -> None:
    """A doubt of the installation ends when somebody here, not a partner, says that the entry is right."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    given = [Opinion(EntryId(1), author, kind, "", now) for author, kind in opinions]
    assert standing(given) == Standing(disputed, confirmed)


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ((), False),
        ((("staff:lea", OpinionKind.FALSE_POSITIVE),), False),
        ((("partner:x", OpinionKind.FALSE_POSITIVE), (DOUBTS, OpinionKind.DISPUTED)), False),
        ((("staff:mona", OpinionKind.DISPUTED),), True),
        ((("staff:mona", OpinionKind.DISPUTED), ("staff:mona", OpinionKind.TRUE_POSITIVE)), False),
    ],
)
def test_withdrawing_takes_another_member_of_staff(given: tuple[tuple[str, OpinionKind], ...], may: bool) -> None:  # noqa: FBT001 - a row
    """One's own opinion, a partner's or the machine's is no second person; nor is one that was changed since."""
    opinions = [Opinion(EntryId(1), author, kind, "", datetime(2026, 1, 1, tzinfo=UTC)) for author, kind in given]
    assert may_withdraw(opinions, "staff:lea") is may
