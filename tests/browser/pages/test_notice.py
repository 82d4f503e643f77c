# SPDX-License-Identifier: Apache-2.0
"""The public notice form in a browser: no finding of axe, 320 pixels, the keyboard alone, no script."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.support.browser import Visitor
from tests.support.looks import wrong_with


def _press(person: Visitor, button: str = "main form button:not([type=button])") -> None:
    """Press a button, the first of the page's forms, and wait until the next page is there with its styles."""
    with person.page.expect_navigation():
        person.page.locator(button).first.click()


def _fill(person: Visitor) -> None:
    page = person.page
    page.locator("#filer-self").check()
    page.locator("#kind-synthetic").check()
    page.fill("#location", "https://platform.example/1")


def _all_pages(person: Visitor) -> Iterator[str]:
    """Go through every page of the form; stop at each."""
    page = person.page
    person.open("/notice")
    yield "age"
    _press(person)
    yield "age, with an error"
    page.locator("#age-adult").check()
    _press(person)
    yield "form"
    _press(person)
    yield "form, with an error"
    _fill(person)
    _press(person)
    yield "receipt"
    number, code = (str(page.locator(f"[data-part={part}]").text_content()) for part in ("number", "code"))
    person.open("/notice/status")
    yield "return"
    page.fill("#number", number)
    page.fill("#code", "wrong")
    _press(person)
    yield "return, with an error"
    page.fill("#code", code)
    _press(person)
    yield "status"
    _press(person, "form[action='/notice/end'] button")
    yield "taken back"


@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing(language: str, visit: Callable[..., Visitor]) -> None:
    """No page breaks a rule of WCAG 2.2 AA, light or dark, nor scrolls sideways at 320 px; each is in one language."""
    person = visit(locale={"en": "en-GB", "de": "de-DE"}[language], viewport={"width": 320, "height": 640})
    found: dict[str, list[str]] = {}
    for name in _all_pages(person):
        page = person.page
        wrong = wrong_with(page, f"pages/{language}-form-{re.sub('[^a-z]+', '-', name)}")
        if page.locator("html").get_attribute("lang") != language:
            wrong.append("is in another language")
        if wrong:
            found[name] = wrong
    assert found == {}
    assert (person.elsewhere, person.context.cookies()) == ([], [])
    # A refused pair of number and code is a 403, and browsers say so of the page itself.
    assert [line for line in person.complaints if "403" not in line] == []


def test_it_works_without_script_and_with_the_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    """From the age to the receipt, what was missing and the way back, in German, with nothing but keys."""
    person = visit(java_script_enabled=False, locale="de-DE", viewport={"width": 1280, "height": 900})
    page, press = person.page, person.page.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(60):
            press("Tab")
            if page.locator(f"{selector}:focus").count():
                return
        pytest.fail(f"{selector} is not reached with Tab")

    def send() -> None:
        with page.expect_navigation():
            press("Enter")

    person.open("/notice")
    tab_to("[name=age]")
    press("Space")
    tab_to("main form button")
    send()
    tab_to("[name=filer]")
    press("Space")
    tab_to("#location")
    page.keyboard.type("Im Profil „Ich“, seit gestern.")
    tab_to("main form button")
    send()
    said = page.locator("main").inner_text()
    assert "Wir haben Ihre Meldung erhalten" in said
    assert "Bitte bestätigen Sie, dass das Bild" in said
    page.locator("summary").first.press("Enter")
    assert "TAKE IT DOWN Act, Abschnitt 3" in page.locator("main").inner_text()
    number, code = (str(page.locator(f"[data-part={part}]").text_content()) for part in ("number", "code"))
    for name in ("statement", "good-faith", "accuracy"):
        tab_to(f"#{name}-yes")
        press("Space")
    tab_to("form[action='/notice/more'] button")
    send()
    assert "Gespeichert." in page.locator("main").inner_text()
    person.open("/notice/status")
    page.fill("#number", number.lower())
    page.fill("#code", code)
    tab_to("main form button")
    send()
    assert "Was wir Ihnen mitgeteilt haben" in page.locator("main").inner_text()


def test_under_18_comes_first(visit: Callable[..., Visitor]) -> None:
    """Nothing is asked before the age; who says no, or is not sure, is led to the hotlines."""
    person = visit()
    for answer in ("under-18", "unsure"):
        person.open("/notice")
        assert person.page.locator("main input:not([type=hidden]), main textarea").count() == 3
        person.page.locator(f"#age-{answer}").check()
        _press(person)
        assert "These services are right for you" in person.title()
    assert person.bodies() == [("/notice", b"age=under-18"), ("/notice", b"age=unsure")]


def test_it_works_in_a_frame_of_the_platform(visit: Callable[..., Visitor]) -> None:
    """Sent from within the platform's own page, with a receipt; in anybody else's page nothing is shown."""
    person = visit()
    frame = f'<!doctype html><iframe src="{person.address}/notice" width="800" height="900"></iframe>'
    for host in ("localhost:1", "localhost:2"):
        person.page.route(f"http://{host}/help", lambda route: route.fulfill(content_type="text/html", body=frame))
    person.page.goto("http://localhost:2/help")
    assert person.page.frames[1].locator("form").count() == 0
    person.page.goto("http://localhost:1/help")
    form = person.page.frames[1]
    form.locator("#age-adult").check()
    form.locator("main form button").first.click()
    form.locator("#filer-self").check()
    form.locator("#location").fill("https://platform.example/1")
    form.locator("main form button:not([type=button])").first.click()
    form.locator("[data-part=code]").wait_for()
    form.goto(f"{person.address}/other-help")
    form.locator("#leave").click()
    person.page.wait_for_url("http://neutral.example/")
