# SPDX-License-Identifier: Apache-2.0
"""A caseworker climbs the ladder in a real Chromium: real mail, made-up registries, a clock that leaps."""

import email
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from noli.access.model import Role
from noli.app import App, load_config
from noli.casework.model import NewLink
from noli.cli import demo_queue
from noli.jobs.model import Lane
from noli.notices.model import NoticeId
from noli.pursuit.model import PursuitId, Rung
from tests.support.browser import needed
from tests.support.casework import FakeClock
from tests.support.console_browser import Installation, Seat
from tests.support.helpline import SITE, Outside, outside
from tests.support.pursuit import ALL
from tests.support.server import eventually

_PAYLOAD = "<script>window.hit=1</script>\"><img src=x onerror='window.hit=1'>{{ 7*7 }}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Name server, registry, mail server and mailbox."""
    needed()
    with outside(tmp_path_factory.mktemp("outside")) as started:
        yield started


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, world: Outside) -> Iterator[Installation]:
    """A server that talks to that world."""
    started = Installation(tmp_path_factory.mktemp("installation"), **world.settings)
    yield started
    started.close()


@pytest.fixture(scope="module")
def seat(browser: Any, installation: Installation) -> Iterator[Seat]:
    """A caseworker who set up the account and logged in."""
    # Colours that are still changing have no contrast to measure.
    made = Seat(browser, installation.address, {"reduced_motion": "reduce"})
    made.set_up(installation.create("cara", "caseworker"))
    made.log_in("cara")
    yield made
    made.close()


def _main(seat: Seat) -> str:
    return str(seat.page.locator("main").inner_text())


def _write(seat: Seat, to: str, *, opened: bool = False) -> None:
    """Write a letter with everything declared."""
    form = seat.page.locator("article.party", has_text=to)
    if not opened:
        form.locator("summary").click()
    for box in form.locator("input[type=checkbox]").all():
        box.check()
    form.locator("button.main").click()
    seat.page.wait_for_url("**done=drafted")


def _let_time_pass(installation: Installation, pursuit: str) -> None:
    """Let the clock of the last request run out, for a process whose clock is past it."""
    with installation.app.pursuits.store.transaction() as transaction:
        [*_, last] = installation.app.pursuits.load(transaction, PursuitId(pursuit)).requests
    assert last.due is not None
    clock = FakeClock()
    clock.time = last.due.at + timedelta(seconds=1)
    later = App.open(load_config({"data": installation.server.data, **installation.settings}), clock=clock)
    # Nothing else of that day is done: by then the seat would be logged out, and its session be gone.
    later.tasks = [later.ladder.task]
    while later.runner.step(Lane.LOCAL):
        pass
    later.close()


def _answer(world: Outside, text: str) -> None:
    sent = email.message_from_bytes(world.sink.contents[-1], policy=default)
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Abuse desk <{sent['To']}>", str(sent["From"])
    mail["Subject"], mail["In-Reply-To"] = f"Re: {sent['Subject']}", str(sent["Message-ID"])
    mail["Message-ID"] = "<answer@names.example>"
    mail.set_content(text)
    world.box.receive(mail)


@pytest.mark.parametrize("language", ["en", "de"])
def test_from_a_link_up_the_ladder_to_an_answer(
    installation: Installation, world: Outside, seat: Seat, language: str
) -> None:
    """Host asked by mail, its time runs out, registrar asked, its answer lands on the case; she sees each step."""
    case, _ = installation.submit(links=(NewLink(f"https://{SITE}/{language}"),))
    seat.open(f"/console/cases/{case}?l={language}")
    seat.press("Find out who is responsible" if language == "en" else "Zuständige ermitteln")
    seat.page.wait_for_url("**/console/pursuits/**")
    pursuit = seat.page.url.partition("/pursuits/")[2].partition("?")[0]
    assert "abuse@racks.example" in _main(seat)
    _write(seat, "Racks GmbH")
    assert "DKIM" not in _main(seat)
    letter = seat.page.locator("article.request textarea").first.input_value()
    assert f"https://{SITE}/{language}" in letter
    before = len(world.sink.mails)
    send, gone = ("Send by mail", "It is gone") if language == "en" else ("Per E-Mail senden", "Es ist weg")
    seat.press(send)
    eventually(lambda: len(world.sink.mails) > before)
    assert b"DKIM-Signature" in world.sink.contents[-1]

    def is_sent() -> bool:
        seat.open(f"/console/pursuits/{pursuit}?l={language}")
        return bool(seat.page.locator(".clock time").count())

    eventually(is_sent)
    _let_time_pass(installation, pursuit)
    seat.page.reload()
    assert ("time ran out" if language == "en" else "Frist abgelaufen") in _main(seat)
    assert "Names Ltd" in seat.page.locator("article.request").first.inner_text()
    seat.press(send)
    eventually(lambda: len(world.sink.mails) > before + 1)
    assert b"To: abuse@names.example" in world.sink.contents[-1]
    eventually(is_sent)

    _answer(world, f"The name is suspended. {_PAYLOAD}\n")
    eventually(lambda: installation.app.correspondence.take_in()[0] == 1 or _has_reply(seat))
    seat.page.reload()
    reply = seat.page.locator(".reply").first.inner_text()
    assert "The name is suspended." in reply
    assert "<script>" in reply
    assert seat.page.evaluate("window.hit") is None
    seat.page.locator("#request-2").get_by_role("button", name=gone).click()
    seat.page.wait_for_url("**done=request-removed")
    keys = [line.key for line in installation.app.cases.view(case).timeline if line.key.startswith("request.")]
    assert keys == [
        "request.sent", "request.lapsed", "request.sent", "request.answered", "request.removed", "request.removed",
    ]  # fmt: skip
    assert seat.complaints == []


