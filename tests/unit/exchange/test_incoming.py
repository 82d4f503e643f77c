# SPDX-License-Identifier: Apache-2.0
"""Taking what partners send by themselves, with the rules that hold for what is fetched."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from noli.bank.model import Action
from noli.exchange.incoming import Flooded
from noli.exchange.model import Bad, Counts, Import, NewPartner, Partner, Told
from noli.exchange.rules import MAX_HASHES
from noli.hashing.model import Hash
from tests.support.exchange import Hub, hub, made_up


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation with two banks for what comes."""
    with hub(tmp_path) as made:
        made.bank("received")
        made.bank("other")
        yield made


@pytest.fixture
def partner(one: Hub) -> Partner:
    """A partner whose bank ``a`` goes into ``received``, trusted at once."""
    imports = (Import("a", "received", Action.BLOCK), Import("b", "other", Action.LOG))
    return one.partners.add(NewPartner("them", imports=imports))[0]


def told(seed: int, *, version: int = 1, bank: str = "a", reference: str = "", withdrawn: bool = False) -> Told:
    """Tell of a made-up entry."""
    hashes = () if withdrawn else (Hash(made_up(seed), 90),)
    return Told(reference or str(seed), version, withdrawn, bank=bank, hashes=hashes)


def test_what_is_sent_is_counted(one: Hub, partner: Partner) -> None:
    """Taken, refused and dropped; each bank asks for what was agreed."""
    many = replace(told(4), hashes=(Hash(made_up(4), 90),) * (MAX_HASHES + 1))
    sent = [told(1), told(2, bank="b"), told(3, bank="c"), many, replace(told(5), reference="")]
    assert one.incoming.submit(partner, sent, [Bad("", "unreadable")]) == Counts(taken=2, refused=4)
    assert one.incoming.submit(partner, [told(1, version=2, withdrawn=True)]) == Counts(withdrawn=1)
    with one.exchange.transaction() as t:
        [trusted], [logged] = t.banks.entries("received"), t.banks.entries("other")
    assert (trusted.at_most, logged.at_most) == (None, Action.LOG)


def test_a_newer_word_replaces_what_was_taken(one: Hub, partner: Partner) -> None:
    """Other hashes, or another bank, make another entry; the same again changes nothing."""
    one.incoming.submit(partner, [told(1, reference="r")])
    assert one.incoming.submit(partner, [told(1, reference="r", version=2)]) == Counts()
    assert one.incoming.submit(partner, [told(2, reference="r", version=3)]) == Counts(taken=1)
    assert one.matched() == {made_up(2)}
    assert one.incoming.submit(partner, [told(2, reference="r", version=4, bank="b")]) == Counts(taken=1)
    assert (one.matched(), one.matched("other")) == (set(), {made_up(2)})


def test_too_much_is_refused_as_a_whole(one: Hub, partner: Partner) -> None:
    """Beyond what is held nothing of a call is taken, and it says when to come back."""
    partner = one.partners.change(replace(partner, per_hour=1))
    with pytest.raises(Flooded) as refused:
        one.incoming.submit(partner, [told(seed) for seed in range(40)])
    assert refused.value.retry_after_s > 0
    assert one.matched() == set()
    assert one.received("them") == {}


def test_many_bad_records_leave_the_newest(one: Hub, partner: Partner) -> None:
    """What is kept of them is bounded."""
    for round_ in range(3):
        one.incoming.submit(partner, [], [Bad(str(n), f"round {round_}") for n in range(500)])
    with one.exchange.transaction() as t:
        kept = t.quarantined(partner.id, limit=5000)
    assert len(kept) == 1000
    assert {each.reason for each in kept} == {"round 1", "round 2"}
