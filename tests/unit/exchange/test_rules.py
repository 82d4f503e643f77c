# SPDX-License-Identifier: Apache-2.0
"""What counts of what a partner tells, by version alone, and what cannot be kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.exchange import rules
from noli.exchange.model import Bad, Received, ReceivedState, Told
from noli.exchange.rules import MAX_LABEL, MAX_LABELS, MAX_REFERENCE, Step


def told(version: int, *, withdrawn: bool = False, reference: str = "r") -> Told:
    """Tell something."""
    return Told(reference, version, withdrawn=withdrawn)


def received(version: int, state: ReceivedState = ReceivedState.TAKEN) -> Received:
    """Have something."""
    return Received("r", version, state)


@pytest.mark.parametrize(
    ("before", "now", "step"),
    [
        (None, told(1), Step.ADD),
        (None, told(1, withdrawn=True), Step.WITHDRAW),
        (received(2), told(1), Step.NOTHING),
        (received(2), told(1, withdrawn=True), Step.NOTHING),
        (received(2), told(2), Step.NOTHING),
        (received(2), told(2, withdrawn=True), Step.WITHDRAW),
        (received(2, ReceivedState.WITHDRAWN), told(2), Step.NOTHING),
        (received(2, ReceivedState.WITHDRAWN), told(2, withdrawn=True), Step.NOTHING),
        (received(2, ReceivedState.WITHDRAWN), told(3), Step.ADD),
        (received(2, ReceivedState.REFUSED), told(3), Step.ADD),
    ],
)
def test_the_newest_version_counts(before: Received | None, now: Told, step: Step) -> None:
    """Older and equal ones change nothing, but for a withdrawal of the same moment."""
    assert rules.step(before, now) is step


@given(st.permutations([told(1), told(2), told(2, withdrawn=True), told(3), told(3), told(9, reference="other")]))
def test_the_order_does_not_matter(some: list[Told]) -> None:
    """Of several things told of one entry at once the same one counts."""
    kept = rules.newest(some)
    assert {reference: (each.version, each.withdrawn) for reference, each in kept.items()} == {
        "r": (3, False),
        "other": (9, False),
    }


@pytest.mark.parametrize(
    "bad",
    [
        told(1, reference=""),
        told(1, reference="x" * (MAX_REFERENCE + 1)),
        told(1, reference="a\nb"),
        told(-1),
        told(1 << 48),
    ],
)
def test_what_cannot_be_kept_is_refused(bad: Told) -> None:
    """Ids and versions out of range are."""
    assert isinstance(rules.placed(bad, generation=0), Bad)


def test_a_later_beginning_is_newer_than_everything_before() -> None:
    """And labels are cut to what is kept."""
    late = rules.placed(Told("r", 0, withdrawn=False, labels=("x" * 1000,) * 99), generation=2)
    early = rules.placed(told((1 << 48) - 1), generation=1)
    assert isinstance(late, Told)
    assert isinstance(early, Told)
    assert late.version > early.version
    assert (len(late.labels), len(late.labels[0])) == (MAX_LABELS, MAX_LABEL)
