# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of partners."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noli.bank.model import OpinionKind
from noli.base.errors import NotFound
from noli.exchange.model import Bad, Protocol, Source, SyncStatus
from noli.exchange.status import StatusService
from tests.support.exchange import Hub, hub, made_up
from tests.support.statements import statements


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation."""
    with hub(tmp_path) as made:
        yield made


def test_how_it_goes_with_each_partner(one: Hub, tmp_path: Path) -> None:
    """What was taken, held and refused, how far they are with ours, and how many are in trouble."""
    status = StatusService(one.exchange, one.canaries)
    (tmp_path / "other").mkdir()
    with hub(tmp_path / "other") as other:
        one.take_from_noli("other", other, per_hour=1)
        other.put(1, 2)
        one.syncer.run("other")
        assert status.of("other").held == status.count().held == 2
        assert StatusService(other.exchange, other.canaries).of("us").confirmed == 0
        one.syncer.run("other")
        seen = StatusService(other.exchange, other.canaries).of("us")
        assert (seen.confirmed, seen.behind) == (other.outgoing.last(), 0)
        assert seen.receipt is not None
        story = StatusService(other.exchange, other.canaries).story("us")
        assert (story.status, story.receipts[0], story.doubts, story.opinions) == (seen, seen.receipt, (), ())
        assert seen.receipt.position == seen.confirmed
        one.wire.cut = True
        one.syncer.run("other")
        [found] = status.all()
        assert (found.sync.status, found.sync.counts.taken, found.refused) == (SyncStatus.UNREACHABLE, 1, ())
        assert status.count().failing == 1
    with pytest.raises(NotFound):
        status.of("nobody")


def test_many_partners_cost_as_many_reads_as_two(one: Hub) -> None:
    """Only records of theirs that could not be used are read one partner at a time: few have any."""
    status = StatusService(one.exchange, one.canaries)

    def reads() -> int:
        with statements(one.database.engine) as said:
            status.all()
        return len(said)

    one.bank("other")
    one.partner("first", "protected", "other")
    one.take_from("second", Protocol.HMA, Source("https://second.example"))
    before = reads()
    for number in range(20):
        one.partner(f"partner-{number}", "protected")
    assert reads() == before
    with one.exchange.transaction(write=True) as t:
        t.quarantine(t.partner("first").id, [Bad("7", "This is no hash.")], now=one.clock.now())
    assert reads() == before + 1
    found = {each.partner.name: each for each in status.all()}
    assert [each.reason for each in found["first"].refused] == ["This is no hash."]
    assert found["first"].partner.shares == ("other", "protected")
    assert [each.bank for each in found["second"].partner.imports] == ["received"]
    assert found["partner-7"].partner.shares == ("protected",)


def test_disputed_entries_are_listed_until_they_are_gone(one: Hub) -> None:
    """The newest dispute first; what is settled or withdrawn needs nobody's look."""
    status = StatusService(one.exchange, one.canaries)
    first, second, third = one.put(1, 2, 3)
    for entry in (first, second, third):
        one.say(entry, OpinionKind.DISPUTED)
    one.say(first, OpinionKind.TRUE_POSITIVE)
    assert [entry.id for entry in status.disputed()] == [third, second]
    one.withdraw(third)
    assert [entry.id for entry in status.disputed()] == [second]


def test_a_leaked_list_is_traced_to_its_partner(one: Hub) -> None:
    """Whose canaries are in it, most first; a list that is not from here names nobody."""
    status = StatusService(one.exchange, one.canaries)
    one.put(*range(1, 200))
    given = {}
    for name in ("one", "two"):
        partner = one.partner(name)
        items = [item for page in one.pages(partner) for item in page.items]
        given[name] = [item.hashes[0].value for item in items]
    [trace] = status.trace(given["one"])
    assert trace.partner.name == "one"
    assert 1 < trace.canaries < 12
    assert [each.partner.name for each in status.trace([*given["two"], given["one"][0]])] == ["two", "one"]
    assert status.trace([made_up(seed) for seed in range(1, 200)]) == []