def _has_reply(seat: Seat) -> bool:
    seat.page.reload()
    return bool(seat.page.locator(".reply").count())


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_about_requests_is_accessible(
    browser: Any, installation: Installation, seat: Seat, language: str
) -> None:
    """Axe finds nothing in both themes; nothing scrolls sideways from 320 pixels on; pictures are kept."""
    del browser
    case, _ = installation.submit(links=(NewLink(f"https://{SITE}/shown-{language}"),))
    [pursuit] = installation.app.pursuits.open(case, actor="staff:ada")
    installation.app.pursuits.look_up(pursuit.id, actor="staff:ada")
    seat.open(f"/console/pursuits/{pursuit.id}?l={language}")
    _write(seat, "Racks GmbH")
    found = []
    pages = {
        "requests": "/console/pursuits",
        "request": f"/console/pursuits/{pursuit.id}",
        "case": f"/console/cases/{case}",
    }
    for name, path in pages.items():
        seat.open(f"{path}?l={language}")
        seat.page.evaluate("() => document.querySelectorAll('main details').forEach(each => { each.open = true })")
        found += seat.wrong(f"{language}-{name}" if name != "case" else f"{language}-case-with-requests")
    assert found == []
    assert seat.complaints == []


def test_the_tutorial_can_be_followed(installation: Installation, seat: Seat) -> None:
    """Each step of the page "Your first request" does what it says; every button that it names is there."""
    page = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-request.md").read_text("utf-8")
    named, seen = set(re.findall(r"\*\*(.+?)\*\*", page.replace("\n", " "))), ""

    def look() -> None:
        nonlocal seen
        seen += seat.page.locator("body").inner_text()

    case, _ = installation.submit(links=(NewLink(f"https://{SITE}/page"),))
    seat.open("/console/cases")
    look()
    seat.page.locator("#cases a.open").first.click()
    seat.page.wait_for_url(f"**/{case}**")
    look()
    seat.press("Find out who is responsible")
    seat.page.wait_for_url("**/console/pursuits/**")
    look()
    form = seat.page.locator("article.party", has_text="Racks GmbH")
    form.locator("summary").click()
    look()
    _write(seat, "Racks GmbH", opened=True)
    look()
    seat.press("I sent it myself")
    look()
    seat.press("They point at others")
    assert "Next step: registrar" in _main(seat)
    _write(seat, "Names Ltd")
    seat.press("I sent it myself")
    look()
    seat.page.locator("#request-2").get_by_role("button", name="It is gone").click()
    seat.page.wait_for_url("**done=request-removed")
    keys = [line.key for line in installation.app.cases.view(case).timeline if line.key.startswith("request.")]
    assert keys == ["request.sent", "request.passed-on", "request.sent", "request.removed"]
    assert [name for name in named if name not in seen] == []


def test_each_part_of_a_request_for_a_form_is_copied(installation: Installation, seat: Seat) -> None:
    """Subject, letter, links, name and contact each by a button that says so; where copying is forbidden, selected."""
    case, _ = installation.submit(links=tuple(NewLink(f"https://{SITE}/form-{at}") for at in (1, 2)))
    service = installation.app.pursuits
    [pursuit] = service.open(case, actor="staff:ada")
    service.look_up(pursuit.id, actor="staff:ada")
    service.name_party(pursuit.id, Rung.CDN, name="Edge", address="https://edge.example/form", actor="staff:ada")
    service.draft(pursuit.id, Rung.CDN, wishes=ALL, actor="staff:ada")
    page = seat.page
    seat.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=seat.address)
    seat.open(f"/console/pursuits/{pursuit.id}")
    [request] = service.view(pursuit.id, actor="staff:ada").requests
    names = page.locator(".parts .label").all_inner_texts()
    assert names == ["Subject", "Letter", "Links", "Name", "Address for answers"]
    copied = {}
    for name, button in zip(names, page.locator(".parts button").all(), strict=True):
        button.click()
        page.locator(".parts [role=status]", has_text=f"Copied: {name}").wait_for()
        copied[name] = page.evaluate("navigator.clipboard.readText()")
    assert (copied["Subject"], copied["Letter"]) == (request.subject, request.text)
    assert copied["Links"] == f"https://{SITE}/form-1\nhttps://{SITE}/form-2"
    assert (copied["Name"], copied["Address for answers"]) == (service.head.organisation, service.head.contact)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('forbidden')); }")
    page.locator(".parts button").nth(2).click()
    page.locator(".parts [role=status]", has_text="selected now").wait_for()
    assert page.evaluate("String(getSelection())").strip() == copied["Links"]
    seat.context.clear_permissions()
    assert seat.wrong("request-for-a-form") == []
    assert seat.complaints == []


