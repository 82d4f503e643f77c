# SPDX-License-Identifier: Apache-2.0
"""What ``exchange.ports.ExchangeStore`` promises, and the stream made from it, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from noli.bank.model import Action, Opinion, OpinionKind, Sharing
from noli.base.errors import Conflict, NotFound
from noli.exchange.model import Import, NewPartner, Protocol, Source
from tests.support.exchange import Hub, hub


@pytest.fixture
def one(database_url: str, tmp_path: Path) -> Iterator[Hub]:
    """An organisation on each kind of database."""
    with hub(tmp_path, database_url) as made:
        yield made


def test_a_partner_is_kept_as_it_was_agreed(one: Hub) -> None:
    """Everything comes back; its secret is sealed, and the name is taken once."""
    one.bank("theirs")
    new = NewPartner(
        "helpline",
        Protocol.NOLI,
        per_hour=7,
        shares=("protected",),
        imports=(Import("reports", "theirs", Action.LOG),),
        source=Source("https://helpline.example", "00" * 32),
        secret="what they gave us",
    )
    made, _ = one.partners.add(new)
    assert made == one.partners.get("helpline")
    assert (made.protocol, made.per_hour, made.shares, made.imports, made.source) == (
        new.protocol,
        7,
        new.shares,
        new.imports,
        new.source,
    )
    assert made.honours_withdrawal
    with one.exchange.transaction(write=True) as t:
        assert t.secret(made.id) == "what they gave us"
        t.change_partner(replace(made, per_hour=8), secret="another", now=one.clock.now())
        assert t.secret(made.id) == "another"
    with pytest.raises(Conflict):
        one.partners.add(new)
    with pytest.raises(NotFound):
        one.partners.get("nobody")


def test_a_partner_without_a_secret_has_none(one: Hub) -> None:
    """Nothing is sealed where nothing was given."""
    made = one.partner()
    with one.exchange.transaction() as t:
        assert t.secret(made.id) == ""


def test_a_partner_sees_what_is_shared_and_nothing_else(one: Hub) -> None:
    """Entries of other banks, and those without consent, do not leave; nor does a bank's own history."""
    one.bank("private")
    [shared], [_hidden] = one.put(1), one.put(2, bank="private")
    one.put(3, sharing=Sharing.WITHHELD)
    assert one.seen(one.partner()) == {shared: False}


def test_a_partner_without_banks_sees_nothing(one: Hub) -> None:
    """The stream of who shares in nothing is empty, but has an end."""
    one.put(1)
    partner, _ = one.partners.add(NewPartner("nothing"))
    assert one.seen(partner) == {}
    assert one.checkpoint(partner) == one.outgoing.last()


def test_a_withdrawal_is_told_to_whom_had_the_entry(one: Hub) -> None:
    """After its checkpoint a partner finds the withdrawal; who never had the entry learns nothing of it."""
    [gone, kept] = one.put(1, 2)
    early = one.partner("early")
    checkpoint = one.checkpoint(early)
    one.clock.move(seconds=1)
    one.withdraw(gone)
    assert one.seen(early, after=checkpoint) == {gone: True}
    assert one.seen(one.partner("late")) == {kept: False}


def test_consent_opens_and_closes_the_way(one: Hub) -> None:
    """An entry leaves once the person consents, is withdrawn when she takes that back, and may leave again."""
    partner = one.partner()
    [entry] = one.put(1, sharing=Sharing.WITHHELD)
    checkpoint = one.checkpoint(partner)
    for given, told in ((False, {}), (True, {entry: False}), (False, {entry: True}), (True, {entry: False})):
        one.clock.move(seconds=1)
        one.consent(entry, given=given)
        one.consent(entry, given=given)
        assert one.seen(partner, after=checkpoint) == told
        checkpoint = one.checkpoint(partner)


