# SPDX-License-Identifier: Apache-2.0
"""Staff at work in a real Chromium: set-up, log-in, a case from the list to the answer, hand-over; by keyboard, too."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from noli.app import App
from noli.bank.model import Action, BankPolicy, NewEntry, Opinion, OpinionKind, Provenance, entry_text
from noli.bank.service import create_bank, register
from noli.casework.model import NewLink, Reporter
from noli.exchange.model import NewPartner, SyncState, SyncStatus
from noli.notices import commands as c
from noli.notices import records as r
from noli.notices.model import Because, Ground, Measure, NoticeId, Via
from noli.notices.records import PartyRole
from noli.regimes.model import Field, Party
from tests.support.casework import made_up_item
from tests.support.console import make_common
from tests.support.console_browser import Installation, Seat
from tests.support.notices import content, ruling

# Texts that would do something if they were ever taken for markup, script or a template.
_PAYLOADS = (
    "<script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "'><svg/onload=window.hit=1>",
    "javascript:window.hit=1",
    "{{ 7*7 }}{% raw %}</textarea><script>window.hit=1</script>",
    "</title><script>window.hit=1</script>%(who)s",
)


@pytest.fixture(scope="module")
def lead(browser: Any, installation: Installation) -> Iterator[Seat]:
    """A lead who set up the account and logged in."""
    seat = Seat(browser, installation.address)
    seat.set_up(installation.create("lena", "lead"))
    seat.log_in("lena")
    yield seat
    seat.close()


def test_from_the_first_admin_to_an_answer(browser: Any, installation: Installation) -> None:
    """An admin made on the command line makes a caseworker, who answers a case; the person finds the answer."""
    admin = Seat(browser, installation.address)
    admin.set_up(installation.create("ada", "admin"))
    assert "Your account is ready" in admin.page.locator("main").inner_text()
    admin.log_in("ada")
    admin.page.locator("#name").fill("carla")
    admin.press("Make account")
    token = admin.page.locator(".key").inner_text()
    case, _ = installation.submit(made_up_item(1, label="garden"), links=(NewLink("https://example.org/copy"),))

    worker = Seat(browser, installation.address)
    worker.set_up(token)
    worker.log_in("carla")
    worker.page.locator("#cases a.open").first.click()
    assert "Registered a picture: “garden”" in worker.page.locator("main").inner_text()
    worker.press("Take this case")
    assert "This case is yours now" in worker.page.locator(".said").inner_text()
    worker.page.locator("#reply").fill("Good evening.\nWe have written to them.")
    worker.press("Send")
    assert "Your message was sent" in worker.page.locator(".said").inner_text()
    assert [each.text for each in installation.app.cases.view(case).messages] == [
        "Good evening.\nWe have written to them."
    ]
    assert {url.removeprefix(installation.address).partition("/")[0] for url in worker.requests} == {""}
    assert (admin.complaints, worker.complaints) == ([], [])
    worker.press("Log out")
    assert "You are logged out" in worker.page.locator("main").inner_text()
    worker.page.go_back()
    worker.page.wait_for_url("**/console/log-in**")
    admin.close()
    worker.close()


def test_hand_over(browser: Any, installation: Installation, lead: Seat) -> None:
    """A lead takes a case and hands it to a colleague, who finds it on the own desk with the note."""
    other = Seat(browser, installation.address)
    other.set_up(installation.create("otto", "caseworker"))
    other.log_in("otto")
    case, _ = installation.submit(made_up_item(2, label="lake"))
    lead.open(f"/console/cases/{case}")
    lead.press("Take this case")
    lead.page.get_by_text("Hand over", exact=True).first.click()
    lead.page.locator("#to").select_option(label="otto")
    lead.page.locator("#hand-note").fill("She prefers to be called after six.")
    lead.page.locator(".hold details button").first.click()
    assert "handed over" in lead.page.locator(".said").inner_text()
    other.open("/console/cases?show=mine")
    other.page.locator("#cases a.open").click()
    assert "She prefers to be called after six." in other.page.locator(".line-note").inner_text()
    other.close()


def test_by_keyboard_alone(installation: Installation, lead: Seat) -> None:
    """With keys only one goes down the list, opens a case, writes, and is back; keys rest while one types."""
    for seed in range(3, 6):
        installation.submit(made_up_item(seed))
    page = lead.page
    lead.open("/console/cases")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("#cases a.open").nth(1)
    assert second.evaluate("node => node === document.activeElement")
    assert second.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/cases/*")
    page.keyboard.press("n")
    page.keyboard.type("jkru? are letters here")
    assert page.locator("#note").input_value() == "jkru? are letters here"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=noted")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "reply"
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_url("**/console/cases")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "number"


def test_keys_can_be_turned_off(lead: Seat) -> None:
    """Who is hindered by single keys turns them off, and the browser remembers."""
    lead.open("/console/me")
    lead.page.locator("#keys-on").uncheck()
    lead.open("/console/help")
    lead.page.keyboard.press("?")
    assert not lead.page.locator("dialog[open]").is_visible()
    lead.open("/console/me")
    lead.page.locator("#keys-on").check()
    lead.open("/console/help")
    lead.page.keyboard.press("?")
    assert lead.page.locator("dialog[open]").is_visible()


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_that_a_person_writes_runs(installation: Installation, lead: Seat, language: str) -> None:
    """Payloads in every text that the intake takes are shown as text, in both languages."""
    at = len(lead.complaints)
    for number, payload in enumerate(_PAYLOADS):
        case, _ = installation.submit(
            made_up_item(100 + number, label=payload[:80]),
            links=(NewLink("https://example.org/<script>window.hit=1</script>", payload[:80]),),
            language=language, reporter=Reporter.FRIEND, representative=payload, contact=payload, narrative=payload,
        )  # fmt: skip
        installation.app.cases.send_message(case, payload)
        for path in (f"/console/cases/{case}?l={language}", f"/console/cases/{case}/ledger?l={language}"):
            lead.open(path)
            for summary in lead.page.locator("main summary").all():
                summary.click()
            assert lead.page.evaluate("window.hit") is None
            assert lead.page.locator("main img, main script").count() == 0
        lead.open(f"/console/cases/{case}?l={language}")
        shown = lead.page.locator(".line-person-wrote .quote").inner_text()
        assert shown.strip() == payload.strip()
        lead.page.locator("#reply").fill(payload)
        lead.page.locator(".write button.main").click()
        assert lead.page.locator(".line-staff-wrote .quote").inner_text().strip() == payload.strip()
        lead.page.locator("#note").fill(payload)
        lead.page.locator(".write button").nth(1).click()
        assert lead.page.evaluate("window.hit") is None
    lead.open("/console/cases")
    assert lead.page.evaluate("window.hit") is None
    assert lead.complaints[at:] == []


def test_token_in_the_fragment(browser: Any, installation: Installation) -> None:
    """A token that was passed on as part of a link is typed in by itself, and is gone from the address."""
    seat = Seat(browser, installation.address)
    seat.open("/console/set-up#token=abc-DEF_123")
    assert seat.page.locator("#token").input_value() == "abc-DEF_123"
    assert seat.page.url.endswith("/console/set-up")
    seat.close()


def _pages(installation: Installation) -> list[tuple[str, str]]:
    """Fill an installation with what a day brings; returns names and addresses of all its pages."""
    app = installation.app
    staff = app.staff.active("lena")
    case, _ = installation.submit(
        made_up_item(201, label="Holiday, the blue towel"), made_up_item(202, label=""),
        links=(NewLink("https://forum.example/thread/48151623/a-very-long-address-that-has-to-wrap?page=3&sort=new"),),
        narrative="My former partner threatens to send them to my employer.", contact="mail@example.org",
    )  # fmt: skip
    app.cases.send_message(case, "Hello, I found another copy this morning.\nWhat can I do?")
    app.desk.reply(staff, case, "Good morning. We have written to the forum and keep you informed here.")
    app.desk.note(staff, case, "The forum answers mails within a day, says the helpline in Vienna.")
    app.cases.send_message(case, "Thank you.")
    queue = _notices(installation)
    _partner_in_trouble(app)
    return [
        ("queue", "/console/notices"),
        ("queue-missed", "/console/notices?show=missed"),
        ("clocks", "/console/clocks"),
        ("figures", "/console/figures"),
        ("banks", "/console/banks"),
        ("bank", "/console/banks/look-alikes"),
        ("entry", _entry(installation)),
        ("partners", "/console/partners"),
        ("partner", "/console/partners/hub-of-many-helplines.example"),
        ("entries-doubted", "/console/banks/look-alikes?show=doubted"),
        ("notice", f"/console/notices/{queue[0]}"),
        ("notice-match", f"/console/notices/{queue[1]}"),
        ("notice-decided", f"/console/notices/{queue[2]}?undo={queue[2]}&done=planned"),
        ("notice-complaint", f"/console/notices/{queue[3]}"),
        ("notice-minor", f"/console/notices/{queue[4]}"),
        *_records(installation, str(queue[0])),
        ("search", "/console/search"),
        ("list", "/console/cases"),
        ("list-empty", "/console/cases?show=held"),
        ("case", f"/console/cases/{case}"),
        ("case-ledger", f"/console/cases/{case}/ledger"),
        ("ledger", "/console/ledger"),
        ("me", "/console/me"),
        ("help", "/console/help"),
        ("refused", "/console/staff"),
        ("not-found", "/console/cases/NOTHING"),
    ]


def _partner_in_trouble(app: App) -> None:
    """Add a partner whose server does not answer, unless it is there."""
    if app.partner_status.all():
        return
    made, _ = app.partners.add(NewPartner("hub-of-many-helplines.example"), scopes=())
    state = SyncState(
        status=SyncStatus.UNREACHABLE, reason="No answer within 30 seconds: https://hub.example/", failures=3
    )
    with app.exchange.transaction(write=True) as transaction:
        transaction.keep_sync_state(made.id, state)


def _records(installation: Installation, notice: str) -> list[tuple[str, str]]:
    """Make the record of somebody under a measure with a complaint, and return the pages of records."""
    app, why = installation.app, Because("They went on after the warning.", "Terms, section 4", "otto")
    until = app.clock.now() + timedelta(days=20)
    steps = (
        r.NoteConduct(NoticeId(notice), Ground.INTIMATE), r.WarnParty(why), r.HearParty("My brother uploaded it."),
        r.SuspendParty(why, until), r.ContestMeasure("I have changed my password."), r.WarnParty(why),
        r.HearParty("Nothing happened since."), r.ProposeTermination(why),
    )  # fmt: skip
    with app.notices.writing() as transaction:
        for role, name, some in (("uploader", "loud-user", steps), ("uploader", "other-user", steps[:3])):
            for step in some if transaction.record_history(app.notices.party(PartyRole(role), name)) == [] else ():
                app.notices.keep_record(transaction, PartyRole(role), name, step, actor="key:platform")
        flagger = app.notices.keep_record(
            transaction, PartyRole.NOTIFIER, "org-7", r.OpenRecord(PartyRole.NOTIFIER, "org-7"), actor="key:platform"
        )
    ids = [app.notices.party(PartyRole.UPLOADER, name) for name in ("loud-user", "other-user")]
    return [
        ("records", "/console/records"),
        ("records-empty", "/console/records?show=trusted"),
        ("record", f"/console/records/{ids[0]}"),
        ("record-heard", f"/console/records/{ids[1]}"),
        ("record-flagger", f"/console/records/{flagger.id}"),
    ]


def _entry(installation: Installation) -> str:
    with installation.app.store.transaction() as transaction:
        [first, *_] = transaction.entries("look-alikes", limit=1)
    return f"/console/banks/look-alikes/{entry_text(first.id)}"


def _notices(installation: Installation) -> list[NoticeId]:
    """Make a notice of each sort: asked, matched, decided and not yet in effect, contested, possibly a minor."""
    app = installation.app
    said = {
        Field.STATEMENT: "It is me, at home. I never agreed that anybody sees this.",
        Field.CONTACT: "mail@example.org", Field.LOCATION: "The third picture on the page.", Field.GOOD_FAITH: "yes",
    }  # fmt: skip
    named = tuple(
        replace(content(9000 + number), url=f"https://platform.example/{'long/' * 12 * number}") for number in range(4)
    )
    asked = installation.notice(fields=said, contents=named)
    decided, contested, young = (
        installation.notice(fields=dict.fromkeys(Field, "yes"), language=language) for language in ("de", "en", "en")
    )
    service, lena = app.notices, app.staff.active("lena").id
    with service.writing() as transaction:
        if "look-alikes" not in {each.name for each in transaction.banks.banks()}:
            create_bank(transaction.banks, "look-alikes", BankPolicy(Action.REVIEW), now=app.clock.now())
        new = NewEntry(made_up_item(990).hashes, Provenance("helpline-vienna", "partner", "H-7"))
        [(entry, _)] = register(transaction.banks, "look-alikes", [new], now=app.clock.now())
        opinion = Opinion(entry, "helpline-vienna", OpinionKind.TRUE_POSITIVE, "", app.clock.now())
        transaction.banks.add_opinion("look-alikes", opinion)
        seen = c.NamedContent(Via.MATCH, ref="upload-77120", entry=entry, bank="look-alikes")
        matched = service.see(transaction, seen, count=4, actor="system").id
        wait = timedelta(seconds=60)
        service.plan(transaction, decided, ruling(Measure.REMOVE, author=lena), wait=wait, actor=f"staff:{lena}")
        service.rule(transaction, contested, ruling(Measure.REMOVE, author="otto"), actor="key:platform")
        text = "She agreed to it. We have a contract about this series of pictures."
        service.complain(transaction, contested, side=Party.UPLOADER, text=text, actor="key:platform")
        service.act(transaction, young, [c.SuspectMinor(lena)], actor=f"staff:{lena}")
    return [asked, matched, decided, contested, young]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_is_accessible(browser: Any, installation: Installation, lead: Seat, language: str) -> None:
    """Axe finds nothing on any page, in both languages and themes; none is wider than a screen of 320 pixels."""
    still = {"reduced_motion": "reduce"}  # colours that are still changing have no contrast to measure
    seat = Seat(browser, installation.address, still)
    seat.context.add_cookies(lead.context.cookies())
    fresh = Seat(browser, installation.address, still)
    token = installation.create(f"new-{language}", "auditor")
    admin = Seat(browser, installation.address, still)
    admin.set_up(installation.create(f"admin-{language}", "admin"))
    admin.log_in(f"admin-{language}")
    found: list[str] = []

    def look(at: Seat, name: str) -> None:
        found.extend(at.wrong(f"{language}-{name}"))

    for name, path in _pages(installation):
        seat.open(f"{path}{'&' if '?' in path else '?'}l={language}")
        look(seat, name)
    fresh.open(f"/console/log-in?l={language}&notice=ended")
    look(fresh, "log-in")
    fresh.page.locator("#name").fill("nobody")
    fresh.page.locator("#password").fill("wrong")
    fresh.page.locator("#code").fill("000000")
    fresh.page.locator("main button.main").click()
    look(fresh, "log-in-wrong")
    fresh.open(f"/console/set-up?l={language}")
    look(fresh, "set-up")
    fresh.page.locator("#token").fill(token)
    fresh.page.locator("main button").click()
    look(fresh, "enrolment")
    admin.open(f"/console/staff?l={language}")
    admin.page.locator(".acts summary").first.click()
    look(admin, "staff")
    admin.page.locator("#name").fill(f"more-{language}")
    admin.page.locator(".line-form button").click()
    look(admin, "token")
    assert found == []
    for each in (seat, fresh, admin):
        assert [said for said in each.complaints if not re.search(r"status of 40[0-9]", said)] == []
        each.close()


def test_held_item(installation: Installation, lead: Seat) -> None:
    """A held item is seen on the list and on the case, and is released with a reason in two steps."""
    item = made_up_item(401, label="Poster in the hall")
    make_common(installation.app, item)
    case, _ = installation.submit(item, made_up_item(402))
    lead.open("/console/cases?show=held")
    lead.page.locator("#cases a.open").first.click()
    assert lead.wrong("en-held") == []
    lead.page.locator(".held input[name=reason]").fill("It is her own photo of it.")
    lead.press("Release")
    assert "matches from now on" in lead.page.locator(".said").inner_text()
    assert lead.page.locator(".held").count() == 0
    assert not any(each.held for each in installation.app.cases.view(case).items)


def test_list_of_keys(lead: Seat) -> None:
    """The list of keys opens by its key, is accessible and closes by Escape."""
    lead.open("/console/help")
    lead.page.keyboard.press("?")
    assert lead.wrong("en-keys") == []
    lead.page.keyboard.press("Escape")
    assert not lead.page.locator("dialog[open]").is_visible()


def test_times_are_local(browser: Any, installation: Installation, lead: Seat) -> None:
    """Times are shown in the reader's zone; what the server wrote stands behind them."""
    seat = Seat(browser, installation.address, {"timezone_id": "Asia/Tokyo"})
    seat.context.add_cookies(lead.context.cookies())
    installation.submit(made_up_item(301))
    seat.open("/console/cases")
    shown = seat.page.locator("#cases time").first
    assert "UTC" not in shown.inner_text()
    assert shown.get_attribute("title").endswith("UTC")
    seat.close()
