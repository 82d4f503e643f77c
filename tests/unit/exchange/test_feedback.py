# SPDX-License-Identifier: Apache-2.0
"""What partners think of our entries: kept once, and held beyond what was agreed for an hour."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from noli.bank.model import EntryId, OpinionKind
from noli.exchange.feedback import EntryFeedback, FeedbackService, HashFeedback
from noli.exchange.holders import Holders
from noli.exchange.model import Partner
from noli.exchange.status import StatusService
from tests.support.exchange import Hub, hub, made_up

FALSE, DISPUTED, TRUE = OpinionKind.FALSE_POSITIVE, OpinionKind.DISPUTED, OpinionKind.TRUE_POSITIVE


class House:
    """An organisation with ten entries, and a partner that may doubt two of them an hour."""

    def __init__(self, one: Hub) -> None:
        self.hub, self.entries = one, one.put(*range(10))
        self.partner = one.partners.change(replace(one.partner("them"), doubts_per_hour=2))
        self.feedback = FeedbackService(one.exchange, Holders(one.exchange, self), one.clock)

    def holding(self, value: bytes, *, banks: Collection[str]) -> list[EntryId]:
        """Know which entry holds a made-up hash."""
        assert banks
        return [self.entries[n] for n in range(10) if made_up(n) == value]

    def say(self, *said: tuple[int, OpinionKind], partner: Partner | None = None) -> None:
        """Let a partner think something of entries by their number."""
        given = [EntryFeedback(self.entries[n], kind) for n, kind in said]
        self.feedback.on_entries(partner or self.partner, given)

    def disputed(self) -> list[int]:
        """Return the numbers of entries that ask for review alone."""
        with self.hub.exchange.transaction() as t:
            found = t.banks.disputed(t.banks.bank("protected").id)
        return sorted(self.entries.index(entry) for entry in found)

    def held(self) -> list[tuple[int, OpinionKind]]:
        """Return what is held of the partner."""
        with self.hub.exchange.transaction() as t:
            return sorted((self.entries.index(one.entry), one.kind) for one in t.held_doubts(self.partner.id))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An organisation with a partner."""
    with hub(tmp_path) as made:
        yield House(made)


def test_a_flood_of_doubts_is_held(house: House) -> None:
    """So many entries as were agreed ask for review, the rest stand as they were; others are heard; it is seen."""
    house.say(*((n, FALSE) for n in range(6)))
    assert (house.disputed(), [n for n, _ in house.held()]) == ([0, 1], [2, 3, 4, 5])
    house.say((9, DISPUTED), partner=house.hub.partner("other"))
    assert house.disputed() == [0, 1, 9]
    status = StatusService(house.hub.exchange, house.hub.canaries)
    assert (status.of("them").held_doubts, status.of("other").held_doubts, status.count().held_doubts) == (4, 0, 4)


def test_an_hour_later_as_much_may_come_again(house: House) -> None:
    """What was held stays held; the same opinions again cost nothing, and agreement is never too much."""
    house.say((0, FALSE), (1, FALSE), (2, FALSE), (3, TRUE))
    house.hub.clock.move(hours=1)
    house.say((0, FALSE), (1, FALSE), (4, FALSE), (5, DISPUTED), (6, DISPUTED))
    assert (house.disputed(), house.held()) == ([0, 1, 4, 5], [(2, FALSE), (6, DISPUTED)])


def test_what_is_thought_now_counts(house: House) -> None:
    """A held doubt goes with what the partner thinks later; of several at once the last is held."""
    house.say((0, FALSE), (1, FALSE), (2, FALSE), (2, DISPUTED), (3, FALSE), (3, TRUE))
    assert house.held() == [(2, DISPUTED)]
    house.say((2, TRUE), (0, TRUE))
    assert (house.disputed(), house.held()) == ([1], [])


def test_a_person_believes_or_forgets_what_is_held(house: House) -> None:
    """Released, the entries ask for review; discarded, nothing has changed."""
    house.say(*((n, FALSE) for n in range(5)))
    assert (house.feedback.release(house.partner), house.disputed(), house.held()) == (3, [0, 1, 2, 3, 4], [])
    house.say((7, FALSE), (8, FALSE))
    assert (house.feedback.discard(house.partner), house.disputed(), house.held()) == (2, [0, 1, 2, 3, 4], [])
    assert house.feedback.release(house.partner) == house.feedback.discard(house.partner) == 0


def test_opinions_on_hashes_are_counted_alike(house: House) -> None:
    """Protocols that know hashes alone flood no better."""
    house.feedback.on_hashes(house.partner, [HashFeedback(made_up(n), FALSE, "no") for n in range(4)])
    assert (house.disputed(), len(house.held())) == ([0, 1], 2)
