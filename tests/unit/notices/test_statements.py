# SPDX-License-Identifier: Apache-2.0
"""Statements of reasons for the public database: complete, the same each time, and about nobody."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from noli.bank.model import EntryId
from noli.notices import commands as c
from noli.notices import records as r
from noli.notices import reporting
from noli.notices.model import Because, Ground, Measure, NewContent, NewNotice, Opening, Order, Via
from noli.notices.reporting import Reports
from noli.notices.statements import Stated
from noli.regimes.model import Content, Facts, Filer
from tests.support.notices import START, Desk, complete, ruling
from tests.support.secrecy import MemoryKeyring

EU = Facts(jurisdictions=frozenset({"EU"}))
WHY = Because(reason="A secret reason.", rule="Terms 9", author="ada")


def stated(desk: Desk, *, hours: float = 24) -> list[Stated]:
    """Report what was decided since the beginning."""
    return list(Reports(desk.service, MemoryKeyring()).statements(since=START, until=START + timedelta(hours=hours)))


def one(desk: Desk) -> dict[str, object]:
    """Report the only decision."""
    [found] = stated(desk)
    assert not found.held_back
    return dict(found.fields)


def test_a_removal_has_what_the_database_asks_for() -> None:
    """Decision, ground, category, dates, places, source, automation, and an id of its own."""
    desk = Desk(facts=EU)
    desk.rule(desk.receive(complete(filer=Filer.SELF)), Measure.REMOVE)
    fields = one(desk)
    assert fields.pop("puid")
    places = fields.pop("territorial_scope")
    assert isinstance(places, list)
    assert (len(places), places[0], places[-1]) == (27, "AT", "SK")
    assert fields == {
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        "decision_facts": "Somebody notified the content; it was examined.",
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_legal_ground": "Terms 4.2",
        "illegal_content_explanation": "It shows a person in an intimate way, and that person did not agree to its "
        "publication.",
        "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
        "category_specification": ["KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"],
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "A picture or video.",
        "content_date": "2026-11-26",
        "application_date": "2026-11-26",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }


def test_nothing_that_people_wrote_is_in_it_and_the_id_leads_nowhere() -> None:
    """No address, reference, name or reason; the same id each time, and none of ours."""
    desk = Desk(facts=EU)
    notice = desk.rule(desk.receive(complete(reference="T-1", notifier="anna@example.org")), Measure.DISABLE)
    text = json.dumps(one(desk))
    for secret in (notice.id, "T-1", "anna", "post-1", "uploader-1", "https", "I looked at it", "ada", *notice.regimes):
        assert secret not in text
    assert one(desk) == one(desk)


@pytest.mark.parametrize(
    ("measure", "grounds", "more", "expected"),
    [
        (
            Measure.GEO_RESTRICT,
            (Ground.INTIMATE,),
            {"territory": "DE, US", "until": START + timedelta(days=9)},
            {
                "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
                "territorial_scope": ["DE"],
                "end_date_visibility_restriction": "2026-12-05",
            },
        ),
        (
            Measure.DISABLE,
            (Ground.SYNTHETIC,),
            {},
            {
                "category_specification": ["KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"],
                "content_type": ["CONTENT_TYPE_OTHER", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
            },
        ),
        (Measure.DISABLE, (Ground.THREAT,), {}, {"category_specification": ["KEYWORD_CYBER_HARASSMENT"]}),
        (
            Measure.REMOVE,
            (Ground.TERMS,),
            {"contractual": True},
            {
                "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
                "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
                "incompatible_content_ground": "Terms 4.2",
            },
        ),
    ],
)
def test_each_measure_and_ground_has_its_words(
    measure: Measure, grounds: tuple[Ground, ...], more: dict[str, object], expected: dict[str, object]
) -> None:
    """Where, how long, of which kind, by which rule."""
    desk = Desk(facts=EU)
    desk.rule(desk.receive(), measure, *grounds, **more)
    fields = one(desk)
    assert {name: fields[name] for name in expected} == expected


def test_what_the_law_wants_no_statement_of_is_left_out() -> None:
    """Orders, what was kept, what has no effect in the union, other times, and platforms outside it."""
    desk = Desk(facts=EU)
    order = NewNotice(opening=Opening.ORDER, order=Order("Court", "§ 1"), contents=(NewContent(ref="p"),))
    desk.rule(desk.receive(order), Measure.REMOVE, Ground.ORDERED)
    desk.rule(desk.receive(), Measure.KEEP)
    desk.rule(desk.receive(), Measure.GEO_RESTRICT, territory="US")
    desk.clock.move(days=2)
    desk.rule(desk.receive(), Measure.REMOVE)
    assert stated(desk) == []
    assert len(stated(desk, hours=999)) == 1
    elsewhere = Desk()
    elsewhere.rule(elsewhere.receive(), Measure.REMOVE)
    assert stated(elsewhere) == []


def test_matches_say_that_machines_took_part() -> None:
    """A refused upload was decided by one, a match that somebody looked at was found by one; flaggers are named."""
    desk = Desk(facts=EU)
    match = c.NamedContent(Via.MATCH, ref="up-1", bank="protected")
    with desk.service.writing() as transaction:
        desk.service.refused(transaction, match, actor="system")
    fields = one(desk)
    assert fields["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert "never visible" in str(fields["decision_visibility_other"])
    assert (fields["source_type"], fields["automated_detection"]) == ("SOURCE_VOLUNTARY", "Yes")
    assert fields["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    desk = Desk(facts=EU)
    with desk.service.writing() as transaction:
        found = desk.service.see(transaction, replace(match, entry=EntryId(7)), count=1, actor="system")
    desk.rule(found, Measure.REMOVE)
    assert one(desk)["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    desk = Desk(facts=EU)
    checked = START.date()
    with desk.service.writing() as transaction:
        flagger = r.Flagger("DSC", checked, "ada", checked, "its page")
        desk.service.keep_record(transaction, r.PartyRole.NOTIFIER, "line", r.CheckFlagger(flagger), actor="key:p")
    sent = complete(filer=Filer.TRUSTED_FLAGGER, notifier="line", kind=frozenset({Content.SYNTHETIC}))
    desk.rule(desk.receive(sent), Measure.REMOVE)
    assert one(desk)["source_type"] == "SOURCE_TRUSTED_FLAGGER"


@pytest.mark.parametrize(
    "rule", ["see anna@mail.example", "https://x.example", "call 0301234567", "ab" * 16, "x" * 501]
)
def test_a_rule_that_may_lead_to_a_person_or_is_too_long_holds_the_statement_back(rule: str) -> None:
    """It is named with what is wrong, for the platform alone, and has no fields."""
    desk = Desk(facts=EU)
    command = ruling(Measure.REMOVE)
    notice = desk.receive()
    with desk.service.writing() as transaction:
        desk.service.rule(
            transaction, notice.id, replace(command, because=replace(command.because, rule=rule)), actor="key:p"
        )
    [found] = stated(desk)
    assert (found.subject, dict(found.fields)) == (notice.id, {})
    assert found.held_back.startswith("its rule")


def test_measures_against_accounts_are_stated_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restricted, suspended, closed for good; with the conduct of that time; nothing about who only sends notices."""
    monkeypatch.setattr(reporting, "_AT_ONCE", 1)
    desk = Desk(facts=EU)

    def on_record(role: r.PartyRole, *commands: r.Command) -> None:
        with desk.service.writing() as transaction:
            for command in commands:
                desk.service.keep_record(transaction, role, "them", command, actor="key:p")

    upload = NewContent("https://platform.example/1", "post-1", "them")
    for measure in (r.AccountMeasure.RESTRICT, r.AccountMeasure.SUSPEND):
        desk.rule(desk.receive(complete(contents=(upload,), notifier="")), Measure.REMOVE, Ground.SYNTHETIC)
        until = desk.clock.now() + timedelta(hours=1)
        on_record(
            r.PartyRole.UPLOADER,
            r.WarnParty(WHY),
            r.HearParty("No."),
            r.SuspendParty(WHY, until, measure, contractual=True),
        )
        desk.clock.move(hours=2)
    on_record(r.PartyRole.UPLOADER, r.WarnParty(WHY), r.HearParty("No."), r.ProposeTermination(WHY))
    on_record(r.PartyRole.UPLOADER, r.ConfirmTermination(replace(WHY, author="bea")))
    desk.rule(desk.receive(complete(notifier="them")), Measure.KEEP, Ground.MALICIOUS)
    until = desk.clock.now() + timedelta(days=1)
    on_record(r.PartyRole.NOTIFIER, r.WarnParty(WHY), r.HearParty("No."), r.SuspendParty(WHY, until))
    accounts = [dict(each.fields) for each in stated(desk) if "decision_visibility" not in each.fields]
    assert [each.get("decision_provision", each.get("decision_account")) for each in accounts] == [
        "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "DECISION_ACCOUNT_SUSPENDED",
        "DECISION_ACCOUNT_TERMINATED",
    ]
    assert accounts[0]["end_date_service_restriction"] == "2026-11-26"
    assert accounts[0]["incompatible_content_ground"] == "Terms 9"
    assert "end_date_account_restriction" not in accounts[2]
    assert len({each["puid"] for each in accounts}) == 3
    assert "secret" not in json.dumps(accounts)
