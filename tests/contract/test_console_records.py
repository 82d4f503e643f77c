# SPDX-License-Identifier: Apache-2.0
"""The pages of records: lists, and measures against accounts by due process, each step with its letter."""

from collections.abc import Iterator

import pytest

from noli.access.model import Role
from noli.notices.model import Measure, NoticeId
from noli.notices.records import AccountMeasure, PartyRecord, PartyRole
from tests.support.console import Console, text_of
from tests.support.notices import content, ruling


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation."""
    made = Console(tmp_path_factory.mktemp("console"))
    yield made
    made.close()


def _now(console: Console, record: PartyRecord) -> PartyRecord:
    with console.app.notices.store.transaction() as transaction:
        return console.app.notices.record_of(transaction, record.id)


def _at(record: PartyRecord, step: str = "") -> str:
    return f"/console/records/{record.id}{step}"


def test_from_a_warning_to_the_end_of_a_measure(console: Console) -> None:
    """Each step is offered when the one before it was done, writes its letter, and stands in the story."""
    lead = console.logged_in(console.staff(Role.LEAD, "lena"))
    record = console.record()
    page = text_of(lead.get(_at(record)))
    assert "user-" in page
    assert "Take a measure" not in page
    form = {"reason": "Twice.", "language": "de", "rule": "", "letter": ""}
    assert lead.post(_at(record, "/measure"), {**form, "measure": "suspend", "days": "9"}).status_code == 409
    assert lead.post(_at(record, "/warning"), form).status_code == 303
    warned = _now(console, record)
    assert warned.letters[-1].language == "de"
    assert "they can answer until" in text_of(lead.get(_at(record)))
    assert lead.post(_at(record, "/hearing"), {"text": "It was my brother."}).status_code == 303
    page = text_of(lead.get(_at(record)))
    assert "It was my brother." in page
    assert "Ihr Konto ist bis zum" in page
    for wrong in ({"days": "31"}, {"days": "some"}, {"measure": "none"}, {"language": "xx"}, {"reason": ""}):
        sent = {**form, "measure": "restrict", "days": "9", **wrong}
        assert lead.post(_at(record, "/measure"), sent).status_code == 400
    own = {**form, "measure": "restrict", "days": "9", "rule": "§ 5 of a law", "letter": "Please read our rules."}
    assert lead.post(_at(record, "/measure"), own).status_code == 303
    found = _now(console, record)
    assert (found.rulings[-1].measure, found.rulings[-1].contractual) == (AccountMeasure.RESTRICT, False)
    assert found.letters[-1].text == "Please read our rules."
    page = text_of(lead.get(_at(record)))
    assert "Uploading closed" in page
    assert lead.post(_at(record, "/complaints"), {"text": "Never."}).status_code == 303
    complaint = _now(console, record).complaints[-1].number
    # Who took the measure does not decide about it.
    assert "A lead who had no part in the measure decides" in text_of(lead.get(_at(record)))
    decided = {"answer": "upheld", "reason": "They are right."}
    assert lead.post(_at(record, f"/complaints/{complaint}"), decided).status_code == 409
    other = console.logged_in(console.staff(Role.LEAD))
    assert other.post(_at(record, f"/complaints/{complaint}"), {**decided, "answer": "?"}).status_code == 400
    assert other.post(_at(record, f"/complaints/{complaint}"), decided).status_code == 303
    assert _now(console, record).suspended(console.clock.now()) is None
    assert "The complaint was upheld." in text_of(lead.get(_at(record)))


def test_closing_takes_two(console: Console) -> None:
    """A moderator proposes it, a lead drops or confirms it; who proposed it confirms nothing."""
    record = console.record(measured=True)
    moderator = console.logged_in(console.staff(Role.MODERATOR))
    first, second = (console.logged_in(console.staff(Role.LEAD)) for _ in range(2))
    form = {"step": "propose", "reason": "It went on.", "language": "en"}
    assert moderator.post(_at(record, "/closing"), form).status_code == 303
    assert record.id[:8] in text_of(first.get("/console/records?show=waiting"))
    assert moderator.post(_at(record, "/closing"), {**form, "step": "confirm"}).status_code == 403
    assert first.post(_at(record, "/closing"), {**form, "step": "drop"}).status_code == 303
    assert first.post(_at(record, "/closing"), form).status_code == 303
    assert "Close it for good" not in text_of(first.get(_at(record)))
    assert first.post(_at(record, "/closing"), {**form, "step": "confirm"}).status_code == 409
    assert "Close it for good" in text_of(second.get(_at(record)))
    assert second.post(_at(record, "/closing"), {**form, "step": "confirm"}).status_code == 303
    assert _now(console, record).rulings[-1].measure is AccountMeasure.TERMINATE
    assert "closed for good" in text_of(first.get("/console/records?show=measured"))
    assert second.post(_at(record, "/lifting"), {"reason": "Mistaken."}).status_code == 303
    assert _now(console, record).suspended(console.clock.now()) is None


def test_lists_and_the_way_from_a_notice_and_back(console: Console) -> None:
    """A notice leads to the record of who uploaded and of who notified, a finding back; nothing personal is listed."""
    lead = console.logged_in(console.staff(Role.LEAD))
    notice = console.notice(contents=(content(77),), notifier="org-7")
    with console.app.notices.writing() as transaction:
        console.app.notices.rule(transaction, notice, ruling(Measure.REMOVE), actor="key:platform")
    uploader = console.app.notices.party(PartyRole.UPLOADER, "uploader-77")
    notifier = console.app.notices.party(PartyRole.NOTIFIER, "org-7")
    page = lead.get(f"/console/notices/{notice}").text
    assert f"/console/records/{uploader}" in page
    assert f"/console/records/{notifier}" in page
    shown = lead.get(f"/console/records/{uploader}").text
    assert f'/console/notices/{notice}"' in shown
    assert "uploader-77" in shown
    listed = lead.get("/console/records?role=uploader")
    assert uploader[:8] in listed.text
    assert "uploader-77" not in listed.text
    assert uploader[:8] not in lead.get("/console/records?role=notifier").text
    assert lead.get("/console/records?show=none").status_code == 400
    form = {"authority": "Coordinator", "source": "https://example.org/list", "since": "2026-01-01", "until": ""}
    assert lead.post(f"/console/records/{notifier}/flagger", {**form, "since": "once"}).status_code == 400
    assert lead.post(f"/console/records/{notifier}/flagger", form).status_code == 303
    assert notifier[:8] in lead.get("/console/records?show=trusted").text
    assert "Awarded by" in text_of(lead.get(f"/console/records/{notifier}"))
    assert lead.get("/console/records/NOBODY").status_code == 404
    kinds = [each.fact.kind for each in console.app.ledger.page(subject=uploader, limit=9)]
    assert "record.viewed" in kinds


def test_holds_end_by_hand_or_by_their_day(console: Console) -> None:
    """A lead preserves a notice, it stands in the list of what is preserved, and is let go."""
    lead = console.logged_in(console.staff(Role.LEAD))
    notice: NoticeId = console.notice()
    form = {"rule": "Order 5", "reason": "The court asked.", "until": "2999-01-01"}
    assert lead.post(f"/console/notices/{notice}/holds", {**form, "until": "soon"}).status_code == 400
    assert lead.post(f"/console/notices/{notice}/holds", form).status_code == 303
    [hold] = console.notice_now(notice).standing
    assert notice[:8] in text_of(lead.get("/console/notices?show=held"))
    assert "Order 5" in text_of(lead.get(f"/console/notices/{notice}"))
    assert lead.post(f"/console/notices/{notice}/holds/{hold.number}").status_code == 303
    assert not console.notice_now(notice).held
    assert "Nothing is preserved" in text_of(lead.get("/console/notices?show=held"))
