# SPDX-License-Identifier: Apache-2.0
"""Fetching by whole seconds, in pages, abandoned and resumed: whoever does it ends with what the hub has."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from noli.bank.model import EntryId, OpinionKind, Sharing
from noli.base.errors import InputError
from noli.exchange.feedback import EntryFeedback, FeedbackService, HashFeedback
from noli.exchange.holders import Holders
from noli.exchange.model import Page, Partner
from noli.exchange.timed import SETTLED, Cursor, TimedFeed, whole_seconds
from noli.hashing.kernel import HammingIndex
from noli.matching.index import BankIndexes
from tests.support.bits import some_hash
from tests.support.exchange import Hub, made_up
from tests.support.exchange import hub as opened_hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """An organisation on SQLite."""
    with opened_hub(tmp_path) as made:
        yield made


class Client:
    """Fetches as the clients of other protocols do, and remembers what it was told."""

    def __init__(self, feed: TimedFeed, partner: Partner) -> None:
        self._feed, self._partner = feed, partner
        self.entries: set[EntryId] = set()
        self.seconds = 0

    def fetch(self, *, limit: int = 7, pages: int = 1_000_000) -> bool:
        """Fetch so many pages at most; tell whether all was read."""
        cursor: Cursor | None = self._feed.begin(self.seconds)
        while cursor is not None and pages:
            page = self._feed.page(self._partner, Cursor.parse(str(cursor)), limit=limit)
            for item in page.items:
                (self.entries.discard if item.withdrawn else self.entries.add)(item.entry)
            assert page.seconds >= self.seconds
            self.seconds, cursor, pages = page.seconds, page.cursor, pages - 1
        return cursor is None


def test_any_course_of_fetching_ends_with_what_the_hub_has(hub: Hub) -> None:
    """Entries come and go, seconds are shared, fetches are abandoned anywhere: nothing is lost, nothing kept."""
    source = random.Random(5)
    feed = TimedFeed(hub.outgoing, hub.clock)
    partner = hub.partner()
    clients = [Client(feed, partner) for _ in range(3)]
    active: list[EntryId] = []
    for step in range(150):
        hub.clock.time += timedelta(seconds=source.choice([0, 0, 0.3, 2, 90]))
        if active and source.random() < 0.3:
            hub.withdraw(active.pop(source.randrange(len(active))))
        else:
            count = source.choice([1, 1, 1, 12])
            active += hub.put(*range(step * 100, step * 100 + count))
            hub.put(50_000 + step, sharing=Sharing.WITHHELD)
        for client in clients:
            if source.random() < 0.3:
                client.fetch(limit=source.choice([1, 3, 20]), pages=source.choice([1, 2, 5]))
    real = set(active)
    for client in clients:
        assert client.fetch()
        extra = client.entries - real
        assert real <= client.entries
        assert len(extra) < 30
        with hub.exchange.transaction() as transaction:
            assert transaction.banks.entries_by_id(sorted(extra)) == {}


def test_a_withdrawal_between_two_pages_corrects_the_first(hub: Hub) -> None:
    """What was given and then withdrawn is taken back by a later page; what never was given is not named."""
    feed, partner = TimedFeed(hub.outgoing, hub.clock), hub.partner()
    before, given, _, _ = hub.put(1, 2, 3, 4)
    hub.withdraw(before)
    cursor = feed.begin(0)
    page = feed.page(partner, cursor, limit=2)
    assert given in {item.entry for item in page.items}
    hub.withdraw(given)
    rest = []
    while page.cursor is not None:
        page = feed.page(partner, page.cursor, limit=2)
        rest += [(item.entry, item.withdrawn) for item in page.items]
    assert (given, True) in rest
    assert before not in {entry for entry, _ in rest}


def test_a_second_is_left_behind_once_it_is_settled(hub: Hub) -> None:
    """A large import comes again while its second may grow, and no more after a minute."""
    feed, client = TimedFeed(hub.outgoing, hub.clock), Client(TimedFeed(hub.outgoing, hub.clock), hub.partner())
    hub.put(1, 2, 3)
    second = whole_seconds(hub.clock.now())
    for expected, wait in ((second, SETTLED), (second + 1, SETTLED), (second + 1, SETTLED)):
        client.fetch()
        assert client.seconds == expected
        hub.clock.time += wait
    assert feed.page(hub.partners.get("platform"), feed.begin(second + 1), limit=5).items == ()


def test_pages_without_items_are_passed_over(hub: Hub) -> None:
    """Where only other banks changed for long, a page is still not empty while there is more."""
    partner = hub.partner()
    hub.put(1)
    whole = hub.outgoing.page(partner, after=0, limit=10)

    class Slow:
        """Looks through one step a time, as if each were twenty thousand."""

        def page(self, _: Partner, *, after: int, limit: int, known: int | None = None) -> Page:
            del limit, known
            if after < whole.next - 1:
                return Page((), after + 1, more=True)
            return replace(whole, more=False)

        def last(self) -> int:
            return hub.outgoing.last()

        def deliver(self, *_: object, **__: object) -> None:
            """Keep nothing."""

        def checkpoint_at(self, at: object) -> int:
            del at
            return 0

    feed = TimedFeed(Slow(), hub.clock)  # type: ignore[arg-type] # as much of it as is used
    assert feed.page(partner, feed.begin(0), limit=10).items == whole.items


@pytest.mark.parametrize("text", ["", "1", "1.2.3.4.5", "1.2.3.x", "1.2.3.-4", "1.2.3.9999999999999999999"])
def test_a_cursor_that_was_never_given_is_refused(text: str) -> None:
    """What a partner hands back is read strictly."""
    with pytest.raises(InputError, match="begin the fetch anew"):
        Cursor.parse(text)


def test_feedback_reaches_only_what_the_partner_may_see(hub: Hub) -> None:
    """By hash or by id: withheld, withdrawn, unshared and unknown entries are passed over without a word."""
    indexes = BankIndexes(HammingIndex)
    hub.bank("private")
    partner = hub.partner()
    [shared] = hub.put(1)
    [withheld] = hub.put(1, sharing=Sharing.WITHHELD)
    [private] = hub.put(1, bank="private")
    [gone] = hub.put(1)
    hub.withdraw(gone)
    indexes.load(hub.database.banks)
    holders = Holders(hub.exchange, indexes)
    service = FeedbackService(hub.exchange, holders, hub.clock)
    service.on_hashes(
        partner, [HashFeedback(made_up(1), OpinionKind.DISPUTED), HashFeedback(some_hash(9), OpinionKind.DISPUTED)]
    )
    for entry in (withheld, private, gone, EntryId(7)):
        service.on_entries(partner, [EntryFeedback(entry, OpinionKind.FALSE_POSITIVE)])
    service.on_entries(partner, [EntryFeedback(shared, OpinionKind.DISPUTED)])
    with hub.exchange.transaction() as transaction:
        banks = {shared: "protected", withheld: "protected", gone: "protected", private: "private"}
        said = {entry: [one.kind for one in transaction.banks.opinions(bank, entry)] for entry, bank in banks.items()}
    assert said == {shared: [OpinionKind.DISPUTED], withheld: [], gone: [], private: []}
