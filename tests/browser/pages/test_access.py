# SPDX-License-Identifier: Apache-2.0
"""Everybody can use it: no finding of axe on any page, 320 pixels, the keyboard alone, no script at all."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.axe import violations
from tests.support.browser import Visitor, drawn_file
from tests.support.looks import wrong_with

# In English, without the way out: nothing of the person's leads there but the page on how to check.
_FOR_ENGINEERS = ("/about", "/api/v1/reference")


def _all_pages(person: Visitor, picture: Path) -> Iterator[str]:
    """Go through every page and step; stop at each."""
    page = person.page
    own = ("/", "/safe", "/check", "/help", "/other-help", "/return", "/renew", "/nothing")
    for path in (*own, *_FOR_ENGINEERS):
        person.open(path)
        yield path
    person.open("/go")
    yield "who"
    person.go_on()
    yield "who, with an error"
    page.locator("#reporter-friend").check()
    yield "who, for somebody else"
    person.answer("reporter", "depicted-person")
    yield "age"
    person.answer("age", "adult")
    yield "have"
    for other in ("threat", "links"):
        person.answer("situation", other)
        yield other
        page.locator(f"[data-step={other}] [data-back]").click()
        page.locator("[data-step=have]:not([hidden])").wait_for()
    person.answer("situation", "files")
    person.choose(picture)
    yield "files"
    person.go_on()
    yield "contact"
    person.go_on()
    yield "delay"
    person.answer("delay", "after-72-hours")
    yield "recovery"
    person.answer("recovery", "code")
    yield "consent"
    page.locator("#consent-here").check()
    person.go_on()
    page.locator("#exact summary").click()
    page.locator("#body:not(:empty)").wait_for()
    yield "send"
    number, words, _ = person.send()
    yield "done"
    page.once("dialog", lambda dialog: dialog.accept())
    person.come_back(number, "wrong")
    yield "return, with an error"
    person.come_back(number, words)
    yield "status"
    for path in ("/status/add", "/status/details", "/status/end"):
        person.open(path)
        yield path
    page.locator("#erase-no").check()
    page.locator("button.grave").click()
    yield "status, waiting"


@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing(language: str, visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """No page breaks a rule of WCAG 2.2 AA that a program can check, light or dark; none scrolls sideways at 320 px."""
    person = visit(locale={"en": "en-GB", "de": "de-DE"}[language], viewport={"width": 320, "height": 640})
    found: dict[str, list[str]] = {}
    for name in _all_pages(person, drawn_file(tmp_path)):
        page = person.page
        wrong = wrong_with(page, f"pages/{language}-{re.sub('[^a-z]+', '-', name)}")
        if wrong:
            found[name] = wrong
        assert name in _FOR_ENGINEERS or page.locator("html").get_attribute("lang") == language
    assert found == {}


def test_axe_would_find_something(visit: Callable[..., Visitor]) -> None:
    """The check looks: grey on grey and a field without a label are found, in the dark, too."""
    person = visit()
    person.open("/return")
    person.page.evaluate("document.querySelector('label').remove()")
    assert "label: " in " ".join(violations(person.page))
    person.page.evaluate("document.querySelector('main a').style.color = '#222'")
    assert "color-contrast: " not in " ".join(violations(person.page))
    assert "color-contrast: <a" in " ".join(wrong_with(person.page, "pages/wrong"))


def test_text_can_be_twice_as_large(visit: Callable[..., Visitor]) -> None:
    """At 200 % zoom on a small laptop nothing is cut off sideways, and the way out can still be reached."""
    person = visit(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    for path in ("/", "/go", "/return", "/help"):
        person.open(path)
        assert not person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert person.page.locator("#leave").is_visible()


def test_the_keyboard_is_enough(visit: Callable[..., Visitor]) -> None:
    """Tab, arrows, space and return lead from the first page to the receipt; the focus is where reading goes on."""
    person = visit(viewport={"width": 1280, "height": 800})
    page, press = person.page, person.page.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(40):
            press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"{selector} is not reached with Tab")

    person.open("/")
    press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to("a.button[href^='/go']")
    press("Enter")
    page.wait_for_url("**/go")
    for step, choice in (("who", "reporter"), ("age", "age"), ("have", "situation")):
        assert person.step() == step
        tab_to(f"[name={choice}]")
        press("ArrowDown" if choice == "situation" else "Space")
        tab_to(f"[data-step={step}] [data-next]")
        press("Enter")
        assert page.evaluate("document.activeElement.localName") == "h1"
    assert person.step() == "links"
    tab_to("#links")
    page.keyboard.type("https://example.org/x")
    tab_to("[data-step=links] [data-next]")
    press("Enter")
    tab_to("#contact")
    press("Enter")
    assert person.step() == "delay"
    for step in ("delay", "recovery"):
        tab_to(f"[name={step}]")
        press("Space")
        tab_to(f"[data-step={step}] [data-next]")
        press("Enter")
    tab_to("[data-step=consent] [data-next]")
    press("Enter")
    tab_to("[data-send]")
    press("Enter")
    page.locator("[data-step=done]").wait_for()
    assert page.evaluate("document.activeElement.id") == "title-done"
    assert len(person.receipt()[1].split()) == 6


def test_links_can_be_sent_without_script(visit: Callable[..., Visitor]) -> None:
    """Without script the questions are the same, and so is the receipt; files say what to do instead."""
    person = visit(java_script_enabled=False, locale="de-DE")
    page = person.page

    def answer(name: str, value: str) -> None:
        page.locator(f"#{name}-{value}").check()
        page.locator("[data-next]:visible").click()

    person.open("/go")
    page.locator("[data-next]:visible").click()
    assert "Bitte wählen Sie eine Antwort." in page.locator("main").inner_text()
    answer("reporter", "depicted-person")
    answer("age", "adult")
    answer("situation", "files")
    assert "Dieser Schritt braucht JavaScript" in page.locator("main").inner_text()
    page.locator("[data-back]:visible").click()
    assert page.locator("#situation-files").is_checked()
    answer("situation", "links")
    page.fill("#links", "not a link")
    page.locator("[data-next]:visible").click()
    assert "mindestens einen Link" in page.locator("main").inner_text()
    page.fill("#links", "https://example.org/x\n\nhttps://example.org/y")
    page.locator("[data-next]:visible").click()
    page.fill("#narrative", "Seit gestern.")
    page.locator("[data-next]:visible").click()
    answer("delay", "at-once")
    answer("recovery", "none")
    page.locator("#consent-helplines").check()
    page.locator("[data-next]:visible").click()
    page.locator("[data-send]").click()
    number, words, _ = person.receipt()
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", number)
    page.reload()
    assert person.receipt()[:2] == (number, words)
    person.come_back(number, words)
    page.fill("#text", "Hallo")
    page.locator("form[action='/status/message'] button").click()
    shown = page.locator("main").inner_text()
    assert "https://example.org/y" in shown
    assert "Hallo" in shown


def test_the_language_can_be_chosen(visit: Callable[..., Visitor]) -> None:
    """A choice of language wins over the browser's wish, stays on the way, and sets no cookie."""
    person = visit(locale="de-DE")
    person.open("/")
    assert person.page.locator("html").get_attribute("lang") == "de"
    person.page.locator("a[hreflang=en]").click()
    person.page.locator("a.button[href^='/go']").click()
    assert person.page.locator("html").get_attribute("lang") == "en"
    person.answer("reporter", "depicted-person")
    person.answer("age", "unsure")
    person.page.wait_for_url("**/other-help?l=en")
    assert not person.context.cookies()
