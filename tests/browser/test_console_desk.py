# SPDX-License-Identifier: Apache-2.0
"""Moderators and leads at work in a real Chromium: a queue by keyboard alone, undo, hand-over, passkeys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noli.access.model import Role
from noli.evidence.notes import parse_notes
from noli.evidence.proofs import is_included
from noli.moderation.model import Comfort
from noli.notices.clocks import running
from noli.notices.model import Measure
from noli.regimes.model import Duty, Party
from noli.web.html.languages import catalogue
from tests.support import clips
from tests.support.browser import needed
from tests.support.console_browser import Installation, Seat
from tests.support.notices import content, ruling
from tests.support.previews import PreviewPlatform

# Notices that a moderator clears.
_MANY = 30

# Texts that would do something if they were ever taken for markup, script or a template.
_PAYLOADS = (
    "<script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "javascript:window.hit=1",
    "{{ 7*7 }}</textarea><script>window.hit=1</script>%(who)s",
)


@pytest.fixture(scope="module")
def platform() -> Iterator[PreviewPlatform]:
    """A platform with previews."""
    with PreviewPlatform() as started:
        yield started


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, platform: PreviewPlatform) -> Iterator[Installation]:
    """A server that knows it."""
    needed()
    started = Installation(tmp_path_factory.mktemp("installation"), **platform.settings)
    yield started
    started.close()


@pytest.fixture(scope="module")
def moderator(browser: Any, installation: Installation) -> Iterator[Seat]:
    """A moderator who is logged in."""
    seat = installation.seat(browser, "mona", Role.MODERATOR)
    yield seat
    seat.close()


@pytest.mark.parametrize(("language", "many"), [("en", _MANY), ("de", 3)])
def test_thirty_notices_by_keyboard_alone(browser: Any, installation: Installation, language: str, many: int) -> None:
    """Three keys for the first notice, two for each further one, and a page for each: then the queue is empty."""
    moderator = installation.seat(browser, f"milo-{language}", Role.MODERATOR, language=language)
    notices = [installation.notice() for _ in range(many)]
    page, strokes, loads = moderator.page, 0, []

    def press(key: str) -> None:
        nonlocal strokes
        strokes += 1
        page.keyboard.press(key)

    moderator.open("/console/notices")
    page.on("load", lambda: loads.append(page.url))
    press("j")
    press("Enter")
    page.wait_for_url("**/console/notices/*")
    for number in range(many):
        here = page.url
        key = "1" if number % 3 else "4"
        press(key)
        assert page.locator(f"#preset-{key}").is_checked()
        assert page.locator(f".letters-{key} .quote").first.is_visible()
        press("Enter")
        page.wait_for_url(lambda url, before=here: url != before)
    assert catalogue(language).gettext("Nothing waits here") in page.locator("main").inner_text()
    assert strokes == 2 + 2 * many
    assert len(loads) == 1 + many
    found = [installation.notice_now(each) for each in notices]
    planned = [each.plan.ruling.measure if each.plan else each.rulings[0].measure for each in found]
    assert planned.count(Measure.REMOVE) == many * 2 // 3
    assert planned.count(Measure.KEEP) == many // 3
    assert moderator.complaints == []
    moderator.close()


def test_a_decision_is_taken_back_by_a_key(installation: Installation, moderator: Seat) -> None:
    """One key, and nobody was told anything; the count-down beside it moves nothing on the page."""
    notice = installation.notice()
    page = moderator.page
    moderator.open(f"/console/notices/{notice}")
    page.evaluate(
        "() => { window.moved = 0; new PerformanceObserver((list) => { for (const each of list.getEntries())"
        " window.moved += each.value; }).observe({ type: 'layout-shift', buffered: true }); }"
    )
    before = page.locator(".clock .count").inner_text()
    while page.locator(".clock .count").inner_text() == before:
        page.wait_for_timeout(100)
    assert page.evaluate("window.moved") == 0
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.locator("#undo").wait_for()
    page.keyboard.press("z")
    page.wait_for_url(f"**/console/notices/{notice}?done=undone")
    assert "Nothing was told or changed" in page.locator(".said").inner_text()
    after = installation.notice_now(notice)
    assert (after.plan, after.ruling) == (None, None)
    assert not any(each.to is Party.UPLOADER for each in after.messages)
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    page.locator("#undo").wait_for()


def test_many_are_decided_together(installation: Installation, moderator: Seat) -> None:
    """Chosen with x, decided with one key and Enter; each is a decision of its own."""
    notices = {installation.notice() for _ in range(3)}
    page = moderator.page
    moderator.open("/console/notices")
    for _ in range(page.locator("#cases li").count()):
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=planned-all")
    assert {installation.notice_now(each).plan is not None for each in notices} == {True}


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_lead_finds_what_lapses_next_and_reassigns_it(
    browser: Any, installation: Installation, moderator: Seat, language: str
) -> None:
    """It is the first in the queue; the colleague finds it on the own desk with the note."""
    lead = installation.seat(browser, f"lena-{language}", Role.LEAD, language=language)
    first, second = installation.notice(), installation.notice()
    lead.open("/console/notices")
    assert lead.page.locator("#cases .reference").first.inner_text() == first[:8]
    lead.page.keyboard.press("j")
    lead.page.keyboard.press("Enter")
    lead.page.wait_for_url("**/console/notices/*")
    lead.page.keyboard.press("t")
    lead.page.locator(".said").wait_for()
    lead.page.get_by_text(catalogue(language).gettext("Hand over"), exact=True).first.click()
    lead.page.locator("#to").select_option(label="mona")
    lead.page.locator("#hand-note").fill("They called; please decide today.")
    lead.page.locator(".hold details button").first.click()
    lead.page.locator(".said").wait_for()
    moderator.open("/console/notices?show=mine")
    moderator.page.locator("#cases a.open").click()
    assert "please decide today" in moderator.page.locator(".line-note").inner_text()
    assert installation.notice_now(second).assigned_to == ""
    with installation.app.notices.writing() as transaction:
        for each in (first, second):
            installation.app.notices.rule(transaction, each, ruling(Measure.KEEP), actor="key:platform")
    lead.close()


def test_a_complaint_is_decided_by_somebody_else(installation: Installation, moderator: Seat) -> None:
    """Who decided first is told to hand it over; what a colleague decided is answered with a reason."""
    mona = installation.app.staff.active("mona").id
    own, other = installation.notice(), installation.notice()
    with installation.app.notices.writing() as transaction:
        for notice, author in ((own, mona), (other, "somebody")):
            made = ruling(Measure.REMOVE, author=author)
            installation.app.notices.rule(transaction, notice, made, actor="key:platform")
            installation.app.notices.complain(
                transaction, notice, side=Party.UPLOADER, text="She agreed.", actor="key:platform"
            )
    page = moderator.page
    moderator.open(f"/console/notices/{own}")
    assert "a colleague decides" in page.locator(".held").inner_text()
    moderator.open(f"/console/notices/{other}")
    page.keyboard.press("2")
    page.keyboard.type("There is a contract.")
    page.get_by_role("button", name="Decide about the complaint").click()
    page.locator(".said").wait_for()
    after = installation.notice_now(other)
    assert after.complaints[0].upheld
    assert after.rulings[-1].measure is Measure.KEEP


def test_a_possible_minor_is_looked_at_by_nobody_again(installation: Installation, moderator: Seat) -> None:
    """One button, and the page says what to do now, with the clock that runs until it is reported."""
    notice = installation.notice()
    page = moderator.page
    moderator.open(f"/console/notices/{notice}")
    page.locator("summary", has_text="Possibly somebody under 18").click()
    page.locator("#minor button").click()
    page.locator(".grave").wait_for()
    assert "CyberTipline" in page.locator(".grave").inner_text()
    page.locator("#reference").fill("CT-1")
    page.get_by_role("button", name="It was reported").click()
    page.locator(".said").wait_for()
    assert installation.notice_now(notice).young_reported_at is not None


_IS_CLEAR = "() => getComputedStyle(document.querySelector('.preview')).filter === 'none'"


def test_a_preview_is_seen_while_something_is_held(
    browser: Any, installation: Installation, platform: PreviewPlatform
) -> None:
    """Blurred until a key or the button is held, gone with the page, counted, on record, not shown past the limit."""
    seat = installation.seat(browser, "vera", Role.MODERATOR)
    vera = installation.app.staff.active("vera").id
    installation.app.moderation.set_comfort(vera, Comfort(most_looks=2))
    notice, page = installation.notice(), seat.page
    seat.open(f"/console/notices/{notice}")
    assert page.locator(".preview").count() == 0
    before = len(platform.asked)
    with page.expect_response("**?look=**") as got:
        seat.press("Show a small preview")
    assert got.value.headers["cache-control"] == "no-store"
    image = page.locator(".preview")
    assert image.evaluate("each => each.decode().then(() => [each.naturalWidth, each.naturalHeight])") == [200, 133]
    assert not page.evaluate(_IS_CLEAR)
    page.keyboard.down("v")
    assert page.evaluate(_IS_CLEAR)
    page.keyboard.up("v")
    assert not page.evaluate(_IS_CLEAR)
    page.locator("[data-clear]").hover()
    page.mouse.down()
    assert page.evaluate(_IS_CLEAR)
    page.mouse.move(2, 2)
    assert not page.evaluate(_IS_CLEAR)
    page.mouse.up()
    page.keyboard.down("v")
    page.evaluate("globalThis.dispatchEvent(new Event('blur'))")
    assert not page.evaluate(_IS_CLEAR)
    page.keyboard.up("v")
    # Neither the way back nor loading the page anew shows it, and nothing more was fetched.
    assert "proof" not in page.url
    seat.open("/console/notices")
    page.go_back()
    page.locator("#decide-title").wait_for()
    assert page.locator(".preview").count() == 0
    page.reload()
    assert page.locator(".preview").count() == 0
    assert len(platform.asked) == before + 1
    assert page.evaluate("async () => (await caches.keys()).length") == 0
    looked = [each.fact for each in installation.app.ledger.page(subject=notice, limit=50)]
    assert [each.actor for each in looked if each.kind == "notice.looked-at"] == [f"staff:{vera}"]
    assert "1 are left" in page.locator(".look").inner_text()
    seat.press("Show a small preview")
    image.wait_for()
    seat.open(f"/console/notices/{installation.notice()}")
    assert "as many previews as you allow yourself" in page.locator(".look").inner_text()
    assert seat.complaints == []
    seat.close()


def test_a_possible_minor_ends_the_display_at_once(
    browser: Any, installation: Installation, platform: PreviewPlatform, tmp_path: Path
) -> None:
    """Two moments of a video are looked at, still, blurred and counted; then it goes with the press of a button."""
    seat = installation.seat(browser, "yara", Role.MODERATOR)
    notice, page, whole = installation.notice(), seat.page, platform.body
    platform.body = clips.encoded(tmp_path / "clip.webm", clips.shades(seconds=4)).read_bytes()
    seat.open(f"/console/notices/{notice}")
    seat.press("Show a small preview")
    image = page.locator(".preview")
    first = image.get_attribute("src")
    assert "A video, at 0:00 of 0:04" in page.locator(".look").inner_text()
    seat.press("4")
    page.locator(".look", has_text="A video, at 0:02 of 0:04").wait_for()
    platform.body = whole
    assert image.get_attribute("src") != first
    assert image.evaluate("each => each.decode().then(() => [each.naturalWidth, each.naturalHeight])") == [200, 113]
    assert not page.evaluate(_IS_CLEAR)
    page.keyboard.down("v")
    assert page.evaluate(_IS_CLEAR)
    page.keyboard.up("v")
    assert page.locator("video, audio").count() == 0
    assert installation.app.moderation.exposure(installation.app.staff.active("yara").id).sitting == 2
    page.evaluate(
        "() => document.addEventListener('submit', () =>"
        " sessionStorage.setItem('left', document.querySelectorAll('.preview').length))"
    )
    page.locator(".look").get_by_role("button", name="Possibly somebody under 18").click()
    page.locator(".grave").wait_for()
    assert page.evaluate("sessionStorage.getItem('left')") == "0"
    after = installation.notice_now(notice)
    assert after.young_at is not None
    assert Duty.REPORT_POSSIBLE_MINOR in {each.deadline.duty for each in running(after, installation.app.notices.law)}
    assert page.locator(".preview, .look button").count() == 0
    seat.close()


def test_a_passkey_logs_in(browser: Any, installation: Installation) -> None:
    """Added on the own account, used at the door without password and code; removed, it opens nothing."""
    seat = installation.seat(browser, "pia", Role.AUDITOR, host="localhost")
    devices = seat.context.new_cdp_session(seat.page)
    devices.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    seat.open("/console/me")
    seat.page.locator("#passkey-name").fill("Laptop")
    seat.press("Add a passkey")
    seat.page.wait_for_url("**done=passkey-added")
    seat.press("Log out")
    seat.press("Log in with a passkey")
    seat.page.wait_for_url("**/console/ledger")
    seat.open("/console/me")
    assert seat.page.locator("main").inner_text().count("Another") == 0
    seat.page.get_by_role("button", name="Remove Laptop").click()
    seat.page.wait_for_url("**done=passkey-removed")
    seat.press("Log out")
    seat.press("Log in with a passkey")
    seat.page.get_by_text("This passkey is not known here").wait_for()
    seat.close()


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_that_a_notice_says_runs(installation: Installation, moderator: Seat, language: str) -> None:
    """Payloads in every text of a notice, in notes and in names of views are shown as text, in both languages."""
    at, page = len(moderator.complaints), moderator.page
    for payload in _PAYLOADS:
        given = installation.notice(
            contents=(content(900), content(901)), language=language, notifier=payload,
            reference=f"{language} {payload}", fields=dict.fromkeys(_fields(), payload),
        )  # fmt: skip
        moderator.open(f"/console/notices/{given}?l={language}")
        page.locator("#note").fill(payload)
        page.locator(".write button").click()
        page.locator(".said").wait_for()
        assert page.locator(".line-note .quote").inner_text().strip() == payload.strip()
        assert page.locator("main img, main script").count() == 0
        moderator.open(f"/console/notices?l={language}")
        page.locator(".views summary").click()
        page.locator("#view-name").fill(payload[:40])
        page.locator(".views form button").first.click()
        page.locator(".said").wait_for()
        assert page.evaluate("window.hit") is None
    assert moderator.complaints[at:] == []


def _fields() -> list[Any]:
    from noli.regimes.model import Field

    return list(Field)


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_auditor_verifies_a_proof(browser: Any, installation: Installation, language: str) -> None:
    """Downloaded from the page: the signed root, and the proof of an entry, which anybody's own tool can check."""
    installation.notice()
    installation.app.roots.sign()
    say = catalogue(language).gettext
    seat = installation.seat(browser, f"augusta-{language}", Role.AUDITOR, language=language)
    seat.open("/console/ledger")
    with seat.page.expect_download() as saved:
        seat.page.locator("a[download]", has_text=say("Proof")).first.click()
    proof = json.loads(saved.value.path().read_text("utf-8"))
    entry, signed = proof["entry"], proof["signed"]
    hashes, root = [bytes.fromhex(each) for each in proof["hashes"]], bytes.fromhex(signed["root"])
    leaf, index = bytes.fromhex(entry["leaf"]), entry["sequence"] - 1
    assert is_included(leaf, index, size=signed["size"], proof=hashes, root=root)
    assert not is_included(bytes(32), index, size=signed["size"], proof=hashes, root=root)
    with seat.page.expect_download() as noted:
        seat.page.get_by_role("link", name=say("Download the signed root")).click()
    [note] = parse_notes(noted.value.path().read_text("utf-8"))
    assert note.root.root == root
    seat.close()
