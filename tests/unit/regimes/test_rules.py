# SPDX-License-Identifier: Apache-2.0
"""What follows from regimes, on a made-up one."""

from datetime import UTC, date, datetime

import pytest

from noli.base.errors import NotFound, NotInForce
from noli.regimes import rules
from noli.regimes.model import Content, Duty, Facts, Field, Filer, Need, Party, Service, SetBy, Trigger
from tests.support.regimes import PENDING, REGIME, law

_LAW = law(REGIME, PENDING)
_ACT = rules.regime(_LAW, "xu-act")
_DAY = date(2026, 6, 1)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_unknown_law_is_an_error() -> None:
    """A regime that nobody wrote down is never replaced by another."""
    with pytest.raises(NotFound, match="no regime 'xu-other'"):
        rules.regime(_LAW, "xu-other")


def test_a_deadline_says_everything() -> None:
    """When it is due, under which words, from which source, and whether anybody verified that."""
    due = rules.deadlines(_ACT, Trigger.VALID_REQUEST, _at("2026-06-01T08:00:00+00:00"))
    assert [(each.duty, each.due_at.hour) for each in due] == [
        (Duty.COMPLAIN, 9),
        (Duty.REMOVE, 10),
        (Duty.ACKNOWLEDGE, 10),
    ]
    remove = due[1]
    assert (remove.regime, remove.party, remove.set_by, remove.period) == ("xu-act", Party.PLATFORM, SetBy.LAW, "PT2H")
    assert (remove.words, str(remove.source)) == ("within two hours", "A blog, s 6 as amended")
    assert not remove.verified
    assert due[2].verified


def test_the_older_value_holds_before_the_newer() -> None:
    """A request from the day before an amendment keeps the period of that day."""
    last = rules.deadlines(_ACT, Trigger.VALID_REQUEST, _at("2026-02-19T22:59:00+00:00"))
    first = rules.deadlines(_ACT, Trigger.VALID_REQUEST, _at("2026-02-19T23:00:00+00:00"))
    assert [each.period for each in last if each.duty is Duty.REMOVE] == ["PT24H"]
    assert [each.period for each in first if each.duty is Duty.REMOVE] == ["PT2H"]


def test_not_in_force() -> None:
    """Before its first day a regime has no deadline, and says when that day is."""
    with pytest.raises(NotInForce, match=r"not in force on 2023-12-31\. It begins on 2024-01-01"):
        rules.deadlines(_ACT, Trigger.VALID_REQUEST, _at("2023-12-31T22:59:00+00:00"))
    assert rules.deadlines(_ACT, Trigger.VALID_REQUEST, _at("2023-12-31T23:00:00+00:00"))


def test_not_known_when() -> None:
    """A bill has no deadline, and does not pretend to know when it will."""
    bill = rules.regime(_LAW, "pending")
    with pytest.raises(NotInForce, match="not known from when"):
        rules.deadlines(bill, Trigger.VALID_REQUEST, _at("2030-01-01T00:00:00+00:00"))
    with pytest.raises(NotInForce):
        rules.missing(_LAW, bill, (), Filer.SELF, _DAY)


def test_a_clock_that_awaits_a_decree_does_not_run() -> None:
    """A value without a day holds on none."""
    assert rules.deadlines(_ACT, Trigger.DECISION, _at("2030-01-01T00:00:00+00:00")) == ()


def test_business_days_of_a_named_calendar() -> None:
    """The regime's calendar is counted in the regime's zone, to the end of the day."""
    (due,) = rules.deadlines(_ACT, Trigger.COMPLAINT, _at("2026-12-23T23:30:00+00:00"))
    assert due.due_at == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_an_order_sets_its_own_time() -> None:
    """Where the law leaves the time to the order, only the order has one."""
    at, until = _at("2026-06-01T08:00:00+00:00"), _at("2026-06-01T20:00:00+00:00")
    (due,) = rules.deadlines(_ACT, Trigger.ORDER, at, ordered=until)
    assert (due.due_at, due.period) == (until, "")
    assert rules.deadlines(_ACT, Trigger.ORDER, at) == ()


