# SPDX-License-Identifier: Apache-2.0
"""What keeps a person safe at the screen: the way out, no traces, nothing lost, nothing doubled, no dead end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import NEUTRAL, Visitor, drawn_file
from tests.support.server import Server


def _case(person: Visitor) -> tuple[str, str]:
    """Open a case about a link, and return number and words."""
    person.open("/go")
    person.answer("reporter", "depicted-person")
    person.answer("age", "adult")
    person.answer("situation", "links")
    person.page.fill("#links", "https://example.org/x")
    person.to_send(consents=())
    number, words, _ = person.send()
    return number, words


def _neutral(person: Visitor) -> None:
    person.page.wait_for_url(NEUTRAL)
    assert person.page.title() == "Neutral"


@pytest.mark.parametrize("way", ["button", "escape"])
def test_leaving_ends_the_session_and_replaces_the_page(way: str, visit: Callable[..., Visitor]) -> None:
    """The button, or Escape three times, leads to a neutral site; going back shows no case and nobody is logged in."""
    person = visit()
    number, words = _case(person)
    person.page.once("dialog", lambda dialog: dialog.accept())
    person.come_back(number, words)
    person.page.wait_for_url("**/status")
    assert person.context.cookies()
    if way == "button":
        person.page.locator("#leave").click()
    else:
        for _ in range(3):
            person.page.keyboard.press("Escape")
    _neutral(person)
    person.page.go_back()
    assert "/status" not in person.page.url
    person.open("/status")
    assert person.title() == "You are logged out"
    assert not person.context.cookies()


def test_leaving_in_one_tab_leaves_in_all(visit: Callable[..., Visitor]) -> None:
    """Help opens in a new tab; who leaves there has no case open in the first one."""
    person = visit()
    number, words = _case(person)
    person.page.once("dialog", lambda dialog: dialog.accept())
    person.come_back(number, words)
    person.page.wait_for_url("**/status")
    second = person.context.new_page()
    second.goto(person.page.url.replace("/status", "/help"))
    second.locator("#leave").click()
    second.wait_for_url(NEUTRAL)
    _neutral(person)


def test_leaving_in_the_middle_keeps_nothing(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """Leaving while a picture is chosen sends nothing, and the way begins anew with empty answers."""
    person = visit()
    person.to_files()
    person.choose(drawn_file(tmp_path))
    person.page.locator("#leave").click()
    _neutral(person)
    assert [path for path, _ in person.bodies()] == []
    person.open("/go")
    assert person.step() == "who"
    assert not person.page.locator("[name=reporter]:checked").count()
    stored = person.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]


def test_leaving_works_without_script(visit: Callable[..., Visitor]) -> None:
    """Without script the same button is a link that ends the session and leads to the neutral site."""
    person = visit(java_script_enabled=False)
    person.open("/")
    person.page.locator("#leave").click()
    _neutral(person)


def test_nothing_gives_it_away(visit: Callable[..., Visitor]) -> None:
    """Titles and addresses do not say what the site is for, and no page may be kept by the browser."""
    person = visit()
    answers: list[Any] = []
    person.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it marks what it calls
    for path in ("/", "/go", "/return", "/renew", "/help", "/other-help", "/safe", "/check", "/status", "/no"):
        person.open(path)
        title = person.page.title().lower()
        assert not any(
            word in title + path for word in ("ncii", "noli", "intimate", "abuse", "porn", "picture", "nude")
        )
    pages = [each for each in answers if each.headers.get("content-type", "").startswith("text/html")]
    assert len(pages) == 10
    for each in pages:
        assert each.headers["cache-control"] == "no-store"
        assert each.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in each.headers["content-security-policy"]
        assert "unsafe-inline" not in each.headers["content-security-policy"]
    assert not person.context.cookies()


@pytest.mark.parametrize("age", ["under-18", "unsure"])
@pytest.mark.parametrize("script", [True, False])
def test_somebody_under_18_is_led_to_the_right_services(age: str, script: bool, visit: Callable[..., Visitor]) -> None:  # noqa: FBT001 - a parameter
    """Before any picture can be chosen, the way ends at services for people under 18, and nothing is stored."""
    person = visit(java_script_enabled=script, locale="de-AT")
    person.open("/go")
    person.page.locator("#reporter-depicted-person").check()
    person.page.locator("[data-next]:visible").click()
    person.page.locator(f"#age-{age}").check()
    person.page.locator("[data-next]:visible").click()
    person.page.wait_for_url("**/other-help*")
    shown = person.page.locator("main").inner_text()
    assert "Take It Down" in shown
    assert "Rat auf Draht" in shown
    assert "Wir haben nichts gespeichert." in shown
    assert all(b"file" not in body for _, body in person.bodies())


def test_no_network_until_it_is_sent(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """Once loaded, everything works without a network; sending says what to do and loses nothing."""
    person = visit()
    person.open("/go")
    person.page.locator("[data-ready]:has-text('without internet')").wait_for(state="attached")
    person.page.wait_for_timeout(500)  # the decoder for iPhone pictures comes last
    person.context.set_offline(True)
    person.answer("reporter", "depicted-person")
    person.answer("age", "adult")
    person.answer("situation", "files")
    person.choose(drawn_file(tmp_path))
    assert person.page.locator("[data-state]").text_content() == "Ready"
    person.to_send()
    assert "You are offline" in str(person.page.locator("#network").text_content())
    person.page.locator("[data-send]").click()
    person.page.locator("[data-step=send] [data-error]:visible").wait_for()
    assert "Nothing is lost" in person.page.locator("[data-step=send]").inner_text()
    person.context.set_offline(False)
    number, words, _ = person.send()
    assert number
    assert words


def test_what_cannot_be_protected_is_said_to_the_end(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """A file that fails can be tried again, is asked no name, and is named again before sending and on the receipt."""
    damaged = tmp_path / "holiday.png"
    damaged.write_bytes(drawn_file(tmp_path).read_bytes()[:60])
    person = visit()
    page, held = person.page, []
    # Hashing cannot begin before it is let go.
    person.context.route("**/pdq.wasm*", lambda route: held.append(route))  # noqa: PLW0108 - it marks what it calls
    person.to_files()
    while not held:
        page.wait_for_timeout(50)
    page.locator("#choose").set_input_files([str(drawn_file(tmp_path)), str(damaged)])
    person.go_on()
    asked_to_wait = page.get_by_role("alert").filter(has_text="Please wait until everything is ready")
    asked_to_wait.wait_for()
    items = page.locator("[data-list] > li")
    items.first.get_by_role("button", name="Stop").click()
    for route in held:
        route.continue_()
    items.nth(1).get_by_text("damaged").wait_for()
    assert not asked_to_wait.is_visible()
    assert not items.get_by_label("Your own name for it").locator("visible=true").count()
    items.first.get_by_role("button", name="Try again").click()
    items.first.get_by_text("Ready").wait_for()
    assert items.first.get_by_label("Your own name for it").is_visible()
    person.to_send()
    said = page.locator("[data-step=send]").inner_text()
    assert "the fingerprint of 1 picture" in said
    assert "not protected" in said
    assert "holiday.png" in said
    person.send()
    assert "holiday.png" in page.locator("[data-step=done]").inner_text()
    assert all(b"holiday" not in body for _, body in person.bodies())


def test_sending_twice_opens_one_case(visit: Callable[..., Visitor], intake: Server) -> None:
    """An answer that got lost is asked for again with the same message: the same receipt, and one case."""
    person = visit()
    person.open("/go")
    person.answer("reporter", "depicted-person")
    person.answer("age", "adult")
    person.answer("situation", "threat")
    person.to_send(consents=())
    lost = []

    def lose(route: Any) -> None:
        lost.append(route.fetch().json())
        route.abort()

    person.page.route("**/go/send", lose, times=1)
    person.page.locator("[data-send]").click()
    person.page.locator("[data-step=send] [data-error]:visible").wait_for()
    person.page.locator("[data-send]").dblclick()
    person.page.locator("[data-step=done]").wait_for()
    number, words, _ = person.receipt()
    assert (number, words) == (lost[0]["number"], lost[0]["passphrase"])
    tokens = {json.loads(body)["token"] for path, body in person.bodies() if path == "/go/send"}
    assert len(tokens) == 1
    assert len(person.bodies()) == 2
    del intake


def test_closing_the_tab_midway_leaves_nothing(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """Who closes the tab before sending has sent nothing, and finds the first question again."""
    person = visit()
    person.to_files()
    person.choose(drawn_file(tmp_path))
    second = person.context.new_page()
    person.page.close()
    second.goto(person.address + "/go")
    assert second.locator("[data-step]:not([hidden])").get_attribute("data-step") == "who"
    assert person.bodies() == []


def test_the_browsers_back_goes_one_question_back(visit: Callable[..., Visitor]) -> None:
    """Back and forward move between questions, keep the answers, and never change the address."""
    person = visit()
    person.to_files()
    person.page.go_back()
    assert person.step() == "have"
    person.page.locator("[data-step=have] [data-back]").click()
    person.page.locator("[data-step=age]:not([hidden])").wait_for()
    assert person.page.locator("#age-adult").is_checked()
    assert person.page.url == person.address + "/go"


def test_a_script_that_comes_late_takes_over(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """Who goes on before the scripts are loaded loses no answer, and can choose pictures once they are."""
    person = visit(locale="de-DE")
    person.page.route("**/flow.js", lambda route: route.abort())
    person.open("/go")
    person.page.locator("#reporter-friend").check()
    person.page.fill("#representative", "Kim")
    person.go_on()
    person.answer("age", "adult")
    person.page.unroute("**/flow.js")
    person.answer("situation", "files")
    person.choose(drawn_file(tmp_path))
    person.to_send()
    person.send()
    message = json.loads(person.bodies()[-1][1])
    assert (message["reporter"], message["representative"], message["age"]) == ("friend", "Kim", "adult")
    assert len(message["items"]) == 1


def test_wrong_words_say_nothing(visit: Callable[..., Visitor]) -> None:
    """A wrong word, an unknown number and a number that is none get one and the same answer."""
    person = visit()
    number, words = _case(person)
    person.page.once("dialog", lambda dialog: dialog.accept())
    said = set()
    for each, tried in ((number, words + "x"), ("7KQM-2XRD-9TBB", words), ("nothing", "at all")):
        person.come_back(each, tried)
        said.add(person.page.locator(".error").inner_text())
    assert said == {"This number and these words do not belong together. Please check both, letter by letter."}


def test_a_form_from_elsewhere_is_refused(visit: Callable[..., Visitor], intake: Server) -> None:
    """What another site makes a browser send, or what has no secret of the session, changes nothing."""
    person = visit()
    number, words = _case(person)
    person.page.once("dialog", lambda dialog: dialog.accept())
    person.come_back(number, words)
    person.page.wait_for_url("**/status")
    cookie = person.context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    mine = {"cookie": f"{cookie['name']}={cookie['value']}"}
    secret = {"csrf": str(person.page.locator("[name=csrf]").first.get_attribute("value")), "text": "hello"}
    post = intake.client.post
    foreign = {**mine, "sec-fetch-site": "cross-site"}
    assert post("/status/message", headers=foreign, data=secret).status_code == 403
    assert post("/status/message", headers={**mine, "origin": "https://evil.example"}, data=secret).status_code == 403
    assert post("/status/message", headers=mine, data={"csrf": "no", "text": "hello"}).status_code == 403
    assert post("/return", headers={"sec-fetch-site": "cross-site"}, data={"number": number}).status_code == 403
    person.page.reload()
    assert "hello" not in person.page.locator("main").inner_text()
    ours = {**mine, "sec-fetch-site": "same-origin"}
    assert post("/status/message", headers=ours, data=secret).status_code == 303
