# SPDX-License-Identifier: Apache-2.0
"""Which law fits an addressee, what it asks for, and until when they have time."""

from dataclasses import replace
from datetime import timedelta

from noli.adapters import regimes
from noli.pursuit import law as fit
from noli.pursuit.model import Rung
from noli.regimes.model import Content, Field, Filer, RegimeId, SetBy
from tests.support.pursuit import START

LAW = regimes.law()
US, DSA, HOUSE = RegimeId("us-take-it-down"), RegimeId("eu-dsa-hosting"), RegimeId("house-rules")


def _fitting(rung: Rung, *places: str, filer: Filer = Filer.HELPLINE) -> list[str]:
    found = fit.fitting(LAW, rung, frozenset(places), content=frozenset({Content.AUTHENTIC}), filer=filer, at=START)
    return [each.id for each in found]


def test_the_strictest_law_of_the_place_stands_first() -> None:
    """A site in the United States is asked under their statute, one in Germany under the DSA; ours are last."""
    assert _fitting(Rung.SITE, "US")[0] == US
    assert DSA in _fitting(Rung.SITE, "DE")
    assert US not in _fitting(Rung.SITE, "DE")
    assert _fitting(Rung.SITE, "US")[-1] == _fitting(Rung.PAYMENT)[-1] == HOUSE


def test_a_rung_is_obliged_as_what_it_is() -> None:
    """A platform's duties are not a host's; who moves money has none that these laws know."""
    assert US not in _fitting(Rung.HOST, "US")
    assert DSA in _fitting(Rung.HOST, "DE")
    assert DSA not in _fitting(Rung.REGISTRAR, "DE")
    assert _fitting(Rung.PAYMENT, "US") == [HOUSE]


def test_a_law_that_has_no_place_for_us_does_not_fit() -> None:
    """Who neither is shown nor acts for the person cannot invoke a statute for that person."""
    assert US not in _fitting(Rung.SITE, "US", filer=Filer.ANYONE)


def test_where_nothing_is_known_every_law_may_fit() -> None:
    """An unknown place excludes nothing; the strictest number that a law sets comes first."""
    found = _fitting(Rung.SITE)
    assert {US, DSA, HOUSE} <= set(found)
    first = fit.clock(LAW.regimes[RegimeId(found[0])], filer=Filer.HELPLINE, at=START)
    assert first is not None
    assert first.set_by is SetBy.LAW


def test_the_law_of_our_own_place_goes_before_a_stricter_one() -> None:
    """Who is bound in many places is asked under ours; of whom nothing is known, too."""
    for places in (frozenset({"US", "DE", "IN"}), frozenset[str]()):
        found = fit.fitting(
            LAW, Rung.SITE, places, content=frozenset(), filer=Filer.HELPLINE, at=START, home=frozenset({"DE"})
        )
        assert found[0].jurisdiction.code in {"DE", "EU"}
        assert found[-1].id == HOUSE
        assert (US in {each.id for each in found}) == bool(places)


def test_a_deadline_is_the_strictest_of_what_is_invoked() -> None:
    """48 hours under the statute; where no invoked law has a clock, our own rules give one; else there is none."""
    due = fit.due(LAW, [US, DSA], filer=Filer.HELPLINE, at=START)
    assert due is not None
    assert (due.at, due.set_by) == (START + timedelta(hours=24), SetBy.HOUSE)
    due = fit.due(LAW, [US], filer=Filer.HELPLINE, at=START)
    assert due is not None
    assert (due.at, due.regime, due.verified) == (START + timedelta(hours=48), US, True)
    own = fit.due(LAW, [], filer=Filer.HELPLINE, at=START)
    assert own is not None
    assert (own.regime, own.at) == (HOUSE, START + timedelta(hours=24))
    without = replace(LAW, regimes={US: replace(LAW.regimes[US], clocks=())})
    assert fit.due(without, [US], filer=Filer.HELPLINE, at=START) is None


def test_what_a_law_asks_for_is_lacking_until_it_is_said() -> None:
    """Required fields are named in the order of the form; what is only asked for is not lacking."""
    said = {Field.LOCATION, Field.CAPACITY, Field.CONTACT, Field.SIGNATURE}
    assert fit.lacking(LAW, [US], said, filer=Filer.HELPLINE, at=START) == (Field.STATEMENT, Field.GOOD_FAITH)
    assert fit.lacking(LAW, [US], set(Field), filer=Filer.HELPLINE, at=START) == ()


def test_who_is_shown_is_told_only_where_it_has_to_be() -> None:
    """A helpline's request never needs it; one in the person's own name does, and a search for the name."""
    assert not fit.names_person(LAW, [US, DSA], Rung.SITE, filer=Filer.HELPLINE, at=START)
    assert fit.names_person(LAW, [US], Rung.SITE, filer=Filer.SELF, at=START)
    assert not fit.names_person(LAW, [HOUSE], Rung.HOST, filer=Filer.SELF, at=START)
    assert fit.names_person(LAW, [HOUSE], Rung.SEARCH, filer=Filer.HELPLINE, at=START)