def test_a_bank_can_be_shared_later_and_no_longer(one: Hub) -> None:
    """What a partner sees from now on is offered to it although it is old; what it sees no longer is withdrawn."""
    one.bank("second")
    [entry] = one.put(1, bank="second")
    partner = one.partner()
    checkpoint = one.checkpoint(partner)
    one.clock.move(seconds=1)
    partner = one.partners.change(replace(partner, shares=("protected", "second")))
    assert one.seen(partner, after=checkpoint) == {entry: False}
    checkpoint = one.checkpoint(partner)
    partner = one.partners.change(replace(partner, shares=("protected",)))
    assert one.seen(partner, after=checkpoint) == {entry: True}
    partner = one.partners.change(replace(partner, shares=("protected", "second")))
    assert one.seen(partner, after=checkpoint) == {entry: False}


def test_an_empty_bank_can_be_shared_later(one: Hub) -> None:
    """There is nothing to offer, and nothing goes wrong."""
    one.bank("second")
    partner = one.partners.change(replace(one.partner(), shares=("second",)))
    assert (partner.shares, one.seen(partner)) == (("second",), {})


def test_opinions_of_people_here_are_told(one: Hub) -> None:
    """What we think goes with the entry, newest first of each author; what partners said is not passed on."""
    [entry] = one.put(1)
    partner = one.partner()
    checkpoint = one.checkpoint(partner)
    with one.exchange.transaction(write=True) as t:
        for author, kind in (
            ("anna", OpinionKind.DISPUTED),
            ("partner:other", OpinionKind.FALSE_POSITIVE),
            ("anna", OpinionKind.TRUE_POSITIVE),
        ):
            t.banks.add_opinion("protected", Opinion(entry, author, kind, "", one.clock.now()))
    [item] = one.outgoing.page(partner, after=checkpoint, limit=10).items
    assert (item.entry, item.opinions, item.disputed) == (entry, (OpinionKind.TRUE_POSITIVE,), True)


def test_a_stream_is_read_in_pages(one: Hub) -> None:
    """Pages of any size lead to the same; each goes on where the last one ended, and looks through a bounded part."""
    entries = one.put(*range(20))
    partner = one.partner()
    for limit in (1, 3, 100):
        found = [item for page in one.pages(partner, limit=limit) for item in page.items]
        assert [item.entry for item in found if item.entry in set(entries)] == entries
        places = [item.sequence for item in found]
        assert places == sorted(places)


def test_an_abandoned_fetch_is_told_what_it_can_have(one: Hub) -> None:
    """Within one fetch, an entry that went meanwhile is not named to whom it was never delivered."""
    [gone, _] = one.put(1, 2)
    partner = one.partner()
    first = one.outgoing.page(partner, after=0, limit=1)
    one.clock.move(seconds=1)
    one.withdraw(gone)
    second = one.outgoing.page(partner, after=first.next, limit=10, known=0)
    assert not any(item.withdrawn for item in second.items)
    assert [i.entry for i in one.outgoing.page(partner, after=first.next, limit=10).items if i.withdrawn] == [gone]


def test_times_never_go_back(one: Hub) -> None:
    """A clock that is set back does not disorder the stream, and a time finds its place in it."""
    start = one.clock.now()
    one.put(1)
    one.clock.move(hours=1)
    one.put(2)
    one.clock.move(hours=-2)
    one.put(3)
    items = one.outgoing.page(one.partner(), after=0, limit=10).items
    assert [item.at for item in items] == sorted(item.at for item in items)
    assert one.outgoing.checkpoint_at(start) == 0
    assert one.outgoing.checkpoint_at(start + timedelta(minutes=1)) == 2
    assert one.outgoing.checkpoint_at(start + timedelta(days=1)) == one.outgoing.last() == 4


def test_a_page_holds_so_many_hashes(one: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long videos make short pages, one entry at least; nothing is left out and nothing comes twice."""
    monkeypatch.setattr("noli.adapters.sql.exchange._HASHES_A_PAGE", 60)
    videos = [one.put_video(seed, frames=frames) for seed, frames in ((100, 25), (200, 30), (300, 70))]
    [picture] = one.put(1)
    ours = [[item.entry for item in page.items if item.sequence > 1] for page in one.pages(one.partner())]
    real = [[entry for entry in page if entry in {*videos, picture}] for page in ours]
    assert real == [videos[:2], videos[2:], [picture]]
