# SPDX-License-Identifier: Apache-2.0
"""A platform runs its whole process over the API, with a clock that leaps: notices, decisions, complaints, breaches."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from noli.access.model import Role
from noli.adapters.caretaker import report
from noli.adapters.scan.stored import StoredCatalogue
from noli.adapters.sql.jobs import SqlJobs
from noli.jobs.model import Lane
from noli.jobs.service import Runner
from noli.moderation.model import FoundKind
from noli.scanning.join import HASH
from tests.support.notices import START
from tests.support.platform import FILLED, Platform, decision, hashes, upload


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform in the United States and the European Union."""
    with Platform(tmp_path) as started:
        yield started


def test_take_it_down_from_an_incomplete_notice_to_the_second_person(platform: Platform) -> None:
    """Incomplete, completed, removed at hour 40, told, kept down, blocked again, contested, decided by another."""
    said = {"contact": "person-1@mail.example", "statement": "It is me, and I did not agree."}
    notice = platform.post(
        "/notices",
        {"age": "adult", "filer": "self", "fields": said, "notifier": "person-1", "reference": "T-1"},
        headers={"Idempotency-Key": "once"},
    )
    path = f"/notices/{notice['notice']}"
    assert (notice["state"], notice["valid"]) == ("incomplete", {})
    [signature] = [
        each for each in notice["missing"] if (each["regime"], each["field"]) == ("us-take-it-down", "signature")
    ]
    assert (signature["need"], signature["verified"]) == ("required", True)
    assert "TAKE IT DOWN" in signature["source"]
    letters = platform.get(path)["letters"]
    assert [each["letter"] for each in letters] == ["receipt", "missing"]
    assert "we still need" in letters[1]["text"]

    platform.wait(hours=2)
    notice = platform.post(f"{path}/fields", {"fields": FILLED, "contents": [upload(1)]})
    assert notice["valid"]["us-take-it-down"] == (START + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    [due] = [each for each in notice["clocks"] if (each["regime"], each["duty"]) == ("us-take-it-down", "remove")]
    assert due["due_at"] == (START + timedelta(hours=50)).isoformat().replace("+00:00", "Z")

    platform.wait(hours=40)
    preview = platform.post(f"{path}/decisions/preview", decision("remove", "intimate-without-consent"), expect=200)
    assert "We removed the content" in preview["statement"]
    notice = platform.post(f"{path}/decisions", decision("remove", "intimate-without-consent"))
    [due] = [each for each in notice["clocks"] if (each["regime"], each["duty"]) == ("us-take-it-down", "remove")]
    assert (due["met_at"] is not None, due["breached"]) == (True, False)
    seen = platform.get(path)
    statement = next(each["text"] for each in seen["letters"] if each["letter"] == "statement")
    for part in ("removed", "notice", "A person made", "TAKE IT DOWN Act, section 3", "complain"):
        assert part in statement
    assert "person-1" not in statement
    assert seen["contents"][0]["kept_down"]

    notice = platform.post(f"{path}/copies", {"contents": [{"ref": "post-7", "uploader": "user-7"}], "ended": True})
    assert not notice["copies_open"]
    again = platform.post("/checks", {"hashes": hashes(1)[:1], "content_ref": "post-9"}, expect=200)
    assert again["decision"] == "block"
    platform.wait(minutes=1)
    [blocked] = [each for each in platform.get("/notices")["notices"] if each["opening"] == "detection"]
    refused = platform.get(f"/notices/{blocked['notice']}")
    assert refused["decisions"][0]["measure"] == "refuse-upload"
    assert refused["decisions"][0]["author"] == "policy:removed"
    assert refused["contents"][0]["ref"] == "post-9"

    notice = platform.post(f"{path}/complaints", {"side": "uploader", "text": "She agreed.", "plea": "counter-notice"})
    number = notice["complaints"][0]["complaint"]
    answer = {"upheld": True, "reason": "There is a contract.", "rule": "Terms 9", "author": "ada"}
    keep = decision("keep", "consent-shown", author="ada")
    platform.post(f"{path}/complaints/{number}/decision", {**answer, "instead": keep}, expect=409)
    keep["author"] = answer["author"] = "bea"
    notice = platform.post(f"{path}/complaints/{number}/decision", {**answer, "instead": keep})
    assert notice["complaints"][0]["upheld"]
    assert not any(each["restricted"] for each in platform.get(path)["contents"])
    allowed = platform.post("/checks", {"hashes": hashes(1)[:1]}, expect=200)
    assert allowed["decision"] == "allow", "a wrongly removed upload has its way back"
    assert platform.app.ledger.verify().whole


def test_a_trusted_flagger_under_the_dsa_goes_first(platform: Platform) -> None:
    """By evidence on their record; the decision names what the law asks for, and both sides may contest it."""
    first = platform.post("/notices", {"age": "adult", "fields": FILLED, "contents": [upload(1)]})
    helpline = platform.post("/records", {"role": "notifier", "reference": "helpline"})
    evidence = {
        "authority": "Bundesnetzagentur",
        "since": "2025-06-02",
        "checked_by": "ada",
        "checked_on": "2026-11-01",
        "source": "https://digital-strategy.ec.europa.eu/en/policies/trusted-flaggers-under-dsa",
    }
    platform.post(f"/records/{helpline['record']}/flagger", evidence)
    platform.wait(minutes=5)
    sent = {"age": "adult", "filer": "trusted-flagger", "fields": FILLED, "contents": [upload(2)], "language": "de"}
    claimed = platform.post("/notices", {**sent, "notifier": "somebody"})
    notice = platform.post("/notices", {**sent, "notifier": "helpline"})
    assert (notice["evidence"], claimed["evidence"]) == (True, False)
    queue = [each["notice"] for each in platform.get("/notices?waiting=true")["notices"]]
    assert queue[0] == notice["notice"]
    assert set(queue[1:]) == {first["notice"], claimed["notice"]}
    path = f"/notices/{notice['notice']}"
    notice = platform.post(f"{path}/decisions", decision("disable", "synthetic-intimate", rule="Art. 16 DSA"))
    told = {each["letter"]: each["text"] for each in platform.get(path)["letters"]}
    assert "Wir haben über Ihre Meldung entschieden" in told["decision"]
    assert "außergerichtliche Streitbeilegung" in told["decision"]
    clocks = {each["duty"]: each for each in notice["clocks"] if each["regime"].startswith("eu-dsa")}
    assert clocks["remove"]["met_at"] is not None
    assert clocks["remove"]["source"]


def test_copies_in_the_stored_catalogue_go_with_what_was_removed(tmp_path: Path) -> None:
    """The caretaker searches, the copies join the notice out of sight, and webhooks are told; nobody has to answer."""
    removed, catalogue = bytes.fromhex(hashes(8)[0]["value"]), StoredCatalogue(tmp_path / "store")
    columns = [pa.array(["post-8", "post-80", "post-81"]), pa.array([removed, removed, bytes(32)], HASH)]
    catalogue.add("today", [pa.RecordBatch.from_arrays(columns, names=["id", "hash"])])
    with Platform(tmp_path / "data", catalogue=str(catalogue.folder)) as platform:
        hook = platform.post("/webhooks", {"url": "https://platform.example/hook", "types": ["notice.*"]})
        notice = platform.post("/notices", {"age": "adult", "fields": FILLED, "contents": [upload(8)]})
        path = f"/notices/{notice['notice']}"
        assert platform.post(f"{path}/decisions", decision("remove", "intimate-without-consent"))["copies_open"]
        while platform.app.runner.step(Lane.LOCAL):
            pass
        seen = platform.get(path)
        assert not seen["copies_open"]
        assert [(each["ref"], each["via"]) for each in seen["contents"]] == [("post-8", "notice"), ("post-80", "copy")]
        assert all(each["restricted"] for each in seen["contents"])
        told = platform.get(f"/webhooks/{hook['id']}/deliveries")["deliveries"]
        assert {"notice.copies-sought", "notice.copies-found"} <= {each["type"] for each in told}


def test_a_fraudulent_notice_leaves_the_content_and_a_trace(platform: Platform) -> None:
    """It is refused with its ground, is on the sender's record, and after due process they are suspended."""
    sent = {"age": "adult", "fields": FILLED, "contents": [upload(3)], "notifier": "rival"}
    notice = platform.post("/notices", sent)
    path = f"/notices/{notice['notice']}"
    platform.post(f"{path}/decisions", decision("provisional-disable", "precaution"))
    platform.post(f"{path}/decisions", decision("keep", "fraudulent-notice"))
    seen = platform.get(path)
    assert not seen["contents"][0]["restricted"]
    assert [each["letter"] for each in seen["letters"]][-2:] == ["restored", "decision"]
    record = f"/records/{seen['notifier']}"
    assert platform.get(record)["conduct"][0]["ground"] == "fraudulent-notice"
    assert platform.get("/records")["records"][0]["record"] == seen["notifier"]
    why = {"reason": "Three notices about a rival.", "rule": "Terms 12", "author": "ada"}
    until = (START + timedelta(days=20)).isoformat()
    platform.post(f"{record}/suspension", {**why, "until": until}, expect=409)
    platform.post(f"{record}/warning", why)
    platform.post(f"{record}/hearing", {"text": "I was wrong."})
    assert platform.post(f"{record}/suspension", {**why, "until": until})["suspended_until"] is not None
    assert platform.post("/notices", sent)["suspended"]
    [complaint] = platform.post(f"{record}/complaints", {"text": "It was not me."})["complaints"]
    answer = {**why, "author": "bea", "upheld": False}
    platform.post(f"{record}/complaints/{complaint['complaint']}/decision", {**answer, "author": "ada"}, expect=409)
    platform.post(f"{record}/complaints/{complaint['complaint']}/decision", answer)
    told = {each["letter"]: each["text"] for each in platform.get(record)["letters"]}
    assert "We do not process your notices until 2026-12-16" in told["statement"]
    assert list(told) == ["warning", "statement", "complaint-receipt", "complaint-decision"]
    assert platform.post(f"{record}/lifting", why)["suspended_until"] is None


def test_an_account_is_closed_for_good_by_two_people_and_opened_again_by_a_third(platform: Platform) -> None:
    """What a suspension did not stop is proposed by one, confirmed by another, contested, and undone."""
    why = {"reason": "Again.", "rule": "Terms 9", "author": "ada", "contractual": True}
    plain = {"reason": "Again.", "rule": "Terms 9", "author": "bea"}

    def misdeed() -> str:
        sent = {"age": "adult", "fields": FILLED, "contents": [{**upload(3), "uploader": "them"}]}
        path = f"/notices/{platform.post('/notices', sent)['notice']}"
        platform.post(f"{path}/decisions", decision("remove", "intimate-without-consent"))
        return f"/records/{platform.get(path)['contents'][0]['uploader']}"

    record = misdeed()
    platform.post(f"{record}/warning", why)
    platform.post(f"{record}/hearing", {"text": "I was wrong."})
    until = (START + timedelta(days=2)).isoformat()
    restricted = platform.post(f"{record}/suspension", {**why, "until": until, "measure": "restrict"})
    assert restricted["standing"] == "restrict"
    platform.wait(hours=72)
    misdeed()
    platform.post(f"{record}/warning", why)
    platform.wait(hours=24 * 8)
    assert platform.post(f"{record}/termination", why)["proposed"]["author"] == "ada"
    assert platform.post(f"{record}/termination/rejection", plain)["proposed"] is None
    platform.post(f"{record}/termination", why)
    platform.post(f"{record}/termination/confirmation", {**plain, "author": "ada"}, expect=409)
    assert platform.post(f"{record}/termination/confirmation", plain)["standing"] == "terminate"
    [complaint] = platform.post(f"{record}/complaints", {"text": "My account was taken over."})["complaints"]
    answer = {**plain, "author": "cem", "upheld": True}
    opened = platform.post(f"{record}/complaints/{complaint['complaint']}/decision", answer)
    assert opened["standing"] is None
    seen = platform.get(record)
    assert seen["reference"] == "them"
    assert seen["pleas"] == {str(complaint["complaint"]): "My account was taken over."}
    assert seen["letters"][-1]["letter"] == "restored"


def test_restrictions_of_content_end_when_their_time_is_over(platform: Platform) -> None:
    """By themselves, whatever they were: content is back, uploads are allowed, both sides and webhooks are told."""
    hook = platform.post("/webhooks", {"url": "https://receiver.invalid/in", "types": ["notice.restriction-ended"]})
    until = (START + timedelta(days=2)).isoformat()
    paths = []
    measures: dict[str, dict[str, str]] = {"remove": {}, "disable": {}, "geo-restrict": {"territory": "DE,AT"}}
    for number, (measure, more) in enumerate(measures.items(), 20):
        sent = {"age": "adult", "filer": "self", "fields": FILLED, "contents": [upload(number)]}
        path = f"/notices/{platform.post('/notices', sent)['notice']}"
        platform.post(f"{path}/decisions", decision(measure, "intimate-without-consent", until=until, **more))
        paths.append(path)

    def stands() -> list[bool]:
        return [platform.get(path)["contents"][0]["restricted"] for path in paths]

    def uploaded() -> str:
        answer = platform.post("/checks", {"hashes": hashes(20)[:1], "content_ref": "again"}, expect=200)
        return str(answer["decision"])

    platform.wait(days=2, seconds=-1)
    assert (stands(), uploaded()) == ([True] * 3, "block")
    platform.wait(seconds=1)
    assert (stands(), uploaded()) == ([False] * 3, "allow")
    for path in paths:
        letters = [each for each in platform.get(path)["letters"] if each["letter"] == "ended"]
        assert [each["to"] for each in letters] == ["uploader", "notifier"]
    told = platform.get(f"/webhooks/{hook['id']}/deliveries")["deliveries"]
    assert sorted(f"/notices/{each['subject']}" for each in told) == sorted(paths)
    platform.wait(days=3)
    assert len(platform.get(f"/webhooks/{hook['id']}/deliveries")["deliveries"]) == 3, "each ends once"
    assert platform.app.ledger.verify().whole


def test_measures_against_accounts_end_when_their_time_is_over(platform: Platform) -> None:
    """A sender's notices count again as anybody's, an uploader is free again; what was found stays on record."""
    why = {"reason": "Three notices about a rival.", "rule": "Terms 12", "author": "ada"}
    sent = {"age": "adult", "fields": FILLED, "contents": [{**upload(3), "uploader": "them"}], "notifier": "rival"}
    until = (START + timedelta(days=20)).isoformat()

    def found(measure: str, ground: str, side: str) -> str:
        path = f"/notices/{platform.post('/notices', sent)['notice']}"
        platform.post(f"{path}/decisions", decision(measure, ground))
        seen = platform.get(path)
        return f"/records/{seen['notifier'] if side == 'notifier' else seen['contents'][0]['uploader']}"

    sender = found("keep", "fraudulent-notice", "notifier")
    uploader = found("remove", "intimate-without-consent", "uploader")
    for record in (sender, uploader):
        platform.post(f"{record}/warning", why)
        platform.post(f"{record}/hearing", {"text": "I was wrong."})
        assert platform.post(f"{record}/suspension", {**why, "until": until})["standing"] == "suspend"
    platform.wait(days=20, seconds=-1)
    assert platform.post("/notices", sent)["suspended"]
    assert [platform.get(record)["standing"] for record in (sender, uploader)] == ["suspend", "suspend"]
    platform.wait(seconds=1)
    assert not platform.post("/notices", sent)["suspended"]
    for record in (sender, uploader):
        seen = platform.get(record)
        assert (seen["standing"], seen["suspended_until"], len(seen["conduct"])) == (None, None, 1)
    assert platform.app.ledger.verify().whole


def test_who_may_be_under_18_is_out_of_sight_until_it_is_reported(platform: Platform) -> None:
    """At once, whatever was decided; nothing of it stays banked, a clock runs until the report, and no time ends it."""
    path = (
        f"/notices/{platform.post('/notices', {'age': 'adult', 'fields': FILLED, 'contents': [upload(4)]})['notice']}"
    )
    platform.post(f"{path}/minor/report", {"author": "ada", "reference": "CT-1"}, expect=409)
    until = (START + timedelta(days=1)).isoformat()
    platform.post(f"{path}/decisions", decision("remove", "intimate-without-consent", until=until))
    assert platform.post(f"{path}/minor", {"author": "ada"})["minor_suspected_at"] is not None
    assert platform.post("/checks", {"hashes": hashes(4)[:1]}, expect=200)["decision"] == "allow", "nothing is kept"
    platform.wait(days=3)
    seen = platform.get(path)
    assert seen["contents"][0]["restricted"]
    [clock] = [each for each in seen["clocks"] if each["duty"] == "report-possible-minor"]
    assert (clock["met_at"], clock["breached"]) == (None, True)
    reported = platform.post(f"{path}/minor/report", {"author": "ada", "reference": "CT-1"})
    assert reported["minor_reported_at"] is not None
    assert platform.post(f"{path}/minor/report", {"author": "bea", "reference": "CT-2"}) == reported


def test_a_clock_that_nobody_heeds_escalates_and_is_breached_on_the_record(platform: Platform) -> None:
    """Given to nobody who left it to others; warnings, lead, admin, the breach, which no decision takes away."""
    notice = platform.post("/notices", {"age": "adult", "filer": "self", "fields": FILLED, "contents": [upload(4)]})
    path = f"/notices/{notice['notice']}"
    cem, _ = platform.app.staff.create("cem", Role.MODERATOR)
    platform.app.moderation.step_aside(cem.id, FoundKind.NOTICE, notice["notice"])
    refused = platform.post(f"{path}/assignment", {"to": cem.id}, expect=403)
    assert refused["type"].endswith("stepped-aside")
    platform.post(f"{path}/assignment", {"to": "ada"})
    for hours in (25, 18, 4):
        platform.wait(hours=hours)
    assert platform.get(path)["escalated_to"] in {"lead", "admin"}
    platform.wait(hours=2)
    platform.post(f"{path}/decisions", decision("remove", "intimate-without-consent"))
    [due] = [
        each for each in platform.get(path)["clocks"] if (each["regime"], each["duty"]) == ("us-take-it-down", "remove")
    ]
    assert due["breached"]
    kinds = [each.fact.kind for each in platform.app.ledger.page(subject=notice["notice"])]
    assert {"notice.clock-warned", "notice.escalated", "notice.clock-breached"} <= set(kinds)
    [listed] = platform.get("/notices?breached=true")["notices"]
    assert listed["breaches"] >= 1


def test_orders_withdrawals_holds_and_the_end(platform: Platform) -> None:
    """An order names its authority and may be revoked; a request may be taken back; a hold keeps, erasure destroys."""
    due = (START + timedelta(hours=3)).isoformat()
    order = {"authority": "Court", "legal_basis": "§ 1004", "due_at": due}
    sent = {"age": "adult", "opening": "order", "order": order, "contents": [upload(5)]}
    over = {**order, "due_at": (START - timedelta(hours=3)).isoformat()}
    assert "'late'" in platform.post("/notices", {**sent, "order": over}, expect=400)["detail"]
    assert "XX" in platform.post("/notices", {**sent, "order": {**order, "territory": "DE,XX"}}, expect=400)["detail"]
    late = platform.post("/notices", {**sent, "order": {**over, "late": True}, "reference": "L-1"})
    missed = [each["duty"] for each in late["clocks"] if each["breached"]]
    assert (missed, late["escalated_to"]) == (["remove"], "admin")
    assert platform.get(f"/notices/{late['notice']}")["order"]["late"]
    notice = platform.post("/notices", sent)
    path = f"/notices/{notice['notice']}"
    platform.post(f"{path}/decisions", decision("geo-restrict", "ordered", territory="Bavaria"), expect=400)
    platform.post(f"{path}/decisions", decision("geo-restrict", "ordered", territory="DE", until=due))
    why = {"reason": "Proceedings ended.", "rule": "Court decision", "author": "ada"}
    assert platform.post(f"{path}/revocation", why)["state"] == "withdrawn"
    assert platform.get(path)["order"]["authority"] == "Court"
    request = platform.post("/notices", {"age": "adult", "fields": FILLED, "contents": [upload(6)], "reference": "T-7"})
    assert [each["notice"] for each in platform.get("/notices?reference=T-7")["notices"]] == [request["notice"]]
    assert platform.get("/notices?reference=T-8")["notices"] == []
    path = f"/notices/{request['notice']}"
    assert platform.post(f"{path}/withdrawal")["state"] == "withdrawn"
    held = platform.post(f"{path}/holds", {**why, "until": due})
    assert held["held"]
    assert [each["notice"] for each in platform.get("/notices?held=true")["notices"]] == [held["notice"]]
    assert len(platform.get("/notices?opening=order")["notices"]) == 2
    platform.get("/notices?hold=true", expect=400)
    wish = {"reason": "She asked for it.", "rule": "Art. 17 GDPR", "author": "ada"}
    platform.post(f"{path}/erasure", wish, expect=409)
    hold = platform.get(path)["holds"][0]["hold"]
    platform.post(f"{path}/holds/x/lift", {"author": "ada"}, expect=404)
    platform.post(f"{path}/holds/{hold}/lift", {"author": "ada"})
    platform.post(f"{path}/disputes", {"body": "User Rights", "outcome": "taken up"})
    platform.post(f"{path}/reports", {"report": "0198-ab"})
    platform.post(f"{path}/erasure", wish)
    assert platform.post(f"{path}/erasure/rejection", {**wish, "author": "bea"})["erasure"] is None
    assert platform.post(f"{path}/erasure", wish)["erasure"]["author"] == "ada"
    platform.post(f"{path}/erasure/confirmation", wish, expect=409)
    assert platform.post(f"{path}/erasure/confirmation", {**wish, "author": "bea"})["erased_at"] is not None
    seen = platform.get(path)
    assert (seen["fields"], seen["contents"][0]["url"], seen["disputes"][0]["body"]) == ({}, "", "User Rights")
    platform.get("/notices/NOBODY", expect=404)
    platform.get("/records/NOBODY", expect=404)


def test_lists_are_imported_once_whatever_their_form(platform: Platform) -> None:
    """JSON, JSON lines and CSV; a bad line is named beside the good ones; a second time makes nothing twice."""
    one = {"age": "adult", "fields": FILLED, "contents": [upload(7)]}
    lines = "\n".join([json.dumps(one), "", json.dumps({**one, "age": "unsure"}), '{"age": 1}']).encode()
    csv = b"age,url,ref,filer,kind,signature\nadult,https://p.example/1,post-1,self,synthetic,Me\nadult,,,x,,\n"
    file = {"Content-Type": "application/octet-stream"}
    for created in (True, False):
        made = platform.call("POST", "/notices/import", expect=200, content=lines, headers=file)["results"]
        assert [(each["line"], each["created"], bool(each["error"])) for each in made] == [
            (1, created, False),
            (3, False, True),
            (4, False, True),
        ]
        made = platform.call("POST", "/notices/import", expect=200, content=csv, headers=file)["results"]
        assert [(each["line"], each["created"], bool(each["error"])) for each in made] == [
            (2, created, False),
            (3, False, True),
        ]
    made = platform.post("/notices/import", {"notices": [{**one, "reference": "R-1"}]}, expect=200)["results"]
    assert made[0]["created"]
    for bad in (b"\xff\xfe", b"", b"colour\nred\n", b'age\n"adult" x\n', b"age\n" + b"adult\n" * 1001):
        platform.call("POST", "/notices/import", expect=400, content=bad, headers=file)


def test_what_makes_no_sense_is_refused_with_the_reason(platform: Platform) -> None:
    """Young people, findings by hand, decisions without a ground or by nobody: each says what to do."""
    sent = {"age": "adult", "fields": FILLED, "contents": [upload(8)]}
    young = platform.post("/notices", {**sent, "age": "under-18"}, expect=400)
    assert "nothing was stored" in young["detail"]
    platform.post("/notices", {**sent, "opening": "detection"}, expect=400)
    notice = platform.post("/notices", sent, headers={"Idempotency-Key": "k"})
    assert platform.post("/notices", sent, headers={"Idempotency-Key": "k"}) == notice
    platform.post("/notices", {**sent, "language": "de"}, expect=409, headers={"Idempotency-Key": "k"})
    path = f"/notices/{notice['notice']}/decisions"
    platform.post(path, {**decision("remove"), "grounds": []}, expect=400)
    platform.post(path, {**decision("remove", "mistaken-notice")}, expect=400)
    platform.post(path, {**decision("remove", "intimate-without-consent"), "author": " "}, expect=400)
    platform.post(path, {**decision("keep", "not-intimate"), "until": "2026-12-01T00:00:00"}, expect=400)


def test_both_sides_and_the_desk_are_told_by_webhook(platform: Platform) -> None:
    """Each letter, decision, warning and breach is a message that waits for the receiver, with ids and nothing else."""
    hook = platform.post("/webhooks", {"url": "https://receiver.invalid/in", "types": ["notice.*"]})
    notice = platform.post("/notices", {"age": "adult", "filer": "self", "fields": FILLED, "contents": [upload(9)]})
    path = f"/notices/{notice['notice']}"
    platform.wait(hours=25)
    platform.post(f"{path}/decisions", decision("remove", "intimate-without-consent"))
    waiting = platform.get(f"/webhooks/{hook['id']}/deliveries")["deliveries"]
    types = [each["type"] for each in waiting]
    assert types[::-1][0] == "notice.received"
    for kind in ("told", "decided", "clock-breached", "escalated", "copies-sought"):
        assert f"notice.{kind}" in types
    assert {each["subject"] for each in waiting} == {notice["notice"]}
    told = json.dumps(waiting)
    assert not [each for each in ("post-9", "user-9", '"ada"', "I looked at it") if each in told]


def test_two_processes_share_the_clocks(platform: Platform) -> None:
    """Whoever has the lease looks; the other finds nothing to do, and nothing is said twice."""
    platform.post("/notices", {"age": "adult", "filer": "self", "fields": FILLED, "contents": [upload(10)]})
    platform.clock.move(hours=50)
    tasks = [platform.app.notice_upkeep.task]
    jobs = SqlJobs(platform.app.database.engine)
    runners = [Runner(jobs, platform.clock, tasks, dice=lambda: 0.5, report=report) for _ in range(2)]
    for runner in runners:
        runner.prepare(Lane.LOCAL)
    assert [runner.step(Lane.LOCAL) for runner in runners] == [True, False]
    kinds = [each.fact.kind for each in platform.app.ledger.page()]
    [listed] = platform.get("/notices?breached=true")["notices"]
    assert kinds.count("notice.clock-breached") == listed["breaches"]