class _Guide:
    """A page of the tutorial that is followed: what it says is looked up in its order before it is done."""

    def __init__(self, name: str) -> None:
        text = (Path(__file__).parents[2] / "docs" / "tutorial" / name).read_text("utf-8")
        self.rest = re.sub(r"\s+", " ", text)

    def says(self, text: str) -> None:
        """Go on to where the page says this."""
        _, found, self.rest = self.rest.partition(text)
        assert found, f"the page does not say, or not here: {text}"


def test_the_tutorial_of_moderators_can_be_followed(browser: Any, installation: Installation) -> None:
    """Each step of the page "Clear a queue" is done as it stands there, on the demo's queue, and does what it says."""
    guide, seat = _Guide("first-queue.md"), installation.seat(browser, "mona", Role.MODERATOR)
    colleague = installation.seat(browser, "milo", Role.MODERATOR)
    demo_queue.fill(installation.app)
    _decide_and_take_back(guide, seat, installation)
    _decide_the_rest(guide, seat)
    _hand_over(guide, seat, colleague)
    assert seat.complaints == []
    for each in (seat, colleague):
        each.close()


def _opened(seat: Seat, link: Any) -> None:
    """Follow a link, and wait until keys are heard there."""
    before = seat.page.url
    link.click()
    seat.page.wait_for_url(lambda url: url != before)


def _moved(seat: Seat, key: str) -> None:
    before = seat.page.url
    seat.page.keyboard.press(key)
    seat.page.wait_for_url(lambda url: url != before)


def _decide_and_take_back(guide: _Guide, seat: Seat, installation: Installation) -> None:
    page, press = seat.page, seat.page.keyboard.press
    guide.says("You are in the **Queue**")
    seat.open("/console")
    assert page.locator("h1").inner_text() == "Queue"
    assert page.locator("#cases time[data-count]").first.is_visible()

    guide.says("`j` goes to the first notice, `Enter` opens it")
    press("j")
    _moved(seat, "Enter")
    guide.says("*What is known* comes first")
    assert page.locator("h2").nth(1).inner_text() == "What is known"
    assert page.locator("main img").count() == 0
    _moved(seat, "u")
    # The first may be an order or incomplete; letters to both sides have those who asked.
    _opened(seat, page.locator("#cases a.open", has_text="Request").first)
    guide.says("`1` removes as intimate without consent, `4` keeps because nobody is shown intimately")
    for key, what in (("4", "Keep"), ("1", "Remove")):
        press(key)
        assert what in page.locator(f"label:has(#preset-{key}), #preset-{key} + *").first.inner_text()
        assert page.locator(f".letters-{key} .quote").first.is_visible()
    guide.says("`Enter` decides. The next notice opens by itself")
    decided = page.url.rpartition("/")[2].partition("?")[0]
    _moved(seat, "Enter")
    assert "/console/notices/" in page.url

    guide.says("Until it ends press `z`: the decision is taken back")
    assert installation.notice_now(NoticeId(decided)).plan is not None
    _moved(seat, "z")
    assert "Nothing was told or changed" in page.locator(".said").first.inner_text()
    assert installation.notice_now(NoticeId(decided)).plan is None


def _decide_the_rest(guide: _Guide, seat: Seat) -> None:
    page, press = seat.page, seat.page.keyboard.press
    guide.says("Go back with `u` and open the notice that says *Match*")
    _moved(seat, "u")
    _opened(seat, page.locator("#cases a.open", has_text="Match"))
    guide.says("The page says that you need not look. `1` and `Enter` decide")
    assert "You can decide without looking" in _main(seat)
    press("1")
    _moved(seat, "Enter")

    guide.says("Open the notice marked *contested*")
    seat.open("/console/notices")
    _opened(seat, page.locator("#cases li", has_text="contested").locator("a.open"))
    guide.says("`0` lets the decision stand, another digit takes it back. Type a reason and press the button")
    press("0")
    page.keyboard.type("The contract is about something else.")
    page.get_by_role("button", name="Decide about the complaint").click()
    page.locator(".said").first.wait_for()


def _hand_over(guide: _Guide, seat: Seat, colleague: Seat) -> None:
    page, press = seat.page, seat.page.keyboard.press
    guide.says("`t` takes a notice. *Hand over* gives it to a colleague, with a note that they find in the story")
    seat.open("/console/notices?show=free")
    press("j")
    _moved(seat, "Enter")
    press("t")
    page.locator(".said").first.wait_for()
    page.get_by_text("Hand over", exact=True).first.click()
    page.locator("#to").select_option(label="milo")
    page.locator("#hand-note").fill("They called twice.")
    with page.expect_navigation():
        page.locator(".hold").get_by_role("button", name="Hand over").click()
    assert page.locator(".said").first.is_visible()
    colleague.open(page.url.partition("?")[0].removeprefix(colleague.address))
    assert "They called twice." in _main(colleague)