def test_a_clock_of_some_filers() -> None:
    """What a law gives trusted flaggers runs for them alone, not for whoever is not known to be one."""
    at = _at("2026-06-01T08:00:00+00:00")
    for filer, runs in ((Filer.TRUSTED_FLAGGER, True), (Filer.SELF, False), (None, False)):
        due = rules.deadlines(_ACT, Trigger.VALID_REQUEST, at, filer=filer)
        assert (Duty.TRIAGE in {each.duty for each in due}) is runs


def test_the_strictest() -> None:
    """The platform's first duty is on top; a person's right is not a duty, and law comes before target."""
    due = rules.deadlines(_ACT, Trigger.VALID_REQUEST, _at("2026-06-01T08:00:00+00:00"))
    first = rules.strictest(reversed(due))
    assert first is not None
    assert first.duty is Duty.REMOVE
    assert rules.strictest(each for each in due if each.party is Party.NOTIFIER) is None


def test_what_is_missing_is_asked_for() -> None:
    """In the order of the form, in words, with the place in the law; what is only asked for does not block."""
    missing = rules.missing(_LAW, _ACT, (), Filer.AGENT, _DAY)
    assert [(each.field, each.need) for each in missing] == [
        (Field.LOCATION, Need.REQUIRED),
        (Field.CONTACT, Need.ASKED),
        (Field.SIGNATURE, Need.REQUIRED),
    ]
    assert missing[0].ask == {"en": "Please: location.", "de": "Bitte: location."}
    assert missing[0].source.provision == "s 5(1)"
    assert not rules.valid(missing)


def test_a_field_that_only_an_agent_needs() -> None:
    """The person shown is not asked for what a representative must give."""
    missing = rules.missing(_LAW, _ACT, {Field.LOCATION}, Filer.SELF, _DAY)
    assert [each.field for each in missing] == [Field.CONTACT]
    assert rules.valid(missing)


def test_who_has_no_place_in_the_regime() -> None:
    """Whoever may not ask under a regime is asked who they are, whatever they filled in."""
    missing = rules.missing(_LAW, _ACT, set(Field), Filer.ANYONE, _DAY)
    assert [(each.field, each.ask["en"]) for each in missing] == [(Field.CAPACITY, "Is it you?")]
    assert not rules.valid(missing)


@pytest.mark.parametrize(
    ("facts", "day", "applies"),
    [
        (Facts(jurisdictions=frozenset({"XU"})), _DAY, True),
        (Facts(jurisdictions=frozenset({"XB"})), _DAY, True),
        (Facts(jurisdictions=frozenset({"XC"})), _DAY, False),
        (Facts(jurisdictions=frozenset()), _DAY, False),
        (Facts(jurisdictions=frozenset({"XU"})), date(2023, 12, 31), False),
        (Facts(jurisdictions=frozenset({"XU"}), small=True), _DAY, False),
        (Facts(jurisdictions=frozenset({"XU"}), small=True), date(2025, 12, 31), True),
        (Facts(jurisdictions=frozenset({"XU"}), services=frozenset({Service.HOSTING})), _DAY, True),
        (Facts(jurisdictions=frozenset({"XU"}), services=frozenset({Service.INTERMEDIARY})), _DAY, False),
        (Facts(jurisdictions=frozenset({"XU"}), content=frozenset({Content.SYNTHETIC})), _DAY, True),
        (Facts(jurisdictions=frozenset({"XU"}), content=frozenset({Content.SYNTHETIC})), date(2025, 6, 1), False),
    ],
)
def test_which_regimes_apply(facts: Facts, day: date, *, applies: bool) -> None:
    """Place (a member brings its union), kind and size of service, content and day decide; a bill never applies."""
    found = rules.applicable(_LAW.regimes.values(), facts, day)
    assert [each.id for each in found] == (["xu-act"] if applies else [])


def test_what_holds_everywhere() -> None:
    """Rules without a place apply wherever the service is, and to whatever it is."""
    bill = {**PENDING, "in_force": REGIME["in_force"]}
    for services in (frozenset({Service.SEARCH}), frozenset[Service]()):
        facts = Facts(jurisdictions=frozenset(), services=services, content=frozenset({Content.AUTHENTIC}))
        assert [each.id for each in rules.applicable(law(bill).regimes.values(), facts, _DAY)] == ["pending"]
