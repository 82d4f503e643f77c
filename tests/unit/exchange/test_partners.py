# SPDX-License-Identifier: Apache-2.0
"""Partners: what can be agreed, and who is known by which key."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from noli.access.model import Scope
from noli.base.errors import Conflict, Forbidden, InputError, NotFound, Unauthenticated
from noli.exchange.model import Import, NewPartner, PartnerState, Protocol
from tests.support.exchange import Hub, hub


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation."""
    with hub(tmp_path) as made:
        yield made


def test_a_partner_is_known_by_its_key(one: Hub) -> None:
    """The key that adding returns leads to the partner; another key, or none of a partner, does not."""
    made, keys = one.partners.add(NewPartner("platform", shares=("protected",)), scopes={Scope.CHECKS})
    assert one.partners.of_token(keys.token) == made
    assert one.access.authenticate(keys.token).scopes == {Scope.EXCHANGE, Scope.CHECKS}
    with pytest.raises(Unauthenticated):
        one.partners.of_token("noli_other")
    _, stranger = one.access.create("stranger", {Scope.EXCHANGE})
    with pytest.raises(Forbidden, match="no partner"):
        one.partners.of_token(stranger)
    _, checks = one.access.create("checks", {Scope.CHECKS})
    with pytest.raises(Forbidden, match="exchange"):
        one.partners.of_token(checks)


def test_a_stopncii_client_shows_both_keys(one: Hub) -> None:
    """The second key must be the one that belongs to the first; the first in its place will do."""
    made, keys = one.partners.add(NewPartner("platform"))
    assert one.partners.of_token(keys.token, subscription=keys.subscription) == made
    assert one.partners.of_token(keys.token, subscription=keys.token) == made
    with pytest.raises(Unauthenticated, match="subscription"):
        one.partners.of_token(keys.token, subscription="another")


def test_a_suspended_partner_gets_nothing(one: Hub) -> None:
    """Its key opens nothing until it is resumed."""
    made, keys = one.partners.add(NewPartner("platform"))
    one.partners.set_state("platform", PartnerState.SUSPENDED)
    with pytest.raises(Forbidden, match="suspended"):
        one.partners.of_token(keys.token)
    one.partners.set_state("platform", PartnerState.ACTIVE)
    assert one.partners.of_token(keys.token) == made


def test_keys_are_changed_with_or_without_overlap(one: Hub) -> None:
    """A new key ends the old ones, unless they are to be kept for a while."""
    _, first = one.partners.add(NewPartner("platform"))
    second = one.partners.new_key("platform", keep_old=True)
    assert one.partners.of_token(first.token) == one.partners.of_token(second.token)
    third = one.partners.new_key("platform")
    for gone in (first, second):
        with pytest.raises(Unauthenticated):
            one.partners.of_token(gone.token)
    assert one.partners.of_token(third.token).name == "platform"


def test_a_new_key_may_do_what_the_newest_could(one: Hub) -> None:
    """Unless it is said otherwise; be the old one revoked already."""
    one.partners.add(NewPartner("platform"), scopes={Scope.CHECKS})
    one.access.revoke("platform")
    again = one.partners.new_key("platform")
    assert one.access.authenticate(again.token).scopes == {Scope.EXCHANGE, Scope.CHECKS}
    less = one.partners.new_key("platform", scopes=())
    assert one.access.authenticate(less.token).scopes == {Scope.EXCHANGE}


def test_a_callers_key_is_held_to_what_is_agreed(one: Hub) -> None:
    """A partner's sees the banks shared with it, and nothing while it is suspended; all others are as they were."""
    own, _ = one.access.create("own", {Scope.CHECKS, Scope.BANKS})
    assert one.partners.held_to_agreement(own) == own
    _, keys = one.partners.add(NewPartner("platform", Protocol.HMA, shares=("protected",)))
    key = one.access.authenticate(keys.token)
    held = one.partners.held_to_agreement(key)
    assert held == replace(key, scopes=key.scopes | {Scope.CHECKS}, banks=frozenset({"protected"}))
    too_much = replace(key, scopes=frozenset({Scope.EXCHANGE, Scope.BANKS, Scope.DISTANCES}))
    one.partners.change(replace(one.partners.get("platform"), shares=(), protocol=Protocol.NOLI))
    held = one.partners.held_to_agreement(too_much)
    assert held == replace(too_much, scopes=frozenset({Scope.EXCHANGE, Scope.DISTANCES}), banks=frozenset())
    one.partners.set_state("platform", PartnerState.SUSPENDED)
    with pytest.raises(Forbidden, match="suspended"):
        one.partners.held_to_agreement(key)


def test_a_partners_key_never_changes_banks(one: Hub) -> None:
    """What shows or changes more than what is shared is refused, at the start and later."""
    with pytest.raises(InputError, match="banks: not for a partner"):
        one.partners.add(NewPartner("platform"), scopes={Scope.BANKS, Scope.CHECKS})
    assert one.partners.all() == []
    one.partners.add(NewPartner("platform"))
    with pytest.raises(InputError, match="webhooks"):
        one.partners.new_key("platform", scopes={Scope.WEBHOOKS})


def test_what_cannot_be_agreed_is_refused(one: Hub) -> None:
    """Names, banks and numbers that make no sense are named, and nothing is kept."""
    one.access.create("taken", {Scope.CHECKS})
    for new, error in (
        (NewPartner("no spaces"), InputError),
        (NewPartner("taken"), Conflict),
        (NewPartner("p", per_hour=-1), InputError),
        (NewPartner("p", imports=(Import("a", "protected"), Import("a", "protected"))), InputError),
        (NewPartner("p", shares=("protected",), imports=(Import("", "protected"),)), InputError),
        (NewPartner("p", shares=("none",)), NotFound),
        (NewPartner("p", imports=(Import("", "none"),)), NotFound),
    ):
        with pytest.raises(error):
            one.partners.add(new)
    assert one.partners.all() == []
    with pytest.raises(InputError):
        one.partners.change(replace(one.partner(), per_hour=-1))


@pytest.mark.parametrize(
    ("protocol", "carries"),
    [
        (Protocol.ANY, False),
        (Protocol.STOPNCII, False),
        (Protocol.FILE, False),
        (Protocol.NOLI, True),
        (Protocol.NCMEC, True),
        (Protocol.THREATEXCHANGE, True),
        (Protocol.HMA, True),
    ],
)
def test_a_protocol_says_whether_it_carries_withdrawals(one: Hub, protocol: Protocol, *, carries: bool) -> None:
    """Nothing is promised of clients that keep withdrawn hashes, unless the operator knows better."""
    assert one.partners.add(NewPartner("usual", protocol))[0].honours_withdrawal is carries
    better, _ = one.partners.add(NewPartner("better", protocol, honours_withdrawal=not carries))
    assert better.honours_withdrawal is not carries
